/** When the phone exchanges by itself: never against what the server asked for. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { problem } from "../src/errors";
import type { Face, Report } from "../src/face";
import { idleMs, sendByItself } from "../src/rhythm";

const listeners = new Map<string, () => void>();
beforeEach(() => {
  vi.useFakeTimers();
  const addEventListener = (kind: string, listener: () => void) => void listeners.set(kind, listener);
  vi.stubGlobal("addEventListener", addEventListener);
  vi.stubGlobal("removeEventListener", () => {});
  vi.stubGlobal("document", { addEventListener, removeEventListener: () => {}, visibilityState: "visible" });
  vi.stubGlobal("window", globalThis);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function phoneThat(failsWith: string | null, nextMs: number): { face: Face; tries: () => number } {
  const error = failsWith === null ? null : problem(failsWith);
  const report: Report = { isOk: !error, counts: {}, phases: [], error, problems: [], nextMs };
  const exchange = vi.fn(async () => report);
  return { face: { exchange } as unknown as Face, tries: () => exchange.mock.calls.length };
}

test("X4: what the server refused is tried again when it said, not when the phone is looked at", async () => {
  const { face, tries } = phoneThat("rate-limited", 600_000);
  sendByItself(face);
  await vi.advanceTimersByTimeAsync(10_000);
  listeners.get("online")!();
  listeners.get("visibilitychange")!();
  const before = tries();
  await vi.advanceTimersByTimeAsync(600_000);
  listeners.get("visibilitychange")!();

  expect([before, tries()]).toEqual([1, 2]);
});

test("a network that is not there yet is tried once more, soon", async () => {
  const { face, tries } = phoneThat("no-network", 600_000);
  sendByItself(face);
  await vi.advanceTimersByTimeAsync(10_000);
  listeners.get("online")!();
  await vi.advanceTimersByTimeAsync(10_000);

  expect(tries()).toBe(4);
});

test("nobody has touched the phone for as long as the clock says that says more", () => {
  const touched = { wallMs: 1_000_000, monoMs: 5_000 };

  expect([
    idleMs(touched, { wallMs: 1_060_000, monoMs: 65_000 }), idleMs(touched, { wallMs: 0, monoMs: 65_000 }),
    idleMs(touched, { wallMs: 1_060_000, monoMs: 6_000 }),
  ]).toEqual([60_000, 60_000, 60_000]);
});
