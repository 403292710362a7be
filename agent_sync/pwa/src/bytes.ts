/** Bytes and their texts: UTF-8, hex, base64url without padding, SHA-256. */
import { Refusal } from "./face";

export type Bytes = Uint8Array<ArrayBuffer>;
const encoder = new TextEncoder();

export function utf8(text: string): Bytes {
  return encoder.encode(text) as Bytes;
}

export function fromUtf8(bytes: BufferSource): string {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
}

export function hex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += byte.toString(16).padStart(2, "0");
  return text;
}

export function b64url(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Decode base64url; `bad-signature` for any other text than `b64url` gives: one text for the same bytes. */
export function unb64url(text: string): Bytes {
  let raw: Bytes = new Uint8Array();
  if (/^[A-Za-z0-9_-]*$/.test(text) && text.length % 4 !== 1) {
    const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    raw = Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
  }
  if (b64url(raw) !== text) throw new Refusal("bad-signature");
  return raw;
}

export async function sha256(bytes: BufferSource): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

export async function sha256Hex(text: string | BufferSource): Promise<string> {
  return hex(await sha256(typeof text === "string" ? utf8(text) : text));
}

/** The first 6 bytes as a number, big-endian. */
export function first48(bytes: Uint8Array): number {
  return bytes.subarray(0, 6).reduce((sum, byte) => sum * 256 + byte, 0);
}
