/**
 * The exchange: the outbox up, the feed page down, in one round trip; repeated until both are level.
 *
 * `STEPS` is the conversation, as in agent_sync/exchange.py. Whatever a step has done is durable before the next begins,
 * so that being cut off between any two loses nothing and repeats nothing (PROTOCOL 5).
 */
import { first48 } from "./bytes";
import { askChains, heedPush } from "./chaining";
import { EXCHANGE } from "./channel";
import type { LastContact } from "./clock";
import { carryOutDirectives, endWipe, pendingDirectives, takeDirectives } from "./directives";
import { isObject, problem, type Problem } from "./errors";
import { readTime } from "./messages";
import { applyHolds, applyPage, heedPull, isPlainWaiting, purgeWithdrawn, shredEnded } from "./pulling";
import { buildRequest, paceOf, readOutbox, storeReceipts, takeQuota } from "./pushing";
import { lastContact, trustClock } from "./remembering";
import { refetchShredded, repair } from "./repair";
import { retryAfter, slowDown } from "./rules_sending";
import { remember, remembered } from "./store";
import { pruneArchive } from "./store_archive";
import { countWaiting, stageOf } from "./store_outbox";
import { refusalOf, type Talk } from "./talk";
import { uploadFiles } from "./uploads";

const MOST_ROUNDS = 10_000;
const DAY_MS = 86_400_000;
const USUAL_NEXT_S = 900;
const DISK_FULL_MS = 60_000;

/** Send the request, and read from the answer what time it is at the server. */
async function send(talk: Talk): Promise<void> {
  const before = talk.now();
  const answer = await talk.channel.ask("POST", EXCHANGE, talk.request!.value);
  const serverMs = readTime(String(answer["server_time"]));
  if (serverMs === null || serverMs <= 0 || !isObject(answer["push"]))
    throw problem("internal", "unreadable", {}, true);
  [talk.serverMs, talk.answer] = [serverMs, answer];
  await noteContact(talk, before.monoMs);
}

/** Remember when the server was last heard, the nonce it gave, and which request it answered (X2). */
async function noteContact(talk: Talk, sentMonoMs: number): Promise<void> {
  const [request, now, nextS] = [talk.request!, talk.now(), talk.answer["next_exchange_s"]];
  talk.report.nextMs = (Number.isInteger(nextS) && (nextS as number) > 0 ? (nextS as number) : USUAL_NEXT_S) * 1000;
  await talk.store.write(async (tx) => {
    talk.isNewest = request.no > ((await remembered<number>(tx, "answered_no")) ?? 0);
    await remember(tx, "nonce", talk.channel.nonce);
    await remember(tx, "failures", undefined);
    // The office took it back: this device was answered again.
    if ((await stageOf(tx)) === "gone") await remember(tx, "stage", "enrolled");
    if (!talk.isNewest) return;
    await remember(tx, "answered_no", request.no);
    await trustClock(tx, now);
    const contact: LastContact = {
      server_time: String(talk.answer["server_time"]),
      server_ms: talk.serverMs,
      mono_ms: now.monoMs,
      rtt_ms: Math.max(0, now.monoMs - sentMonoMs),
      boot: now.boot,
      wall_ms: now.wallMs,
    };
    await remember(tx, "last_contact", contact);
  });
}

/** Let go, once a day, of archive that is no longer needed. */
async function tidy(talk: Talk): Promise<void> {
  const { store } = talk;
  const last = await lastContact(store);
  if (talk.hasMore || last === null || last.server_ms - ((await store.get<number>("tidied_ms")) ?? 0) < DAY_MS) return;
  const pruned = await store.write(async (tx) => {
    await remember(tx, "tidied_ms", last.server_ms);
    return pruneArchive(tx, last.server_ms - talk.archiveDays * DAY_MS);
  });
  talk.did("pruned", pruned, false);
}

export const STEPS: readonly (readonly [string, (talk: Talk) => Promise<void>])[] = [
  ["shred_ended", shredEnded],
  ["read_outbox", readOutbox],
  ["build_request", buildRequest],
  ["send", send],
  ["store_receipts", storeReceipts],
  ["heed_push", heedPush],
  ["apply_holds", applyHolds],
  ["apply_page", applyPage],
  ["heed_pull", heedPull],
  ["ask_chains", askChains],
  ["take_directives", takeDirectives],
  ["repair", repair],
  ["refetch_shredded", refetchShredded],
  ["upload_files", uploadFiles],
  ["carry_out_directives", carryOutDirectives],
  ["tidy", tidy],
];

/** Exchange until outbox and feed are level or something fails; failures of ordinary field life are in the report. */
export async function converse(talk: Talk): Promise<void> {
  const { report } = talk;
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    talk.beginRound();
    try {
      for (const [name, step] of STEPS) {
        if (!report.phases.includes(name)) report.phases.push(name);
        await step(talk);
      }
      talk.did("rounds", 1, false);
    } catch (error) {
      await noteFailure(talk, refusalOf(error)).catch((worse: unknown) => {
        report.error = refusalOf(worse); // where the disk is full nothing can be remembered, and all is as it was
        report.nextMs = DISK_FULL_MS;
      });
      break;
    }
    if (!(await goesOn(talk))) break;
  }
  const last = report.problems.at(-1);
  if (last && report.error === null) await noteWaiting(talk, refusalOf(last.error));
  Object.assign(report.counts, talk.channel.traffic);
  report.isOk = report.error === null && report.problems.length === 0;
}

/** Say whether another round is worth making: something is left to do, and this round moved something. */
async function goesOn(talk: Talk): Promise<boolean> {
  const stuck = new Set(talk.report.problems.map(({ part }) => part));
  return talk.store.read(async (tx) => {
    const stage = await stageOf(tx);
    if (stage === "wiped" || !talk.progress) return talk.plan.isProbe && stage !== "wiped" && !stuck.size;
    const isLocked = talk.store.vault.isLocked;
    const hasWork = !isLocked && (await countWaiting(tx)) > 0 && !stuck.has("push");
    const isReading = talk.hasMore || (!isLocked && (await remembered(tx, "pull_stage")) === "first");
    const isAsked = (await pendingDirectives(tx)).length > 0 && !isLocked;
    // After files went up the server says which are verified, and which it wants next.
    const isWaiting = (isAsked || talk.hasSentFiles) && !stuck.has("files");
    return hasWork || (stage !== "wiping" && ((isReading && !stuck.has("pull")) || isWaiting));
  });
}

/** Remember a failed exchange: back off, slow down if the push may be its cause, and say what is safe. */
async function noteFailure(talk: Talk, told: Problem): Promise<void> {
  const { store, request } = talk;
  const error = await explain(talk, told);
  talk.report.error = error;
  const stage = await store.read(stageOf);
  await store.write(async (tx) => {
    if (request && !Object.keys(talk.answer).length) {
      await takeQuota(tx, error);
      const sent = request.events.map((place) => place.eventId);
      await remember(tx, "pace", slowDown(await paceOf(tx), sent, error.wasAnswered));
    }
    if (error.code === "gone" && stage !== "wiping") await remember(tx, "stage", "gone");
    await remember(tx, "nonce", talk.channel.nonce);
  });
  if (error.code === "gone") await (stage === "wiping" ? endWipe(store) : purgeWithdrawn(store));
  await noteWaiting(talk, error);
}

/**
 * A browser tells a refused certificate from no network to nobody (A3). A wall clock that cannot be right is the usual
 * cause of the first: earlier than the server's last word, or years beyond it.
 */
async function explain(talk: Talk, error: Problem): Promise<Problem> {
  const last = await lastContact(talk.store);
  if (error.code !== "no-network" || error.wasAnswered || last === null) return error;
  const offMs = talk.now().wallMs - last.server_ms;
  if (offMs > -DAY_MS && offMs < 365 * DAY_MS) return error;
  return Object.assign(problem("certificate-refused"), { facts: { off_ms: offMs } });
}

/** Say when to try again: full jitter, never sooner than the server asks (X4). */
async function noteWaiting(talk: Talk, error: Problem): Promise<void> {
  const failures = ((await talk.store.get<number>("failures")) ?? 0) + 1;
  if ((await talk.store.read(stageOf)) !== "wiped") await talk.store.put("failures", failures);
  const wait = retryAfter(failures, first48(talk.noise(6)) / 2 ** 48, Number(error.extra["retry_after_s"] ?? 0));
  talk.report.nextMs = isPlainWaiting(error.code) ? Math.max(talk.report.nextMs, wait) : wait;
}
