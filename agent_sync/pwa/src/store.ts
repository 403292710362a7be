/**
 * The phone's store: one IndexedDB, and the vault that keeps what is in it unreadable without the PIN.
 *
 * Everything that must survive goes through `write` or `attempt`: one transaction, strict durability. Inside it nothing
 * is awaited but IndexedDB: hashing and encrypting come first, and `attempt` compares before it stores (E2).
 */
import { openDB, type IDBPDatabase, type IDBPTransaction } from "idb";
import { Refusal } from "./face";
import { TABLES, upgrade, VERSION, type Tables } from "./store_tables";
import type { Vault } from "./vault";

export type Reading = IDBPTransaction<Tables, typeof TABLES, "readonly" | "readwrite">;
export type Writing = IDBPTransaction<Tables, typeof TABLES, "readwrite">;

const MOST_TURNS = 60;
const MOVED = Symbol("moved");

export class Store {
  /** A test's seam: called before and after each commit; what it throws is as if the phone died there. */
  reachBoundary: (place: "before" | "after") => void = () => undefined;
  private listeners = new Set<() => void>();

  private constructor(
    readonly db: IDBPDatabase<Tables>,
    readonly vault: Vault,
  ) {}

  /** Open the store; `onGone` is told when the browser lets go of it, as it does behind a sleeping page. */
  static async open(name: string, vault: Vault, onGone: () => void): Promise<Store> {
    const db = await openDB<Tables>(name, VERSION, {
      upgrade,
      // A newer tab wants to change the tables: let it, and let this one be reloaded.
      blocking: (_old, _new, event) => (event.target as IDBDatabase).close(),
      terminated: onGone,
    });
    return new Store(db, vault);
  }

  close(): void {
    this.db.close();
  }

  /** Look at one moment of the store. */
  async read<T>(look: (tx: Reading) => Promise<T>): Promise<T> {
    return look(this.db.transaction(TABLES, "readonly") as Reading);
  }

  /** Write durably: what happens inside is on the disk when this resolves, or nothing of it is. */
  async write<T>(act: (tx: Writing) => Promise<T>): Promise<T> {
    const tx = this.db.transaction(TABLES, "readwrite", { durability: "strict" }) as Writing;
    tx.done.catch(() => undefined); // told below
    try {
      const revision = (await remembered<number>(tx, "revision")) ?? 0;
      const result = await act(tx);
      await remember(tx, "revision", revision + 1);
      this.reachBoundary("before");
      await tx.done;
      this.reachBoundary("after");
      return result;
    } catch (error) {
      abort(tx);
      throw explain(error);
    } finally {
      for (const listener of this.listeners) listener();
    }
  }

  /**
   * Prepare outside, then store in one transaction if nothing was written since; else start again.
   *
   * Two tabs on one store therefore never build on the same head, and an aborted turn uses no seq (E2).
   */
  async attempt<S, T>(prepare: () => Promise<S>, act: (tx: Writing, prepared: S) => Promise<T>): Promise<T> {
    for (let turn = 0; turn < MOST_TURNS; turn += 1) {
      const revision = (await this.get<number>("revision")) ?? 0;
      const prepared = await prepare();
      const done = await this.writeIf(revision, prepared, act);
      if (done !== MOVED) return done as T;
    }
    throw new Refusal("store-locked");
  }

  private async writeIf<S, T>(
    revision: number,
    prepared: S,
    act: (tx: Writing, prepared: S) => Promise<T>,
  ): Promise<T | typeof MOVED> {
    try {
      return await this.write(async (tx) => {
        if (((await remembered<number>(tx, "revision")) ?? 0) !== revision) throw MOVED;
        return act(tx, prepared);
      });
    } catch (error) {
      if (error === MOVED) return MOVED;
      throw error;
    }
  }

  async get<T>(name: string): Promise<T | undefined> {
    return (await this.db.get("memory", name)) as T | undefined;
  }

  /** Remember a value on its own; undefined forgets it. */
  put(name: string, value: unknown): Promise<void> {
    return this.write((tx) => remember(tx, name, value));
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}

export async function remembered<T>(tx: Reading, name: string): Promise<T | undefined> {
  return (await tx.objectStore("memory").get(name)) as T | undefined;
}

/** Remember a value inside a transaction; undefined forgets it. */
export async function remember(tx: Writing, name: string, value: unknown): Promise<void> {
  if (value === undefined) await tx.objectStore("memory").delete(name);
  else await tx.objectStore("memory").put(value, name);
}

function abort(tx: Writing): void {
  try {
    tx.abort();
  } catch {
    // It has ended already.
  }
}

/** Say in a code why the browser refused a write. Nothing of it was saved. */
function explain(error: unknown): unknown {
  if (!(error instanceof DOMException)) return error;
  if (error.name === "QuotaExceededError") return new Refusal("storage-full");
  return ["InvalidStateError", "UnknownError", "AbortError"].includes(error.name)
    ? new Refusal("storage-failed")
    : error;
}
