/**
 * Recording: from what an agent did to a durable event at the end of the chain (agent_sync/recording.py).
 *
 * Content, place in the chain and the chain's new head are one transaction (E2). A person is told "saved" only then (E7).
 */
import { hex, utf8 } from "./bytes";
import { cleanValue, digest, encode, linkHash } from "./canonical";
import { wrongIn } from "./checks";
import { atOf, type Reading as ClockReading } from "./clock";
import { EVENT_SHAPES } from "./event_shapes";
import { Refusal, type Recorded, type Remark } from "./face";
import { makeId, type Noise } from "./ids";
import { judgeDraft, type Draft } from "./judging";
import { quotaOf, trueNow } from "./remembering";
import { isAllowed, OPENING_KINDS } from "./rules";
import type { Store, Writing } from "./store";
import * as chains from "./store_chains";
import { nameFiles } from "./store_files";
import * as outbox from "./store_outbox";
import type { ChainRow } from "./store_tables";
import { endVisit, readVisit, startVisit } from "./store_visits";
import { DEVICE_KINDS, EVENT_SCHEMA, VISIT_KINDS } from "./vocabulary";

const BLOCK_CODES: Record<string, string> = { withdrawn: "withdrawn", "too-large": "too-large" };

/** Write an event's canonical content, with a new id and salt; `invalid` where its body is not what its kind takes. */
export async function writeEvent(
  store: Store,
  draft: Draft,
  now: ClockReading,
  noise: Noise,
  packetRev: number | null = null,
): Promise<outbox.Written> {
  const shape = Object.hasOwn(EVENT_SHAPES, draft.kind) ? EVENT_SHAPES[draft.kind]! : null;
  if (!shape) throw new Refusal("invalid", { kind: ["unknown"] });
  const content = {
    id: makeId(now.wallMs, noise(10)),
    kind: draft.kind,
    schema: EVENT_SCHEMA,
    at: atOf(now),
    body: cleanValue(draft.body),
    salt: hex(noise(16)),
    ...(draft.caseId === null ? {} : { case_id: draft.caseId }),
    ...(draft.visitId === null ? {} : { visit_id: draft.visitId }),
    ...(packetRev === null ? {} : { packet_rev: packetRev }),
    ...(draft.files?.length ? { files: draft.files } : {}),
  };
  const text = encode(content);
  const wrong = wrongIn(shape, content);
  if (Object.keys(wrong).length) throw new Refusal("invalid", wrong);
  return {
    id: content.id,
    kind: draft.kind,
    content: text,
    size: utf8(text).length,
    digest: await digest(text),
    closed: await store.vault.close(text, `event:${content.id}`),
    wall: content.at.wall,
    caseId: draft.caseId,
    visitId: draft.visitId,
    files: (draft.files ?? []).map((file) => file.sha256),
  };
}

/** Record what an agent did; resolved once it is durable. Where a rule blocks it, nothing is saved. */
export async function recordEvent(store: Store, asked: Draft, now: ClockReading, noise: Noise): Promise<Recorded> {
  if (DEVICE_KINDS.has(asked.kind)) throw new Refusal("invalid", { kind: ["device"] });
  const isNew = asked.kind === "visit_started" && asked.visitId === null;
  const draft = isNew ? { ...asked, visitId: makeId(now.wallMs, noise(10)) } : asked;
  return store.attempt(
    async () => {
      // Read side by side: on a slow phone each wait for the store is felt.
      const [[chain, stage, quota], rev, nowMs] = await Promise.all([
        store.read((tx) => Promise.all([outbox.currentChain(tx), outbox.stageOf(tx), quotaOf(tx)])),
        packetRev(store, draft),
        trueNow(store, now),
      ]);
      if (!chain || stage === "wiping" || stage === "wiped") throw new Refusal("not-enrolled");
      let written = await writeEvent(store, draft, now, noise, rev);
      const remarks = await judgeDraft(store, draft, written.size, nowMs, quota.max_event_bytes);
      refuseBlocked(remarks);
      if (draft.kind === "visit_started" && remarks.length) {
        // The office sees what was said, and gone on against.
        const warned = [...new Set(remarks.map((remark) => remark.code))];
        written = await writeEvent(store, { ...draft, body: { ...draft.body, warned } }, now, noise, rev);
      }
      return { chain, written, hash: await hashNext(chain, written), rev: rev ?? 0, nowMs, remarks };
    },
    async (tx, { chain, written, hash, rev, nowMs, remarks }) => {
      await chains.appendEvent(tx, chain, written, hash);
      await follow(tx, written.id, draft, rev, nowMs);
      await nameFiles(tx, written.files);
      return {
        eventId: written.id,
        chainId: chain.chain_id,
        seq: chain.next_seq,
        caseId: draft.caseId,
        visitId: draft.visitId,
        warnings: remarks,
      };
    },
  );
}

export function hashNext(chain: ChainRow, written: outbox.Written): Promise<string> {
  return linkHash(chain.chain_id, chain.next_seq, chain.head, written.id, written.digest);
}

function refuseBlocked(remarks: Remark[]): void {
  const first = remarks.find((remark) => remark.level === "block");
  if (!isAllowed(remarks) && first)
    throw new Refusal(BLOCK_CODES[first.code] ?? "conflict", {}, first.code, first.facts);
}

/** Do what an event means to this device itself: a visit begins or ends, a hold acts. */
async function follow(tx: Writing, eventId: string, draft: Draft, rev: number, nowMs: number): Promise<void> {
  if (draft.caseId === null || draft.visitId === null) return;
  if (OPENING_KINDS.has(draft.kind)) await startVisit(tx, draft.caseId, draft.visitId, rev, nowMs);
  else if (draft.kind === "visit_ended") await endVisit(tx, draft.caseId, draft.visitId);
  else if (draft.kind === "hold_placed") {
    const { reason, until } = draft.body as { reason: string; until?: string };
    await tx
      .objectStore("own_hold")
      .put({ hold_id: eventId, case_ids: [draft.caseId], reason, ...(until ? { until } : {}) });
  }
}

/** Give the packet revision an event is recorded under; 0 where the packet was never here. */
async function packetRev(store: Store, draft: Draft): Promise<number | null> {
  const { caseId, visitId } = draft;
  if (DEVICE_KINDS.has(draft.kind) || caseId === null) return null;
  const rev = await store.read(async (tx) => {
    const packet = await tx.objectStore("object").get(["packet", caseId]);
    return packet?.rev ?? (visitId === null ? undefined : (await readVisit(tx, caseId, visitId))?.packet_rev);
  });
  return rev ?? (VISIT_KINDS.has(draft.kind) || draft.kind === "files_attached" ? 0 : null);
}

/** What a new chain needs, hashed and encrypted before the transaction that opens it. */
export interface Opening {
  chainId: string;
  previous: string | null;
  opened: outbox.Written;
  moving: Awaited<ReturnType<typeof chains.eventsToMove>>;
  hashes: string[];
}

/** Prepare a new chain for the events in `moving` (E6); `lost` are declared. */
export async function prepareOpening(
  store: Store,
  now: ClockReading,
  noise: Noise,
  reason: string,
  moving: Opening["moving"],
  previous: string | null = null,
  afterSeq = 0,
  lost: [number, number][] = [],
): Promise<Opening> {
  const body = { reason, lost, ...(previous === null ? {} : { previous, after_seq: afterSeq }) };
  const chainId = makeId(now.wallMs, noise(10));
  const opened = await writeEvent(store, { kind: "chain_opened", body, caseId: null, visitId: null }, now, noise);
  return { chainId, previous, opened, moving, hashes: await chains.hashChain(chainId, [opened, ...moving]) };
}

export function openPrepared(tx: Writing, opening: Opening): Promise<void> {
  const { chainId, previous, opened, moving, hashes } = opening;
  return chains.openChain(tx, chainId, previous, opened, moving, hashes);
}
