/**
 * How the outbox is sent: how much at once, when again, what goes withheld, which receipts no longer count.
 *
 * Pure; rules X3, X4, E6 and E10 of PROTOCOL.md live here.
 */
import type { Quota } from "./messages";

const BASE_MS = 2_000;
const MOST_MS = 15 * 60_000;

/** Cut the outbox into runs, keeping its order: [from, to) each. A large event travels alone (X3). */
export function cutBatches(sizes: readonly number[], maxEvents: number, maxBytes: number): [number, number][] {
  const batches: [number, number][] = [];
  let [start, total] = [0, 0];
  sizes.forEach((size, place) => {
    if (place > start && (place - start >= maxEvents || total + size > maxBytes)) {
      batches.push([start, place]);
      [start, total] = [place, 0];
    }
    total += size;
  });
  if (start < sizes.length) batches.push([start, sizes.length]);
  return batches;
}

/**
 * How fast the outbox is being sent. `limit` is the most events of a batch. `lone_*` remember an event that failed
 * alone: how often, and whether an exchange without push has succeeded since (then the event itself is in the way).
 */
export interface Pace {
  limit: number;
  failures: number;
  lone_id: string;
  lone_failures: number;
  is_probed: boolean;
}
export const paceOf = (limit: number, failures = 0, loneId = "", loneFailures = 0): Pace => ({
  limit,
  failures,
  lone_id: loneId,
  lone_failures: loneFailures,
  is_probed: false,
});

/** What the next request pushes: the first `count` waiting events, and which of them without content. */
export interface Plan {
  count: number;
  withheld: ReadonlySet<number>;
  isProbe: boolean;
}
export const planOf = (count: number, withheld: Iterable<number> = [], isProbe = false): Plan => ({
  count,
  withheld: new Set(withheld),
  isProbe,
});

/** Give the new limit and the failures counted towards the next halving (X3). */
export function nextBatchSize(
  limit: number,
  sent: number,
  failures: number,
  succeeded: boolean,
  most: number,
): [number, number] {
  if (succeeded) return [Math.min(most, limit * 2), 0];
  if (sent <= 1) return [limit, failures];
  return failures + 1 >= 2 ? [Math.max(1, Math.floor(sent / 2)), 0] : [limit, failures + 1];
}

/** Choose what to push of the waiting events, given ids and content sizes (0 where no content would travel). */
export function planPush(pace: Pace, ids: readonly string[], sizes: readonly number[], quota: Quota): Plan {
  if (!ids.length) return planOf(0);
  const over = (some: readonly number[]) =>
    some.flatMap((size, place) => (size > quota.max_event_bytes ? [place] : []));
  if (pace.lone_id === ids[0] && sizes[0]) {
    if (pace.is_probed && pace.lone_failures >= 2) return planOf(1, [0]);
    if (!pace.is_probed && pace.lone_failures >= 2) return planOf(0, [], true);
    return planOf(1, over(sizes.slice(0, 1)));
  }
  const travelling = sizes.map((size) => (size > quota.max_event_bytes ? 0 : size));
  const [, count] = cutBatches(travelling, Math.min(pace.limit, quota.max_events), quota.max_bytes)[0]!;
  return planOf(count, over(sizes.slice(0, count)));
}

/** Give the pace after a failed exchange. A lone event's failure that was answered is worth two that were not. */
export function slowDown(pace: Pace, sentIds: readonly string[], wasAnswered: boolean): Pace {
  if (!sentIds.length) return pace;
  const [limit, failures] = nextBatchSize(pace.limit, sentIds.length, pace.failures, false, pace.limit);
  if (sentIds.length > 1) return { ...pace, limit, failures };
  const weight = wasAnswered ? 2 : 1;
  if (pace.lone_id !== sentIds[0]) return paceOf(limit, failures, sentIds[0], weight);
  return { ...pace, lone_failures: pace.lone_failures + weight };
}

/** Give the pace after an exchange that went well. One without push proves the network to a lone event (X3). */
export function speedUp(pace: Pace, sentIds: readonly string[], most: number): Pace {
  if (!sentIds.length) return pace.lone_id && !pace.is_probed ? { ...pace, is_probed: true, lone_failures: 1 } : pace;
  return paceOf(nextBatchSize(pace.limit, sentIds.length, 0, true, most)[0]);
}

/** Give how long to wait, in ms, after so many failures in a row: full jitter; `serverS` is a lower bound (X4). */
export function retryAfter(failures: number, draw: number, serverS = 0): number {
  const most = Math.min(MOST_MS, BASE_MS * 2 ** Math.min(failures, 20));
  return Math.max(Math.floor(most * draw), serverS * 1000);
}

/** Give the seqs whose stored receipts, (seq, request number), no longer count after a restore (E10). */
export function voidReceipts(
  receipts: Iterable<readonly [number, number]>,
  nextSeq: number,
  requestNo: number,
): number[] {
  return [...receipts].filter(([seq, no]) => seq >= nextSeq && no < requestNo).map(([seq]) => seq);
}

/** Join seqs into the `lost` ranges of a `chain_opened` (E6). */
export function joinRanges(seqs: Iterable<number>): [number, number][] {
  const ranges: [number, number][] = [];
  for (const seq of [...new Set(seqs)].sort((one, other) => one - other)) {
    const last = ranges.at(-1);
    if (last && last[1] === seq - 1) last[1] = seq;
    else ranges.push([seq, seq]);
  }
  return ranges;
}
