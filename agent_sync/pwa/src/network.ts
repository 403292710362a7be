/** What this phone is connected by, where the browser tells it: files may wait for Wi-Fi, records never do. */
import type { Store } from "./store";

const COSTS = ["cellular", "bluetooth", "wimax"];
const WIFI_ONLY = "wifi_only";

/** The kind of connection; undefined where the browser does not tell. */
export const connectedBy = () =>
  (globalThis.navigator as (Navigator & { connection?: { type?: string } }) | undefined)?.connection?.type;

export const isWifiOnly = async (store: Store) => (await store.get<boolean>(WIFI_ONLY)) ?? false;
export const setWifiOnly = (store: Store, isOn: boolean) => store.put(WIFI_ONLY, isOn || undefined);

/** Whether files have to wait now. */
export const isHeldBack = async (store: Store) => COSTS.includes(connectedBy() ?? "") && (await isWifiOnly(store));
