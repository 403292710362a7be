/**
 * The office's directives, carried out once per chain and acknowledged by an event (D1). Only `wipe_now` may delete what
 * was not sent.
 */
import type { Value } from "./channel";
import { problem } from "./errors";
import { hashNext, openPrepared, prepareOpening, writeEvent } from "./recording";
import { joinRanges } from "./rules_sending";
import { remember, remembered, type Reading, type Store, type Writing } from "./store";
import * as stored from "./store_items";
import * as chains from "./store_chains";
import { looseFiles } from "./store_files";
import * as outbox from "./store_outbox";
import type { ChainRow, DirectiveRow } from "./store_tables";
import { TABLES } from "./store_tables";
import { refusalOf, type Talk } from "./talk";
import { Vault } from "./vault";
import { verifyServer } from "./pushing";
import { DirectiveKind } from "./vocabulary";

const WIPES: readonly string[] = ["wipe_now", "wipe_after_upload"];
/** The device key, device id and chain heads stay until the receipt of `directive_done`. */
const KEPT_TABLES: readonly string[] = ["memory", "chain", "directive", "server_key"];
const KEPT_IN_MEMORY: ReadonlySet<string> = new Set([
  "device_id",
  "device_key",
  "public_url",
  "agent",
  "nonce",
  "quota",
  "request_no",
  "answered_no",
  "last_contact",
  "revision",
]);

/** Remember the directives that are the server's and meant for this device; others are ignored and reported. */
export async function takeDirectives(talk: Talk): Promise<void> {
  if (!talk.isNewest) return;
  const told = Array.isArray(talk.answer["directives"]) ? talk.answer["directives"] : [];
  for (const jws of told) {
    try {
      const claim = await verifyServer(talk, String(jws), "directive");
      if (claim["device_id"] !== talk.channel.deviceId) throw problem("bad-signature");
      if (!(DirectiveKind as readonly unknown[]).includes(claim["kind"])) throw problem("malformed");
      await rememberDirective(talk, claim);
    } catch (error) {
      talk.failPart("directives", refusalOf(error));
    }
  }
}

/** Store a directive as pending, unless it was done: a wipe once and for all, another once for each chain. */
async function rememberDirective(talk: Talk, claim: Value): Promise<void> {
  const [id, kind] = [String(claim["id"]), String(claim["kind"])];
  const isNew = await talk.store.write(async (tx) => {
    const chain = (await outbox.currentChain(tx))!;
    const known = await tx.objectStore("directive").getAll(IDBKeyRange.bound([id], [id, "\uffff"]));
    if (known.some((row) => row.chain_id === chain.chain_id) || (known.length && WIPES.includes(kind))) return false;
    await tx
      .objectStore("directive")
      .add({ id, chain_id: chain.chain_id, kind, named_chain: String(claim["chain_id"]), state: "pending" });
    return true;
  });
  if (isNew) talk.did("directives_taken");
}

export async function pendingDirectives(tx: Reading): Promise<DirectiveRow[]> {
  return tx.objectStore("directive").index("state").getAll("pending");
}

/** Do what is pending and can be done now; end a wipe whose receipt has come. */
export async function carryOutDirectives(talk: Talk): Promise<void> {
  const { store } = talk;
  for (const row of await store.read(pendingDirectives)) {
    const chain = (await store.read(outbox.currentChain))!;
    if (store.vault.isLocked && row.kind !== "wipe_now") continue; // it waits for its agent
    if (WIPES.includes(row.kind) && row.named_chain !== chain.chain_id) {
      if (!store.vault.isLocked) await finish(talk, row, "ignored");
    } else if (row.kind === "reset_packets") await finish(talk, row, "done");
    else if (row.kind === "wipe_now") await wipe(talk, row);
    else if (await isAllSent(talk))
      await (row.kind === "wipe_after_upload" ? wipe(talk, row) : finish(talk, row, "done"));
  }
  const [stage, waits] = await store.read(
    async (tx) => [await outbox.stageOf(tx), await outbox.countWaiting(tx)] as const,
  );
  if (stage === "wiping" && !waits) await endWipe(store);
}

/** Mark a directive done and append `directive_done`, in one transaction with what it changed. */
async function finish(talk: Talk, row: DirectiveRow, result: string): Promise<void> {
  const { store } = talk;
  await store.attempt(
    async () => {
      const chain = (await store.read(outbox.currentChain))!;
      const written = await writeDone(talk, row, result);
      return { chain, written, hash: await hashNext(chain, written) };
    },
    async (tx, { chain, written, hash }) => {
      if (row.kind === "reset_packets" && result === "done") {
        // Packets stay readable while the feed is read again from its start; what it does not bring goes at its end.
        await stored.markAllStale(tx);
        await remember(tx, "cursor", undefined);
        await remember(tx, "pull_stage", "first");
      }
      await chains.appendEvent(tx, chain, written, hash);
      await tx.objectStore("directive").put({ ...row, state: "done", result });
    },
  );
  talk.did("directives_done");
}

function writeDone(talk: Talk, row: DirectiveRow, result: string): Promise<outbox.Written> {
  const draft = { kind: "directive_done", body: { directive_id: row.id, result }, caseId: null, visitId: null };
  return writeEvent(talk.store, draft, talk.now(), talk.noise);
}

/** Say whether the server has everything: events, and the contents it asked for as files. */
async function isAllSent(talk: Talk): Promise<boolean> {
  return talk.store.read(async (tx) => {
    if (talk.filesWanted.length || (await outbox.countWaiting(tx)) || (await tx.objectStore("upload").count())) return false;
    // What no event names yet was not even announced.
    if ((await looseFiles(tx)).length) return false;
    // A content that went up as a file is kept until its event was judged (X3).
    for (const link of await tx.objectStore("link").getAll()) {
      if (!link.withheld || link.state !== "waiting") continue;
      const event = await outbox.eventOf(tx, link.event_n);
      if (event.state === "kept" && event.content !== null && event.replayed === undefined) return false;
    }
    return true;
  });
}

/** How far a chain came before a wipe, and the seqs that were never sent. */
interface Ending {
  chain: ChainRow;
  afterSeq: number;
  unsent: number[];
}

/**
 * Delete packets, outbox, archive and the data key; then record `directive_done`.
 *
 * What was never sent is declared lost on a new chain (reason `wiped`). What is recorded from now on holds nothing of
 * anybody, and is kept under a key without a PIN, so that a locked phone can be wiped too.
 */
async function wipe(talk: Talk, row: DirectiveRow): Promise<void> {
  const { store } = talk;
  const key = await Vault.newKey();
  await store.vault.useKey(key);
  // Where it fails nothing was deleted, and under this key all of it would look damaged.
  await store
    .attempt(
      async () => {
        const endings = await store.read(readEndings);
        const openings = [];
        for (const ending of endings) {
          if (!ending.unsent.length && !(ending === endings.at(-1) && row.kind === "wipe_now")) continue;
          const { chain, afterSeq, unsent } = ending;
          openings.push(
            await prepareOpening(
              store,
              talk.now(),
              talk.noise,
              "wiped",
              [],
              chain.chain_id,
              afterSeq,
              joinRanges(unsent),
            ),
          );
        }
        const done = await writeDone(talk, row, "done");
        const last = openings.at(-1);
        const chain = last
          ? { chain_id: last.chainId, next_seq: 2, head: last.hashes.at(-1)! }
          : { ...endings.at(-1)!.chain };
        return { openings, done, hash: await hashNext(chain as ChainRow, done) };
      },
      async (tx, { openings, done, hash }) => {
        for (const table of TABLES) if (!KEPT_TABLES.includes(table)) await tx.objectStore(table).clear();
        for (const chain of await outbox.allChains(tx)) {
          await tx.objectStore("chain").put({ ...chain, base_seq: chain.next_seq - 1, base_hash: chain.head });
        }
        for (const name of await tx.objectStore("memory").getAllKeys())
          if (!KEPT_IN_MEMORY.has(name)) await remember(tx, name, undefined);
        await remember(tx, "stage", "wiping");
        await remember(tx, "wipe_key", key);
        for (const opening of openings) await openPrepared(tx, { ...opening, moving: [] });
        await chains.appendEvent(tx, (await outbox.currentChain(tx))!, done, hash);
        await tx.objectStore("directive").put({ ...row, state: "done", result: "done" });
      },
    )
    .catch((error: unknown) => {
      store.vault.lock();
      throw error;
    });
  talk.did("wipes");
}

async function readEndings(tx: Reading): Promise<Ending[]> {
  const endings: Ending[] = [];
  for (const chain of await outbox.allChains(tx)) {
    const links = await tx
      .objectStore("link")
      .index("waiting")
      .getAll(IDBKeyRange.bound([1, chain.chain_id, 0], [1, chain.chain_id, Infinity]));
    const unsent = links.map((link) => link.seq);
    endings.push({ chain, afterSeq: (unsent[0] ?? chain.next_seq) - 1, unsent });
  }
  return endings;
}

/** Forget this device altogether: the wipe was acknowledged, or the device is gone for good. */
export async function endWipe(store: Store): Promise<void> {
  await store.write(async (tx: Writing) => {
    const revision = await remembered(tx, "revision");
    for (const table of TABLES) await tx.objectStore(table).clear();
    await remember(tx, "revision", revision);
    await remember(tx, "stage", "wiped");
  });
  store.vault.lock();
}
