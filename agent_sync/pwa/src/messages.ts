/** What travels, once the JSON is read: times, receipts, quotas, feed items. */

/** Write ms since the epoch as the server's time text. */
export function formatTime(ms: number): string {
  return new Date(ms).toISOString();
}

const TIME = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?(?:Z|([+-])(\d\d):(\d\d))$/;

/** Read a time text, a server's or a wall's, as ms since the epoch; null for one that no calendar has. */
export function readTime(text: string): number | null {
  const found = TIME.exec(text);
  if (!found) return null;
  const [year, month, day, hour, minute, second] = found.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const at = new Date(0);
  at.setUTCFullYear(year, month - 1, day);
  at.setUTCHours(hour, minute, second, Math.floor(Number((found[7] ?? "0").padEnd(3, "0").slice(0, 3))));
  const isReal =
    year > 0 && at.getUTCMonth() === month - 1 && at.getUTCDate() === day && hour < 24 && minute < 60 && second < 60;
  const offset = (Number(found[9] ?? 0) * 60 + Number(found[10] ?? 0)) * (found[8] === "-" ? -1 : 1);
  return isReal ? at.getTime() - offset * 60_000 : null;
}

/** Read a time that must be one; throws for any other text. */
export function parseTime(text: string): number {
  const ms = readTime(text);
  if (ms === null) throw new TypeError(`not a time: ${text}`);
  return ms;
}

/** What the server takes: counts and UTF-8 bytes (X3). */
export interface Quota {
  max_events: number;
  max_bytes: number;
  max_event_bytes: number;
  max_inflated: number;
  page_bytes: number;
}
export const USUAL_QUOTA: Quota = {
  max_events: 200,
  max_bytes: 256 * 1024,
  max_event_bytes: 1024 * 1024,
  max_inflated: 4 * 1024 * 1024,
  page_bytes: 2 * 1024 * 1024,
};

/** The server's answer for one event; never changes (E8). */
export interface Receipt {
  seq: number;
  id: string;
  status: string;
  received_ms: number;
  first?: string;
  flags?: string[];
  problem?: string;
}

/** Give a receipt as it stands on the wire; empty members are left out. */
export function receiptToWire(receipt: Receipt): Record<string, unknown> {
  const { received_ms, flags, first, problem, ...rest } = receipt;
  return {
    ...rest,
    received_at: formatTime(received_ms),
    ...(first ? { first } : {}),
    ...(flags?.length ? { flags } : {}),
    ...(problem ? { problem } : {}),
  };
}

/** Read a receipt back; throws for one that cannot be read. */
export function receiptOf(entry: Record<string, unknown>): Receipt {
  const { seq, id, status, received_at, first, flags, problem } = entry;
  if (!Number.isInteger(seq) || typeof id !== "string" || typeof status !== "string") throw new TypeError("no receipt");
  return {
    seq: seq as number,
    id,
    status,
    received_ms: parseTime(String(received_at)),
    ...(typeof first === "string" ? { first } : {}),
    ...(Array.isArray(flags) ? { flags: flags.map(String) } : {}),
    ...(typeof problem === "string" ? { problem } : {}),
  };
}

/** One feed item: a put with its canonical body, or a del with its reason. */
export interface Item {
  op: "put" | "del";
  type: string;
  id: string;
  rev: number;
  sha256: string;
  body: string;
  reason: string;
}
