/** A visit and a case as the rules see them. */
import type { Body } from "./face";
import { bodiesOf, NO_CASE, NO_VISIT, type CaseNow, type Visit } from "./rules";
import type { Limits, PastVisit } from "./rules_limits";
import type { Store } from "./store";
import * as feed from "./store_feed";
import { readContent, visitEvents } from "./store_outbox";
import { readVisit, visitsOf } from "./store_visits";
import { NOBODY_MET } from "./vocabulary";

/** Give a visit as the rules see it, with the walls of its events. */
export async function viewVisit(
  store: Store,
  caseId: string | null,
  visitId: string | null,
): Promise<Visit & { events: { eventId: string; kind: string; body: Body; wall: string }[] }> {
  if (caseId === null || visitId === null) return { ...NO_VISIT, events: [] };
  const [rows, row] = await store.read(
    async (tx) => [await visitEvents(tx, caseId, visitId), await readVisit(tx, caseId, visitId)] as const,
  );
  const events = await Promise.all(
    rows.map(async (event) => {
      const content = await readContent(store, event);
      return {
        eventId: event.id,
        kind: event.kind,
        body: content === null ? {} : (JSON.parse(content) as { body: Body }).body,
        wall: event.wall,
      };
    }),
  );
  return { events, startedMs: row?.started_ms ?? null };
}

/** Give a case as the rules see it: from its packet, or from what remains of it under an open visit. */
export async function viewCase(
  store: Store,
  caseId: string | null,
  visitId: string | null,
  nowMs: number,
): Promise<CaseNow> {
  if (caseId === null) return NO_CASE;
  const [halted, body] = await Promise.all([feed.holdsByCase(store, nowMs), feed.readBody(store, "packet", caseId)]);
  const holdReasons = feed.reasonsOf(halted.get(caseId));
  if (body !== null) {
    const open = feed.openPartOf(body);
    const limits = (open["limits"] ?? {}) as Limits;
    const crewSize = (open["crew"] as unknown[] | undefined)?.length || 1;
    return { isHeld: true, gone: "", limits, holdReasons, crewSize, visits: await pastVisits(store, caseId, limits) };
  }
  const [visit, packet] = await store.read(
    async (tx) =>
      [
        visitId === null ? undefined : await readVisit(tx, caseId, visitId),
        await tx.objectStore("object").get(["packet", caseId]),
      ] as const,
  );
  const remains = visit ? await feed.readRemains(store, caseId, visit.remains) : {};
  const gone = visit?.withdrawn ?? (packet ? "expired" : "");
  return { ...NO_CASE, isHeld: false, gone, limits: (remains["limits"] as Limits | undefined) ?? null, holdReasons };
}

/** Give the visits of a case that were started here, where its limits count them. */
export async function pastVisits(store: Store, caseId: string, limits: Limits): Promise<PastVisit[]> {
  if (!limits.counts?.length) return [];
  const rows = await store.read((tx) => visitsOf(tx, caseId));
  return Promise.all(
    rows.map(async (row) => {
      const outcomes = bodiesOf(await viewVisit(store, caseId, row.visit_id), "outcome_noted");
      const metNobody = outcomes.length > 0 && outcomes.every((body) => NOBODY_MET.has(String(body["contact_result"])));
      return { visitId: row.visit_id, startedMs: row.started_ms, metNobody };
    }),
  );
}
