/** When the phone exchanges by itself: never against what the server asked for, and again where another tab was in the way. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { problem } from "../src/errors";
import { Refusal, type Face, type Report } from "../src/face";
import { armTimer, idleMs, sendByItself } from "../src/rhythm";

const listeners = new Map<string, () => void>();
beforeEach(() => {
  vi.useFakeTimers();
  const addEventListener = (kind: string, listener: () => void) => void listeners.set(kind, listener);
  vi.stubGlobal("addEventListener", addEventListener);
  vi.stubGlobal("removeEventListener", () => {});
  vi.stubGlobal("document", { addEventListener, removeEventListener: () => {}, visibilityState: "visible" });
  vi.stubGlobal("window", globalThis);
  vi.stubGlobal("navigator", {});
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
  sendByItself(face, () => false);
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
  sendByItself(face, () => false);
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

const exchanges = (isFree: () => boolean) =>
  vi.fn(async (): Promise<Report> => {
    if (!isFree()) throw new Refusal("store-locked");
    return {} as Report;
  });

test("exchanges when it is due, once", async () => {
  const exchange = exchanges(() => true);
  armTimer({ exchange }, Date.now() + 20_000);
  await vi.advanceTimersByTimeAsync(19_000);
  expect(exchange).toHaveBeenCalledTimes(0);
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect(exchange).toHaveBeenCalledTimes(1);
});

test.each([null, 0])("X4: goes on trying while another tab sends, until that is gone (due %s)", async (nextMs) => {
  let isFree = false;
  const exchange = exchanges(() => isFree);
  armTimer({ exchange }, nextMs);
  await vi.advanceTimersByTimeAsync(130_000);
  expect(exchange.mock.calls.length).toBeGreaterThan(1);
  isFree = true;
  await vi.advanceTimersByTimeAsync(60_000);
  const made = exchange.mock.calls.length;
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect(exchange).toHaveBeenCalledTimes(made);
});

test("stops when it is told to", async () => {
  const exchange = exchanges(() => false);
  const stop = armTimer({ exchange }, 0);
  await vi.advanceTimersByTimeAsync(10_000);
  stop();
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect(exchange).toHaveBeenCalledTimes(1);
});
