/**
 * The order at the door: card, recording notice, identity, principal, purpose, options and help, outcome, payment, leave.
 *
 * What was left out is warned about; what must not be done, such as recording where it is forbidden, is blocked.
 */
import type { Body, Remark } from "./face";
import { bodiesOf, stepsDone, type CaseNow, type Visit } from "./rules";
import { block, warn } from "./rules_limits";
import { ENTERING_HOME, Step } from "./vocabulary";

export const MOST_TRIES = 3; // of each way that can be guessed, in one visit; then only a document, or the end
const GUESSED = ["letter_code", "two_facts"];
const BEFORE_IDENTITY: readonly string[] = ["card_shown", "recording_notice"];
/** What concerns one matter, one address or one telling of it; everything else is about the person. */
const OF_CASE = ["wrong_person", "dispute"];

/** A packet's `ways` are kinds of wrap; an event names the method. */
export const methodOf = (way: string): string => (way === "document" ? "document_seen" : way);

/** Say what speaks against recording an event of `kind` now, by the order at the door. */
export function checkDoor(kind: string, body: Body, visit: Visit, now: CaseNow): Remark[] {
  if (kind === "identity_checked") return [...checkMissing(BEFORE_IDENTITY, visit, now), ...checkTries(body, visit)];
  if (kind === "step_done") {
    const at = (Step as readonly string[]).indexOf(String(body["step"]));
    return at < 0 ? [] : checkMissing(Step.slice(0, at), visit, now);
  }
  if (kind === "recording_changed" && body["state"] === "started")
    return checkRecording(String(body["medium"]), visit, now);
  return kind === "visit_ended" ? checkRecorded(visit, now) : [];
}

/** Give how often identity may still be tried this way in this visit; what cannot be guessed has no end. */
export function triesLeft(visit: Visit, method: string): number {
  const failed = bodiesOf(visit, "identity_checked").filter(
    (body) => body["method"] === method && body["identity"] === "failed",
  ).length;
  return GUESSED.includes(method) ? Math.max(0, MOST_TRIES - failed) : MOST_TRIES;
}

/** Say whom a hold of this reason halts, where nobody says otherwise. */
export function scopeOf(reason: string): "case" | "person" {
  return OF_CASE.includes(reason) ? "case" : "person";
}

/** Say whether recording stopped before the crew went inside, and the person has not agreed to it since. */
export function mustAskInside({ events }: Pick<Visit, "events">): boolean {
  const stop = events
    .map(({ kind, body }) => kind === "recording_changed" && body["state"] === "stopped" && body["reason"] === ENTERING_HOME)
    .lastIndexOf(true);
  return stop >= 0 && noticeAnswer(events.slice(stop)) !== "given";
}

function checkMissing(earlier: readonly string[], visit: Visit, now: CaseNow): Remark[] {
  const done = stepsDone(visit);
  const missing = earlier.filter((step) => (now.limits?.steps ?? []).includes(step) && !done.has(step));
  return missing.length ? [warn("out-of-order", { steps: missing.join(",") })] : [];
}

function checkTries(body: Body, visit: Visit): Remark[] {
  const isTry = ["confirmed", "failed"].includes(String(body["identity"]));
  return isTry && !triesLeft(visit, String(body["method"])) ? [block("tries-used-up", { most: MOST_TRIES })] : [];
}

function checkRecording(medium: string, visit: Visit, now: CaseNow): Remark[] {
  const duty = now.limits?.recording?.[medium];
  const answer = noticeAnswer(visit.events);
  if (duty === "forbidden") return [block("recording-forbidden", { medium })];
  if ((duty === "only_with_consent" && answer !== "given") || mustAskInside(visit))
    return [block("recording-consent", { medium })];
  return answer === undefined ? [warn("recording-notice")] : [];
}

function noticeAnswer(events: Visit["events"]): unknown {
  return events.filter(({ kind, body }) => kind === "step_done" && body["step"] === "recording_notice").at(-1)?.body["response"];
}

function checkRecorded(visit: Visit, now: CaseNow): Remark[] {
  const started = bodiesOf(visit, "recording_changed")
    .filter((body) => body["state"] === "started")
    .map((body) => body["medium"]);
  const due = Object.entries(now.limits?.recording ?? {})
    .filter(([, duty]) => duty === "duty")
    .map(([medium]) => medium);
  const missing = due.sort().filter((medium) => !started.includes(medium));
  return missing.length ? [warn("not-recorded", { media: missing.join(",") })] : [];
}
