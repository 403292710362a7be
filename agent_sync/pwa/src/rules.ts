/**
 * What may be recorded now (agent_sync/rules.py); what a packet's limits say about it stands in rules_limits.ts.
 *
 * Pure: clock and rows are handed in. What is blocked here is what cannot be true or must not be done; whatever else
 * happened is a fact and is only warned about.
 */
import type { LastContact, Reading } from "./clock";
import type { Body, Remark } from "./face";
import { block, checkLimits, checkStay, warn, type Limits, type PastVisit } from "./rules_limits";
import { POSSIBLE_PAIRS, Step, VISIT_KINDS } from "./vocabulary";

export const OPENING_KINDS: ReadonlySet<string> = new Set(["visit_started", "crew_joined"]);
/** Facts that are often written down after the door has closed. */
const AFTERWARDS: ReadonlySet<string> = new Set(["outcome_noted", "appointment_agreed", "hold_placed"]);
const BEFORE_IDENTITY = ["card_shown", "recording_notice"];
/** What may not be spoken of before it is certain who is listening. */
const PRIVATE_STEPS: ReadonlySet<string> = new Set(Step.filter((step) => !BEFORE_IDENTITY.includes(step)));

/** What this device recorded of a visit, in order. */
export interface Visit {
  events: readonly { kind: string; body: Body }[];
  startedMs: number | null;
}
export const NO_VISIT: Visit = { events: [], startedMs: null };

/** A case as this device holds it at this moment. `gone` says why its packet is not here any more, or is shut. */
export interface CaseNow {
  isHeld: boolean;
  gone: string;
  limits: Limits | null;
  holdReasons: readonly string[];
  crewSize: number;
  visits: readonly PastVisit[];
}
/** Why a packet is shut that is here: the clock was set back (remembering.ts). */
export const CLOCK = "clock";
export const NO_CASE: CaseNow = { isHeld: true, gone: "", limits: null, holdReasons: [], crewSize: 1, visits: [] };

export function isAllowed(remarks: readonly Remark[]): boolean {
  return remarks.every((remark) => remark.level === "warn");
}
export function isEnded(visit: Visit): boolean {
  return visit.events.some(({ kind }) => kind === "visit_ended");
}
export function isOpen(visit: Visit): boolean {
  return visit.events.some(({ kind }) => OPENING_KINDS.has(kind)) && !isEnded(visit);
}
/** Whether the last identity check confirmed the person. */
export function isIdentityConfirmed(visit: Visit): boolean {
  return bodiesOf(visit, "identity_checked").at(-1)?.["identity"] === "confirmed";
}
/** The door steps recorded so far, whatever the response. */
export function stepsDone(visit: Visit): Set<string> {
  return new Set(bodiesOf(visit, "step_done").map((body) => String(body["step"])));
}
export function bodiesOf(visit: Visit, kind: string): Body[] {
  return visit.events.filter((event) => event.kind === kind).map((event) => event.body);
}
export function isPossible(contact: string, disposition: string): boolean {
  return (POSSIBLE_PAIRS[contact] ?? []).includes(disposition);
}

/** Say what speaks against recording an event of `kind` now. */
export function mayRecord(
  kind: string,
  body: Body,
  size: number,
  visit: Visit,
  now: CaseNow,
  nowMs: number,
  maxEventBytes: number,
): Remark[] {
  const remarks = [
    ...(size > maxEventBytes ? [block("too-large", { bytes: size, most: maxEventBytes })] : []),
    ...checkOrder(kind, visit),
    ...checkBody(kind, body, visit),
    ...checkCase(kind, body, now, nowMs),
  ];
  if (kind === "visit_ended") remarks.push(...checkEnding(visit, now));
  else if (isOpen(visit) && VISIT_KINDS.has(kind) && visit.startedMs !== null) {
    remarks.push(...checkStay(now.limits ?? {}, visit.startedMs, nowMs));
  }
  return remarks;
}

function checkOrder(kind: string, visit: Visit): Remark[] {
  if (!VISIT_KINDS.has(kind) && kind !== "files_attached") return [];
  if (kind === "visit_started" && visit.events.length) return [block("started-twice")];
  if (OPENING_KINDS.has(kind)) return [];
  if (!isOpen(visit) && !isEnded(visit)) return [block("not-started")];
  if (isEnded(visit) && AFTERWARDS.has(kind)) return [warn("after-the-end")];
  return isEnded(visit) && VISIT_KINDS.has(kind) ? [block("ended")] : [];
}

function checkBody(kind: string, body: Body, visit: Visit): Remark[] {
  const isKnown = isIdentityConfirmed(visit);
  if (kind === "sealed_part_opened" && !isKnown) return [block("identity-first")];
  if (kind === "step_done" && PRIVATE_STEPS.has(String(body["step"])) && !isKnown) {
    // What was said nevertheless is a fact: it is recorded with the reason, which shows that this was read.
    return [body["override_reason"] ? warn("identity-first") : block("identity-first")];
  }
  return kind === "outcome_noted" ? checkOutcome(body, isKnown) : [];
}

function checkOutcome(body: Body, isKnown: boolean): Remark[] {
  const [contact, disposition] = [String(body["contact_result"]), String(body["disposition"])];
  const promise = body["promise"] as Body | undefined;
  const remarks: Remark[] = [];
  if (!isPossible(contact, disposition)) remarks.push(block("impossible-pair", { contact, disposition }));
  if (disposition === "promise" && !(promise?.["amount"] && promise["due"])) remarks.push(block("promise-incomplete"));
  if (promise && disposition !== "promise") remarks.push(block("promise-without-outcome"));
  if (contact === "person" && disposition !== "none" && !isKnown) remarks.push(warn("identity-first"));
  return remarks;
}

function checkCase(kind: string, body: Body, now: CaseNow, nowMs: number): Remark[] {
  const remarks: Remark[] = [];
  const reasons = now.holdReasons.join(",");
  if (kind !== "visit_started") {
    const isOfVisit = VISIT_KINDS.has(kind) && kind !== "visit_ended";
    if (now.gone && isOfVisit) remarks.push(warn("withdrawn", { why: now.gone }));
    if (reasons && isOfVisit && kind !== "hold_placed") {
      // Opening is done by the device itself, not a fact that it notes: nothing more is shown under a halt.
      remarks.push((kind === "sealed_part_opened" ? block : warn)("on-hold", { reasons }));
    }
    return remarks;
  }
  // An agent who starts nevertheless says why, and the office sees it; without a reason the start is stopped.
  const level = body["override_reason"] ? warn : block;
  if (now.gone || !now.isHeld) remarks.push(level("withdrawn", { why: now.gone }));
  if (reasons) remarks.push(level("on-hold", { reasons }));
  for (const remark of checkLimits(now.limits ?? {}, nowMs, now.crewSize, now.visits)) {
    remarks.push(remark.level === "block" ? level(remark.code, remark.facts) : remark);
  }
  return remarks;
}

function checkEnding(visit: Visit, now: CaseNow): Remark[] {
  const outcomes = bodiesOf(visit, "outcome_noted");
  const remarks = outcomes.length ? [] : [warn("no-outcome")];
  const done = stepsDone(visit);
  const missing = (now.limits?.steps ?? []).filter((step) => !done.has(step));
  const metPerson = outcomes.some((body) => body["contact_result"] === "person");
  if (metPerson && missing.length) remarks.push(warn("steps-missing", { steps: missing.join(",") }));
  return remarks;
}

/** Give the time leases are measured by: the larger of wall time and last server time plus advance (F3). */
export function nowForLeases(now: Reading, last: LastContact | null): number {
  if (last === null) return now.wallMs;
  return Math.max(now.wallMs, last.server_ms + (last.boot === now.boot ? Math.max(0, now.monoMs - last.mono_ms) : 0));
}

/**
 * Give the best guess of the true time: server time plus what the counter says within one boot, else the wall clock.
 *
 * A page's counter begins anew with each load and may stop in sleep: there the wall clock's offset at the last answer
 * counts on (PROTOCOL 4), and the counter only where it says more, as it does when the clock was set back.
 */
export function bestNow(now: Reading, last: LastContact | null): number {
  if (last === null) return now.wallMs;
  const isCounted = last.boot === now.boot;
  const counted = last.server_ms + now.monoMs - last.mono_ms;
  if (now.mono !== "awake") return isCounted ? counted : now.wallMs;
  const offset = last.server_ms + now.wallMs - last.wall_ms;
  return isCounted ? Math.max(counted, offset) : offset;
}

/** Give the place in the order of the day that the office planned; null where it planned none, or the day is over. */
export function planOf(open: Body, nowMs: number): { day: string; order: number } | null {
  const planned = open["planned"] as { day: string; order: number; starts: string } | undefined;
  if (!planned) return null;
  const [, sign, hours, minutes] = /([+-])(\d\d):(\d\d)$/.exec(planned.starts)!;
  const offsetMs = (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
  const today = new Date(nowMs + offsetMs).toISOString().slice(0, 10);
  return today > planned.day ? null : { day: planned.day, order: planned.order };
}
