/**
 * Practice: invented people at invented doors, kept by this browser alone. There is no way from here to any server:
 * this file asks nobody, and what "Send now" does here is to say that it arrived.
 */
import {
  type Body, type Enrolment, type Face, type FileRoom, type Language, type PacketView, type Question, type Recorded, Refusal, type Remark,
  type Report, type Sealed, type Stage, type Status, type VisitRecord, type VisitSoFar,
} from "./face";
import { b64url, unb64url, utf8 } from "./bytes";
import { wall } from "./moments";
import { practiceFiles } from "./rehearsal_files";
import { AGENT, CODE, inventCases, inventPast, type Invented } from "./rehearsal_cases";
import { scopeOf } from "./rules_door";
import { ITERATIONS } from "./vocabulary";

const KEY = "fairvisit.practising";
const OLD_KEY = "fairvisit.practice"; // held a PIN that anybody could read
const FRESH_MS = 6 * 3_600_000; // after which the invented day begins anew
const MOST_TRIES = 3;
const PIN_TRIES = 5;
const PIN_WAIT_MS = 30_000;
const FREE_STEPS = ["card_shown", "recording_notice"];

interface Kept { id: string; kind: string; caseId: string | null; visitId: string | null; body: Body; wall: string; ms: number }
/** What shows that a PIN is the one: an agent may well practise with the PIN that locks real cases. */
interface Lock { salt: string; proof: string }
interface State { stage: Stage; lock: Lock; tries: number; waitUntilMs: number; beganMs: number; events: Kept[]; sent: number }

const EMPTY: State = { stage: "new", lock: { salt: "", proof: "" }, tries: 0, waitUntilMs: 0, beganMs: 0, events: [], sent: 0 };

/** Derived as the real PIN is, so that it is as hard to guess. */
async function proofOf(pin: string, salt: string): Promise<string> {
  const base = await crypto.subtle.importKey("raw", utf8(pin), "PBKDF2", false, ["deriveBits"]);
  const how = { name: "PBKDF2", hash: "SHA-256", salt: unb64url(salt), iterations: ITERATIONS };
  return b64url(new Uint8Array(await crypto.subtle.deriveBits(how, base, 256)));
}

export class Rehearsal implements Face {
  private state: State = EMPTY;
  private isLocked = true;
  private readonly listeners = new Set<() => void>();

  constructor(private readonly language: () => Language) {}

  /** The invented doors, in the language the app speaks now. */
  private get cases(): Invented[] {
    return inventCases(this.state.beganMs, this.language());
  }

  async open() {
    localStorage.removeItem(OLD_KEY);
    try {
      this.state = { ...EMPTY, ...JSON.parse(localStorage.getItem(KEY) ?? "{}") };
    } catch {
      this.state = { ...EMPTY };
    }
    const isOld = Date.now() - this.state.beganMs > FRESH_MS;
    if (isOld && this.state.stage === "enrolled") this.keep({ beganMs: Date.now(), events: [], sent: 0 });
    const { stage } = this.state;
    return { stage, agentCode: stage === "new" ? "" : AGENT.code, isLocked: this.isLocked, isSpent: false };
  }

  async enrol(code: string, pin: string): Promise<Enrolment> {
    if (code.trim().length < 4) throw new Refusal("code-practice");
    const salt = b64url(crypto.getRandomValues(new Uint8Array(16)));
    this.keep({ ...EMPTY, stage: "enrolled", lock: { salt, proof: await proofOf(pin, salt) }, beganMs: Date.now() });
    this.isLocked = false;
    return { isEnrolled: true, pollS: 0, deviceId: "practice", agent: AGENT };
  }

  async unlock(pin: string): Promise<void> {
    const waitMs = this.state.waitUntilMs - Date.now();
    if (waitMs > 0) throw new Refusal("pin-wait", {}, "", { waitMs });
    if ((await proofOf(pin, this.state.lock.salt)) !== this.state.lock.proof) {
      const tries = this.state.tries + 1;
      const isOut = tries >= PIN_TRIES;
      this.keep({ tries: isOut ? 0 : tries, waitUntilMs: isOut ? Date.now() + PIN_WAIT_MS : 0 });
      throw new Refusal("pin-wrong", {}, "", { triesLeft: PIN_TRIES - tries, waitMs: isOut ? PIN_WAIT_MS : 0 });
    }
    this.keep({ tries: 0, waitUntilMs: 0 });
    this.isLocked = false;
  }

  async escrow() {
    return null; // practice begins anew by itself
  }

  async recover(): Promise<void> {
    throw new Refusal("not-found");
  }

  lock(): void {
    this.isLocked = true;
    this.tell();
  }

  async packets(): Promise<PacketView[]> {
    return this.cases.map(({ packet }) => {
      const placed = this.of(packet.caseId).filter((each) => each.kind === "hold_placed").map((each) => String(each.body.reason));
      const holds = [...packet.holds, ...placed];
      const remarks: Remark[] = placed.length ? [{ level: "block", code: "on-hold", facts: { reasons: placed.join(",") } }] : [];
      return { ...packet, holds, remarks: [...packet.remarks, ...remarks] };
    });
  }

  async mayRecord(kind: string, caseId: string | null, visitId: string | null, body: Body): Promise<Remark[]> {
    const found = this.cases.find((each) => each.packet.caseId === caseId);
    const visit = this.look(caseId, visitId);
    if (kind === "visit_started") {
      const packet = (await this.packets()).find((each) => each.caseId === caseId);
      return (packet?.remarks ?? []).map((each) => (body.override_reason ? { ...each, level: "warn" } : each));
    }
    const isPrivate = kind === "step_done" && !FREE_STEPS.includes(String(body.step));
    if ((isPrivate || kind === "sealed_part_opened") && !visit.isIdentityConfirmed)
      return [{ level: "block", code: "identity-first", facts: {} }];
    if (kind === "visit_ended") {
      const remarks: Remark[] = visit.events.some((each) => each.kind === "outcome_noted") ? [] : [{ level: "warn", code: "no-outcome", facts: {} }];
      const asked = (found?.packet.open.limits as { steps?: string[] } | undefined)?.steps ?? [];
      const missing = asked.filter((step) => !visit.stepsDone.includes(step));
      const isMet = visit.events.some((each) => each.body.contact_result === "person");
      if (isMet && missing.length) remarks.push({ level: "warn", code: "steps-missing", facts: { steps: missing.join(",") } });
      return remarks;
    }
    return [];
  }

  async record(kind: string, caseId: string | null = null, visitId: string | null = null, body: Body = {}): Promise<Recorded> {
    if (this.isLocked) throw new Refusal("locked");
    const remarks = await this.mayRecord(kind, caseId, visitId, body);
    const blocks = remarks.find((each) => each.level === "block");
    if (blocks) throw new Refusal(blocks.code, {}, "", blocks.facts);
    const own = visitId ?? (kind === "visit_started" ? crypto.randomUUID() : null);
    const ms = Date.now();
    const kept: Kept = { id: crypto.randomUUID(), kind, caseId, visitId: own, body, wall: wall(ms), ms };
    this.keep({ events: [...this.state.events, kept] });
    return { eventId: kept.id, chainId: "practice", seq: this.state.events.length, caseId, visitId: own, warnings: remarks };
  }

  async visit(caseId: string, visitId: string): Promise<VisitSoFar> {
    return this.look(caseId, visitId);
  }

  async leaveByMs(caseId: string, visitId: string): Promise<number | null> {
    const started = this.look(caseId, visitId).startedMs;
    const found = this.cases.find((each) => each.packet.caseId === caseId);
    return started === null || !found ? null : started + found.stayMs;
  }

  async hold(caseId: string, visitId: string | null, reason: string, scope = "", note = ""): Promise<Recorded> {
    const body: Body = { reason, scope: scope || scopeOf(reason) };
    return this.record("hold_placed", caseId, visitId, note ? { ...body, note } : body);
  }

  async triesLeft(caseId: string, visitId: string, method: string): Promise<number> {
    const failed = this.look(caseId, visitId).events.filter(
      (each) => each.kind === "identity_checked" && each.body.method === method && each.body.identity === "failed",
    );
    return Math.max(0, MOST_TRIES - failed.length);
  }

  async checkIdentity(caseId: string, visitId: string, method: string, said: { secret?: string; answers?: string[]; documentKind?: string }): Promise<boolean> {
    const found = this.cases.find((each) => each.packet.caseId === caseId);
    const isRight = method === "document_seen" || (method === "letter_code" && said.secret?.replace(/\W/g, "") === CODE)
      || (method === "two_facts" && found?.answers.join() === said.answers?.join());
    const body: Body = { identity: isRight ? "confirmed" : "failed", method };
    await this.record("identity_checked", caseId, visitId, said.documentKind ? { ...body, document_kind: said.documentKind } : body);
    return isRight;
  }

  async openSealed(caseId: string, visitId: string, method: string): Promise<Sealed> {
    const found = this.cases.find((each) => each.packet.caseId === caseId);
    if (!found?.sealed) throw new Refusal("not-found");
    await this.record("sealed_part_opened", caseId, visitId, { method });
    return found.sealed;
  }

  async card(): Promise<string> {
    return `https://practice.invalid/verify?c=${"practice.".repeat(40)}${Math.floor(Date.now() / 30_000)}`;
  }

  async visitQr(_: string, visitId: string): Promise<string> {
    return `practice-visit.${visitId}.${"signature".repeat(20)}`;
  }

  async joinCrew(qr: string, body: Body): Promise<Recorded> {
    if (!qr.startsWith("practice")) throw new Refusal("bad-signature");
    const companion = this.cases.find((each) => each.packet.role === "companion");
    return this.record("crew_joined", companion?.packet.caseId ?? null, qr.split(".")[1] ?? crypto.randomUUID(), { ...body, qr });
  }

  async files(): Promise<FileRoom> {
    return practiceFiles((kind, caseId, visitId, body) => this.record(kind, caseId, visitId, body));
  }

  async exchange(): Promise<Report> {
    const sent = this.state.events.length - this.state.sent;
    this.keep({ sent: this.state.events.length });
    return { isOk: true, counts: { sent, accepted: sent }, phases: [], error: null, problems: [], nextMs: Date.now() + 900_000 };
  }

  async status(): Promise<Status> {
    const unsent = this.state.events.slice(this.state.sent);
    const answered = this.state.events.filter((each) => each.kind === "question_answered").map((each) => each.body.decision_id);
    const past = inventPast(this.state.beganMs, this.language());
    const questions: Question[] = past.questions.filter((each) => !answered.includes(each.decisionId));
    const visits = await this.myVisits();
    return {
      stage: this.state.stage, pullStage: "", deviceId: "practice", agent: AGENT, packets: this.cases.length,
      unsent: unsent.length, unsentVisits: new Set(unsent.map((each) => each.visitId).filter(Boolean)).size,
      received: 31 + this.state.sent, lost: 0, parked: past.parked, filesWaiting: 0,
      openVisits: visits.filter((each) => each.isOpen).map(({ caseId, visitId }) => ({ caseId, visitId })),
      questions, notices: past.notices, lastContactMs: this.state.beganMs - 240_000, nextMs: null, clockOffMs: 0,
      failures: 0, problem: null, isExchanging: false, isPersistent: true, freeBytes: null,
    };
  }

  async myVisits(): Promise<VisitRecord[]> {
    const ids = [...new Set(this.state.events.filter((each) => ["visit_started", "crew_joined"].includes(each.kind)).map((each) => each.visitId))];
    const own = ids.map((visitId): VisitRecord => {
      const events = this.state.events.filter((each) => each.visitId === visitId);
      const first = events[0]!;
      const found = this.cases.find((each) => each.packet.caseId === first.caseId);
      const isSent = this.state.events.indexOf(events[events.length - 1]!) < this.state.sent;
      return {
        caseId: String(first.caseId), visitId: String(visitId), startedMs: first.ms, decision: "", reason: "", question: "",
        address: (found?.packet.open.place as { address: string } | undefined)?.address ?? "",
        isOpen: !events.some((each) => each.kind === "visit_ended"), sending: isSent ? "received" : "on_phone", findings: [], filesWaiting: 0,
      };
    });
    return [...own.reverse(), ...inventPast(this.state.beganMs, this.language()).visits];
  }

  async statement(day: string): Promise<string> {
    return `practice.${btoa(day)}.nothing-signed`;
  }

  async exportOutbox() {
    const events = this.state.events.length - this.state.sent;
    return { name: "practice.fairvisit", content: new Blob(["practice: nothing in here\n"]), events };
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private look(caseId: string | null, visitId: string | null): VisitSoFar {
    const events = this.state.events.filter((each) => each.caseId === caseId && each.visitId === visitId && visitId !== null);
    const started = events.find((each) => ["visit_started", "crew_joined"].includes(each.kind));
    const identity = events.filter((each) => each.kind === "identity_checked").pop()?.body.identity;
    const isEnded = events.some((each) => each.kind === "visit_ended");
    return {
      events: events.map(({ id, kind, body, wall: at }) => ({ eventId: id, kind, body, wall: at })),
      startedMs: started?.ms ?? null, isOpen: started !== undefined && !isEnded, isEnded,
      isIdentityConfirmed: identity === "confirmed",
      stepsDone: events.filter((each) => each.kind === "step_done").map((each) => String(each.body.step)),
    };
  }

  private of(caseId: string): Kept[] {
    return this.state.events.filter((each) => each.caseId === caseId);
  }

  private keep(changed: Partial<State>): void {
    this.state = { ...this.state, ...changed };
    try {
      localStorage.setItem(KEY, JSON.stringify(this.state));
    } catch {
      throw new Refusal("storage-full");
    }
    this.tell();
  }

  private tell(): void {
    this.listeners.forEach((listener) => listener());
  }
}
