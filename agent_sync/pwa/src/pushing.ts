/**
 * The push half of an exchange: what goes up, and what the answer means for the outbox (agent_sync/pushing.py).
 *
 * Goes out: the request's `push` member, stored receipts, and, after a loss, a new chain (E2, E3, E6, E7, X3).
 */
import { requestClock } from "./clock";
import type { Value } from "./channel";
import { errorOf, isObject, problem, Problem } from "./errors";
import { receiptOf, type Quota, type Receipt } from "./messages";
import { openPrepared, prepareOpening } from "./recording";
import { lastContact, quotaOf } from "./remembering";
import { joinRanges, paceOf as newPace, planPush, slowDown, speedUp, type Pace } from "./rules_sending";
import { kidOf, loadPublic, sign, verify } from "./signing";
import { remember, remembered, type Reading, type Writing } from "./store";
import * as archive from "./store_archive";
import * as chains from "./store_chains";
import * as outbox from "./store_outbox";
import type { Waiting } from "./store_outbox";
import type { EventRow, LinkRow } from "./store_tables";
import { pushOf, refusalOf, type Talk } from "./talk";
import { ReceiptStatus } from "./vocabulary";

// A conversation's first page is small: soon there is something to see, and little is lost where it is cut. Each further
// one may be twice as large, up to the quota.
const FIRST_PAGE = 256 * 1024;

/** Choose the chain and its waiting places; what no longer is what was recorded is declared lost first (E2). */
export async function readOutbox(talk: Talk): Promise<void> {
  const { store } = talk;
  const most = (await store.read(quotaOf)).max_events;
  // Each turn either finds nothing broken, or moves what is readable to a new chain, where it is not looked at twice.
  for (;;) {
    talk.chainId = await store.read(
      async (tx) => (await chains.chainToSend(tx)) ?? (await outbox.currentChain(tx))?.chain_id ?? "",
    );
    // Locked: nothing of what waits can be read, and nothing of it is lost.
    const waiting = store.vault.isLocked ? [] : await chains.readWaiting(store, talk.chainId, most);
    const before = await hashBefore(talk, waiting[0]);
    if (!(await chains.findBroken(before, talk.chainId, waiting)).length) {
      talk.waiting = waiting;
      return;
    }
    const every = await chains.readWaiting(store, talk.chainId);
    const broken = await chains.findBroken(before, talk.chainId, every);
    const reason = broken.every((place) => place.state === "pruned") ? "restored" : "unreadable";
    await openAfter(talk, talk.chainId, every[0]!.seq - 1, reason, broken);
  }
}

async function hashBefore(talk: Talk, first: Waiting | undefined): Promise<string> {
  return first ? talk.store.read((tx) => chains.hashBefore(tx, talk.chainId, first.seq)) : "";
}

/** Open a new chain after `previous`: receipts in `voided` dropped, `broken` declared lost, the rest moved (E6). */
export async function openAfter(
  talk: Talk,
  previous: string,
  afterSeq: number,
  reason: string,
  broken: Waiting[] = [],
  voided: number[] = [],
): Promise<void> {
  const lostNs = new Set(broken.map((place) => place.eventN));
  await talk.store.attempt(
    async () => {
      const moving = await talk.store.read((tx) => eventsToMove(tx, previous, lostNs, new Set(voided)));
      const lost = await talk.store.read((tx) => seqsOf(tx, previous, lostNs));
      return prepareOpening(talk.store, talk.now(), talk.noise, reason, moving, previous, afterSeq, joinRanges(lost));
    },
    async (tx, opening) => {
      await archive.dropReceipts(tx, previous, voided);
      await chains.declareLost(tx, lostNs);
      await openPrepared(tx, opening);
    },
  );
  talk.did("chains_opened");
  if (broken.length) talk.did("lost", broken.length, false);
}

/** What moves once the receipts in `voided` are dropped: without a receipt anywhere else, and not lost. */
async function eventsToMove(
  tx: Reading,
  chainId: string,
  lostNs: ReadonlySet<number>,
  voided: ReadonlySet<number>,
): Promise<EventRow[]> {
  const rows = new Map((await chains.eventsToMove(tx)).map((row) => [row.n, row]));
  for (const seq of voided) {
    const link = await tx.objectStore("link").get([chainId, seq]);
    if (!link) continue;
    const event = await outbox.eventOf(tx, link.event_n);
    const places = await tx.objectStore("link").index("event_n").getAll(event.n);
    const isVoid = (place: LinkRow) => place.chain_id === chainId && voided.has(place.seq);
    const isFree = places.every((place) => place.status === undefined || isVoid(place));
    if (isFree && (event.state === "kept" || event.state === "erased")) rows.set(event.n, event);
  }
  return [...rows.values()].filter((row) => !lostNs.has(row.n)).sort((one, other) => one.n - other.n);
}

async function seqsOf(tx: Reading, chainId: string, eventNs: Iterable<number>): Promise<number[]> {
  const seqs: number[] = [];
  for (const n of eventNs) {
    const links = await tx.objectStore("link").index("event_n").getAll(n);
    seqs.push(...links.filter((link) => link.chain_id === chainId).map((link) => link.seq));
  }
  return seqs;
}

export async function paceOf(tx: Reading): Promise<Pace> {
  return (await remembered<Pace>(tx, "pace")) ?? newPace((await quotaOf(tx)).max_events);
}

/** Build the request and note, durably, its number and what it sends. */
export async function buildRequest(talk: Talk): Promise<void> {
  const { store, channel } = talk;
  const [pace, quota, cursor, stage, pullStage] = await store.read(
    async (tx) =>
      [
        await paceOf(tx),
        await quotaOf(tx),
        await remembered<string>(tx, "cursor"),
        await outbox.stageOf(tx),
        await remembered<string>(tx, "pull_stage"),
      ] as const,
  );
  const sizes = talk.waiting.map((place) => (place.state === "erased" || place.isWithheld ? 0 : place.size));
  talk.plan = planPush(
    pace,
    talk.waiting.map((place) => place.eventId),
    sizes,
    quota,
  );
  const events = talk.waiting.slice(0, talk.plan.count);
  const withheld = [...talk.plan.withheld].map((at) => events[at]!.seq);
  const push: Value = { chain_id: talk.chainId };
  const last = events.at(-1);
  if (last) {
    push["prev"] = await hashBefore(talk, events[0]);
    push["events"] = events.map((place) => writeEntry(place, withheld.includes(place.seq)));
    const claim = { typ: "checkpoint", chain_id: talk.chainId, seq: last.seq, hash: last.hash };
    push["checkpoint"] = await sign(claim, channel.key, channel.deviceId);
  }
  const value: Value = { clock: requestClock(talk.now(), await lastContact(store)), push };
  const isPulling = stage !== "wiping" && pullStage !== "repairing" && !store.vault.isLocked;
  const pageBytes = Math.min(quota.page_bytes, FIRST_PAGE * 2 ** (talk.report.counts["rounds"] ?? 0));
  if (isPulling) value["pull"] = { page_bytes: pageBytes, ...(cursor ? { cursor } : {}) };
  const no = await store.write(async (tx) => {
    await chains.markSent(
      tx,
      talk.chainId,
      events.map((place) => place.seq),
      withheld,
    );
    return nextRequestNo(tx);
  });
  talk.request = { no, chainId: talk.chainId, events, withheld, cursor, isPulling, value };
}

export async function nextRequestNo(tx: Writing): Promise<number> {
  const no = ((await remembered<number>(tx, "request_no")) ?? 0) + 1;
  await remember(tx, "request_no", no);
  return no;
}

/** Write one entry of `push.events`: with its content, or withheld, or erased (X3, E12). */
export function writeEntry(place: Waiting, isWithheld: boolean): Value {
  const entry = { id: place.eventId, seq: place.seq };
  if (place.state === "erased") return { ...entry, digest: place.digest, withheld: place.size, erased: true };
  if (isWithheld || place.isWithheld) return { ...entry, digest: place.digest, withheld: place.size };
  return { ...entry, content: place.content };
}

/** Keep the receipts of the answer, whatever else it says or fails in (X2); then set the pace. */
export async function storeReceipts(talk: Talk): Promise<void> {
  const { store } = talk;
  const [request, push] = [talk.request!, pushOf(talk)];
  const receipts = readReceipts(push["receipts"]);
  const wrong = "problem" in push ? errorOf(push["problem"]) : null;
  const isForked = wrong?.code === "chain-forked";
  const sent = request.events.map((place) => place.eventId);
  const kept = await store.write(async (tx) => {
    const known = [];
    for (const receipt of receipts) known.push(await archive.keepReceipt(tx, request.chainId, receipt, request.no));
    if (wrong && !isForked) await takeQuota(tx, wrong);
    const [pace, quota] = [await paceOf(tx), await quotaOf(tx)];
    await remember(tx, "pace", wrong && !isForked ? slowDown(pace, sent, true) : speedUp(pace, sent, quota.max_events));
    return known;
  });
  receipts.forEach((receipt, at) => {
    talk.did(kept[at] ? receipt.status : "receipts_foreign", 1, kept[at]);
    if (kept[at] && receipt.problem) talk.did(`parked: ${receipt.problem}`, 1, false);
  });
  talk.did("sent", request.events.length, false);
  // After a fork the server signs what the twin sent, which is not here to compare with.
  if ("countersignature" in push && !isForked) await keepCountersignature(talk, String(push["countersignature"]));
  talk.filesWanted = Array.isArray(push["files_wanted"]) ? push["files_wanted"].filter(isObject) : [];
  if (wrong?.code === "too-many-events") talk.did("batches_cut");
  else if (wrong && !isForked) talk.failPart("push", wrong);
}

/** Read receipts; one that cannot be read is as good as none: its event is sent again. */
function readReceipts(entries: unknown): Receipt[] {
  return (Array.isArray(entries) ? entries : []).flatMap((entry) => {
    try {
      const receipt = receiptOf(entry);
      return (ReceiptStatus as readonly string[]).includes(receipt.status) ? [receipt] : [];
    } catch {
      return [];
    }
  });
}

/** Adopt the quota that a refusal carries, inside a transaction. */
export async function takeQuota(tx: Writing, error: Problem): Promise<void> {
  const told = error.extra["quota"];
  if (!isObject(told)) return;
  const known = await quotaOf(tx);
  const taken = Object.keys(known)
    .filter((name) => Number.isInteger(told[name]))
    .map((name) => [name, told[name]]);
  await remember(tx, "quota", { ...known, ...(Object.fromEntries(taken) as Partial<Quota>) });
}

/** Keep the server's signature over the chain it took, if it is the server's and over what is stored here (E3). */
async function keepCountersignature(talk: Talk, jws: string): Promise<void> {
  const chainId = talk.request!.chainId;
  try {
    const claim = await verifyServer(talk, jws, "countersignature");
    const through = Number(claim["through"]);
    if (claim["device_id"] !== talk.channel.deviceId || claim["chain_id"] !== chainId || !Number.isInteger(through)) {
      throw problem("bad-signature");
    }
    const own = await talk.store.read((tx) => tx.objectStore("link").get([chainId, through]));
    if (own && own.hash !== claim["head_hash"]) throw problem("bad-signature");
    await talk.store.write((tx) => tx.objectStore("countersignature").put({ chain_id: chainId, through, jws }));
  } catch (error) {
    talk.failPart("countersignature", refusalOf(error));
  }
}

/** Give the payload of a JWS signed by a key of the server that this device trusts (A6). */
export async function verifyServer(
  talk: Talk,
  jws: string,
  typ: string,
  also: Map<string, unknown> = new Map(),
): Promise<Value> {
  const kid = kidOf(jws);
  const known = (await talk.store.read((tx) => tx.objectStore("server_key").get(kid)))?.jwk ?? also.get(kid);
  if (!known) throw problem("bad-signature", "unknown key");
  return verify(jws, await loadPublic(known), typ);
}
