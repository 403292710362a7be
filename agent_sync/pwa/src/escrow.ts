/**
 * The data key once more, encrypted to the office's key: the way back to work that a forgotten PIN would bury
 * (agent_sync/escrow.py).
 *
 * `content` is what the office's `fairvisit device-key` opens, in the form of the Python device's vault; `check` opens
 * with this key and no other.
 */
import { hex, utf8, type Bytes } from "./bytes";
import { encode } from "./canonical";
import { Refusal } from "./face";
import { chooseKey, seal } from "./outbox_export";
import { remember, remembered, type Store, type Writing } from "./store";
import { shredPackets } from "./store_feed";
import { importKey, MOST_TRIES, open, type Closed, type Wrapped } from "./vault";

const FORMAT = "fairvisit-data-key-1";
const PLACE = "escrow";

export interface Escrow {
  kid: string;
  content: string;
  check: Closed;
}

/** See that the office's key in force can open this store's data key. */
export async function keepEscrow(store: Store, nowMs: number): Promise<void> {
  const { vault } = store;
  const [wrapped, kept, deviceId, keys] = await store.read(
    async (tx) =>
      [
        await remembered<Wrapped>(tx, "vault"),
        await remembered<Escrow>(tx, "escrow"),
        await remembered<string>(tx, "device_id"),
        await tx.objectStore("server_key").getAll(),
      ] as const,
  );
  if (vault.isLocked || !wrapped || !vault.isOf(wrapped) || !deviceId || !keys.length) return;
  const serverKey = chooseKey(keys, nowMs);
  if (kept?.kid === serverKey.kid) return;
  const plain = utf8(encode({ device_id: deviceId, data_key: hex(await vault.exportKey()) }));
  const sealed = new TextDecoder().decode(await seal(plain, serverKey, FORMAT));
  const escrow: Escrow = { kid: serverKey.kid, content: `{"escrow":${sealed}}`, check: await vault.close("", PLACE) };
  await store.write(async (tx) => {
    // Another tab may have wiped the store since, or set it up anew.
    if (vault.isOf(await remembered<Wrapped>(tx, "vault"))) await remember(tx, "escrow", escrow);
  });
}

/** After the last wrong try: delete the PIN's wrap and the packets, keep what was recorded; false where tries are left. */
export function giveUpPin(store: Store): Promise<boolean> {
  return store.write(async (tx) => {
    const [wrapped, escrow] = [await remembered<Wrapped>(tx, "vault"), await remembered(tx, "escrow")];
    if (escrow === undefined || (wrapped && wrapped.failures < MOST_TRIES)) return false;
    await remember(tx, "vault", undefined);
    await shredPackets(tx, () => true);
    return true;
  });
}

/** Open the store with the key that the office gave, drop its packets, and let it open with `pin` from now on. */
export async function recover(store: Store, key: string, pin: string): Promise<void> {
  const raw = readKey(key);
  const kept = await store.get<Escrow>("escrow");
  if (!kept || !raw || !(await opens(raw.slice(), kept.check))) throw new Refusal("invalid", { key: ["wrong"] });
  const wrapped = await store.vault.make(pin, raw);
  store.vault.seen.clear();
  await store.write(async (tx: Writing) => {
    await shredPackets(tx, () => true);
    await remember(tx, "vault", wrapped);
  });
}

/** Read 32 bytes in hex, as they were read out or pasted: with spaces, or after the command that they came with. */
function readKey(text: string): Bytes | null {
  const digits = text.toLowerCase().replace("agent-sync recover", "").replace(/[\s-]/g, "");
  if (!/^[0-9a-f]{64}$/.test(digits)) return null;
  return Uint8Array.from(digits.match(/../g)!, (two) => parseInt(two, 16));
}

async function opens(raw: Bytes, check: Closed): Promise<boolean> {
  return open(await importKey(raw), check, PLACE).then(
    () => true,
    () => false,
  );
}
