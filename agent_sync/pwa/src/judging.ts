/** What the rules say of something about to be recorded. */
import type { Body, Remark } from "./face";
import { isClockLocked } from "./remembering";
import { CLOCK, mayRecord } from "./rules";
import { checkDoor } from "./rules_door";
import type { Store } from "./store";
import { viewCase, viewVisit } from "./viewing";

/** What is to be recorded. */
export interface Draft {
  kind: string;
  body: Body;
  caseId: string | null;
  visitId: string | null;
  files?: NamedFile[];
}

/** A file as an event names it; a recording says from when until when it ran, a picture when it was taken (T4). */
export interface NamedFile {
  sha256: string;
  size: number;
  media_type: string;
  role: string;
  starts?: string;
  ends?: string;
}

/** Say what speaks against recording a draft now: what cannot be true, the case's limits, the order at the door. */
export async function judgeDraft(
  store: Store,
  draft: Draft,
  size: number,
  nowMs: number,
  maxEventBytes: number,
): Promise<Remark[]> {
  const [visit, found, isShut] = await Promise.all([
    viewVisit(store, draft.caseId, draft.visitId),
    viewCase(store, draft.caseId, draft.visitId, nowMs),
    draft.kind === "visit_started" && store.read(isClockLocked),
  ]);
  const now = isShut ? { ...found, gone: CLOCK } : found;
  return [
    ...mayRecord(draft.kind, draft.body, size, visit, now, nowMs, maxEventBytes),
    ...checkDoor(draft.kind, draft.body, visit, now),
  ];
}
