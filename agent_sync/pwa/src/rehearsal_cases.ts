/** The invented day of practice: doors of every kind an agent meets, around a square that does not exist. */
import type { Agent, PacketView, Parked, Question, Remark, Sealed, VisitRecord } from "./face";
import { wall } from "./moments";
import type { Opened, Text } from "./opened";

export const AGENT: Agent = { agent_id: "practice", code: "12", name: "Robin Practice", agency: "Practice Agency" };
export const CODE = "47112580"; // the code in every invented letter
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

export interface Invented { packet: PacketView; sealed: Sealed | null; answers: string[]; stayMs: number }

const SAID: [string, string, string][] = [
  ["card_shown", "Good day. My name is on this card, with my photo. You can scan it to see whether it is genuine.", "您好，这是我的证件，上面有我的姓名和照片，您可以扫码核实。"],
  ["recording_notice", "I would like to record our talk, to protect you and me. May I? You can say no.", "为保护您和我，我想对谈话录音，可以吗？您可以不同意。"],
  ["identity", "I am looking for {name}. Before I say more I need to know that it is you. You do not have to answer.", "我找{name}。在说明之前需要确认您是本人，您可以不回答。"],
  ["someone_else", "Good day. I would like to reach {name} about a personal matter. Thank you, I will try another way.", "您好，我想联系{name}，有一件私人的事。谢谢，我会用别的方式联系。"],
  ["declined", "That is fine. You can check us at the address on the letter, or call. Good day.", "没关系。您可以按信上的网址或电话核实我们。再见。"],
  ["leave", "Thank you for your time. Here is how you can reach us, and where to complain.", "感谢您的时间。这是我们的联系方式和投诉途径。"],
];
const SEALED_SAID: [string, string, string][] = [
  ["principal_named", "I come on behalf of {principal}.", "我受{principal}委托前来。"],
  ["purpose_stated", "It is about your agreement with them. I am here to find out what would help.", "是关于您与他们的协议。我来是想了解怎样能帮到您。"],
  ["options_given", "There are several ways: smaller parts, a later day, or a pause. You need not decide today.", "有几种办法：分期、延期或暂缓。您今天不必决定。"],
  ["hardship_asked", "Is there anything that makes it hard for you now: illness, loss of work, a bereavement?", "您现在有困难吗，比如生病、失业或家中变故？"],
  ["payment_answer", "Would you like to say anything about payment today? You may also say no.", "今天您愿意谈谈还款吗？也可以不谈。"],
];
const told = (lines: [string, string, string][]): Text[] =>
  lines.flatMap(([key, en, zh]) => [
    { key, version: "p1", language: "en", text: en },
    { key, version: "p1", language: "zh", text: zh },
  ]);

interface Sketch {
  name: string; address: string; at: [number, number]; opensIn?: number; closesIn?: number; isAppointed?: boolean;
  holds?: string[]; blocks?: string; ways?: PacketView["ways"]; recording?: Record<string, string>; role?: "companion"; ended?: boolean;
  amount?: number; currency?: string;
}

// Hours from the start of practice; a door without them may be visited at any time.
const DOORS: Sketch[] = [
  { name: "Ada Sample", address: "3 Balmy Street, flat 2", at: [12, -8], opensIn: -3, closesIn: 4, recording: { audio: "only_with_consent", video: "forbidden" }, amount: 124_000 },
  { name: "Bo Muster", address: "88 King Street", at: [30, 14], opensIn: 2, closesIn: 3, isAppointed: true, amount: 56_050 },
  { name: "陈样例", address: "12 Hill Road, building 4, unit 2, room 601", at: [-20, 31], opensIn: -1, closesIn: 2, ways: ["two_facts", "document"], amount: 1_860_000, currency: "CNY" },
  { name: "Dana Example", address: "5 Harbour Lane", at: [41, -27], opensIn: -5, closesIn: 5, recording: { audio: "duty" }, amount: 31_200 },
  { name: "Eli Placeholder", address: "41 Mill Yard", at: [-36, -18] , amount: 88_000 },
  { name: "Fay Specimen", address: "7 Chapel Court, behind the yard", at: [8, 44], opensIn: 15, closesIn: 22, blocks: "outside-hours" },
  { name: "Gus Trial", address: "19 Orchard Row", at: [-48, 6], holds: ["illness"], blocks: "on-hold" },
  { name: "Hana Model", address: "2 Station Square", at: [22, -45], opensIn: -3, closesIn: 4, blocks: "too-often" },
  { name: "Ivo Dummy", address: "64 River Bank", at: [-8, -52], opensIn: -2, closesIn: 5, role: "companion" },
  { name: "Jo Blank", address: "", at: [0, 0], ended: true },
];

export function inventCases(beganMs: number): Invented[] {
  const atMs = (hours: number) => Math.round((beganMs + hours * HOUR) / (10 * MINUTE)) * 10 * MINUTE;
  return DOORS.map((door, at) => {
    const caseId = `practice-case-${at + 1}`;
    const opensMs = door.opensIn === undefined ? null : atMs(door.opensIn);
    const closesMs = door.closesIn === undefined ? null : atMs(door.closesIn);
    const intervals = opensMs === null || closesMs === null ? [] : [{ starts: wall(opensMs), ends: wall(closesMs) }];
    const open: Opened = {
      person: { name: door.name, language: door.currency === "CNY" ? "zh" : "en", contacts: { phone: `415 555 01${at}0` } },
      place: { address: door.address, lat_e7: 377_700_000 + door.at[1] * 2_000, lon_e7: -1_224_200_000 + door.at[0] * 2_500, precision: at === 4 ? "street" : "door" },
      crew: [{ agent_id: "practice", name: AGENT.name, role: door.role ?? "lead" }, ...(door.role ? [{ agent_id: "lead", name: "Kim Lead", role: "lead" }] : [])],
      limits: {
        intervals, steps: ["card_shown", "principal_named", "purpose_stated", "options_given", "hardship_asked"],
        longest_stay_ms: 30 * MINUTE, ...(door.recording ? { recording: door.recording } : {}),
      },
      ...(door.isAppointed && opensMs !== null && closesMs !== null
        ? { appointments: [{ appointment_id: `practice-${at}`, starts: wall(opensMs), ends: wall(closesMs), made_by: "person" }] } : {}),
      texts: told(SAID), lease_until: new Date(beganMs + 120 * HOUR).toISOString(),
    };
    const facts = opensMs === null ? {} : { opens: wall(opensMs), opens_ms: opensMs };
    const remarks: Remark[] = !door.blocks ? [] : [{
      level: "block", code: door.blocks,
      facts: door.blocks === "outside-hours" ? facts : door.blocks === "too-often" ? { most: 2, days: 7, made: 2, unit: "attempt" } : { reasons: "illness" },
    }];
    const isCompanion = door.role === "companion";
    const packet: PacketView = {
      caseId, rev: 1, role: door.role ?? "lead", open: door.ended ? {} : { ...open }, isSealed: !isCompanion, isReadable: !door.ended,
      holds: door.holds ?? [], remarks, ways: isCompanion ? [] : door.ways ?? ["letter_code", "two_facts", "document"],
      asks: [
        { kind: "birth_year", fact: "birth_year", choices: ["1969", "1978", "1984", "1991"] },
        { kind: "phone_end", fact: "phone_end", choices: ["07", "20", "58", "93"] },
      ],
      opensMs, closesMs, isAppointed: door.isAppointed ?? false,
    };
    const currency = door.currency ?? "USD";
    const amount = door.amount ?? 40_000;
    const sealed: Sealed | null = isCompanion ? null : {
      creditor: "Practice Savings Bank", lender: "Practice Savings Bank", reference: `PR-${2040 + at}`, product: "personal loan", currency, amount,
      overdue: Math.round(amount / 8), days_past_due: 64, texts: told(SEALED_SAID),
      options: ["Six smaller parts, without interest", "A later day within 30 days", "A pause of three months"],
    };
    return { packet, sealed, answers: ["1984", "58"], stayMs: 30 * MINUTE };
  });
}

export function inventPast(beganMs: number) {
  const day = 24 * HOUR;
  const at = (ago: number) => beganMs - ago;
  const past = (name: string, ago: number, more: Partial<VisitRecord>): VisitRecord => ({
    caseId: `practice-past-${name}`, visitId: `practice-past-${name}`, address: `${name} Lane`, startedMs: at(ago), isOpen: false,
    sending: "received", decision: "", reason: "", question: "", findings: [], ...more,
  });
  const visits = [
    past("9 Alder", day, { decision: "returned", question: "The note says a neighbour opened. Who was told what?" }),
    past("27 Birch", 2 * day, {
      decision: "rejected", reason: "The place is not the one of the case.",
      findings: [{ findingId: "practice-finding", code: "place_outside", severity: "high", sentence: "The visit was recorded 412 m from the door; the position was known to 9 m." }],
    }),
    past("31 Cedar", 3 * day, { decision: "approved" }),
    past("6 Dogwood", 3 * day + HOUR, { sending: "parked" }),
  ];
  const questions: Question[] = [{
    decisionId: "practice-decision", caseId: "practice-past-9 Alder", visitId: "practice-past-9 Alder",
    question: "The note says a neighbour opened. Who was told what?", at: new Date(at(day)).toISOString(),
  }];
  const parked: Parked[] = [{
    eventId: "practice-parked", kind: "outcome_noted", caseId: "practice-past-6 Dogwood", visitId: "practice-past-6 Dogwood", reason: "not-assigned",
  }];
  return { visits, questions, parked, notices: [{ title: "Heat today", text: "Drink. End visits early where somebody does not feel well." }] };
}
