/** Tabs of one store work as one: acts in turn within a tab, one exchange at a time over all of them. */
import type { Clock } from "./clock";
import { Refusal } from "./face";
import { remember, remembered, type Store } from "./store";

const LEASE_MS = 120_000;

const forget = () => undefined;

/** Give a queue: each act begins when the one before it has ended, however that ended. */
export function oneAtATime(): <T>(act: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (act) => {
    const next = last.then(act, act);
    last = next.then(forget, forget); // what it gave is its caller's alone, and may be what was opened at a door
    return next;
  };
}

/** Hold the exchange's lock while acting; `store-locked` if another tab exchanges now. */
export async function lockTab<T>(store: Store, name: string, clock: Clock, act: () => Promise<T>): Promise<T> {
  const locks = globalThis.navigator?.locks;
  if (!locks) return leaseTab(store, clock, act);
  return locks.request(`${name}-exchange`, { ifAvailable: true }, async (lock) => {
    if (lock === null) throw new Refusal("store-locked");
    return act();
  }) as Promise<T>;
}

/** Where the browser has no locks: a note in the store, which a tab that died holds for two minutes. */
async function leaseTab<T>(store: Store, clock: Clock, act: () => Promise<T>): Promise<T> {
  const nowMs = clock.read().wallMs;
  await store.write(async (tx) => {
    const until = (await remembered<number>(tx, "exchange_until_ms")) ?? 0;
    // A clock that was set back does not lengthen it.
    if (until > nowMs && until <= nowMs + LEASE_MS) throw new Refusal("store-locked");
    await remember(tx, "exchange_until_ms", nowMs + LEASE_MS);
  });
  try {
    return await act();
  } finally {
    await store.put("exchange_until_ms", undefined);
  }
}
