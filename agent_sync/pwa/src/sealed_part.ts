/**
 * The sealed part at the door: a check of identity that a letter's code or two facts can pass, and the opening itself.
 *
 * The opening is recorded before the content is handed out; offline this deters and records, no more.
 */
import type { Reading as ClockReading } from "./clock";
import { Refusal, type Body } from "./face";
import type { Noise } from "./ids";
import { recordEvent } from "./recording";
import { isClockLocked } from "./remembering";
import { bodiesOf, CLOCK, isIdentityConfirmed } from "./rules";
import { triesLeft } from "./rules_door";
import { factsSecret, letterSecret, openSealed } from "./sealing";
import type { Store } from "./store";
import { readBody } from "./store_feed";
import { viewVisit } from "./viewing";

const WRAPS: Record<string, string> = { letter_code: "letter_code", two_facts: "two_facts", document_seen: "document" };

/** What the person said or showed; of a document its kind and nothing else. */
export interface Said {
  method: string;
  secret?: string;
  answers?: string[];
  documentKind?: string;
}

/** Give the sealed content if what the person said opens it; null if it does not. */
async function tryWraps(store: Store, caseId: string, said: Said): Promise<Body | null> {
  const kind = WRAPS[said.method];
  if (!kind) throw new Refusal("invalid", { method: ["unknown"] });
  if (await store.read(isClockLocked)) throw new Refusal("conflict", {}, "withdrawn", { why: CLOCK });
  const body = await readBody(store, "packet", caseId);
  const sealed = body?.["sealed"] as { wraps: { kind: string }[] } | undefined;
  if (!sealed) throw new Refusal("withdrawn");
  if (!sealed.wraps.some((wrap) => wrap.kind === kind)) throw new Refusal("conflict", {}, "no-such-way");
  const packet = await store.read((tx) => tx.objectStore("object").get(["packet", caseId]));
  const secret = kind === "letter_code" ? letterSecret(said.secret ?? "") : factsSecret(said.answers ?? []);
  return openSealed(sealed, caseId, packet!.rev, kind, secret);
}

/**
 * Check identity, record the result with the tries it took so far, then say whether it fits.
 *
 * A try counts once it is recorded, and nobody learns whether it fits before that; so no restart gives another one.
 */
export async function checkIdentity(
  store: Store,
  caseId: string,
  visitId: string,
  said: Said,
  now: ClockReading,
  noise: Noise,
): Promise<boolean> {
  const visit = await viewVisit(store, caseId, visitId);
  const fits = triesLeft(visit, said.method) > 0 && (await tryWraps(store, caseId, said)) !== null;
  const tries = 1 + bodiesOf(visit, "identity_checked").length;
  const body = {
    identity: fits ? "confirmed" : "failed",
    method: said.method,
    tries,
    ...(said.documentKind ? { document_kind: said.documentKind } : {}),
  };
  await recordEvent(store, { kind: "identity_checked", body, caseId, visitId }, now, noise);
  return fits;
}

/** Open the sealed part and record it first; `conflict` if identity was not confirmed or nothing opens it. */
export async function openPart(
  store: Store,
  caseId: string,
  visitId: string,
  said: Said,
  now: ClockReading,
  noise: Noise,
): Promise<Body> {
  const visit = await viewVisit(store, caseId, visitId);
  if (!isIdentityConfirmed(visit)) throw new Refusal("conflict", {}, "identity-first");
  if (!triesLeft(visit, said.method)) throw new Refusal("conflict", {}, "tries-used-up");
  const content = await tryWraps(store, caseId, said);
  if (content === null) {
    await checkIdentity(store, caseId, visitId, said, now, noise); // a miss is a try, and takes back what was confirmed
    throw new Refusal("conflict", {}, "does-not-open");
  }
  await recordEvent(store, { kind: "sealed_part_opened", body: { method: said.method }, caseId, visitId }, now, noise);
  return content;
}
