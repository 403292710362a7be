/** When the phone exchanges by itself: a try that another tab was in the way of is made again. */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Refusal, type Report } from "../src/face";
import { armTimer } from "../src/rhythm";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const exchanges = (isFree: () => boolean) =>
  vi.fn(async (): Promise<Report> => {
    if (!isFree()) throw new Refusal("store-locked");
    return {} as Report;
  });

it("exchanges when it is due, once", async () => {
  const exchange = exchanges(() => true);
  armTimer({ exchange }, Date.now() + 20_000);
  await vi.advanceTimersByTimeAsync(19_000);
  expect(exchange).toHaveBeenCalledTimes(0);
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect(exchange).toHaveBeenCalledTimes(1);
});

it.each([null, 0])("X4: goes on trying while another tab sends, until that is gone (due %s)", async (nextMs) => {
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

it("stops when it is told to", async () => {
  const exchange = exchanges(() => false);
  const stop = armTimer({ exchange }, 0);
  await vi.advanceTimersByTimeAsync(10_000);
  stop();
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect(exchange).toHaveBeenCalledTimes(1);
});
