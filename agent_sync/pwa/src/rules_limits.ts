/** What a packet's limits say of a moment: comparisons only, the rules were compiled before (L1, L2, L3). */
import type { Remark } from "./face";
import { parseTime } from "./messages";

export const MINUTE_MS = 60_000;
const CLOSING_MS = 15 * MINUTE_MS; // before visits may no longer start
const LEAVING_MS = 5 * MINUTE_MS; // before a visit has to be over

export interface Interval {
  starts: string;
  ends: string;
}
export interface Count {
  unit: string;
  most: number;
  period_ms: number;
}
export interface Limits {
  intervals?: Interval[];
  steps?: string[];
  counts?: Count[];
  known_visits?: string[];
  crew_min?: number;
  longest_stay_ms?: number;
  fence_dm?: number;
  recording?: Record<string, string>;
}
/** A visit of the case that this device started; one whose outcome is not known may have met somebody. */
export interface PastVisit {
  visitId: string;
  startedMs: number;
  metNobody: boolean;
}
export interface Span {
  startsMs: number;
  endsMs: number;
  starts: string;
  ends: string;
}

type Facts = Record<string, string | number>;
export const warn = (code: string, facts: Facts = {}): Remark => ({ level: "warn", code, facts });
export const block = (code: string, facts: Facts = {}): Remark => ({ level: "block", code, facts });

/** Compare a packet's limits with a visit that starts now: times, crew, counts. An absent limit limits nothing. */
export function checkLimits(limits: Limits, nowMs: number, crewSize = 1, visits: readonly PastVisit[] = []): Remark[] {
  return [...checkTimes(limits, nowMs), ...checkCrew(limits, crewSize), ...checkCounts(limits, nowMs, visits)];
}

/** Give by when a visit that starts then is over; null where nothing limits it. */
export function leaveBy(limits: Limits, startedMs: number): number | null {
  const spans = spansOf(limits);
  const longest = limits.longest_stay_ms;
  if (!spans.length) return longest === undefined ? null : startedMs + longest;
  const ends = spans.filter((span) => span.startsMs <= startedMs && startedMs < span.endsMs).map((span) => span.endsMs);
  if (!ends.length) return startedMs;
  return longest === undefined ? Math.max(...ends) : startedMs + longest;
}

/** Say that it is nearly time to leave, and then that it is. */
export function checkStay(limits: Limits, startedMs: number, nowMs: number): Remark[] {
  const longest = limits.longest_stay_ms;
  if (longest === undefined || nowMs < startedMs + longest - Math.min(LEAVING_MS, Math.floor(longest / 2))) return [];
  if (nowMs > startedMs + longest) return [warn("stay-too-long", { minutes: Math.floor(longest / MINUTE_MS) })];
  return [warn("leave-soon", { minutes: Math.ceil((startedMs + longest - nowMs) / MINUTE_MS) })];
}

/** Give each interval as moments, with the texts it is told by, the first to open first. */
export function spansOf(limits: Limits): Span[] {
  return (limits.intervals ?? [])
    .map(({ starts, ends }) => ({ startsMs: parseTime(starts), endsMs: parseTime(ends), starts, ends }))
    .sort((one, other) => one.startsMs - other.startsMs || one.endsMs - other.endsMs);
}

/** Give the interval that is open now, the last to close, or else the next to open; null where none is left. */
export function windowNow(limits: Limits, nowMs: number): Span | null {
  const spans = spansOf(limits);
  const open = spans.filter((span) => span.startsMs <= nowMs && nowMs < span.endsMs);
  const last = open.reduce<Span | null>((best, span) => (best && best.endsMs >= span.endsMs ? best : span), null);
  // An interval that holds no moment (L1) never opens.
  return last ?? spans.find((span) => span.startsMs > nowMs && span.endsMs > span.startsMs) ?? null;
}

function checkTimes(limits: Limits, nowMs: number): Remark[] {
  const spans = spansOf(limits);
  if (!spans.length) return [];
  const opens = spans.find((span) => span.startsMs > nowMs);
  const open = spans.filter((span) => span.startsMs <= nowMs && nowMs < span.endsMs);
  const next: Facts = opens ? { opens: opens.starts, opens_ms: opens.startsMs } : {};
  if (!open.length) return [block("outside-hours", next)];
  const closes = open.reduce((best, span) => (span.endsMs > best.endsMs ? span : best));
  if (closes.endsMs - nowMs > CLOSING_MS) return [];
  const minutes = Math.ceil((closes.endsMs - nowMs) / MINUTE_MS);
  return [warn("closing-soon", { minutes, closes: closes.ends, closes_ms: closes.endsMs, ...next })];
}

function checkCrew(limits: Limits, crewSize: number): Remark[] {
  const least = limits.crew_min ?? 1;
  return crewSize < least ? [block("crew-too-small", { crew_min: least })] : [];
}

function checkCounts(limits: Limits, nowMs: number, visits: readonly PastVisit[]): Remark[] {
  const known = new Set(limits.known_visits ?? []);
  const own = visits.filter((visit) => !known.has(visit.visitId));
  for (const count of limits.counts ?? []) {
    const made = own.filter(
      (visit) => nowMs - visit.startedMs < count.period_ms && !(visit.metNobody && count.unit === "contact"),
    );
    if (made.length >= count.most) {
      const days = Math.ceil(count.period_ms / (24 * 60 * MINUTE_MS));
      return [block("too-often", { most: count.most, unit: count.unit, days, made: made.length })];
    }
  }
  return [];
}
