/** Whether this browser can scan, and what scans once somebody wants to. */
import { lazy } from "../lazy";

export const canScan = "mediaDevices" in navigator;
export const Scan = lazy(() => import("./scan").then((part) => part.Scan));
