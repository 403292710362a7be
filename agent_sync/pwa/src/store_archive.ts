/**
 * What the server said of events, and the archive of what it has: receipts, countersignatures, kept content.
 *
 * All are called inside `Store.write`. Content is kept for a while after its receipt, in case the server is restored (E10).
 */
import type { Receipt } from "./messages";
import type { Reading, Writing } from "./store";
import { settle } from "./store_chains";
import { setFileState } from "./store_files";
import { eventById, eventOf } from "./store_outbox";
import type { LinkRow } from "./store_tables";

/** Keep a receipt for the place it names; false if no such event is there. One that is there already stays (E8). */
export async function keepReceipt(tx: Writing, chainId: string, receipt: Receipt, requestNo: number): Promise<boolean> {
  const link = await tx.objectStore("link").get([chainId, receipt.seq]);
  if (!link || link.event_id !== receipt.id) return false;
  if (link.status !== undefined) return true;
  const { seq: _, id: __, ...told } = receipt;
  await tx.objectStore("link").put(settle({ ...link, ...told, receipt_no: requestNo }));
  const { unacked: ___, ...event } = await eventOf(tx, link.event_n);
  await tx.objectStore("event").put(event);
  return true;
}

/** Give (seq, request number) of a chain's stored receipts at or beyond a seq. */
export async function receiptsOf(tx: Reading, chainId: string, fromSeq: number): Promise<[number, number][]> {
  const links = await tx.objectStore("link").getAll(IDBKeyRange.bound([chainId, fromSeq], [chainId, Infinity]));
  return links.filter((link) => link.status !== undefined).map((link) => [link.seq, link.receipt_no ?? 0]);
}

/** Return places whose receipts are void to the outbox, on their own chain (E10). */
export async function dropReceipts(tx: Writing, chainId: string, seqs: Iterable<number>): Promise<void> {
  for (const seq of seqs) {
    const link = await tx.objectStore("link").get([chainId, seq]);
    if (!link) continue;
    const { chain_id, event_n, event_id, hash, sent, withheld } = link;
    await tx
      .objectStore("link")
      .put(settle({ chain_id, seq, event_n, event_id, hash, sent, withheld, state: "waiting" }));
    const places = await tx.objectStore("link").index("event_n").getAll(event_n);
    // A restored server judges a withheld event anew: what its replay said before does not hold any more.
    const { replayed: _, replayed_at: __, ...event } = await eventOf(tx, event_n);
    const isUnacked = places.every((place) => place.status === undefined);
    await tx.objectStore("event").put(isUnacked ? { ...event, unacked: 1 } : event);
  }
}

/** Drop an event's content wherever it is kept; its id, digest and place stay (E12). */
export async function eraseEvent(tx: Writing, eventId: string): Promise<void> {
  const event = await eventById(tx, eventId);
  if (!event) return;
  await tx.objectStore("event").put({ ...event, content: null, state: "erased" });
  // The files that only it names go with it.
  for (const sha256 of event.files ?? []) {
    const named = await tx.objectStore("event").index("files").getAll(sha256);
    if (named.every((each) => each.id === eventId || each.state === "erased")) await setFileState(tx, sha256, "erased");
  }
}

/** Drop the content of events received before a time; a withheld one keeps its own until its replay has come (X3). */
export async function pruneArchive(tx: Writing, beforeMs: number): Promise<number> {
  let pruned = 0;
  for (const link of await tx.objectStore("link").index("received").getAll(IDBKeyRange.upperBound(beforeMs, true))) {
    const event = await eventOf(tx, link.event_n);
    if (event.state !== "kept" || event.content === null) continue;
    const places: LinkRow[] = await tx.objectStore("link").index("event_n").getAll(event.n);
    const isNeeded = places.some((place) => place.waits) || (places.some((place) => place.withheld) && !event.replayed);
    if (isNeeded) continue;
    await tx.objectStore("event").put({ ...event, content: null, state: "pruned" });
    pruned += 1;
  }
  return pruned;
}
