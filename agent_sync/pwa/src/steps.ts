/**
 * The order at the door, worked out from what is recorded: nothing is kept beside the events but who was said to be
 * there, so that a visit goes on where it was after the app was closed at any moment. Pure.
 */
import type { PacketView, VisitSoFar } from "./face";
import { opened } from "./opened";

export type Who = "person" | "other_adult" | "only_minor" | "nobody" | "declined";
export type StepKey =
  | "arrive" | "card" | "notice" | "who" | "identity" | "principal" | "purpose" | "options" | "hardship"
  | "outcome" | "payment" | "leave" | "end";

/** What was touched when asked who is there; "" asks again. */
export type Said = Who | "";

/** The step's name on the wire, for those that are said. */
export const WIRE: Partial<Record<StepKey, string>> = {
  card: "card_shown", notice: "recording_notice", principal: "principal_named", purpose: "purpose_stated",
  options: "options_given", hardship: "hardship_asked", payment: "payment_answer",
};
const MATTER: StepKey[] = ["principal", "purpose", "options", "hardship"];
const MET_NOBODY = ["nobody", "moved", "not_found", "no_access"];

export interface DoorStep { key: StepKey; state: "done" | "hand" | "later" }

export const last = (visit: VisitSoFar, kind: string) => visit.events.filter((each) => each.kind === kind).pop();

/** Who is there: an outcome or a confirmed identity says it better than what was touched, and that better than no identity. */
export function whoIs(visit: VisitSoFar, said: Said | null): Who | null {
  const contact = String(last(visit, "outcome_noted")?.body.contact_result ?? "");
  if (MET_NOBODY.includes(contact)) return "nobody";
  if (contact === "other_adult" || contact === "only_minor") return contact;
  const identity = last(visit, "identity_checked")?.body.identity;
  if (identity === "confirmed") return "person";
  if (said !== null) return said || null;
  if (identity === "declined" || identity === "unsure") return "declined";
  return identity ? "person" : null;
}

/** Whether who is there was only said, and may be said again. */
export const isWhoOpen = (visit: VisitSoFar) => !visit.isIdentityConfirmed && last(visit, "outcome_noted") === undefined;

export const isHalted = (visit: VisitSoFar, reason: string) =>
  visit.events.some((each) => each.kind === "hold_placed" && each.body.reason === reason);

export function planDoor(packet: PacketView, visit: VisitSoFar, said: Said | null): DoorStep[] {
  const who = whoIs(visit, said);
  const limits = opened(packet).limits;
  const done = (key: StepKey) => isDone(key, visit, who);
  // A companion comes along: what is said and what came of it is the lead's to record.
  if (isCompanion(visit)) return inOrder(["arrive", "card", "leave"], done);
  const keys: StepKey[] = ["arrive"];
  if (who !== "nobody") {
    keys.push("card");
    if (limits.steps?.includes("recording_notice") || Object.values(limits.recording ?? {}).some((duty) => duty !== "forbidden"))
      keys.push("notice");
  }
  keys.push("who");
  if (who === "person") keys.push("identity");
  if (who === "person" && visit.isIdentityConfirmed) keys.push(...MATTER);
  if (who) keys.push("outcome");
  if (who === "person" && visit.isIdentityConfirmed && limits.steps?.includes("payment_answer")) keys.push("payment");
  keys.push("leave");
  return inOrder(keys, done);
}

function inOrder(keys: StepKey[], done: (key: StepKey) => boolean): DoorStep[] {
  const hand = keys.find((key) => !done(key));
  return keys.map((key) => ({ key, state: key === hand ? "hand" : done(key) ? "done" : "later" }));
}

export const isCompanion = (visit: VisitSoFar) => visit.events[0]?.kind === "crew_joined";

function isDone(key: StepKey, visit: VisitSoFar, who: Who | null): boolean {
  const hasOutcome = last(visit, "outcome_noted") !== undefined;
  if (key === "arrive") return visit.startedMs !== null || visit.events.length > 0;
  if (key === "who") return who !== null;
  if (key === "identity") return visit.isIdentityConfirmed || hasOutcome;
  if (key === "outcome") return hasOutcome;
  if (key === "leave") return visit.isEnded;
  // Once it is noted what came of the visit, what was not said is not asked for any more: the office sees it.
  return visit.stepsDone.includes(WIRE[key] ?? "") || (hasOutcome && key !== "payment");
}

/** What is being recorded now, by medium. */
export function recordingNow(visit: VisitSoFar): string[] {
  const state: Record<string, string> = {};
  for (const each of visit.events) if (each.kind === "recording_changed") state[String(each.body.medium)] = String(each.body.state);
  return Object.keys(state).filter((medium) => state[medium] === "started");
}
