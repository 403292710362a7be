/** Times, lengths and amounts as people say them; numbers are shown by the reader's own habits. */
import type { Texts } from "./texts/en";

const DAY_MS = 86_400_000;

// Making a format takes a third of a millisecond, using it almost nothing: a list of thousands says its times by one.
const formats = new Map<string, Intl.DateTimeFormat>();
function format(t: Texts, how: "clock" | "day", options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const name = `${how} ${t.tag}`;
  const made = formats.get(name) ?? new Intl.DateTimeFormat(t.tag, options);
  formats.set(name, made);
  return made;
}

export const clock = (t: Texts, ms: number) =>
  format(t, "clock", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(ms);

export const isSameDay = (one: number, other: number) => new Date(one).toDateString() === new Date(other).toDateString();

/** today 14:05, tomorrow 09:00, Tue 17 Nov 09:00 */
export function moment(t: Texts, ms: number, nowMs: number): string {
  if (isSameDay(ms, nowMs)) return t.todayAt(clock(t, ms));
  if (isSameDay(ms, nowMs + DAY_MS)) return t.tomorrow(clock(t, ms));
  return `${day(t, ms)} ${clock(t, ms)}`;
}

export const day = (t: Texts, ms: number) =>
  format(t, "day", { weekday: "short", day: "numeric", month: "short" }).format(ms);

export const lasting = (t: Texts, ms: number) =>
  ms < 90_000 ? t.seconds(Math.max(1, Math.round(ms / 1000))) : t.minutes(Math.round(ms / 60_000));

export function far(t: Texts, metres: number): string {
  if (metres < 1000) return t.metres(metres < 100 ? Math.round(metres) : Math.round(metres / 10) * 10);
  return t.kilometres(new Intl.NumberFormat(t.tag, { maximumFractionDigits: 1 }).format(metres / 1000));
}

export const bytes = (t: Texts, count: number) =>
  count > 1e9
    ? `${new Intl.NumberFormat(t.tag, { maximumFractionDigits: 1 }).format(count / 1e9)} GB`
    : `${Math.round(count / 1e6)} MB`;

/** How many minor units one of this currency has: 100 cents, 1 yen. */
export function unitsOf(currency: string): number {
  try {
    return 10 ** (new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits ?? 2);
  } catch {
    return 100;
  }
}

export function money(t: Texts, minor: number, currency: string): string {
  try {
    return new Intl.NumberFormat(t.tag, { style: "currency", currency }).format(minor / unitsOf(currency));
  } catch {
    return `${minor / 100} ${currency}`;
  }
}

/** A moment as the wire has a device's times: local, with its offset. */
export function wall(ms: number): string {
  const offset = -new Date(ms).getTimezoneOffset();
  const local = new Date(ms + offset * 60_000).toISOString().slice(0, 23);
  const two = (count: number) => String(Math.floor(Math.abs(count))).padStart(2, "0");
  return `${local}${offset < 0 ? "-" : "+"}${two(offset / 60)}:${two(offset % 60)}`;
}

export const localDay = (ms: number) => wall(ms).slice(0, 10);

const RADIUS = 6_371_009;
export interface Spot { lat_e7: number; lon_e7: number }

export function metresBetween(one: Spot, other: Spot): number {
  const rad = (e7: number) => (e7 / 1e7) * (Math.PI / 180);
  const [a, b] = [rad(one.lat_e7), rad(other.lat_e7)];
  const half = Math.sin((b - a) / 2) ** 2 + Math.cos(a) * Math.cos(b) * Math.sin(rad(other.lon_e7 - one.lon_e7) / 2) ** 2;
  return 2 * RADIUS * Math.asin(Math.sqrt(half));
}
