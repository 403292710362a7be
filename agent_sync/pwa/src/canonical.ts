/**
 * The one byte form of every signed or hashed thing, and the chain built on it: E0, E1 of PROTOCOL.md.
 *
 * Mirrors schemas/canonical.py; `schemas/vectors/` holds what both must give. Hashing is asynchronous here.
 */
import { fromUtf8, sha256Hex, type Bytes } from "./bytes";
import { Refusal } from "./face";
import { MAX_DEPTH, MAX_INTEGER } from "./vocabulary";

const KEY = /^[a-z0-9_]+$/;
const SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** Give the RFC 8785 text of a value that keeps rule E0. */
export function encode(value: unknown): string {
  checkPlain(value);
  return write(value);
}

function write(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(write).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const members = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
    return `{${members.map(([key, child]) => `"${key}":${write(child)}`).join(",")}}`;
  }
  return JSON.stringify(value);
}

/** Refuse what breaks rule E0, naming the place. */
export function checkPlain(value: unknown, path = "", depth = 0): void {
  const wrong = depth > MAX_DEPTH ? "too-deep" : wrongIn(value);
  if (wrong) throw new Refusal("not-canonical", { [path || "."]: [wrong] });
  if (Array.isArray(value)) value.forEach((child, at) => checkPlain(child, `${path}[${at}]`, depth + 1));
  else if (typeof value === "object") {
    for (const [key, child] of Object.entries(value as object)) {
      if (!KEY.test(key)) throw new Refusal("not-canonical", { [path || "."]: ["key"] });
      checkPlain(child, path ? `${path}.${key}` : key, depth + 1);
    }
  }
}

function wrongIn(value: unknown): string {
  if (typeof value === "string") return cleanText(value) === value ? "" : "surrogate";
  if (typeof value === "number") {
    if (!Number.isInteger(value) || Object.is(value, -0)) return "float";
    return Math.abs(value) <= MAX_INTEGER ? "" : "too-large";
  }
  if (value === null || (typeof value !== "object" && typeof value !== "boolean")) return "type";
  return "";
}

/** Read canonical text back; `not-canonical` unless it is exactly what `encode` gives. */
export function read(content: Bytes): Record<string, unknown> {
  let text = "";
  let value: unknown;
  try {
    text = fromUtf8(content);
    value = JSON.parse(text);
  } catch {
    throw new Refusal("not-canonical");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Refusal("not-canonical");
  if (encode(value) !== text) throw new Refusal("not-canonical");
  return value as Record<string, unknown>;
}

/** Replace each lone surrogate by U+FFFD, as rule E0 asks before hashing. */
export function cleanText(text: string): string {
  return text.replace(SURROGATE, "\ufffd");
}

/** Clean every text in a value, in depth, keys too; `too-deep` for what is nested too deep. */
export function cleanValue(value: unknown, depth = 0): unknown {
  if (typeof value === "string") return cleanText(value);
  if (depth > MAX_DEPTH) throw new Refusal("too-deep");
  if (Array.isArray(value)) return value.map((child) => cleanValue(child, depth + 1));
  if (typeof value !== "object" || value === null) return value;
  // A member that is undefined is absent, as everywhere on the wire.
  const members = Object.entries(value).filter(([, child]) => child !== undefined);
  return Object.fromEntries(members.map(([key, child]) => [cleanText(key), cleanValue(child, depth + 1)]));
}

/** Give the SHA-256 of an event's content (E1). */
export function digest(content: string | BufferSource): Promise<string> {
  return sha256Hex(content);
}

/** Give the hash of one link: SHA-256 of canonical {chain_id, seq, prev, id, digest} (E1). */
export function linkHash(
  chainId: string,
  seq: number,
  prev: string,
  eventId: string,
  contentDigest: string,
): Promise<string> {
  return sha256Hex(
    `{"chain_id":"${chainId}","digest":"${contentDigest}","id":"${eventId}","prev":"${prev}","seq":${seq}}`,
  );
}
