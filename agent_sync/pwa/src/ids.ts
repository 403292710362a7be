/** Ids: UUIDv7, ordered by time, from a time and random bytes handed in. */
import { hex } from "./bytes";

export type Noise = (size: number) => Uint8Array;

/** Make a UUIDv7 (RFC 9562) of ms since the epoch and 10 random bytes. */
export function makeId(ms: number, noise: Uint8Array): string {
  const bytes = new Uint8Array(16);
  for (let at = 5, left = ms; at >= 0; at -= 1, left = Math.floor(left / 256)) bytes[at] = left % 256;
  bytes.set(noise.subarray(0, 10), 6);
  bytes[6] = (bytes[6]! & 0x0f) | 0x70;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const text = hex(bytes);
  return [text.slice(0, 8), text.slice(8, 12), text.slice(12, 16), text.slice(16, 20), text.slice(20)].join("-");
}
