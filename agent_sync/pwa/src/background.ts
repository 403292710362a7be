/**
 * What the service worker may send while the app is locked or closed (Background Sync), where the browser has that.
 *
 * The worker cannot read the outbox: only the PIN opens it. So a request that met no network is left for it encrypted to
 * the server's key and signed, as one that is delayed (X7). The worker learns nothing from the answer and stores no
 * receipt: "received" stays what this app has receipts for. Without all this the app sends when it is open, as ever.
 */
import { utf8 } from "./bytes";
import type { Channel, Value } from "./channel";
import { chooseKey, seal } from "./outbox_export";
import type { Talk } from "./talk";

export const SEALED = "/sync/v1/sealed";
const FORM = "fairvisit-exchange-1";
// Both are written in sw.ts, too, which is one file without imports.
const CACHE = "fairvisit-ready";
const TAG = "fairvisit-send";

/** Leave for the worker what did not get out; take back what did, or what a wipe deletes. */
export async function leaveForWorker(talk: Talk, nowMs: number): Promise<void> {
  const { request, report, store, channel } = talk;
  if (!globalThis.caches || !("SyncManager" in globalThis) || store.vault.isLocked) return;
  const cache = await caches.open(CACHE);
  const isUnanswered = report.error !== null && Object.keys(talk.answer).length === 0;
  if (!isUnanswered || !request?.events.length) return void (await cache.delete(SEALED));
  const value: Value = { ...request.value };
  delete value["pull"];
  const keys = await store.read((tx) => tx.objectStore("server_key").getAll());
  const body = await seal(utf8(JSON.stringify(value)), chooseKey(keys, nowMs), FORM);
  await cache.put(SEALED, new Response(body, { headers: await headersFor(channel, body) }));
  const registration = await globalThis.navigator?.serviceWorker?.getRegistration();
  await (registration as Syncing | undefined)?.sync?.register(TAG);
}

type Syncing = ServiceWorkerRegistration & { sync?: { register: (tag: string) => Promise<void> } };
const headersFor = async (channel: Channel, body: Uint8Array<ArrayBuffer>) => ({
  "Content-Type": "application/json",
  Authorization: `Device ${await channel.prove("POST", SEALED, body)}`,
});
