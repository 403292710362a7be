/**
 * What the store remembers between exchanges, with its types (agent_sync/remembering.py).
 *
 * The stage is recorded, never guessed. `stage`: new, awaiting_approval, enrolled, gone, wiping, wiped. `pull_stage`: first,
 * level, repairing, or the code of the problem that stops the pull half: paused, reauth-required, upload-only.
 * `clock_locked`: packets stay shut until the server is met.
 */
import type { LastContact, Reading as ClockReading } from "./clock";
import { Refusal, type Agent } from "./face";
import { USUAL_QUOTA, type Quota } from "./messages";
import { bestNow, nowForLeases } from "./rules";
import { remember, remembered, type Reading, type Store, type Writing } from "./store";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export interface DeviceIdentity {
  key: CryptoKey;
  deviceId: string;
  agent: Agent | null;
}

export async function quotaOf(tx: Reading): Promise<Quota> {
  return { ...USUAL_QUOTA, ...(await remembered<Partial<Quota>>(tx, "quota")) };
}

export async function lastContact(store: Store): Promise<LastContact | null> {
  return (await store.get<LastContact>("last_contact")) ?? null;
}

/** Give the best guess of the true time. */
export async function trueNow(store: Store, now: ClockReading): Promise<number> {
  return bestNow(now, await lastContact(store));
}

/** Give the time leases are measured by (F3). */
export async function leaseTime(store: Store, now: ClockReading): Promise<number> {
  return nowForLeases(now, await lastContact(store));
}

/**
 * See whether packets are to be locked: the clock was set back by more than a day, and the server was not met since.
 *
 * Remembers how far the wall clock came, so that it cannot be set back a little again and again.
 */
export async function watchClock(store: Store, { wallMs }: ClockReading): Promise<void> {
  const look = async (tx: Reading): Promise<[string, unknown] | null> => {
    const [highestMs, isLocked] = await Promise.all([remembered<number>(tx, "highest_wall_ms"), isClockLocked(tx)]);
    if (isLocked) return null;
    if (highestMs !== undefined && wallMs < highestMs - DAY_MS) return ["clock_locked", true];
    return highestMs === undefined || wallMs > highestMs + HOUR_MS ? ["highest_wall_ms", wallMs] : null;
  };
  if ((await store.read(look)) === null) return;
  await store.write(async (tx) => {
    const changed = await look(tx); // the server may have been met meanwhile
    if (changed) await remember(tx, ...changed);
  });
}

export async function isClockLocked(tx: Reading): Promise<boolean> {
  return (await remembered<boolean>(tx, "clock_locked")) ?? false;
}

/** Unlock, inside a transaction: the server was met, and its time is what leases are measured by from now on. */
export async function trustClock(tx: Writing, { wallMs }: ClockReading): Promise<void> {
  await remember(tx, "clock_locked", undefined);
  await remember(tx, "highest_wall_ms", wallMs);
}

/** Whether the PIN was wrong too often: its wrap is gone, and the office's copy of the key is the way back. */
export async function isPinSpent(tx: Reading): Promise<boolean> {
  return (await remembered(tx, "vault")) === undefined && (await remembered(tx, "escrow")) !== undefined;
}

/** Give who this device is; `not-enrolled` if it is nobody. */
export async function identity(store: Store): Promise<DeviceIdentity> {
  const [pair, deviceId, stage, agent] = await Promise.all([
    store.get<CryptoKeyPair>("device_key"),
    store.get<string>("device_id"),
    store.get<string>("stage"),
    store.get<Agent>("agent"),
  ]);
  if (!pair || !deviceId || !stage || stage === "wiped" || stage === "new") throw new Refusal("not-enrolled");
  return { key: pair.privateKey, deviceId, agent: agent ?? null };
}
