/** The rules of sending and of the clock: the examples that Python's docstrings hold. */
import { expect, test } from "vitest";
import type { LastContact, Reading } from "../src/clock";
import { makeId } from "../src/ids";
import { bestNow, isAllowed, mayRecord, NO_CASE, NO_VISIT, nowForLeases } from "../src/rules";
import { scopeOf } from "../src/rules_door";
import { checkStay, MINUTE_MS, windowNow } from "../src/rules_limits";
import * as sending from "../src/rules_sending";
import { USUAL_QUOTA } from "../src/messages";

const now = (wallMs: number, monoMs: number, boot = "b", mono: Reading["mono"] = "boottime"): Reading => ({
  wallMs,
  offsetMin: 0,
  monoMs,
  boot,
  mono,
});
const last = (server_ms: number, mono_ms: number, wall_ms = 0): LastContact => ({
  server_time: "",
  server_ms,
  mono_ms,
  rtt_ms: 0,
  boot: "b",
  wall_ms,
});

test("an id is a UUIDv7 of its time", () => {
  expect(makeId(0x0190_0000_0000, new Uint8Array(10))).toBe("01900000-0000-7000-8000-000000000000");
  expect(makeId(1, new Uint8Array(10).fill(255))).toBe("00000000-0001-7fff-bfff-ffffffffffff");
});

test("X3: a batch is halved after two failures, and doubled by success", () => {
  expect(sending.nextBatchSize(200, 20, 1, false, 200)).toEqual([10, 0]);
  expect(sending.nextBatchSize(200, 20, 0, false, 200)).toEqual([200, 1]);
  expect(sending.nextBatchSize(10, 10, 0, true, 200)).toEqual([20, 0]);
  expect(sending.nextBatchSize(1, 1, 0, false, 200)).toEqual([1, 0]);
});

test("X3: a lone event that fails twice around an exchange that went well is withheld", () => {
  let pace = sending.slowDown(sending.paceOf(1), ["e"], true);
  expect(sending.planPush(pace, ["e"], [5], USUAL_QUOTA)).toEqual(sending.planOf(0, [], true));
  pace = sending.speedUp(pace, [], 200);
  expect(sending.planPush(pace, ["e"], [5], USUAL_QUOTA)).toEqual(sending.planOf(1));
  pace = sending.slowDown(pace, ["e"], false);
  expect(sending.planPush(pace, ["e"], [5], USUAL_QUOTA)).toEqual(sending.planOf(1, [0]));
});

test("X3: an event over the quota goes withheld at once", () => {
  const quota = { ...USUAL_QUOTA, max_event_bytes: 100 };
  expect(sending.planPush(sending.paceOf(200), ["a", "b"], [50, 500], quota)).toEqual(sending.planOf(2, [1]));
});

test("X4: full jitter below a growing bound, never sooner than the server asks", () => {
  expect([sending.retryAfter(2, 0.5), sending.retryAfter(40, 0.999), sending.retryAfter(1, 0.5, 60)]).toEqual([
    4000, 899100, 60000,
  ]);
});

test("E6, E10: void receipts and lost ranges", () => {
  expect(
    sending.voidReceipts(
      [
        [1, 1],
        [2, 1],
        [3, 2],
        [4, 5],
      ],
      2,
      5,
    ),
  ).toEqual([2, 3]);
  expect(sending.joinRanges([7, 3, 4, 5])).toEqual([
    [3, 5],
    [7, 7],
  ]);
});

test("F3: a clock set back lengthens no lease", () => {
  expect(nowForLeases(now(1_000, 600), last(5_000, 100))).toBe(5_500);
  expect(nowForLeases(now(9_000, 600), last(5_000, 100))).toBe(9_000);
  expect(nowForLeases(now(1_000, 600, "other"), last(5_000, 100))).toBe(5_000);
});

test("the time is the server's plus what the counter says, and a counter that slept is told by the wall clock", () => {
  expect(bestNow(now(99, 600), last(5_000, 100))).toBe(5_500);
  expect(bestNow(now(99, 600, "other"), last(5_000, 100))).toBe(99);
  expect(bestNow(now(70_000, 600, "b", "awake"), last(5_000, 100, 10_000))).toBe(65_000);
  expect(bestNow(now(0, 600, "b", "awake"), last(5_000, 100, 10_000))).toBe(5_500);
  expect(bestNow(now(12_000, 600, "other", "awake"), last(5_000, 100, 10_000))).toBe(7_000);
});

test("an outcome that cannot be is blocked, a stay that ends is told", () => {
  const visit = { events: [{ kind: "visit_started", body: {} }], startedMs: 0 };
  const body = { contact_result: "nobody", disposition: "promise" };
  expect(isAllowed(mayRecord("outcome_noted", body, 900, visit, NO_CASE, 0, 1 << 20))).toBe(false);
  expect(checkStay({ longest_stay_ms: 20 * MINUTE_MS }, 0, 16 * MINUTE_MS)).toEqual([
    { level: "warn", code: "leave-soon", facts: { minutes: 4 } },
  ]);
  expect(checkStay({ longest_stay_ms: 20 * MINUTE_MS }, 0, 21 * MINUTE_MS)[0]!.code).toBe("stay-too-long");
  expect(mayRecord("step_done", {}, 0, NO_VISIT, NO_CASE, 0, 1)[0]!.code).toBe("not-started");
});

test("a start against a hold is blocked, and with a reason warned about", () => {
  const held = { ...NO_CASE, holdReasons: ["illness"] };
  const levels = (body: Record<string, unknown>) =>
    mayRecord("visit_started", body, 0, NO_VISIT, held, 0, 1).map((each) => each.level);
  expect([levels({}), levels({ override_reason: "asked to come" })]).toEqual([["block"], ["warn"]]);
  expect([scopeOf("bereavement"), scopeOf("dispute")]).toEqual(["person", "case"]);
});

test("the window shown is the one open now, or the next that opens", () => {
  const limits = {
    intervals: [
      { starts: "2026-03-05T08:00:00.000+00:00", ends: "2026-03-05T09:00:00.000+00:00" },
      { starts: "2026-03-05T16:00:00.000+00:00", ends: "2026-03-05T18:00:00.000+00:00" },
    ],
  };
  const at = (text: string) => windowNow(limits, Date.parse(text))?.starts.slice(11, 16);
  expect([at("2026-03-05T08:30:00Z"), at("2026-03-05T09:00:00Z"), at("2026-03-05T19:00:00Z")]).toEqual([
    "08:00",
    "16:00",
    undefined,
  ]);
});
