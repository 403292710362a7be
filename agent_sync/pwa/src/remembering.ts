/**
 * What the store remembers between exchanges, with its types (agent_sync/remembering.py).
 *
 * The stage is recorded, never guessed. `stage`: new, awaiting_approval, enrolled, gone, wiping, wiped. `pull_stage`: first,
 * level, repairing, or the code of the problem that stops the pull half: paused, reauth-required, upload-only.
 */
import type { LastContact, Reading as ClockReading } from "./clock";
import { Refusal, type Agent } from "./face";
import { USUAL_QUOTA, type Quota } from "./messages";
import { bestNow, nowForLeases } from "./rules";
import { remembered, type Reading, type Store } from "./store";

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
