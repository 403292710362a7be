/**
 * The device's clocks as one reading, and what an event or a request says of them (PROTOCOL 4).
 *
 * A browser's counter begins with each page load and may stop in sleep: a random boot id a load, and `awake`.
 */
import { hex } from "./bytes";
import { parseTime } from "./messages";

const DAY_MS = 86_400_000;
const FIRST_MS = -62_135_596_800_000 + DAY_MS;
const LAST_MS = 253_402_300_799_999 - DAY_MS;

export interface At {
  wall: string;
  mono_ms: number;
  boot: string;
  [more: string]: unknown;
}

/** One look at all clocks. */
export interface Reading {
  wallMs: number;
  offsetMin: number;
  monoMs: number;
  boot: string;
  mono: "boottime" | "awake";
}
export interface Clock {
  read(): Reading;
}

/** What is remembered of the last answer. `wall_ms` is the wall clock then: it shows how long an awake counter slept. */
export interface LastContact {
  server_time: string;
  server_ms: number;
  mono_ms: number;
  rtt_ms: number;
  boot: string;
  wall_ms: number;
}

/** The browser's clocks. */
export class PageClock implements Clock {
  private readonly boot = hex(crypto.getRandomValues(new Uint8Array(16)));

  read(): Reading {
    const now = new Date();
    return {
      wallMs: now.getTime(),
      offsetMin: -now.getTimezoneOffset(),
      monoMs: Math.floor(performance.now()),
      boot: this.boot,
      mono: "awake",
    };
  }
}

export function atOf(now: Reading): At {
  return { wall: wallOf(now), mono_ms: now.monoMs, boot: now.boot };
}

export function wallOf(now: Reading): string {
  return formatWall(now.wallMs, now.offsetMin);
}

/** Write local time as the wire does: milliseconds and offset, never `Z`. Years stay within 1 to 9999. */
export function formatWall(wallMs: number, offsetMin: number): string {
  const ms = Math.min(Math.max(wallMs, FIRST_MS), LAST_MS);
  const size = Math.abs(offsetMin);
  const two = (value: number) => String(Math.floor(value)).padStart(2, "0");
  const local = new Date(ms + offsetMin * 60_000).toISOString().replace("Z", "");
  return `${local}${offsetMin < 0 ? "-" : "+"}${two(size / 60)}:${two(size % 60)}`;
}

/** Read a wall text as ms since the epoch; throws for any other text. */
export function parseWall(text: string): number {
  return parseTime(text);
}

/** Give a request's `clock` member; `last` is told only within its own boot. */
export function requestClock(now: Reading, last: LastContact | null): Record<string, unknown> {
  const member = { ...atOf(now), mono: now.mono };
  if (last === null || last.boot !== now.boot) return member;
  return { ...member, last: { server_time: last.server_time, mono_ms: last.mono_ms, rtt_ms: last.rtt_ms } };
}
