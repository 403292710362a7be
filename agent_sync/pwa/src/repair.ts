/**
 * Repair by manifest, and the fetching of single items: when count and sum disagree, or the server was restored.
 *
 * Nothing is wiped first, the outbox is not touched, and the cursor is stored last (F4, F5, F6).
 */
import { FETCH, MANIFEST, type Value } from "./channel";
import { isObject, problem } from "./errors";
import { applyReady, makeReady, readItems, tellItems } from "./pulling";
import { remember } from "./store";
import * as stored from "./store_items";
import type { Talk } from "./talk";
import { MAX_FETCH } from "./vocabulary";
import type { Item } from "./messages";

type Listed = [type: string, id: string, rev: number, sha256: string];

/** Bring the live set level with the server's manifest, if the stage says so. */
export async function repair(talk: Talk): Promise<void> {
  const { store } = talk;
  if ((await store.get("pull_stage")) !== "repairing" || store.vault.isLocked) return;
  if (talk.count("repairs")) {
    // Once an exchange: a set that is not level after a repair is for the office to look at, not for a loop.
    talk.failPart("repair", problem("internal", "Packets still differ from the server's after a repair."));
    return;
  }
  const manifest = await talk.channel.ask("GET", MANIFEST);
  const theirs = manifest["buckets"] as [number, number][];
  if (!Array.isArray(theirs) || typeof manifest["cursor"] !== "string") throw problem("internal", "manifest");
  const ours = await store.read(stored.measureBuckets);
  for (const [bucket, own] of ours.entries()) {
    if (String(own) !== String(theirs[bucket] ?? own)) await repairBucket(talk, bucket);
  }
  await store.write(async (tx) => {
    await stored.markAllStale(tx, false); // all of it was compared with the server's
    await remember(tx, "cursor", manifest["cursor"]); // last: until now no page was applied (F6)
    await remember(tx, "pull_stage", "first");
  });
  talk.did("repairs");
}

/** Remove what the server's bucket does not hold, fetch what differs. */
async function repairBucket(talk: Talk, bucket: number): Promise<void> {
  const { store } = talk;
  const listing = (await talk.channel.ask("GET", `${MANIFEST}?bucket=${bucket}`))["items"];
  if (!Array.isArray(listing)) throw problem("internal", "manifest");
  const theirs = new Map((listing as Listed[]).map((each) => [`${each[0]}:${each[1]}`, each]));
  const ours = new Map(
    (await store.read((tx) => stored.bucketRows(tx, bucket))).map((row) => [`${row.type}:${row.id}`, row]),
  );
  const gone = [...ours].filter(([key]) => !theirs.has(key)).map(([, row]) => row);
  if (gone.length) {
    await store.write(async (tx) => {
      for (const row of gone) await stored.removeObject(tx, row.type, row.id, "");
    });
    store.vault.seen.clear();
    talk.did("items_removed", gone.length);
  }
  const differs = ([key, [, , rev, sha256]]: [string, Listed]) =>
    ours.get(key)?.rev !== rev || ours.get(key)?.sha256 !== sha256;
  const wanted = [...theirs].filter(differs).map(([, [, id]]) => id);
  await fetchItems(talk, [...new Set(wanted)].sort(), async (items) => {
    const ready = await makeReady(talk, items);
    await store.write((tx) => applyReady(tx, ready, talk.serverMs));
    tellItems(talk, ready);
  });
}

/** Fetch items by id, at most 200 at a time; ids left unanswered are asked again. */
async function fetchItems(talk: Talk, ids: readonly string[], take: (items: Item[]) => Promise<void>): Promise<void> {
  let waiting = [...ids];
  while (waiting.length) {
    const asked = waiting.slice(0, MAX_FETCH);
    const answer = await talk.channel.ask("POST", FETCH, { ids: asked });
    const entries = (Array.isArray(answer["items"]) ? answer["items"] : []).filter(isObject) as Value[];
    await take(await readItems(talk, entries));
    const absent = Array.isArray(answer["absent"]) ? answer["absent"].map(String) : [];
    const answered = new Set([...entries.map((entry) => String(entry["id"])), ...absent]);
    const left = asked.filter((id) => !answered.has(id));
    if (left.length === asked.length) throw problem("internal", "The server answered none of the items asked for.");
    waiting = [...left, ...waiting.slice(MAX_FETCH)];
  }
}

/** Fetch again the shredded packets whose lease has not ended at the server's time, and no others (F3). */
export async function refetchShredded(talk: Talk): Promise<void> {
  if (talk.hasMore || !talk.isPullWell) return;
  const ids = await talk.store.read((tx) => stored.shreddedWithinLease(tx, talk.serverMs));
  await fetchItems(talk, ids, async (items) => {
    const packets = items.filter((item) => item.op === "put" && item.type === "packet");
    const ready = await Promise.all(packets.map((item) => stored.makeReady(talk.store, item)));
    await talk.store.write((tx) => stored.putItems(tx, ready, talk.serverMs));
    talk.did("refetched", packets.length, false);
  });
}
