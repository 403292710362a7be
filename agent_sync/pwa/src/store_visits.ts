/** Visits in the store: a row is written with the event that starts it, so that a withdrawn packet leaves it its limits. */
import type { Reading, Writing } from "./store";
import type { VisitRow } from "./store_tables";

export async function startVisit(
  tx: Writing,
  caseId: string,
  visitId: string,
  rev: number,
  startedMs: number,
): Promise<void> {
  if (await readVisit(tx, caseId, visitId)) return;
  await tx
    .objectStore("visit")
    .add({ case_id: caseId, visit_id: visitId, packet_rev: rev, started_ms: startedMs, is_open: 1 });
}

/** Note that a visit ended; what remained of a withdrawn packet goes with it (F3). */
export async function endVisit(tx: Writing, caseId: string, visitId: string): Promise<void> {
  const row = await readVisit(tx, caseId, visitId);
  if (!row) return;
  const { remains: _, ...rest } = row;
  await tx.objectStore("visit").put({ ...rest, is_open: 0 });
}

export async function readVisit(tx: Reading, caseId: string, visitId: string): Promise<VisitRow | undefined> {
  return tx.objectStore("visit").get([caseId, visitId]);
}

export async function visitsOf(tx: Reading, caseId: string): Promise<VisitRow[]> {
  return byStart(await tx.objectStore("visit").index("case_id").getAll(caseId));
}

/** Give the visits that were started here and not ended. */
export async function openVisits(tx: Reading): Promise<VisitRow[]> {
  return byStart(await tx.objectStore("visit").index("is_open").getAll(1));
}

export function byStart(rows: VisitRow[]): VisitRow[] {
  return rows.sort((one, other) => one.started_ms - other.started_ms);
}
