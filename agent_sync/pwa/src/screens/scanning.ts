/** The camera as a reader of codes: loaded when somebody scans. */
import { lazy } from "../lazy";

export const canScan = "mediaDevices" in navigator;
export const Scan = lazy(() => import("./scan").then((part) => part.Scan));
