/**
 * Chains as they are written and sent: appended to, opened anew, read to be sent, and found broken (E2, E6).
 *
 * Functions of a `Writing` are called inside `Store.write` or `attempt`. The day's list needs none of this
 * (store_outbox.ts): it comes with the first record or exchange.
 */
import { digest, linkHash } from "./canonical";
import type { Reading, Store, Writing } from "./store";
import { allChains, chainOf, eventOf, readContent, type Waiting, type Written } from "./store_outbox";
import type { ChainRow, EventRow, LinkRow } from "./store_tables";
import { ZERO_HASH } from "./vocabulary";

/** Append an event to a chain whose head was just compared; `hash` is that of its place (E2). */
export async function appendEvent(tx: Writing, chain: ChainRow, written: Written, hash: string): Promise<ChainRow> {
  const row: Omit<EventRow, "n"> = {
    id: written.id,
    digest: written.digest,
    size: written.size,
    content: written.closed,
    state: "kept",
    kind: written.kind,
    wall: written.wall,
    unacked: 1,
    ...(written.caseId === null ? {} : { case_id: written.caseId }),
    ...(written.visitId === null ? {} : { visit_id: written.visitId }),
    ...(written.files.length ? { files: written.files } : {}),
  };
  const n = await tx.objectStore("event").add(row as EventRow);
  return addLink(tx, chain, n, written.id, hash);
}

async function addLink(tx: Writing, chain: ChainRow, eventN: number, eventId: string, hash: string): Promise<ChainRow> {
  await tx
    .objectStore("link")
    .add({
      chain_id: chain.chain_id,
      seq: chain.next_seq,
      event_n: eventN,
      event_id: eventId,
      hash,
      state: "waiting",
      waits: 1,
      sent: 0,
      withheld: false,
    });
  const moved = { ...chain, next_seq: chain.next_seq + 1, head: hash };
  await tx.objectStore("chain").put(moved);
  return moved;
}

/** The events that a new chain takes over: without a receipt, and not lost; in recorded order (E6). */
export async function eventsToMove(tx: Reading): Promise<EventRow[]> {
  const rows = await tx.objectStore("event").index("unacked").getAll(1);
  return rows.filter((row) => row.state === "kept" || row.state === "erased").sort((one, other) => one.n - other.n);
}

/** The hashes of a new chain, its `chain_opened` first: computed before the transaction that opens it. */
export async function hashChain(chainId: string, places: { id: string; digest: string }[]): Promise<string[]> {
  const hashes: string[] = [];
  for (const [at, place] of places.entries()) {
    hashes.push(await linkHash(chainId, at + 1, hashes.at(-1) ?? ZERO_HASH, place.id, place.digest));
  }
  return hashes;
}

/** Open a new chain with its `chain_opened`, then move every event without a receipt onto it (E6). */
export async function openChain(
  tx: Writing,
  chainId: string,
  previous: string | null,
  opened: Written,
  moving: EventRow[],
  hashes: string[],
): Promise<void> {
  // What cannot be moved, its content being gone, keeps waiting in its place until it is declared lost.
  const moved = new Set(moving.map((row) => row.n));
  for (const link of await tx
    .objectStore("link")
    .index("waiting")
    .getAll(IDBKeyRange.bound([1], [2]))) {
    if (moved.has(link.event_n)) await tx.objectStore("link").put(settle({ ...link, state: "moved" }));
  }
  const fresh = { chain_id: chainId, previous, next_seq: 1, head: ZERO_HASH, base_seq: 0, base_hash: ZERO_HASH };
  const n = await tx.objectStore("chain").add(fresh as ChainRow);
  let chain = await appendEvent(tx, { ...fresh, n }, opened, hashes[0]!);
  for (const [at, row] of moving.entries()) chain = await addLink(tx, chain, row.n, row.id, hashes[at + 1]!);
}

/** Keep the flag that says whether a place waits in step with what it holds. */
export function settle(link: LinkRow): LinkRow {
  const { waits: _, ...rest } = link;
  return rest.status === undefined && rest.state === "waiting" ? { ...rest, waits: 1 } : rest;
}

const waitingOf = (chainId: string) => IDBKeyRange.bound([1, chainId, 0], [1, chainId, Infinity]);

/** Give the oldest chain with a place that waits; null if nothing does. */
export async function chainToSend(tx: Reading): Promise<string | null> {
  for (const chain of await allChains(tx)) {
    if (await tx.objectStore("link").index("waiting").count(waitingOf(chain.chain_id))) return chain.chain_id;
  }
  return null;
}

/** Give up to `most` places of a chain from its lowest seq without a receipt on, without a hole (E6). */
export async function readWaiting(store: Store, chainId: string, most?: number): Promise<Waiting[]> {
  const run = await readAllWaiting(store, chainId, most);
  return run.filter((place, at) => place.seq === run[0]!.seq + at);
}

/** Give the places of a chain that wait for a receipt, by seq; with holes where others have one. */
export async function readAllWaiting(store: Store, chainId: string, most?: number): Promise<Waiting[]> {
  const rows = await store.read(async (tx) => {
    const links = await tx.objectStore("link").index("waiting").getAll(waitingOf(chainId), most);
    return Promise.all(links.map(async (link) => ({ link, event: await eventOf(tx, link.event_n) })));
  });
  return Promise.all(rows.map(({ link, event }) => openPlace(store, link, event)));
}

async function openPlace(store: Store, link: LinkRow, event: EventRow): Promise<Waiting> {
  return {
    seq: link.seq,
    eventId: event.id,
    eventN: event.n,
    digest: event.digest,
    hash: link.hash,
    size: event.size,
    content: await readContent(store, event),
    state: event.state,
    isWithheld: link.withheld,
  };
}

/** Give the places whose content or hash is not what was recorded; an erased event needs no content (E2, E12). */
export async function findBroken(prev: string, chainId: string, waiting: readonly Waiting[]): Promise<Waiting[]> {
  const broken: Waiting[] = [];
  for (const place of waiting) {
    const link = await linkHash(chainId, place.seq, prev, place.eventId, place.digest);
    const isWhole = place.content !== null && (await digest(place.content)) === place.digest;
    if (link !== place.hash || !(isWhole || place.state === "erased")) broken.push(place);
    prev = place.hash;
  }
  return broken;
}

/** Give the hash of the place before `seq`: what the first event sent follows. */
export async function hashBefore(tx: Reading, chainId: string, seq: number): Promise<string> {
  const link = await tx.objectStore("link").get([chainId, seq - 1]);
  if (link) return link.hash;
  const chain = await chainOf(tx, chainId);
  return chain && chain.base_seq === seq - 1 ? chain.base_hash : ZERO_HASH;
}

/** Remember that these places went out with a request, and which of them without content. */
export async function markSent(
  tx: Writing,
  chainId: string,
  seqs: readonly number[],
  withheld: readonly number[],
): Promise<void> {
  for (const seq of seqs) {
    const link = await tx.objectStore("link").get([chainId, seq]);
    if (link)
      await tx
        .objectStore("link")
        .put({ ...link, sent: link.sent + 1, withheld: link.withheld || withheld.includes(seq) });
  }
}

/** Mark events as lost. What is left of them is kept for export. */
export async function declareLost(tx: Writing, eventNs: Iterable<number>): Promise<void> {
  for (const n of eventNs) {
    await tx.objectStore("event").put({ ...(await eventOf(tx, n)), state: "lost" });
    for (const link of await tx.objectStore("link").index("event_n").getAll(n)) {
      if (link.status === undefined) await tx.objectStore("link").put(settle({ ...link, state: "lost" }));
    }
  }
}

