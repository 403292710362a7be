/** The order at the door, worked out from events alone. */
import { expect, test } from "vitest";
import type { PacketView, VisitSoFar } from "../../src/face";
import { planDoor, recordingNow, type Said, whoIs } from "../../src/steps";

const PACKET: PacketView = {
  caseId: "c", rev: 1, role: "lead", open: { limits: { steps: ["card_shown", "payment_answer"], recording: { audio: "duty" } } },
  isSealed: true, isReadable: true, holds: [], remarks: [], ways: ["letter_code"], asks: [], opensMs: null, closesMs: null, isAppointed: false,
};

function visit(...events: [string, Record<string, unknown>][]): VisitSoFar {
  const identity = events.filter(([kind]) => kind === "identity_checked").pop()?.[1].identity;
  const isEnded = events.some(([kind]) => kind === "visit_ended");
  return {
    events: events.map(([kind, body]) => ({ kind, body, wall: "2026-11-26T10:00:00.000+00:00" })), startedMs: 1, isOpen: !isEnded, isEnded,
    isIdentityConfirmed: identity === "confirmed", stepsDone: events.filter(([kind]) => kind === "step_done").map(([, body]) => String(body.step)),
  };
}

const START: [string, Record<string, unknown>] = ["visit_started", { fixes: [] }];
const step = (name: string): [string, Record<string, unknown>] => ["step_done", { step: name, response: "given" }];
const hand = (of: VisitSoFar, said: Said | null = null) => planDoor(PACKET, of, said).find((each) => each.state === "hand")?.key;

test("each record moves the step in hand on, and nothing else does", () => {
  const known: [string, Record<string, unknown>][] = [START, step("card_shown"), step("recording_notice")];
  const confirmed: [string, Record<string, unknown>][] = [...known, ["identity_checked", { identity: "confirmed", method: "letter_code" }]];
  const found = [
    hand(visit(START)), hand(visit(START, step("card_shown"))), hand(visit(...known)), hand(visit(...known), "person"), hand(visit(...confirmed)),
    hand(visit(...confirmed, step("principal_named"))),
  ];

  expect(found).toEqual(["card", "notice", "who", "identity", "principal", "purpose"]);
});

test("the matter is no step before it is certain who is there", () => {
  const failed = visit(START, step("card_shown"), step("recording_notice"), ["identity_checked", { identity: "failed", method: "letter_code" }]);

  expect(planDoor(PACKET, failed, null).map((each) => each.key)).toEqual(["arrive", "card", "notice", "who", "identity", "outcome", "leave"]);
});

test("with nobody there no card is asked for", () => {
  expect(planDoor(PACKET, visit(START), "nobody").map((each) => each.key)).toEqual(["arrive", "who", "outcome", "leave"]);
});

test("after the outcome only payment and goodbye are left", () => {
  const noted = visit(START, step("card_shown"), step("recording_notice"), ["identity_checked", { identity: "confirmed" }], ["outcome_noted", { contact_result: "person", disposition: "promise" }]);

  expect(hand(noted)).toBe("payment");
});

test("what was recorded says better who is there than what was touched", () => {
  expect([
    whoIs(visit(START, ["outcome_noted", { contact_result: "moved", disposition: "none" }]), "person"),
    whoIs(visit(START, ["identity_checked", { identity: "declined" }]), null),
    whoIs(visit(START, ["identity_checked", { identity: "failed" }]), null),
  ]).toEqual(["nobody", "declined", "person"]);
});

test("who is there is asked again until identity is confirmed or it is noted what came of it", () => {
  const failed = visit(START, step("card_shown"), step("recording_notice"), ["identity_checked", { identity: "failed", method: "document_seen" }]);
  const declined = visit(START, step("card_shown"), step("recording_notice"), ["identity_checked", { identity: "declined" }]);
  const confirmed = visit(START, ["identity_checked", { identity: "confirmed" }]);

  expect([hand(failed), hand(failed, ""), hand(failed, "other_adult"), hand(declined), hand(declined, ""), hand(declined, "person")]).toEqual(
    ["identity", "who", "outcome", "outcome", "who", "identity"],
  );
  expect([whoIs(confirmed, ""), whoIs(confirmed, "nobody")]).toEqual(["person", "person"]);
});

test("a companion records neither what is said nor what came of it", () => {
  expect(planDoor(PACKET, visit(["crew_joined", { fixes: [] }]), null).map((each) => each.key)).toEqual(["arrive", "card", "leave"]);
});

test("what records now is what was started last", () => {
  const changes: [string, Record<string, unknown>][] = [
    ["recording_changed", { medium: "audio", state: "started" }], ["recording_changed", { medium: "video", state: "started" }],
    ["recording_changed", { medium: "audio", state: "stopped" }],
  ];

  expect(recordingNow(visit(START, ...changes))).toEqual(["video"]);
});
