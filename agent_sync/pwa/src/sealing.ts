/**
 * The sealed part of a packet: opened by a letter's code, two facts, or a document (schemas/sealing.py).
 *
 * Offline this deters and records; it cannot stop a hostile device.
 */
import { fromUtf8, unb64url, utf8, type Bytes } from "./bytes";
import { encode } from "./canonical";
import { isObject } from "./errors";
import { Refusal } from "./face";
import { deriveKey } from "./vault";
import { inflate } from "./zipping";

/** The letters and digits alone of a letter's code, as it is said. */
export function letterSecret(code: string): Bytes {
  return utf8(
    [...code.normalize("NFKC")]
      .filter((letter) => /[\p{L}\p{N}]/u.test(letter))
      .join("")
      .toUpperCase(),
  );
}

/** The canonical array of normalised, trimmed answers. */
export function factsSecret(answers: readonly string[]): Bytes {
  return utf8(encode(answers.map((answer) => answer.normalize("NFKC").trim())));
}

/** Open a sealed part by a wrap of `kind`; null if none opens. `bad-signature` for damaged bytes or another case's. */
export async function openSealed(
  sealed: unknown,
  caseId: string,
  rev: number,
  kind: string,
  secret: Bytes,
): Promise<Record<string, unknown> | null> {
  const aad = utf8(encode({ case_id: caseId, rev }));
  try {
    const { wraps, iv, ciphertext } = sealed as { wraps: Record<string, unknown>[]; iv: string; ciphertext: string };
    for (const wrap of wraps) {
      const key = wrap["kind"] === kind ? await unwrap(wrap, secret, aad) : null;
      if (!key) continue;
      const content = await crypto.subtle.importKey("raw", key, "AES-GCM", false, ["decrypt"]);
      const plain = await crypto.subtle.decrypt(
        { name: "AES-GCM", iv: unb64url(iv), additionalData: aad },
        content,
        unb64url(ciphertext),
      );
      const opened: unknown = JSON.parse(fromUtf8(await inflate(new Uint8Array(plain), "deflate")));
      if (!isObject(opened)) throw new TypeError();
      return opened;
    }
    return null;
  } catch {
    throw new Refusal("bad-signature");
  }
}

/** Give the content key; null where the secret is not the one it was wrapped with. */
async function unwrap(wrap: Record<string, unknown>, secret: Bytes, aad: Bytes): Promise<Bytes | null> {
  const wrapped = unb64url(String(wrap["key"]));
  if (wrap["kind"] === "document") return wrapped;
  const iv = unb64url(String(wrap["iv"]));
  const key = await deriveKey(secret, unb64url(String(wrap["salt"])), Number(wrap["iterations"]), ["decrypt"]);
  try {
    return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv, additionalData: aad }, key, wrapped));
  } catch (error) {
    if (error instanceof DOMException && error.name === "OperationError") return null;
    throw error;
  }
}
