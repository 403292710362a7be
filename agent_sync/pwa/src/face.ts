/**
 * What the screens ask of the phone: the same acts and names as `agent_sync/device.py`.
 *
 * Two classes keep it: `Device` (device.ts, the real one) and `Rehearsal` (rehearsal.ts, invented cases, can never
 * send). What `record` resolved from is durable on this phone; what `status` counts as received has a stored receipt.
 * Every method rejects with `Refusal` only. Sentences are the screens' affair: here are codes and facts.
 */

export type Stage = "new" | "awaiting_approval" | "enrolled" | "upload_only" | "wiping" | "wiped" | "gone" | "clock_locked";
export type Language = "en" | "zh";
export type Body = Record<string, unknown>;

/** A refusal with a code of `schemas/errors.py` or of the phone itself; `rule` names the rule that blocked. */
export class Refusal extends Error {
  constructor(
    readonly code: string,
    readonly fields: Record<string, string[]> = {},
    readonly rule = "",
    readonly facts: Record<string, string | number> = {},
  ) {
    super(code);
  }
}

export interface Remark { level: "warn" | "block"; code: string; facts: Record<string, string | number> }
export interface Enrolment { isEnrolled: boolean; pollS: number; deviceId: string; agent: Agent | null }
export interface Agent { agent_id: string; code: string; name: string; agency: string; [more: string]: unknown }

/** One packet as the agent may see it now; `open` is its open part by the wire's names, empty once its time ended. */
export interface PacketView {
  caseId: string; rev: number; role: "lead" | "companion"; open: Body; isSealed: boolean; isReadable: boolean;
  holds: string[]; remarks: Remark[];
  ways: ("letter_code" | "two_facts" | "document")[]; asks: { kind: string; [more: string]: unknown }[];
  opensMs: number | null; closesMs: number | null; // the lawful window that is open now or opens next; null: no limit
  isAppointed: boolean;
}
export interface Recorded {
  eventId: string; chainId: string; seq: number; caseId: string | null; visitId: string | null; warnings: Remark[];
}
export interface VisitSoFar {
  events: { kind: string; body: Body; wall: string }[]; startedMs: number | null;
  isOpen: boolean; isEnded: boolean; isIdentityConfirmed: boolean; stepsDone: string[];
}
export interface Question { decisionId: string; caseId: string; visitId: string; question: string; at: string }
/** A visit in "My record": what the office decided, and what it found. */
export interface VisitRecord {
  caseId: string; visitId: string; address: string; startedMs: number; isOpen: boolean;
  sending: "on_phone" | "received" | "parked"; decision: string; reason: string; question: string;
  findings: { findingId: string; code: string; severity: string; sentence: string }[]; filesWaiting: number;
}
export interface Parked { eventId: string; kind: string; caseId: string; visitId: string; reason: string }
export interface Status {
  stage: Stage; pullStage: string; deviceId: string; agent: Agent | null; packets: number;
  unsent: number; unsentVisits: number; received: number; lost: number; parked: Parked[];
  filesWaiting: number; openVisits: { caseId: string; visitId: string }[]; questions: Question[];
  notices: Body[]; lastContactMs: number | null; nextMs: number | null; clockOffMs: number; failures: number;
  problem: Refusal | null; // what the last exchange met, since the app was opened
  isExchanging: boolean; isPersistent: boolean; freeBytes: number | null;
}
/** What an exchange did; `error` and `problems` are codes with the sentence the screens make of them. */
export interface Report {
  isOk: boolean; counts: Record<string, number>; phases: string[]; error: Refusal | null;
  problems: { part: string; error: Refusal }[]; nextMs: number;
}
export interface Sealed { creditor: string; currency: string; amount: number; [more: string]: unknown }

/** One file of a visit; `thumb` is a small picture as a data: address, "" where there is none. */
export interface HeldFile {
  fileId: string; role: "photo" | "signature" | "audio"; atMs: number; thumb: string;
  state: "recording" | "on_phone" | "held_back" | "uploading" | "again" | "verified";
}
/** A recording under way: pieces are durable as they come; `end` closes it, records that it stopped, and names it. */
export interface Sound { add(bytes: Uint8Array<ArrayBuffer>): Promise<void>; end(reason?: string): Promise<void> }
/** Photos, signatures and sound of visits. Loaded when first asked for. */
export interface FileRoom {
  list(caseId: string, visitId: string): Promise<HeldFile[]>;
  /** Keep a picture, taken just now or when it says, durably; then record the event that names it; rejects `storage-low` {free}. */
  add(
    caseId: string, visitId: string, role: "photo" | "signature", bytes: Uint8Array<ArrayBuffer>, thumb: string, takenMs?: number,
  ): Promise<void>;
  /** Begin to keep sound, if the limits allow it; rejects with the rule that forbids it. */
  beginSound(caseId: string, visitId: string, mediaType: string): Promise<Sound>;
  /** Close and name what a page that was killed left open. */
  mend(): Promise<void>;
  /** Whether files go by Wi-Fi only, and whether this browser tells what it is connected by. */
  wifiOnly(): Promise<{ isOn: boolean; isTold: boolean }>;
  setWifiOnly(isOn: boolean): Promise<void>;
}

export interface Face {
  /** What is known before a PIN: whether there is a store, whose, whether it is locked, and whether its PIN is used up. */
  open(): Promise<{ stage: Stage; agentCode: string; isLocked: boolean; isSpent: boolean }>;
  /** Enrol with the office's code; the PIN wraps the data key from then on. */
  enrol(code: string, pin: string): Promise<Enrolment>;
  /** Unlock; rejects `pin-wrong` {triesLeft, waitMs}, `pin-wait` {waitMs}, or `pin-spent` after the last try. */
  unlock(pin: string): Promise<void>;
  /** This phone's data key as only the office can open it, as a file; null where there is none. */
  escrow(): Promise<{ name: string; content: string } | null>;
  /** Open the store with the key that the office gave: packets go, what was recorded stays, the PIN is a new one. */
  recover(key: string, pin: string): Promise<void>;
  lock(): void;

  packets(): Promise<PacketView[]>;
  mayRecord(kind: string, caseId: string | null, visitId: string | null, body: Body): Promise<Remark[]>;
  /** Record an event; resolved once it is durable. `visit_started` without a visit makes one. */
  record(kind: string, caseId?: string | null, visitId?: string | null, body?: Body): Promise<Recorded>;
  visit(caseId: string, visitId: string): Promise<VisitSoFar>;
  leaveByMs(caseId: string, visitId: string): Promise<number | null>;
  hold(caseId: string, visitId: string | null, reason: string, scope?: string, note?: string): Promise<Recorded>;

  triesLeft(caseId: string, visitId: string, method: string): Promise<number>;
  checkIdentity(
    caseId: string, visitId: string, method: string, said: { secret?: string; answers?: string[]; documentKind?: string },
  ): Promise<boolean>;
  openSealed(
    caseId: string, visitId: string, method: string, said: { secret?: string; answers?: string[] },
  ): Promise<Sealed>;

  /** The address behind the card's QR, signed now. */
  card(): Promise<string>;
  /** The lead's signature over a visit, for a companion to scan. */
  visitQr(caseId: string, visitId: string): Promise<string>;
  /** A companion joins the visit behind a scanned QR. */
  joinCrew(qr: string, body: Body): Promise<Recorded>;

  files(): Promise<FileRoom>;
  exchange(): Promise<Report>;
  status(): Promise<Status>;
  myVisits(): Promise<VisitRecord[]>;
  /** The signed statement of a day, YYYY-MM-DD by this phone's clock. */
  statement(day: string): Promise<string>;
  /** The encrypted outbox as a file, for when nothing else works. */
  exportOutbox(): Promise<{ name: string; content: Blob; events: number }>;
  /** Be told that something changed: recorded, received, locked. Gives the way to stop. */
  subscribe(listener: () => void): () => void;
}
