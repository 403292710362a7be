/**
 * The data key and its PIN. What is stored is encrypted with the data key; the PIN wraps it (PBKDF2, AES-GCM).
 *
 * A PIN is short, so the wrap lies in a second one, by a key that the browser never gives out; and each try is counted
 * before it is made, with a wait that grows. After the last one the wrap is gone: packets are shredded, and what was not
 * sent can be opened by the key alone that the office has (escrow.ts).
 */
import { hex, utf8, type Bytes } from "./bytes";
import { Refusal } from "./face";
import { ITERATIONS } from "./vocabulary";

export interface Closed {
  iv: Bytes;
  ct: ArrayBuffer;
}
/** The wrapped data key, and how often a wrong PIN was tried since the last right one. */
export interface Wrapped {
  salt: Bytes;
  iterations: number;
  inner: Closed;
  outer: CryptoKey;
  failures: number;
  wait_from_ms: number;
}

export const MOST_TRIES = 10;
const FREE_TRIES = 3;
const FIRST_WAIT_MS = 30_000;
const MOST_WAIT_MS = 60 * 60_000;
const AES = { name: "AES-GCM", length: 256 };

export class Vault {
  private key: CryptoKey | null = null;
  private salt = ""; // of the wrap that the key came out of
  /** What was read since the last unlocking, by place and hash: decrypting it again costs time. */
  readonly seen = new Map<string, unknown>();

  constructor(private readonly iterations = ITERATIONS) {}

  get isLocked(): boolean {
    return this.key === null;
  }

  lock(): void {
    this.key = null;
    this.seen.clear();
  }

  /** Wrap a data key, a new one if none is given, by a PIN. It opens the vault at once. */
  async make(pin: string, raw = crypto.getRandomValues(new Uint8Array(32))): Promise<Wrapped> {
    const salt = crypto.getRandomValues(new Uint8Array(16));
    const outer = await crypto.subtle.generateKey(AES, false, ["encrypt", "decrypt"]);
    const byPin = await close(await deriveKey(utf8(pin), salt, this.iterations, ["encrypt"]), raw, "pin");
    const both = new Uint8Array([...byPin.iv, ...new Uint8Array(byPin.ct)]);
    const inner = await close(outer, both, "phone");
    await this.use(raw, salt);
    return { salt, iterations: this.iterations, inner, outer, failures: 0, wait_from_ms: 0 };
  }

  /** Open the vault; false where the PIN is wrong. */
  async unwrap(wrapped: Wrapped, pin: string): Promise<boolean> {
    const both = await open(wrapped.outer, wrapped.inner, "phone");
    const key = await deriveKey(utf8(pin), wrapped.salt, wrapped.iterations, ["decrypt"]);
    try {
      await this.use(await open(key, { iv: both.slice(0, 12), ct: both.slice(12).buffer }, "pin"), wrapped.salt);
      return true;
    } catch (error) {
      if (error instanceof DOMException) return false;
      throw error;
    }
  }

  /** A key for what is left after a wipe, which holds nothing of anybody. */
  async useKey(key: CryptoKey): Promise<void> {
    [this.key, this.salt] = [key, ""];
    this.seen.clear();
  }

  static newKey(): Promise<CryptoKey> {
    return crypto.subtle.generateKey(AES, false, ["encrypt", "decrypt"]);
  }

  /** Whether the key in hand came out of this wrap; with none, whether it is one without a PIN. */
  isOf(wrapped: Wrapped | undefined): boolean {
    return this.salt === (wrapped ? hex(wrapped.salt) : "");
  }

  private async use(raw: Bytes, salt: Bytes): Promise<void> {
    this.salt = hex(salt);
    this.key = await importKey(raw, true);
  }

  /** The data key itself, for the office's copy of it. */
  async exportKey(): Promise<Bytes> {
    return new Uint8Array(await crypto.subtle.exportKey("raw", this.must()));
  }

  /** Encrypt for a place; what is moved to another place does not open there. */
  close(plain: string, place: string): Promise<Closed> {
    return close(this.must(), utf8(plain), place);
  }

  /** Decrypt; null where it is damaged or belongs elsewhere. */
  async open(closed: Closed, place: string): Promise<Bytes | null> {
    try {
      return await open(this.must(), closed, place);
    } catch (error) {
      if (error instanceof DOMException) return null;
      throw error;
    }
  }

  private must(): CryptoKey {
    if (this.key === null) throw new Refusal("locked");
    return this.key;
  }
}

/** Give how long to wait before another try, and how many are left. */
export function waitFor(wrapped: Wrapped, nowMs: number): { waitMs: number; triesLeft: number } {
  const beyond = wrapped.failures - FREE_TRIES;
  const triesLeft = Math.max(0, MOST_TRIES - wrapped.failures);
  if (beyond < 0) return { waitMs: 0, triesLeft };
  const whole = Math.min(MOST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(beyond, 20));
  // A clock that was set back makes the wait no longer than it is.
  const waited = Math.max(0, nowMs - wrapped.wait_from_ms);
  return { waitMs: Math.max(0, whole - waited), triesLeft };
}

export async function close(key: CryptoKey, plain: Bytes, place: string): Promise<Closed> {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  return { iv, ct: await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: utf8(place) }, key, plain) };
}

export async function open(key: CryptoKey, closed: Closed, place: string): Promise<Bytes> {
  const { iv, ct } = closed;
  return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv, additionalData: utf8(place) }, key, ct));
}

/** Take raw bytes as an AES key, and forget them. */
export async function importKey(raw: Bytes, isExtractable = false): Promise<CryptoKey> {
  const key = await crypto.subtle.importKey("raw", raw, AES, isExtractable, ["encrypt", "decrypt"]);
  raw.fill(0);
  return key;
}

/** Derive an AES key from what a person knows: PBKDF2-SHA-256. */
export async function deriveKey(secret: Bytes, salt: Bytes, iterations: number, uses: KeyUsage[]): Promise<CryptoKey> {
  const base = await crypto.subtle.importKey("raw", secret, "PBKDF2", false, ["deriveKey"]);
  const how = { name: "PBKDF2", hash: "SHA-256", salt, iterations };
  return crypto.subtle.deriveKey(how, base, { name: "AES-GCM", length: 256 }, false, uses);
}
