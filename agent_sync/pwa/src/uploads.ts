/**
 * Files going up, by plain tus 1.0: resumed where they were cut (T1, T2, X3).
 *
 * What the server wants is a visit's file, or the content of an event that is too large, or too poisonous, for a batch.
 * Contents go first, then the newest visit's files, one at a time; the phone's own copy stays until the feed says
 * `verified`.
 */
import { utf8, type Bytes } from "./bytes";
import { FILES, type Value } from "./channel";
import { problem, Problem } from "./errors";
import { isHeldBack } from "./network";
import { readBytes } from "./store_files";
import { countWaiting, readContent, stageOf } from "./store_outbox";
import { refusalOf, type Talk } from "./talk";
import type { WireAnswer } from "./transport";

const CHUNK = 256 * 1024;
const TUS = { "Tus-Resumable": "1.0.0" };
const OCTETS = { "Content-Type": "application/offset+octet-stream" };
const MOST_CONFLICTS = 3;
type Permit = Record<string, string>;

/** Upload what the server wants, after the events that name it; one that fails does not keep back the next. */
export async function uploadFiles(talk: Talk): Promise<void> {
  const isLater = await talk.store.read(async (tx) => (await countWaiting(tx)) > 0 || (await stageOf(tx)) === "wiping");
  if (talk.hasMore || isLater || talk.store.vault.isLocked) return; // events go first (T1)
  const wanted = await inOrder(talk, talk.filesWanted);
  talk.filesWanted = [];
  const mustWait = await isHeldBack(talk.store);
  for (const { each, visitId } of wanted) {
    if (visitId && mustWait) {
      talk.filesWanted.push(each);
      talk.did("files_held_back", 1, false);
      continue;
    }
    try {
      await upload(talk, String(each["sha256"]), Number(each["size"]), String(each["token"]));
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal.code === "no-network") throw error;
      talk.filesWanted.push(each);
      talk.failPart("files", refusal);
    }
  }
}

/** Contents before files, and of these the newest visit's first: its id tells when it began. */
async function inOrder(talk: Talk, wanted: Value[]): Promise<{ each: Value; visitId: string }[]> {
  const placed = await talk.store.read((tx) =>
    Promise.all(
      wanted.map(async (each) => {
        const row = await tx.objectStore("file").index("sha256").get(String(each["sha256"]));
        return { each, visitId: row?.visit_id ?? "" };
      }),
    ),
  );
  const key = ({ visitId }: { visitId: string }) => visitId || "\uffff";
  return placed.sort((one, other) => (key(one) < key(other) ? 1 : key(one) > key(other) ? -1 : 0));
}

/** Send one file, whole or the rest of it. */
async function upload(talk: Talk, sha256: string, size: number, token: string): Promise<void> {
  const bytes = await contentOf(talk, sha256);
  if (bytes?.length !== size) return talk.did("files_missing", 1, false);
  const permit: Permit = { Authorization: `Upload ${token}`, ...TUS };
  let location = (await talk.store.read((tx) => tx.objectStore("upload").get(sha256)))?.location ?? null;
  let offset = location === null ? null : await askOffset(talk, location, permit);
  const before = offset ?? 0;
  if (location === null || offset === null) [location, offset] = await create(talk, bytes, sha256, permit);
  for (let conflicts = 0; offset < size;) {
    const chunk = bytes.slice(offset, offset + CHUNK);
    try {
      const headers = { ...permit, ...OCTETS, "Upload-Offset": String(offset) };
      offset = offsetOf(await talk.channel.send("PATCH", location, headers, chunk), offset + chunk.length);
    } catch (error) {
      conflicts += 1;
      const isConflict = error instanceof Problem && error.code === "offset-conflict" && conflicts <= MOST_CONFLICTS;
      const told: number | null = isConflict ? await askOffset(talk, location, permit) : null;
      if (told === null) {
        await forget(talk, sha256, error);
        throw error;
      }
      offset = told;
    }
  }
  if (offset === before) return; // the server is still looking at what it has
  talk.did("file_bytes", offset - before, false);
  talk.did("files_sent");
  talk.hasSentFiles = true;
}

async function contentOf(talk: Talk, sha256: string): Promise<Bytes | null> {
  const [event, file] = await talk.store.read(
    async (tx) =>
      [
        await tx.objectStore("event").index("digest").get(sha256),
        (await tx.objectStore("file").index("sha256").getAll(sha256)).find((row) => row.key !== null),
      ] as const,
  );
  if (file) return readBytes(talk.store, file);
  const content = event ? await readContent(talk.store, event) : null;
  return content === null ? null : utf8(content);
}

/** Create the upload with its first chunk; remember where the rest goes. */
async function create(talk: Talk, bytes: Bytes, sha256: string, permit: Permit): Promise<[string, number]> {
  const first = bytes.slice(0, CHUNK);
  const headers = {
    ...permit,
    ...OCTETS,
    "Upload-Length": String(bytes.length),
    "Upload-Metadata": `sha256 ${btoa(sha256)}`,
  };
  const answer = await talk.channel.send("POST", FILES, headers, first);
  const location = pathOf(answer.headers["location"] ?? "");
  await talk.store.write((tx) => tx.objectStore("upload").put({ sha256, location }));
  // A server without creation-with-upload took nothing yet.
  const taken =
    "upload-offset" in answer.headers
      ? offsetOf(answer, first.length)
      : ((await askOffset(talk, location, permit)) ?? 0);
  return [location, taken];
}

function pathOf(location: string): string {
  const url = new URL(location || "/", "https://server.invalid");
  if (!url.pathname.startsWith(FILES)) throw problem("internal", "The server did not say where the file goes.");
  return url.pathname + url.search;
}

/** Ask how much of an upload the server has; null if it knows the upload no more. */
async function askOffset(talk: Talk, location: string, permit: Permit): Promise<number | null> {
  try {
    return offsetOf(await talk.channel.send("HEAD", location, permit, new Uint8Array()), 0);
  } catch (error) {
    if (refusalOf(error).code === "no-network") throw error;
    return null;
  }
}

function offsetOf(answer: WireAnswer, otherwise: number): number {
  const text = answer.headers["upload-offset"] ?? "";
  return /^\d+$/.test(text) ? Number(text) : otherwise;
}

/** Forget an upload the server has dropped: the next exchange begins it anew. A broken network drops nothing. */
async function forget(talk: Talk, sha256: string, error: unknown): Promise<void> {
  if (refusalOf(error).code !== "no-network") await talk.store.write((tx) => tx.objectStore("upload").delete(sha256));
}
