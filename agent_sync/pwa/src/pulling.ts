/**
 * The pull half of an exchange: holds, then the page, then what the page's problem asks for (agent_sync/pulling.py).
 *
 * The cursor moves in the same transaction as its page (F2); a stage says what to do next (F4, F5, A4).
 */
import { digest, encode } from "./canonical";
import type { Value } from "./channel";
import { noteChainsToAsk } from "./chaining";
import { errorOf, isObject, problem } from "./errors";
import type { Item } from "./messages";
import { verifyServer } from "./pushing";
import { leaseTime } from "./remembering";
import { remember, remembered, type Reading, type Store, type Writing } from "./store";
import * as archive from "./store_archive";
import * as feed from "./store_feed";
import { setFileState } from "./store_files";
import * as stored from "./store_items";
import type { HoldRow, KeyRow } from "./store_tables";
import { refusalOf, type Talk } from "./talk";

const REASONS_TO_STOP: ReadonlySet<string> = new Set(["paused", "reauth-required", "upload-only"]);
/** What a withdrawn device may keep: whom to leave in peace, and whose signatures count. */
const KEPT_AFTER_WITHDRAWAL: ReadonlySet<string> = new Set(["hold", "server_keys"]);

/** Whether a failed part is one that waits for a person, and is no reason to back off. */
export function isPlainWaiting(code: string): boolean {
  return REASONS_TO_STOP.has(code);
}

/** Shred packets whose lease has ended (F3). */
export async function shredEnded(talk: Talk): Promise<void> {
  const shredded = await feed.shredEnded(talk.store, await leaseTime(talk.store, talk.now()));
  talk.did("shredded", shredded, false);
}

/** Replace the provisional holds by the answer's list, before the page (E9). An absent list is an empty one (X6). */
export async function applyHolds(talk: Talk): Promise<void> {
  // Nothing was asked about the feed: a set that is kept too long warns once too often, one dropped does harm.
  if (!talk.isNewest || !(talk.request!.isPulling || "holds" in talk.answer)) return;
  const told = Array.isArray(talk.answer["holds"]) ? talk.answer["holds"] : [];
  const holds = told.filter(
    (hold): hold is Value => isObject(hold) && Array.isArray(hold["case_ids"]) && typeof hold["hold_id"] === "string",
  );
  const rows = holds.map(
    ({ hold_id, rev, case_ids, reason, until }) =>
      ({ hold_id, rev, case_ids, reason, ...(until ? { until } : {}) }) as HoldRow,
  );
  rows.sort((one, other) => (one.hold_id < other.hold_id ? -1 : 1));
  const known = await talk.store.read((tx) => tx.objectStore("provisional_hold").getAll());
  if (JSON.stringify(known) !== JSON.stringify(rows))
    await talk.store.write((tx) => stored.replaceProvisionalHolds(tx, rows));
  talk.report.counts["holds"] = rows.length;
}

/** Apply the page and save its cursor in one transaction, if the stored cursor is still the one asked from (F2). */
export async function applyPage(talk: Talk): Promise<void> {
  const { store } = talk;
  const [request, pull] = [talk.request!, talk.answer["pull"]];
  if (!talk.isNewest || !request.isPulling || !isObject(pull) || "problem" in pull) return;
  const ready = await makeReady(talk, await readItems(talk, pull["items"]));
  const { cursor, head } = pull;
  const isMore = pull["more"] === true;
  if (!ready.length && !isMore && (await isLevel(talk, cursor, head))) {
    talk.isPullWell = true;
    return;
  }
  const wasFaster = await store.write(async (tx) => {
    const stage = (await remembered<string>(tx, "pull_stage")) ?? "first";
    if ((await remembered<string>(tx, "cursor")) !== request.cursor || stage === "repairing") return true;
    await applyReady(tx, ready, talk.serverMs);
    if (typeof cursor === "string") await remember(tx, "cursor", cursor);
    if (isMore) {
      await remember(tx, "pull_stage", "first");
      return false;
    }
    await stored.dropStale(tx);
    const isEqual = await equalsHead(tx, head);
    await remember(tx, "pull_stage", isEqual ? "level" : "repairing");
    if (!isEqual) talk.did("mismatches");
    return false;
  });
  if (wasFaster) return;
  tellItems(talk, ready);
  [talk.hasMore, talk.isPullWell] = [isMore, true];
}

/** Whether an empty page says what is known already: then nothing need be written. */
async function isLevel(talk: Talk, cursor: unknown, head: unknown): Promise<boolean> {
  if (cursor !== undefined && cursor !== talk.request!.cursor) return false;
  return talk.store.read(async (tx) => (await remembered(tx, "pull_stage")) === "level" && equalsHead(tx, head));
}

async function equalsHead(tx: Reading, head: unknown): Promise<boolean> {
  if (!isObject(head)) return true;
  const own = await stored.measure(tx);
  return head["count"] === own.count && head["sum"] === own.sum;
}

/** Read feed items; a body that does not have its hash is left out, and the head's sum will tell (F4). */
export async function readItems(talk: Talk, entries: unknown): Promise<Item[]> {
  const items = await Promise.all((Array.isArray(entries) ? (entries as Value[]) : []).map(readItem));
  const whole = items.filter((item) => item !== null);
  if (whole.length < items.length) talk.did("items_damaged", items.length - whole.length, false);
  return whole;
}

async function readItem(entry: Value): Promise<Item | null> {
  const { op, sha256, reason } = entry;
  const [type, id, rev] = [String(entry["type"]), String(entry["id"]), Number(entry["rev"])];
  if (op === "del") return { op, type, id, rev, sha256: "", body: "", reason: String(reason ?? "") };
  const body = writeBody(entry["body"]);
  return body !== null && (await digest(body)) === sha256
    ? { op: "put", type, id, rev, sha256, body, reason: "" }
    : null;
}

function writeBody(body: unknown): string | null {
  try {
    return isObject(body) ? encode(body) : null;
  } catch {
    return null;
  }
}

/** Items made ready for one transaction: bodies encrypted, signatures over keys verified. */
export interface Ready {
  item: Item;
  put?: stored.ReadyItem;
  body?: Value;
  keys?: KeyRow[];
}

/** Do all that takes time before the transaction: hashing, encrypting, verifying. */
export async function makeReady(talk: Talk, items: Item[]): Promise<Ready[]> {
  const ready = await Promise.all(
    items.map(async (item): Promise<Ready> => {
      if (item.op === "del") return { item };
      return { item, body: JSON.parse(item.body) as Value, put: await stored.makeReady(talk.store, item) };
    }),
  );
  const trusted = new Map<string, unknown>();
  // One after the other: the first may name the key that signed the second.
  for (const each of ready) {
    if (each.body && each.item.type === "server_keys") each.keys = await trustNamedKeys(talk, each.body, trusted);
  }
  return ready;
}

/** Apply items inside a transaction, in order; twice is as good as once (F2). */
export async function applyReady(tx: Writing, ready: readonly Ready[], nowMs: number): Promise<void> {
  let puts: stored.ReadyItem[] = [];
  for (const { item, put, body, keys } of ready) {
    if (put) {
      puts.push(put);
      await heedItem(tx, item, body ?? {});
      await stored.trustKeys(tx, keys ?? []);
      continue;
    }
    await stored.putItems(tx, puts, nowMs);
    puts = [];
    await stored.removeObject(tx, item.type, item.id, item.reason);
    if (item.type === "hold") await tx.objectStore("own_hold").delete(item.id);
  }
  await stored.putItems(tx, puts, nowMs);
}

export function tellItems(talk: Talk, ready: readonly Ready[]): void {
  for (const { item } of ready) {
    talk.did(item.op === "put" ? "items_put" : "items_removed");
    if (item.type === "erased" && item.op === "put") talk.did("erased", 1, false);
  }
  // What is gone from the store is gone from memory too.
  if (ready.some(({ item }) => item.op === "del" || item.type === "erased")) talk.store.vault.seen.clear();
}

/** Do what an item asks of the device beyond being stored. One that cannot be read is stored all the same (F4). */
async function heedItem(tx: Writing, item: Item, body: Value): Promise<void> {
  if (item.type === "hold") {
    await tx.objectStore("own_hold").delete(item.id);
    if (typeof body["hold_id"] === "string") await tx.objectStore("own_hold").delete(body["hold_id"]);
  } else if (item.type === "replay") {
    const event = await tx.objectStore("event").index("id").get(String(body["event_id"]));
    if (event)
      await tx
        .objectStore("event")
        .put({ ...event, replayed: String(body["status"]), replayed_at: String(body["at"]) });
  } else if (item.type === "erased") await archive.eraseEvent(tx, String(body["event_id"]));
  else if (item.type === "file_state" && ["verified", "discarded"].includes(String(body["state"]))) {
    await setFileState(tx, String(body["sha256"]), body["state"] as "verified" | "discarded");
  }
}

/** Give the keys of a `server_keys` item if a key already trusted signed them; else ignore and report (A6). */
async function trustNamedKeys(talk: Talk, body: Value, trusted: Map<string, unknown>): Promise<KeyRow[]> {
  try {
    const claim = await verifyServer(talk, String(body["proof"]), "server_keys", trusted);
    if (encode(claim["keys"]) !== encode(body["keys"])) throw problem("bad-signature");
    const keys = body["keys"] as KeyRow[];
    for (const key of keys) trusted.set(key.kid, key.jwk);
    return keys;
  } catch (error) {
    talk.failPart("server_keys", refusalOf(error));
    return [];
  }
}

/** Act on the pull half's problem: repair, wait, or ask the person (A4, E10, F5). */
export async function heedPull(talk: Talk): Promise<void> {
  const { store } = talk;
  const pull = talk.answer["pull"];
  if (!talk.isNewest || !isObject(pull) || !("problem" in pull)) return;
  const error = errorOf(pull["problem"]);
  if (error.code === "epoch-changed" || error.code === "cursor-foreign") {
    await store.write(async (tx) => {
      await remember(tx, "pull_stage", "repairing");
      if (error.code === "epoch-changed") await noteChainsToAsk(tx);
    });
    talk.did("repairs_begun");
    return;
  }
  talk.failPart("pull", error);
  if (REASONS_TO_STOP.has(error.code) && (await store.get("pull_stage")) !== error.code) {
    await store.write(async (tx) => {
      await remember(tx, "pull_stage", error.code);
      if (error.code === "paused") await noteChainsToAsk(tx);
    });
    talk.did("stages_changed");
  }
  if (error.code === "upload-only") await purgeWithdrawn(store);
}

/** Take every body off a device whose agent may hold none any more; its own events stay (F3, A4). */
export async function purgeWithdrawn(store: Store): Promise<void> {
  const isKept = (type: string) => KEPT_AFTER_WITHDRAWAL.has(type);
  const rows = (await store.read((tx) => tx.objectStore("object").getAll())).filter((row) => !isKept(row.type));
  if (!rows.length) return;
  await store.write(async (tx) => {
    for (const row of await tx.objectStore("object").getAll()) {
      if (!isKept(row.type)) await stored.removeObject(tx, row.type, row.id, "revoked");
    }
    await stored.markAllStale(tx);
    await remember(tx, "cursor", undefined);
  });
  store.vault.seen.clear();
}
