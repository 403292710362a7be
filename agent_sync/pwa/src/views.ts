/**
 * What this phone holds and how it stands, as read-only pictures. "Received" is said only of what has a stored receipt (E7).
 */
import type { Reading as ClockReading } from "./clock";
import type { Agent, Body, PacketView, Parked, Question, Stage, Status, VisitRecord } from "./face";
import { parseTime } from "./messages";
import { isClockLocked, lastContact, trueNow } from "./remembering";
import { CLOCK, mayRecord, NO_VISIT, planOf } from "./rules";
import { windowNow, type Limits, type Span } from "./rules_limits";
import { remembered, type Reading, type Store } from "./store";
import * as feed from "./store_feed";
import { readContent, stageOf, waitingEvents } from "./store_outbox";
import type { EventRow, LinkRow, VisitRow } from "./store_tables";
import { byStart, openVisits } from "./store_visits";
import { pastVisits } from "./viewing";

/** Give every packet of this agent, shredded ones included: what is planned first, in its order. */
export async function viewPackets(store: Store, now: ClockReading): Promise<PacketView[]> {
  const nowMs = await trueNow(store, now);
  const halted = await feed.holdsByCase(store, nowMs);
  const packets = await feed.readObjects(store, "packet");
  const [isShut, visits] = await store.read(async (tx) => [await isClockLocked(tx), await openVisits(tx)] as const);
  const visited = new Set(visits.map((visit) => visit.case_id));
  const views = await Promise.all(
    packets.map(({ row, body }) => {
      const seen = isShut ? whileShut(body, visited.has(row.id)) : body;
      return viewPacket(store, row.id, row.rev, seen, feed.reasonsOf(halted.get(row.id)), nowMs, isShut);
    }),
  );
  return views.sort((one, other) => comparePlans(planOf(one.open, nowMs), planOf(other.open, nowMs)));
}

/** As under a packet that was withdrawn: an open visit keeps its limits and texts, and nothing else (F3). */
function whileShut(body: Body | null, isVisited: boolean): Body | null {
  const { limits = {}, texts = [] } = feed.openPartOf(body);
  return body && isVisited ? { open: { limits, texts } } : null;
}

/** Order two plans: the earlier day, then the earlier place in it; what nobody planned goes last. */
function comparePlans(one: ReturnType<typeof planOf>, other: ReturnType<typeof planOf>): number {
  if (one === null || other === null) return Number(one === null) - Number(other === null);
  return one.day.localeCompare(other.day) || one.order - other.order;
}

async function viewPacket(
  store: Store,
  caseId: string,
  rev: number,
  body: Body | null,
  holds: string[],
  nowMs: number,
  isShut: boolean,
): Promise<PacketView> {
  const open = feed.openPartOf(body);
  const limits = (open["limits"] ?? {}) as Limits;
  const wraps = ((body?.["sealed"] as Body | undefined)?.["wraps"] ?? []) as {
    kind: string;
    asks?: PacketView["asks"];
  }[];
  const span = windowNow(limits, nowMs);
  const crewSize = (open["crew"] as unknown[] | undefined)?.length || 1;
  const view = {
    isHeld: body !== null,
    gone: isShut ? CLOCK : body ? "" : "expired",
    limits,
    holdReasons: holds,
    crewSize,
    visits: await pastVisits(store, caseId, limits),
  };
  return {
    caseId,
    rev,
    role: (body?.["role"] as PacketView["role"] | undefined) ?? "lead",
    open,
    isSealed: !!body && "sealed" in body,
    isReadable: body !== null && !isShut,
    holds,
    remarks: mayRecord("visit_started", {}, 0, NO_VISIT, view, nowMs, 1),
    ways: wraps.map((wrap) => (wrap.kind === "document" ? "document" : wrap.kind) as PacketView["ways"][number]),
    asks: wraps.find((wrap) => wrap.asks)?.asks ?? [],
    opensMs: span?.startsMs ?? null,
    closesMs: span?.endsMs ?? null,
    isAppointed: isAppointed(open, span, nowMs),
  };
}

/** Whether an appointment lies in the window shown, or, where nothing limits the times, is still to come. */
function isAppointed(open: Body, span: Span | null, nowMs: number): boolean {
  const times = ((open["appointments"] ?? []) as { starts: string; ends: string }[]).map(
    (each) => [parseTime(each.starts), parseTime(each.ends)] as const,
  );
  return times.some(
    ([starts, ends]) => ends > nowMs && (span === null || (starts < span.endsMs && ends > span.startsMs)),
  );
}

/** Give how this phone stands; what the browser knows of its storage is added by the device. */
export async function viewStatus(
  store: Store,
  now: ClockReading,
): Promise<Omit<Status, "isExchanging" | "isPersistent" | "freeBytes" | "nextMs" | "problem">> {
  const [last, nowMs] = [await lastContact(store), await trueNow(store, now)];
  const { isShut, ...seen } = await store.read(async (tx) => {
    const [links, waiting, events] = [
      await tx.objectStore("link").getAll(),
      await waitingEvents(tx),
      await tx.objectStore("event").getAll(),
    ];
    const visits = events
      .filter((event) => waiting.has(event.n) && event.visit_id)
      .map((event) => `${event.case_id}${event.visit_id}`);
    const packets = await tx.objectStore("object").index("type").getAll("packet");
    return {
      stage: (await stageOf(tx)) as Stage,
      isShut: await isClockLocked(tx),
      pullStage: (await remembered<string>(tx, "pull_stage")) ?? "first",
      deviceId: (await remembered<string>(tx, "device_id")) ?? "",
      agent: (await remembered<Agent>(tx, "agent")) ?? null,
      packets: packets.filter((row) => row.has_body).length,
      unsent: waiting.size,
      unsentVisits: new Set(visits).size,
      received: new Set(links.filter((link) => link.status !== undefined).map((link) => link.event_n)).size,
      lost: events.filter((event) => event.state === "lost").length,
      parked: parkedOf(links, events),
      filesWaiting: await countFiles(tx),
      openVisits: (await openVisits(tx)).map((row) => ({ caseId: row.case_id, visitId: row.visit_id })),
      failures: (await remembered<number>(tx, "failures")) ?? 0,
    };
  });
  const isLocked = store.vault.isLocked;
  const notices = isLocked ? [] : (await feed.readObjects(store, "notice")).flatMap(({ body }) => (body ? [body] : []));
  const enrolled = isShut ? "clock_locked" : seen.pullStage === "upload-only" ? "upload_only" : "enrolled";
  return {
    ...seen,
    stage: seen.stage === "enrolled" ? enrolled : seen.stage,
    questions: isLocked ? [] : await viewQuestions(store),
    notices,
    lastContactMs: last?.server_ms ?? null,
    clockOffMs: now.wallMs - nowMs,
  };
}

/** Count what goes up as a file and is not confirmed yet: a visit's files, and contents too large for a batch. */
async function countFiles(tx: Reading): Promise<number> {
  const [files, uploads] = [await tx.objectStore("file").index("waits").getAll(1), await tx.objectStore("upload").getAllKeys()];
  return new Set([...files.map((file) => file.sha256 ?? file.id), ...uploads]).size;
}

/** Give the events the server set aside for a person, unless they were judged again and taken. */
function parkedOf(links: LinkRow[], events: EventRow[]): Parked[] {
  const reasons = new Map(
    links.filter((link) => (link.first ?? link.status) === "parked").map((link) => [link.event_n, link.problem ?? ""]),
  );
  return events
    .filter((event) => reasons.has(event.n) && event.replayed !== "accepted")
    .map((event) => ({
      eventId: event.id,
      kind: event.kind,
      caseId: event.case_id ?? "",
      visitId: event.visit_id ?? "",
      reason: reasons.get(event.n)!,
    }));
}

/** Give the reviewers' questions that were not answered on this phone. */
async function viewQuestions(store: Store): Promise<Question[]> {
  const rows = await store.read((tx) => tx.objectStore("event").index("kind").getAll("question_answered"));
  const contents = await Promise.all(rows.map((row) => readContent(store, row)));
  const answered = new Set(
    contents.map((content) => (content === null ? "" : (JSON.parse(content) as { body: Body }).body["decision_id"])),
  );
  const decisions = await feed.readObjects(store, "decision");
  return decisions.flatMap(({ row, body }) =>
    body?.["act"] === "returned" && !answered.has(row.id)
      ? [
          {
            decisionId: row.id,
            caseId: String(body["case_id"]),
            visitId: String(body["visit_id"]),
            question: String(body["question"] ?? ""),
            at: String(body["at"]),
          },
        ]
      : [],
  );
}

/** Give "My record": each visit of this phone, the newest first, with what the office made of it. */
export async function viewVisits(store: Store): Promise<VisitRecord[]> {
  const decisions = (await feed.readObjects(store, "decision")).flatMap(({ body }) => (body ? [body] : []));
  decisions.sort((one, other) => (String(one["at"]) < String(other["at"]) ? 1 : -1));
  const [rows, files, isShut] = await store.read(
    async (tx) =>
      [
        await tx.objectStore("visit").getAll(),
        await tx.objectStore("file").index("waits").getAll(1),
        await isClockLocked(tx),
      ] as const,
  );
  return Promise.all(
    byStart(rows)
      .reverse()
      .map(async (visit) => {
        const packet = isShut ? {} : feed.openPartOf(await feed.readBody(store, "packet", visit.case_id));
        const decision = decisions.find(
          (each) => each["visit_id"] === visit.visit_id && each["case_id"] === visit.case_id,
        );
        const findings = ((decision?.["findings"] ?? []) as Body[]).map((each) => ({
          findingId: String(each["finding_id"]),
          code: String(each["code"]),
          severity: String(each["severity"]),
          sentence: String(each["sentence"]),
        }));
        return {
          caseId: visit.case_id,
          visitId: visit.visit_id,
          address: String((packet["place"] as Body | undefined)?.["address"] ?? ""),
          startedMs: visit.started_ms,
          isOpen: visit.is_open === 1,
          sending: await store.read((tx) => sendingOf(tx, visit)),
          decision: String(decision?.["act"] ?? ""),
          reason: String(decision?.["reason"] ?? ""),
          question: String(decision?.["question"] ?? ""),
          findings,
          filesWaiting: files.filter((file) => file.visit_id === visit.visit_id && file.case_id === visit.case_id).length,
        };
      }),
  );
}

async function sendingOf(tx: Reading, visit: VisitRow): Promise<VisitRecord["sending"]> {
  const events = await tx.objectStore("event").index("visit").getAll([visit.case_id, visit.visit_id]);
  if (events.some((event) => event.unacked)) return "on_phone";
  for (const event of events) {
    const links = await tx.objectStore("link").index("event_n").getAll(event.n);
    if (links.some((link) => (link.first ?? link.status) === "parked") && event.replayed !== "accepted")
      return "parked";
  }
  return "received";
}
