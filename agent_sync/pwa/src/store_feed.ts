/**
 * Packets and other feed items as they are read from the store, and the holds that stand beside them.
 *
 * A packet whose lease has ended keeps its place in count and sum, but its body is gone (F3).
 */
import { fromUtf8 } from "./bytes";
import { isObject } from "./errors";
import type { Body } from "./face";
import { readTime } from "./messages";
import { remember, type Store, type Writing } from "./store";
import type { BodyRow, HoldRow, ObjectRow } from "./store_tables";

export const placeOf = (type: string, id: string) => `body:${type}:${id}`;
export const remainsOf = (id: string) => `remains:${id}`;

export function openPartOf(body: unknown): Body {
  return isObject(body) && isObject(body["open"]) ? body["open"] : {};
}

/** Before a packet goes: note on its open visits why, with the limits and texts that the visit still needs. */
export async function keepRemains(tx: Writing, caseId: string, reason: string): Promise<void> {
  const body = await tx.objectStore("body").get(["packet", caseId]);
  for (const visit of await tx.objectStore("visit").index("case_id").getAll(caseId)) {
    if (!visit.is_open) continue;
    const remains = visit.remains ?? body?.remains;
    await tx.objectStore("visit").put({ ...visit, withdrawn: reason, ...(remains ? { remains } : {}) });
  }
}

/** When the first lease here ends, or sooner: else every act would read thousands of rows to find that none has. */
const FIRST_END = "first_lease_end_ms";

/** Note when the first lease ends, in the transaction that put packets or shredded them. */
export async function noteFirstEnd(tx: Writing): Promise<void> {
  const packets = await tx.objectStore("object").index("type").getAll("packet");
  const ends = packets.map((row) => (row.has_body ? (row.lease_ms ?? Infinity) : Infinity));
  await remember(tx, FIRST_END, ends.reduce((one, other) => Math.min(one, other), Infinity));
}

/** Shred the packets whose lease has ended; give how many. Writes only if there are any. */
export async function shredEnded(store: Store, nowMs: number): Promise<number> {
  if (nowMs < ((await store.get<number>(FIRST_END)) ?? -Infinity)) return 0;
  const isEnded = (row: ObjectRow) => row.has_body && row.lease_ms !== undefined && row.lease_ms <= nowMs;
  const packets = await store.read((tx) => tx.objectStore("object").index("type").getAll("packet"));
  if (!packets.some(isEnded)) return 0;
  store.vault.seen.clear();
  return store.write((tx) => shredPackets(tx, isEnded));
}

/** Delete the bodies of the packets that are of this kind: they keep their place in count and sum. Gives how many. */
export async function shredPackets(tx: Writing, isMeant: (row: ObjectRow) => boolean): Promise<number> {
  const rows = (await tx.objectStore("object").index("type").getAll("packet")).filter(isMeant);
  for (const row of rows) {
    await keepRemains(tx, row.id, "expired");
    await tx.objectStore("object").put({ ...row, has_body: false });
    await tx.objectStore("body").delete([row.type, row.id]);
  }
  await noteFirstEnd(tx);
  return rows.length;
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

