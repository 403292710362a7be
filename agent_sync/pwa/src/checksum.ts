/** Count and sum of the live set, and the manifest's buckets: F4, F5. */
import { first48, sha256, utf8 } from "./bytes";
import { BUCKETS, SUM_MODULUS } from "./vocabulary";

/** Give what one live item adds to `sum`: the first 6 bytes of SHA-256("type:id:rev:sha256"). */
export async function itemWeight(type: string, id: string, rev: number, itemSha256: string): Promise<number> {
  return first48(await sha256(utf8(`${type}:${id}:${rev}:${itemSha256}`)));
}

/** Add weights modulo 2^48; each step stays below 2^49, where numbers are still exact. */
export function sumWeights(weights: Iterable<number>): number {
  let sum = 0;
  for (const weight of weights) sum = (sum + weight) % SUM_MODULUS;
  return sum;
}

/** Give the manifest bucket of an item: first byte of SHA-256("type:id") mod 64. */
export async function bucketOf(type: string, id: string): Promise<number> {
  return (await sha256(utf8(`${type}:${id}`)))[0]! % BUCKETS;
}
