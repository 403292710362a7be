/**
 * Packets and other feed items in the store, and the holds that stand beside them.
 *
 * A packet whose lease has ended keeps its place in count and sum, but its body is gone (F3).
 */
import { encode } from "./canonical";
import { fromUtf8 } from "./bytes";
import { bucketOf, itemWeight, sumWeights } from "./checksum";
import { isObject } from "./errors";
import type { Body } from "./face";
import { readTime, type Item } from "./messages";
import type { Reading, Store, Writing } from "./store";
import type { BodyRow, HoldRow, KeyRow, ObjectRow } from "./store_tables";
import { openVisits } from "./store_visits";
import { BUCKETS } from "./vocabulary";

/** A put, ready to be stored: hashed and encrypted already. */
export interface ReadyItem {
  row: ObjectRow;
  body: BodyRow;
}

const placeOf = (type: string, id: string) => `body:${type}:${id}`;
const remainsOf = (id: string) => `remains:${id}`;

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

export function openPartOf(body: unknown): Body {
  return isObject(body) && isObject(body["open"]) ? body["open"] : {};
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

/** Before a packet goes: note on its open visits why, with the limits and texts that the visit still needs. */
async function keepRemains(tx: Writing, caseId: string, reason: string): Promise<void> {
  const body = await tx.objectStore("body").get(["packet", caseId]);
  for (const visit of await tx.objectStore("visit").index("case_id").getAll(caseId)) {
    if (!visit.is_open) continue;
    const remains = visit.remains ?? body?.remains;
    await tx.objectStore("visit").put({ ...visit, withdrawn: reason, ...(remains ? { remains } : {}) });
  }
}

/** Shred the packets whose lease has ended; give how many. Writes only if there are any. */
export async function shredEnded(store: Store, nowMs: number): Promise<number> {
  const isEnded = (row: ObjectRow) => row.has_body && row.lease_ms !== undefined && row.lease_ms <= nowMs;
  const look = async (tx: Reading) => (await tx.objectStore("object").index("type").getAll("packet")).filter(isEnded);
  if (!(await store.read(look)).length) return 0;
  store.vault.seen.clear();
  return store.write(async (tx) => {
    const ended = await look(tx);
    for (const row of ended) {
      await keepRemains(tx, row.id, "expired");
      await tx.objectStore("object").put({ ...row, has_body: false });
      await tx.objectStore("body").delete([row.type, row.id]);
    }
    return ended.length;
  });
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

/** Read an object's body; null if it is not here, or shredded, or damaged. */
export async function readBody(store: Store, type: string, id: string): Promise<Body | null> {
  const [row, body] = await store.read(
    async (tx) =>
      [await tx.objectStore("object").get([type, id]), await tx.objectStore("body").get([type, id])] as const,
  );
  return row && body ? openBody(store, row, body) : null;
}

async function openBody(store: Store, row: ObjectRow, body: BodyRow): Promise<Body | null> {
  const known = seenBody(store, row);
  if (known) return known;
  const plain = await store.vault.open(body.body, placeOf(row.type, row.id));
  const read: unknown = plain === null ? null : JSON.parse(fromUtf8(plain));
  if (!isObject(read)) return null;
  store.vault.seen.set(seenAs(row), read);
  return read;
}

const seenAs = (row: ObjectRow) => `${placeOf(row.type, row.id)}:${row.sha256}`;

function seenBody(store: Store, row: ObjectRow): Body | undefined {
  return row.has_body && !store.vault.isLocked ? (store.vault.seen.get(seenAs(row)) as Body | undefined) : undefined;
}

/** Give every live object of a type, with its body where that is here. */
export async function readObjects(store: Store, type: string): Promise<{ row: ObjectRow; body: Body | null }[]> {
  const range = IDBKeyRange.bound([type], [type, "\uffff"]);
  const [rows, bodies] = await store.read(async (tx) => {
    const all = await tx.objectStore("object").getAll(range);
    // Thousands of bodies are read and decrypted once, not at each look.
    const isSeen = all.every((row) => !row.has_body || seenBody(store, row));
    return [all, isSeen ? [] : await tx.objectStore("body").getAll(range)] as const;
  });
  const byId = new Map(bodies.map((body) => [body.id, body]));
  return Promise.all(
    rows.map(async (row) => {
      const body = byId.get(row.id);
      return { row, body: seenBody(store, row) ?? (body ? await openBody(store, row, body) : null) };
    }),
  );
}

/** Read what a withdrawn packet left to its open visit: limits and texts. */
export async function readRemains(store: Store, caseId: string, closed: BodyRow["remains"]): Promise<Body> {
  const plain = closed ? await store.vault.open(closed, remainsOf(caseId)) : null;
  return plain === null ? {} : (JSON.parse(fromUtf8(plain)) as Body);
}

/** Make the server's list the set of provisional holds (E9). */
export async function replaceProvisionalHolds(tx: Writing, holds: readonly HoldRow[]): Promise<void> {
  await tx.objectStore("provisional_hold").clear();
  for (const hold of holds) await tx.objectStore("provisional_hold").put(hold);
}

/** Give, for each case that has any, the holds that act on it now: own, provisional, and from the feed. */
export async function holdsByCase(store: Store, nowMs: number): Promise<Map<string, Map<string, HoldRow>>> {
  const [own, provisional] = await store.read(
    async (tx) =>
      [await tx.objectStore("own_hold").getAll(), await tx.objectStore("provisional_hold").getAll()] as const,
  );
  const fed = (await readObjects(store, "hold")).flatMap(({ body }) => (body ? [body as unknown as HoldRow] : []));
  const found = new Map<string, Map<string, HoldRow>>();
  for (const hold of [...own, ...provisional, ...fed]) {
    if (isPast(hold.until, nowMs)) continue;
    for (const caseId of hold.case_ids ?? []) {
      if (!found.has(caseId)) found.set(caseId, new Map());
      found.get(caseId)!.set(hold.hold_id, hold);
    }
  }
  return found;
}

export function reasonsOf(holds: Map<string, HoldRow> | undefined): string[] {
  return [...(holds?.values() ?? [])].map((hold) => hold.reason);
}

function isPast(until: string | undefined, nowMs: number): boolean {
  if (until === undefined) return false;
  // An own hold ends with its day: the latest end of that day anywhere on earth, so that no zone shortens it.
  const moment = until.includes("T") ? readTime(until) : (readTime(`${until}T00:00:00.000Z`) ?? 0) + 36 * 3_600_000;
  return moment !== null && moment <= nowMs;
}

/** Trust these keys of the server. A key once trusted stays: old signatures outlive it (A6). */
export async function trustKeys(tx: Writing, keys: readonly KeyRow[]): Promise<void> {
  for (const { kid, jwk, active_from } of keys) {
    if (!(await tx.objectStore("server_key").get(kid)))
      await tx.objectStore("server_key").put({ kid, jwk, active_from });
  }
}
