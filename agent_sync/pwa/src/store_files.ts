/**
 * Files of visits in the store: photos, signatures and sound, in encrypted pieces until the office has them (T1).
 *
 * Each file has a key of its own, wrapped by the data key: a recording that is under way goes on while the phone is
 * locked, and then can be added to but not read.
 */
import { fromUtf8, hex, type Bytes } from "./bytes";
import type { Reading, Store, Writing } from "./store";
import type { FileRow, PieceRow } from "./store_tables";
import { close, importKey, open, type Closed } from "./vault";

const wrapOf = (id: string) => `file:${id}`;
const pieceOf = (id: string, at: number) => `piece:${id}:${at}`;
const piecesOf = (id: string) => IDBKeyRange.bound([id, 0], [id, Infinity]);

/** Make a file's own key; what is stored of it opens only with the data key. */
export async function makeFileKey(store: Store, id: string): Promise<{ key: CryptoKey; closed: Closed }> {
  const raw = crypto.getRandomValues(new Uint8Array(32));
  const closed = await store.vault.close(hex(raw), wrapOf(id));
  return { key: await importKey(raw), closed };
}

export async function sealPiece(key: CryptoKey, id: string, at: number, bytes: Bytes): Promise<PieceRow> {
  return { file_id: id, at, data: await close(key, bytes, pieceOf(id, at)) };
}

/** Store a file's row with further pieces; false where it is gone meanwhile, as after a wipe. */
export async function addPiece(tx: Writing, piece: PieceRow, size: number, nowMs: number): Promise<boolean> {
  const row = await tx.objectStore("file").get(piece.file_id);
  if (!row) return false;
  await tx.objectStore("piece").put(piece);
  await tx.objectStore("file").put({ ...row, pieces: piece.at + 1, size: row.size + size, until_ms: nowMs });
  return true;
}

/** Give a file's bytes; null where they are gone, or not what was stored. */
export async function readBytes(store: Store, row: FileRow): Promise<Bytes | null> {
  const raw = row.key && (await store.vault.open(row.key, wrapOf(row.id)));
  if (!raw) return null;
  const key = await importKey(unhex(fromUtf8(raw)));
  const pieces = await store.read((tx) => tx.objectStore("piece").getAll(piecesOf(row.id)));
  const whole = new Uint8Array(row.size);
  let end = 0;
  try {
    for (const { at, data } of pieces) {
      const part = await open(key, data, pieceOf(row.id, at));
      whole.set(part, end);
      end += part.length;
    }
  } catch {
    return null;
  }
  return end === row.size ? whole : null;
}

const unhex = (text: string): Bytes => Uint8Array.from(text.match(/../g) ?? [], (two) => parseInt(two, 16));

/** Give the files that no event names yet. */
export async function looseFiles(tx: Reading): Promise<FileRow[]> {
  const rows = await tx.objectStore("file").index("waits").getAll(1);
  return rows.filter((row) => row.state === "open" || row.state === "whole");
}

/** Note that an event names these files: they wait for the office, but for what it has already (T2). */
export async function nameFiles(tx: Writing, hashes: readonly string[]): Promise<void> {
  for (const sha256 of hashes) {
    const rows = await tx.objectStore("file").index("sha256").getAll(sha256);
    const isThere = rows.some((row) => row.state === "verified");
    for (const row of rows.filter((each) => each.state === "whole"))
      await (isThere ? endFile(tx, row, "verified") : tx.objectStore("file").put({ ...row, state: "kept" }));
  }
}

/** Note what the office made of a file. Only `verified` lets the phone's own copy go; `erased` must. */
export async function setFileState(
  tx: Writing,
  sha256: string,
  state: "verified" | "discarded" | "erased",
): Promise<void> {
  await tx.objectStore("upload").delete(sha256);
  for (const row of await tx.objectStore("file").index("sha256").getAll(sha256)) {
    if (state === "erased") await endFile(tx, row, state);
    else if (row.state !== "kept") continue;
    else if (state === "verified") await endFile(tx, row, state);
    else await tx.objectStore("file").put({ ...row, discarded: 1 });
  }
}

/** Let a file's bytes, its key and its small picture go; that it was there stays. */
async function endFile(tx: Writing, row: FileRow, state: "verified" | "erased"): Promise<void> {
  const { thumb: _, waits: __, discarded: ___, ...rest } = row;
  await tx.objectStore("file").put({ ...rest, key: null, state });
  await tx.objectStore("piece").delete(piecesOf(row.id));
}

/** Forget a file that came to nothing. */
export async function dropFile(tx: Writing, id: string): Promise<void> {
  await tx.objectStore("file").delete(id);
  await tx.objectStore("piece").delete(piecesOf(id));
}
