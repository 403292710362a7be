/**
 * Where the server stands in our chains: void receipts return to the outbox, a fork opens a new chain (E6, E10).
 */
import { EXCHANGE, type Value } from "./channel";
import { requestClock } from "./clock";
import { errorOf, isObject, problem } from "./errors";
import { nextRequestNo, openAfter } from "./pushing";
import { lastContact } from "./remembering";
import { voidReceipts } from "./rules_sending";
import { remember, remembered, type Writing } from "./store";
import * as archive from "./store_archive";
import { hashBefore } from "./store_chains";
import { eventOf } from "./store_outbox";
import { pushOf, type Talk } from "./talk";

/** Act on where the server says this chain stands. */
export async function heedPush(talk: Talk): Promise<void> {
  const [request, push] = [talk.request!, pushOf(talk)];
  if (!talk.isNewest) return;
  if (Number.isInteger(push["next_seq"]))
    await returnVoid(talk, request.chainId, push["next_seq"] as number, request.no);
  const wrong = "problem" in push ? errorOf(push["problem"]) : null;
  if (wrong?.code !== "chain-forked" || !request.events.length) return;
  const told = wrong.extra["from_seq"];
  const from = Number.isInteger(told) && (told as number) >= 1 ? (told as number) : request.events[0]!.seq;
  await part(talk, request.chainId, await findParting(talk, request.chainId, from), request.no);
}

/** Return to the outbox what a restored server has forgotten (E10). */
async function returnVoid(talk: Talk, chainId: string, nextSeq: number, requestNo: number): Promise<void> {
  const gone = voidReceipts(
    await talk.store.read((tx) => archive.receiptsOf(tx, chainId, nextSeq)),
    nextSeq,
    requestNo,
  );
  if (!gone.length) return;
  await talk.store.write((tx) => archive.dropReceipts(tx, chainId, gone));
  talk.did("returned", gone.length);
}

/** Open a new chain where ours and the server's history part (E6); what had receipts beyond is sent again. */
async function part(talk: Talk, chainId: string, fromSeq: number, requestNo: number): Promise<void> {
  const receipts = await talk.store.read((tx) => archive.receiptsOf(tx, chainId, fromSeq));
  await openAfter(talk, chainId, fromSeq - 1, "forked", [], voidReceipts(receipts, fromSeq, requestNo));
}

/**
 * Give the first place where the server holds another event than we do; `told` if all before it agree.
 *
 * It compares only what it is sent, so the place it names may lie after the parting: halves are asked about.
 */
async function findParting(talk: Talk, chainId: string, told: number): Promise<number> {
  let [agreed, differs, place] = [0, told, told - 1];
  while (differs - agreed > 1) {
    if (await agrees(talk, chainId, place)) agreed = place;
    else differs = place;
    place = Math.floor((agreed + differs) / 2);
  }
  return differs;
}

/** Ask whether the server holds our event at a place it has taken: its digest says enough, no content travels. */
async function agrees(talk: Talk, chainId: string, seq: number): Promise<boolean> {
  const found = await talk.store.read(async (tx) => {
    const link = await tx.objectStore("link").get([chainId, seq]);
    return link && { event: await eventOf(tx, link.event_n), prev: await hashBefore(tx, chainId, seq) };
  });
  if (!found) return true; // a wipe left only the chain's head: there is nothing older to disagree about
  const { event, prev } = found;
  const entry = { id: event.id, seq, digest: event.digest, withheld: event.size };
  const [push] = await ask(talk, { chain_id: chainId, prev, events: [entry] });
  const receipts = Array.isArray(push["receipts"]) ? push["receipts"].filter(isObject) : [];
  if (receipts.some((receipt) => receipt["seq"] === seq && receipt["id"] === event.id)) return true;
  const wrong = "problem" in push ? errorOf(push["problem"]) : problem("internal");
  if (wrong.code !== "chain-forked") throw wrong;
  return false;
}

/** Ask something of a chain, apart from outbox and page; give the push half's answer and the request's number. */
async function ask(talk: Talk, push: Value): Promise<[Value, number]> {
  const no = await talk.store.write(nextRequestNo);
  const value = { clock: requestClock(talk.now(), await lastContact(talk.store)), push };
  const answer = (await talk.channel.ask("POST", EXCHANGE, value))["push"] ?? {};
  await talk.store.put("answered_no", no);
  talk.did("questions", 1, false);
  if (!isObject(answer)) throw problem("internal", "", {}, true);
  return [answer, no];
}

/** Remember, inside a transaction, that every chain with receipts is to be asked where it stands (E10). */
export async function noteChainsToAsk(tx: Writing): Promise<void> {
  const links = await tx.objectStore("link").getAll();
  await remember(
    tx,
    "chains_to_ask",
    [...new Set(links.filter((link) => link.status !== undefined).map((link) => link.chain_id))].sort(),
  );
}

/** Ask where each remembered chain stands, by a push without events, and take back what is void (E10). */
export async function askChains(talk: Talk): Promise<void> {
  const { store } = talk;
  for (const chainId of (await store.get<string[]>("chains_to_ask")) ?? []) {
    const [push, no] = await ask(talk, { chain_id: chainId });
    if (Number.isInteger(push["next_seq"])) {
      const nextSeq = push["next_seq"] as number;
      await returnVoid(talk, chainId, nextSeq, no);
      await compareLast(talk, chainId, nextSeq, no);
    }
    await store.write(async (tx) => {
      const left = ((await remembered<string[]>(tx, "chains_to_ask")) ?? []).filter((each) => each !== chainId);
      await remember(tx, "chains_to_ask", left.length ? left : undefined);
    });
    talk.did("chains_asked");
  }
}

/** Compare the last place that both sides hold, and part from it if it is not ours: it may be a twin's. */
async function compareLast(talk: Talk, chainId: string, nextSeq: number, requestNo: number): Promise<void> {
  const own = (await talk.store.read((tx) => archive.receiptsOf(tx, chainId, 1))).at(-1)?.[0];
  if (own === undefined) return;
  const beyond = Math.min(nextSeq, own + 1);
  const fromSeq = await findParting(talk, chainId, beyond);
  if (fromSeq < beyond) await part(talk, chainId, fromSeq, requestNo);
}
