/** The outbox as an encrypted file, for a phone that can no longer sync; the form is told in agent_sync/outbox_export.py. */
import { b64url, utf8, type Bytes } from "./bytes";
import { digest, encode } from "./canonical";
import { Refusal } from "./face";
import { parseTime } from "./messages";
import { writeEntry } from "./pushing";
import { loadPublic, publicJwk, sign } from "./signing";
import type { Store } from "./store";
import { hashBefore, readAllWaiting } from "./store_chains";
import { allChains, eventOf, readContent } from "./store_outbox";
import type { KeyRow } from "./store_tables";

const FORMAT = "fairvisit-outbox-1";
interface Stretch {
  chain_id: string;
  prev: string;
  events: unknown[];
}

/** Give the encrypted file's bytes, for the server key in force, and how many events are in it. */
export async function exportOutbox(
  store: Store,
  key: CryptoKey,
  deviceId: string,
  nowMs: number,
): Promise<{ content: Bytes; events: number }> {
  const chains = await collectChains(store);
  const claim = { typ: "outbox", device_id: deviceId, digest: await digest(encode({ device_id: deviceId, chains })) };
  const damaged = await collectDamaged(store);
  const outbox = {
    device_id: deviceId,
    chains,
    proof: await sign(claim, key, deviceId),
    ...(damaged.length ? { damaged } : {}),
  };
  const serverKey = chooseKey(await store.read((tx) => tx.objectStore("server_key").getAll()), nowMs);
  const content = await seal(utf8(encode(outbox)), serverKey, FORMAT);
  return {
    content,
    events: new Set(chains.flatMap((chain) => chain.events.map((each) => (each as { id: string }).id))).size,
  };
}

/** Encrypt what is of this form so that only the holder of the server's private key reads it: ECDH, HKDF, AES-GCM. */
export async function seal(plain: Bytes, serverKey: KeyRow, form: string): Promise<Bytes> {
  const own = await crypto.subtle.generateKey({ name: "ECDH", namedCurve: "P-256" }, false, ["deriveBits"]);
  const theirs = await loadPublic(serverKey.jwk, "ECDH");
  const shared = await crypto.subtle.deriveBits({ name: "ECDH", public: theirs }, own.privateKey, 256);
  const base = await crypto.subtle.importKey("raw", shared, "HKDF", false, ["deriveKey"]);
  const how = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: utf8(form) };
  const key = await crypto.subtle.deriveKey(how, base, { name: "AES-GCM", length: 256 }, false, ["encrypt"]);
  const head = { format: form, kid: serverKey.kid, epk: await publicJwk(own.publicKey) };
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const closed = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: utf8(encode(head)) }, key, plain);
  return utf8(JSON.stringify({ ...head, iv: b64url(iv), ciphertext: b64url(new Uint8Array(closed)) }));
}

/** Give every stretch of events without a receipt, the oldest chain first. */
async function collectChains(store: Store): Promise<Stretch[]> {
  const stretches: Stretch[] = [];
  for (const { chain_id } of await store.read(allChains)) {
    let last = -1;
    for (const place of await readAllWaiting(store, chain_id)) {
      if (place.seq !== last + 1) {
        stretches.push({ chain_id, prev: await store.read((tx) => hashBefore(tx, chain_id, place.seq)), events: [] });
      }
      last = place.seq;
      // An export is no batch: there is no quota here, so everything goes with its content if it is there.
      stretches.at(-1)!.events.push(writeEntry({ ...place, isWithheld: false }, place.content === null));
    }
  }
  return stretches;
}

/** Give what is left of events that were declared lost. */
async function collectDamaged(store: Store): Promise<unknown[]> {
  const rows = await store.read(async (tx) => {
    const links = (await tx.objectStore("link").getAll()).filter((link) => link.state === "lost");
    return Promise.all(links.map(async (link) => ({ link, event: await eventOf(tx, link.event_n) })));
  });
  const damaged = await Promise.all(
    rows.map(async ({ link: { chain_id, seq }, event }) => {
      const content = await readContent(store, event);
      return content === null
        ? null
        : { chain_id, seq, id: event.id, digest: event.digest, bytes: b64url(utf8(content)) };
    }),
  );
  return damaged.filter((each) => each !== null);
}

/** Give the newest key in force, or the first there is. */
export function chooseKey(keys: KeyRow[], nowMs: number): KeyRow {
  const sorted = keys.sort((one, other) =>
    `${one.active_from}${one.kid}` < `${other.active_from}${other.kid}` ? -1 : 1,
  );
  const chosen = sorted.filter((key) => parseTime(key.active_from) <= nowMs).at(-1) ?? sorted[0];
  if (!chosen) throw new Refusal("not-enrolled");
  return chosen;
}
