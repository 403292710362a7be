/** Events in the store as they are read: what was recorded, and what still waits for a receipt, which is the outbox. */
import { fromUtf8 } from "./bytes";
import { remembered, type Reading, type Store } from "./store";
import type { ChainRow, EventRow } from "./store_tables";
import type { Closed } from "./vault";

/** An event's content, ready to be stored: hashed and encrypted already. */
export interface Written {
  id: string;
  kind: string;
  content: string;
  size: number;
  digest: string;
  closed: Closed;
  wall: string;
  caseId: string | null;
  visitId: string | null;
  files: string[];
}
/** One place of a chain as it can be sent; content is null where it is gone or cannot be read. */
export interface Waiting {
  seq: number;
  eventId: string;
  eventN: number;
  digest: string;
  hash: string;
  size: number;
  content: string | null;
  state: EventRow["state"];
  isWithheld: boolean;
}

export async function allChains(tx: Reading): Promise<ChainRow[]> {
  return tx.objectStore("chain").getAll();
}

/** Give the chain that is being written; null before enrolment. */
export async function currentChain(tx: Reading): Promise<ChainRow | null> {
  return (await allChains(tx)).at(-1) ?? null;
}

export async function chainOf(tx: Reading, chainId: string): Promise<ChainRow | undefined> {
  return tx.objectStore("chain").index("chain_id").get(chainId);
}

export async function eventOf(tx: Reading, n: number): Promise<EventRow> {
  const row = await tx.objectStore("event").get(n);
  if (!row) throw new Error("a place names an event that is not there");
  return row;
}

export async function eventById(tx: Reading, eventId: string): Promise<EventRow | undefined> {
  return tx.objectStore("event").index("id").get(eventId);
}

/** Decrypt an event's content; null where it is gone, or is no longer what was stored. */
export async function readContent(store: Store, event: EventRow): Promise<string | null> {
  if (event.content === null) return null;
  const place = `event:${event.id}`;
  const known = store.vault.seen.get(place);
  if (typeof known === "string") return known;
  const plain = await store.vault.open(event.content, place);
  if (plain === null) return null;
  try {
    const text = fromUtf8(plain);
    store.vault.seen.set(place, text);
    return text;
  } catch {
    return null;
  }
}

/** Count the events that have not been acknowledged on any chain and can still be sent. */
export async function countWaiting(tx: Reading): Promise<number> {
  return (await waitingEvents(tx)).size;
}

export async function waitingEvents(tx: Reading): Promise<Set<number>> {
  const links = await tx
    .objectStore("link")
    .index("waiting")
    .getAll(IDBKeyRange.bound([1], [2]));
  return new Set(links.map((link) => link.event_n));
}

/** Give this device's events of a visit, in recorded order. */
export async function visitEvents(tx: Reading, caseId: string, visitId: string): Promise<EventRow[]> {
  const rows = await tx.objectStore("event").index("visit").getAll([caseId, visitId]);
  return rows.sort((one, other) => one.n - other.n);
}

export async function stageOf(tx: Reading): Promise<string> {
  return (await remembered<string>(tx, "stage")) ?? "new";
}
