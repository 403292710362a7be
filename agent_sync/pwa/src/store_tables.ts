/**
 * The phone's tables, as agent_sync/store_tables.py has them; IndexedDB needs a flag where SQL has a condition.
 *
 * What is `Closed` is encrypted with the data key. Ids, hashes, places and times are not: the chain stays provable.
 */
import type { DBSchema, IDBPDatabase, IDBPTransaction, StoreNames } from "idb";
import type { Closed } from "./vault";

/** One chain after another; the last is the one being written (E1, E6). `base_*` is where it stood at a wipe. */
export interface ChainRow {
  n: number;
  chain_id: string;
  previous: string | null;
  next_seq: number;
  head: string;
  base_seq: number;
  base_hash: string;
}
/** Every event in recorded order. `unacked` is 1 while no place of it has a receipt. */
export interface EventRow {
  n: number;
  id: string;
  digest: string;
  size: number;
  content: Closed | null;
  state: "kept" | "lost" | "erased" | "pruned";
  kind: string;
  case_id?: string;
  visit_id?: string;
  wall: string;
  replayed?: string;
  replayed_at?: string;
  unacked?: 1;
  files?: string[]; // the hashes of the files it names
}
/** A place in a chain. `waits` is 1 while it has no receipt and is to be sent; a receipt fills status to problem. */
export interface LinkRow {
  chain_id: string;
  seq: number;
  event_n: number;
  event_id: string;
  hash: string;
  state: "waiting" | "moved" | "lost";
  waits?: 1;
  sent: number;
  withheld: boolean;
  status?: string;
  first?: string;
  flags?: string[];
  problem?: string;
  received_ms?: number;
  receipt_no?: number;
}
/** A live feed item of either scope; a shredded packet keeps its place in count and sum (F3, F4). */
export interface ObjectRow {
  type: string;
  id: string;
  rev: number;
  sha256: string;
  weight: number;
  bucket: number;
  has_body: boolean;
  lease_ms?: number;
  stale?: boolean;
}
/** An item's body; of a packet also what an open visit keeps when it is withdrawn: limits and texts. */
export interface BodyRow {
  type: string;
  id: string;
  body: Closed;
  remains?: Closed;
}
export interface HoldRow {
  hold_id: string;
  rev?: number;
  case_ids: string[];
  reason: string;
  until?: string;
}
export interface KeyRow {
  kid: string;
  jwk: Record<string, string>;
  active_from: string;
}
export interface VisitRow {
  case_id: string;
  visit_id: string;
  packet_rev: number;
  started_ms: number;
  is_open: 0 | 1;
  withdrawn?: string;
  remains?: Closed;
}
/**
 * A file of a visit, encrypted by a key of its own, which the data key wraps. `open` while it is still recorded, `whole`
 * once it has a hash, `kept` once an event names it; its pieces and its key go once the office has it.
 */
export interface FileRow {
  id: string;
  case_id: string;
  visit_id: string;
  role: string;
  media_type: string;
  at_ms: number; // when it was taken, or began
  until_ms?: number; // of sound: when its last piece was kept
  size: number;
  pieces: number;
  key: Closed | null;
  thumb?: Closed;
  sha256?: string;
  state: "open" | "whole" | "kept" | "verified" | "erased";
  waits?: 1;
  discarded?: 1; // what arrived was not what was sent; it goes up again
}
export interface PieceRow {
  file_id: string;
  at: number;
  data: Closed;
}
export interface DirectiveRow {
  id: string;
  chain_id: string;
  kind: string;
  named_chain: string;
  state: "pending" | "done";
  result?: string;
}

export interface Tables extends DBSchema {
  memory: { key: string; value: unknown };
  chain: { key: number; value: ChainRow; indexes: { chain_id: string } };
  event: {
    key: number;
    value: EventRow;
    indexes: { id: string; visit: [string, string]; kind: string; digest: string; unacked: number; files: string };
  };
  link: {
    key: [string, number];
    value: LinkRow;
    indexes: { event_n: number; waiting: [number, string, number]; received: number; chain: string };
  };
  countersignature: { key: [string, number]; value: { chain_id: string; through: number; jws: string } };
  object: { key: [string, string]; value: ObjectRow; indexes: { type: string } };
  body: { key: [string, string]; value: BodyRow };
  provisional_hold: { key: string; value: HoldRow };
  own_hold: { key: string; value: HoldRow };
  server_key: { key: string; value: KeyRow };
  visit: { key: [string, string]; value: VisitRow; indexes: { is_open: number; case_id: string } };
  upload: { key: string; value: { sha256: string; location: string } };
  file: { key: string; value: FileRow; indexes: { visit: [string, string]; sha256: string; waits: number } };
  piece: { key: [string, number]; value: PieceRow };
  directive: { key: [string, string]; value: DirectiveRow; indexes: { state: string } };
}

export const TABLES = [
  "memory",
  "chain",
  "event",
  "link",
  "countersignature",
  "object",
  "body",
  "provisional_hold",
  "own_hold",
  "server_key",
  "visit",
  "upload",
  "file",
  "piece",
  "directive",
] as const satisfies (keyof Tables)[];

export const VERSION = 2;
type Upgrading = IDBPTransaction<Tables, ArrayLike<StoreNames<Tables>>, "versionchange">;

/** Lead from any version to the newest; a released one is never edited, the next one is added. */
export function upgrade(db: IDBPDatabase<Tables>, from: number, to: number | null, tx: Upgrading): void {
  if (from < 1) makeTables(db);
  if (from < 2 && to !== 1) addFiles(db, tx);
}

function addFiles(db: IDBPDatabase<Tables>, tx: Upgrading): void {
  tx.objectStore("event").createIndex("files", "files", { multiEntry: true });
  const file = db.createObjectStore("file", { keyPath: "id" });
  file.createIndex("visit", ["case_id", "visit_id"]);
  file.createIndex("sha256", "sha256");
  file.createIndex("waits", "waits");
  db.createObjectStore("piece", { keyPath: ["file_id", "at"] });
}

function makeTables(db: IDBPDatabase<Tables>): void {
  db.createObjectStore("memory");
  db.createObjectStore("chain", { keyPath: "n", autoIncrement: true }).createIndex("chain_id", "chain_id", {
    unique: true,
  });
  const event = db.createObjectStore("event", { keyPath: "n", autoIncrement: true });
  event.createIndex("id", "id", { unique: true });
  event.createIndex("visit", ["case_id", "visit_id"]);
  event.createIndex("kind", "kind");
  event.createIndex("digest", "digest");
  event.createIndex("unacked", "unacked");
  const link = db.createObjectStore("link", { keyPath: ["chain_id", "seq"] });
  link.createIndex("event_n", "event_n");
  link.createIndex("waiting", ["waits", "chain_id", "seq"]);
  link.createIndex("received", "received_ms");
  link.createIndex("chain", "chain_id");
  db.createObjectStore("countersignature", { keyPath: ["chain_id", "through"] });
  db.createObjectStore("object", { keyPath: ["type", "id"] }).createIndex("type", "type");
  db.createObjectStore("body", { keyPath: ["type", "id"] });
  for (const name of ["provisional_hold", "own_hold"] as const) db.createObjectStore(name, { keyPath: "hold_id" });
  db.createObjectStore("server_key", { keyPath: "kid" });
  const visit = db.createObjectStore("visit", { keyPath: ["case_id", "visit_id"] });
  visit.createIndex("is_open", "is_open");
  visit.createIndex("case_id", "case_id");
  db.createObjectStore("upload", { keyPath: "sha256" });
  db.createObjectStore("directive", { keyPath: ["id", "chain_id"] }).createIndex("state", "state");
}
