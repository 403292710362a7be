/**
 * Feed items as an exchange brings them: hashed and encrypted, put, removed, and measured against the server's sums.
 *
 * The day's list needs none of it (store_feed.ts): it comes with the first exchange.
 */
import { encode } from "./canonical";
import { bucketOf, itemWeight, sumWeights } from "./checksum";
import { readTime, type Item } from "./messages";
import type { Reading, Store, Writing } from "./store";
import { keepRemains, noteFirstEnd, openPartOf, placeOf, remainsOf } from "./store_feed";
import type { BodyRow, HoldRow, KeyRow, ObjectRow } from "./store_tables";
import { openVisits } from "./store_visits";
import { BUCKETS } from "./vocabulary";

/** A put, ready to be stored: hashed and encrypted already. */
export interface ReadyItem {
  row: ObjectRow;
  body: BodyRow;
}

/** Hash and encrypt a put before the transaction that stores it. */
export async function makeReady(store: Store, item: Item): Promise<ReadyItem> {
  const [weight, bucket] = [
    await itemWeight(item.type, item.id, item.rev, item.sha256),
    await bucketOf(item.type, item.id),
  ];
  const row: ObjectRow = {
    type: item.type,
    id: item.id,
    rev: item.rev,
    sha256: item.sha256,
    weight,
    bucket,
    has_body: true,
  };
  const body: BodyRow = {
    type: item.type,
    id: item.id,
    body: await store.vault.close(item.body, placeOf(item.type, item.id)),
  };
  if (item.type !== "packet") return { row, body };
  const open = openPartOf(JSON.parse(item.body));
  const lease = typeof open["lease_until"] === "string" ? readTime(open["lease_until"]) : null;
  if (lease !== null) row.lease_ms = lease;
  const remains = encode({ limits: open["limits"] ?? {}, texts: open["texts"] ?? [] });
  return { row, body: { ...body, remains: await store.vault.close(remains, remainsOf(item.id)) } };
}

/** Store puts as they are; a packet whose lease has ended at `nowMs` is stored shredded (F3). */
export async function putItems(tx: Writing, items: readonly ReadyItem[], nowMs: number): Promise<void> {
  const visited = new Set((await openVisits(tx)).map((visit) => visit.case_id));
  const placed: Promise<unknown>[] = [];
  for (const { row, body } of items) {
    const isEnded = row.lease_ms !== undefined && row.lease_ms <= nowMs;
    const isVisited = row.type === "packet" && visited.has(row.id);
    if (isVisited && isEnded) await keepRemains(tx, row.id, "expired");
    // Asked for in order, which is the order in which they are done; a page of a thousand waits once, not at each.
    placed.push(tx.objectStore("object").put({ ...row, has_body: !isEnded }));
    placed.push(isEnded ? tx.objectStore("body").delete([row.type, row.id]) : tx.objectStore("body").put(body));
    if (isVisited && !isEnded) await forgetRemains(tx, row.id);
  }
  await Promise.all(placed);
  await noteFirstEnd(tx);
}

/** A packet that came back under an open visit: nothing is withdrawn any more. */
async function forgetRemains(tx: Writing, caseId: string): Promise<void> {
  for (const { withdrawn, remains: _, ...visit } of await tx.objectStore("visit").index("case_id").getAll(caseId)) {
    if (visit.is_open && withdrawn !== undefined) await tx.objectStore("visit").put(visit);
  }
}

/** Purge an object at once; of a packet under an open visit only limits and texts remain (F3). */
export async function removeObject(tx: Writing, type: string, id: string, reason: string): Promise<void> {
  if (type === "packet") await keepRemains(tx, id, reason || "withdrawn");
  await tx.objectStore("object").delete([type, id]);
  await tx.objectStore("body").delete([type, id]);
}

/** Give the case ids of shredded packets whose lease lasts, by the server's time: they are fetched again (F3). */
export async function shreddedWithinLease(tx: Reading, serverMs: number): Promise<string[]> {
  const rows = await tx.objectStore("object").index("type").getAll("packet");
  return rows.filter((row) => !row.has_body && (row.lease_ms ?? 0) > serverMs).map((row) => row.id);
}

/** Give count and sum of everything live here (F4). */
export async function measure(tx: Reading): Promise<{ count: number; sum: number }> {
  const rows = await tx.objectStore("object").getAll();
  return { count: rows.length, sum: sumWeights(rows.map((row) => row.weight)) };
}

/** Give [count, sum] of each of the 64 buckets, to compare with the manifest's. */
export async function measureBuckets(tx: Reading): Promise<[number, number][]> {
  const buckets: number[][] = Array.from({ length: BUCKETS }, () => []);
  for (const row of await tx.objectStore("object").getAll()) buckets[row.bucket]!.push(row.weight);
  return buckets.map((weights) => [weights.length, sumWeights(weights)]);
}

export async function bucketRows(tx: Reading, bucket: number): Promise<ObjectRow[]> {
  return (await tx.objectStore("object").getAll()).filter((row) => row.bucket === bucket);
}

/** Begin reading the feed from its start again: what no page brings by its end will go (`dropStale`). */
export async function markAllStale(tx: Writing, isStale = true): Promise<void> {
  for (const row of await tx.objectStore("object").getAll())
    await tx.objectStore("object").put({ ...row, stale: isStale });
}

/** Remove what the feed, read from its start to its head, did not bring again. */
export async function dropStale(tx: Writing): Promise<void> {
  for (const row of await tx.objectStore("object").getAll())
    if (row.stale) await removeObject(tx, row.type, row.id, "");
}

/** Make the server's list the set of provisional holds (E9). */
export async function replaceProvisionalHolds(tx: Writing, holds: readonly HoldRow[]): Promise<void> {
  await tx.objectStore("provisional_hold").clear();
  for (const hold of holds) await tx.objectStore("provisional_hold").put(hold);
}

/** Trust these keys of the server. A key once trusted stays: old signatures outlive it (A6). */
export async function trustKeys(tx: Writing, keys: readonly KeyRow[]): Promise<void> {
  for (const { kid, jwk, active_from } of keys) {
    if (!(await tx.objectStore("server_key").get(kid)))
      await tx.objectStore("server_key").put({ kid, jwk, active_from });
  }
}
