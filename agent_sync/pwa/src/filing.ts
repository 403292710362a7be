/**
 * Photos, signatures and sound: durable on this phone before the event that names them by hash (T1).
 *
 * A picture is stored in one transaction, sound piece by piece. A page killed in between loses the last seconds of sound
 * at most: `mend` closes what it left and names it.
 */
import { sha256Hex, type Bytes } from "./bytes";
import { formatWall, type Clock } from "./clock";
import { Refusal, type FileRoom, type HeldFile, type Recorded, type Sound } from "./face";
import { makeId, type Noise } from "./ids";
import { judgeDraft, type Draft } from "./judging";
import { connectedBy, isHeldBack, isWifiOnly, setWifiOnly } from "./network";
import { trueNow } from "./remembering";
import { isAllowed } from "./rules";
import type { Store } from "./store";
import * as files from "./store_files";
import type { FileRow, PieceRow } from "./store_tables";
import { oneAtATime } from "./tabs";
import { viewVisit } from "./viewing";

const PIECE = 256 * 1024;
/** Below this much free space no more files are begun: what is left is for records. */
export const FLOOR_BYTES = 50e6;
const MEDIA = { photo: "image/jpeg", signature: "image/png" };
const SOURCES: Record<string, string> = { photo: "camera", signature: "screen", audio: "phone" };
/** What this page is at; a recording of another tab holds a lock of the browser. */
const live = new Set<string>();
const mending = oneAtATime();
const lockOf = (id: string) => `fairvisit-sound-${id}`;

type Record_ = (draft: Draft) => Promise<Recorded>;
type Whole = FileRow & { sha256: string };

export class Files implements FileRoom {
  constructor(
    private readonly store: Store,
    private readonly record: Record_,
    private readonly clock: Clock,
    private readonly noise: Noise,
  ) {}

  async list(caseId: string, visitId: string): Promise<HeldFile[]> {
    const { store } = this;
    const [rows, uploads] = await store.read(
      async (tx) =>
        [
          await tx.objectStore("file").index("visit").getAll([caseId, visitId]),
          new Set(await tx.objectStore("upload").getAllKeys()),
        ] as const,
    );
    const mustWait = await isHeldBack(store);
    const told = rows.map(async (row): Promise<HeldFile> => {
      const state = row.state === "open" ? "recording" : row.state === "verified" ? "verified" : row.discarded ? "again"
        : mustWait ? "held_back" : uploads.has(row.sha256 ?? "") ? "uploading" : "on_phone";
      const thumb = row.thumb ? await store.vault.open(row.thumb, thumbOf(row.id)) : null;
      return { fileId: row.id, role: row.role as "photo", atMs: row.at_ms, state, thumb: thumb ? new TextDecoder().decode(thumb) : "" };
    });
    return Promise.all(told.filter((_, at) => rows[at]!.state !== "erased"));
  }

  async add(caseId: string, visitId: string, role: "photo" | "signature", bytes: Bytes, thumb: string, takenMs?: number): Promise<void> {
    await this.refuseBlocked({ kind: "files_attached", body: {}, caseId, visitId });
    await refuseWithoutRoom();
    const { row, key } = await this.makeRow(caseId, visitId, role, MEDIA[role], takenMs);
    const pieces: PieceRow[] = [];
    for (let from = 0; from < bytes.length; from += PIECE)
      pieces.push(await files.sealPiece(key, row.id, pieces.length, bytes.slice(from, from + PIECE)));
    const whole: Whole = {
      ...row, size: bytes.length, pieces: pieces.length, state: "whole", sha256: await sha256Hex(bytes),
      thumb: await this.store.vault.close(thumb, thumbOf(row.id)),
    };
    live.add(row.id);
    try {
      await this.store.write(async (tx) => {
        await tx.objectStore("file").add(whole);
        for (const piece of pieces) await tx.objectStore("piece").add(piece);
      });
      await this.name(whole);
    } finally {
      live.delete(row.id);
    }
  }

  async beginSound(caseId: string, visitId: string, mediaType: string): Promise<Sound> {
    const draft = { kind: "recording_changed", body: { state: "started", medium: "audio", source: SOURCES["audio"]! }, caseId, visitId };
    await this.refuseBlocked(draft);
    await refuseWithoutRoom();
    const { row, key } = await this.makeRow(caseId, visitId, "audio", mediaType);
    live.add(row.id);
    const unlock = holdLock(lockOf(row.id));
    const letGo = () => {
      live.delete(row.id);
      unlock();
    };
    try {
      await this.store.write((tx) => tx.objectStore("file").add(row));
      await this.record(draft);
    } catch (error) {
      letGo();
      await this.store.write((tx) => files.dropFile(tx, row.id));
      throw error;
    }
    const inTurn = oneAtATime();
    let at = 0;
    return {
      add: (bytes) =>
        inTurn(async () => {
          const piece = await files.sealPiece(key, row.id, at, bytes);
          if (await this.store.write((tx) => files.addPiece(tx, piece, bytes.length, this.clock.read().wallMs))) at += 1;
        }),
      end: (reason = "") =>
        inTurn(async () => {
          await this.close(row.id, reason).finally(letGo);
        }),
    };
  }

  mend(): Promise<void> {
    return mending(() => this.mendOnce());
  }

  private async mendOnce(): Promise<void> {
    for (const row of await this.store.read(files.looseFiles)) {
      if (live.has(row.id) || (await isLocked(lockOf(row.id)))) continue;
      await this.close(row.id, "the app was closed").catch(async (error: unknown) => {
        // Nothing may name it any more: it would be announced to nobody.
        if (error instanceof Refusal && error.rule) return this.store.write((tx) => files.dropFile(tx, row.id));
        throw error;
      });
    }
  }

  async wifiOnly(): Promise<{ isOn: boolean; isTold: boolean }> {
    return { isOn: await isWifiOnly(this.store), isTold: connectedBy() !== undefined };
  }

  setWifiOnly(isOn: boolean): Promise<void> {
    return setWifiOnly(this.store, isOn);
  }

  private async makeRow(caseId: string, visitId: string, role: string, mediaType: string, takenMs?: number) {
    const now = this.clock.read();
    const id = makeId(now.wallMs, this.noise(10));
    const { key, closed } = await files.makeFileKey(this.store, id);
    const row: FileRow = {
      id, case_id: caseId, visit_id: visitId, role, media_type: mediaType, at_ms: takenMs ?? now.wallMs,
      size: 0, pieces: 0, key: closed, state: "open", waits: 1,
    };
    return { row, key };
  }

  /** Close a file that is still open, say that its recording stopped, and name it. */
  private async close(id: string, reason: string): Promise<void> {
    const row = await this.store.read((tx) => tx.objectStore("file").get(id));
    if (!row) return;
    if (row.state === "whole") return this.name(row as Whole);
    if (row.state !== "open") return;
    const { case_id: caseId, visit_id: visitId } = row;
    const visit = await viewVisit(this.store, caseId, visitId);
    const last = visit.events.filter((each) => each.kind === "recording_changed" && each.body["medium"] === "audio").at(-1);
    const body = { state: "stopped", medium: "audio", source: SOURCES["audio"]!, ...(reason ? { reason } : {}) };
    if (last?.body["state"] === "started" && last.body["source"] === SOURCES["audio"] && !visit.events.some((each) => each.kind === "visit_ended"))
      await this.record({ kind: "recording_changed", body, caseId, visitId });
    const bytes = await files.readBytes(this.store, row);
    if (!bytes?.length) return this.store.write((tx) => files.dropFile(tx, id));
    const whole: Whole = { ...row, state: "whole", sha256: await sha256Hex(bytes) };
    await this.store.write((tx) => tx.objectStore("file").put(whole));
    await this.name(whole);
  }

  private async name({ case_id: caseId, visit_id: visitId, role, sha256, size, media_type, at_ms, until_ms }: Whole): Promise<void> {
    const body = { source: SOURCES[role] ?? role };
    const { offsetMin } = this.clock.read();
    const file = {
      sha256, size, media_type, role, starts: formatWall(at_ms, offsetMin),
      ...(until_ms === undefined ? {} : { ends: formatWall(until_ms, offsetMin) }),
    };
    await this.record({ kind: "files_attached", body, caseId, visitId, files: [file] });
  }

  private async refuseBlocked(draft: Draft): Promise<void> {
    const remarks = await judgeDraft(this.store, draft, 0, await trueNow(this.store, this.clock.read()), 1);
    const first = remarks.find((remark) => remark.level === "block");
    if (!isAllowed(remarks) && first) throw new Refusal("conflict", {}, first.code, first.facts);
  }
}

const thumbOf = (id: string) => `thumb:${id}`;

async function refuseWithoutRoom(): Promise<void> {
  const told = await globalThis.navigator?.storage?.estimate?.().catch(() => null);
  const free = told?.quota === undefined ? Infinity : told.quota - (told.usage ?? 0);
  if (free < FLOOR_BYTES) throw new Refusal("storage-low", {}, "", { free });
}

/** Hold a lock of the browser until told; where it has none, only this page knows what goes on. */
function holdLock(name: string): () => void {
  let letGo = () => {};
  const gone = new Promise<void>((resolve) => { letGo = resolve; });
  void globalThis.navigator?.locks?.request(name, () => gone);
  return letGo;
}

async function isLocked(name: string): Promise<boolean> {
  const locks = globalThis.navigator?.locks;
  return locks ? locks.request(name, { ifAvailable: true }, async (lock) => lock === null) : false;
}
