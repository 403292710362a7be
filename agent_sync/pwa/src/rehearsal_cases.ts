/** The invented day of practice: doors of every kind an agent meets, around a square that does not exist. */
import type { Agent, Language, PacketView, Parked, Question, Remark, Sealed, VisitRecord } from "./face";
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

/** The same in both languages. */
type Both = [en: string, zh: string];
const inLanguage = (language: Language) => ([en, zh]: Both) => (language === "zh" ? zh : en);

interface Sketch {
  name: Both; address: Both; at: [number, number]; opensIn?: number; closesIn?: number; isAppointed?: boolean;
  holds?: string[]; blocks?: string; ways?: PacketView["ways"]; recording?: Record<string, string>; role?: "companion"; ended?: boolean;
  amount?: number; currency?: string;
}

const OPTIONS: Both[] = [
  ["Six smaller parts, without interest", "分六期，不计息"],
  ["A later day within 30 days", "延期，30 天以内"],
  ["A pause of three months", "暂缓三个月"],
];

// Hours from the start of practice; a door without them may be visited at any time.
const DOORS: Sketch[] = [
  { name: ["Ada Sample", "安样本"], address: ["3 Balmy Street, flat 2", "和风街 3 号 2 室"], at: [12, -8], opensIn: -3, closesIn: 4, recording: { audio: "only_with_consent", video: "forbidden" }, amount: 124_000 },
  { name: ["Bo Muster", "包示例"], address: ["88 King Street", "王府街 88 号"], at: [30, 14], opensIn: 2, closesIn: 3, isAppointed: true, amount: 56_050 },
  { name: ["Chen Yangli", "陈样例"], address: ["12 Hill Road, building 4, unit 2, room 601", "山坡路 12 号 4 栋 2 单元 601 室"], at: [-20, 31], opensIn: -1, closesIn: 2, ways: ["two_facts", "document"], amount: 1_860_000, currency: "CNY" },
  { name: ["Dana Example", "戴范例"], address: ["5 Harbour Lane", "港湾巷 5 号"], at: [41, -27], opensIn: -5, closesIn: 5, recording: { audio: "duty" }, amount: 31_200 },
  { name: ["Eli Placeholder", "易占位"], address: ["41 Mill Yard", "磨坊院 41 号"], at: [-36, -18] , amount: 88_000 },
  { name: ["Fay Specimen", "费样品"], address: ["7 Chapel Court, behind the yard", "礼堂里 7 号，院子后面"], at: [8, 44], opensIn: 15, closesIn: 22, blocks: "outside-hours" },
  { name: ["Gus Trial", "顾试用"], address: ["19 Orchard Row", "果园里 19 号"], at: [-48, 6], holds: ["illness"], blocks: "on-hold" },
  { name: ["Hana Model", "韩模型"], address: ["2 Station Square", "站前广场 2 号"], at: [22, -45], opensIn: -3, closesIn: 4, blocks: "too-often" },
  { name: ["Ivo Dummy", "尹假名"], address: ["64 River Bank", "河岸路 64 号"], at: [-8, -52], opensIn: -2, closesIn: 5, role: "companion" },
  { name: ["Jo Blank", "乔空白"], address: ["", ""], at: [0, 0], ended: true },
];

export function inventCases(beganMs: number, language: Language): Invented[] {
  const say = inLanguage(language);
  const atMs = (hours: number) => Math.round((beganMs + hours * HOUR) / (10 * MINUTE)) * 10 * MINUTE;
  return DOORS.map((door, at) => {
    const caseId = `practice-case-${at + 1}`;
    const opensMs = door.opensIn === undefined ? null : atMs(door.opensIn);
    const closesMs = door.closesIn === undefined ? null : atMs(door.closesIn);
    const intervals = opensMs === null || closesMs === null ? [] : [{ starts: wall(opensMs), ends: wall(closesMs) }];
    const open: Opened = {
      person: { name: say(door.name), language: door.currency === "CNY" ? "zh" : "en", contacts: { phone: `415 555 01${at}0` } },
      place: { address: say(door.address), lat_e7: 377_700_000 + door.at[1] * 2_000, lon_e7: -1_224_200_000 + door.at[0] * 2_500, precision: at === 4 ? "street" : "door" },
      crew: [{ agent_id: "practice", name: AGENT.name, role: door.role ?? "lead" }, ...(door.role ? [{ agent_id: "lead", name: say(["Kim Lead", "金主访"]), role: "lead" }] : [])],
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
    const bank = say(["Practice Savings Bank", "练习储蓄银行"]);
    const sealed: Sealed | null = isCompanion ? null : {
      creditor: bank, lender: bank, reference: `PR-${2040 + at}`, product: say(["personal loan", "个人贷款"]), currency, amount,
      overdue: Math.round(amount / 8), days_past_due: 64, texts: told(SEALED_SAID),
      options: OPTIONS.map(say),
    };
    return { packet, sealed, answers: ["1984", "58"], stayMs: 30 * MINUTE };
  });
}

const ALDER: Both = ["9 Alder Lane", "桤木巷 9 号"];
const DOGWOOD: Both = ["6 Dogwood Lane", "茱萸巷 6 号"];
const idOf = ([address]: Both) => `practice-past-${address.replace(" Lane", "")}`;
const FOUND: Both = [
  "The visit was recorded 412 m from the door; the position was known to 9 m.", "到访记录处距门口 412 米，定位精度 9 米。",
];
const HEAT: Both = ["Drink. End visits early where somebody does not feel well.", "多喝水。有人不舒服时请提早结束到访。"];
const ASKED: Both = ["The note says a neighbour opened. Who was told what?", "备注说是邻居开的门。对谁说了什么？"];

export function inventPast(beganMs: number, language: Language) {
  const say = inLanguage(language);
  const day = 24 * HOUR;
  const at = (ago: number) => beganMs - ago;
  const past = (address: Both, ago: number, more: Partial<VisitRecord>): VisitRecord => ({
    caseId: idOf(address), visitId: idOf(address), address: say(address), startedMs: at(ago), isOpen: false,
    sending: "received", decision: "", reason: "", question: "", findings: [], filesWaiting: 0, ...more,
  });
  const visits = [
    past(ALDER, day, { decision: "returned", question: say(ASKED) }),
    past(["27 Birch Lane", "白桦巷 27 号"], 2 * day, {
      decision: "rejected", reason: say(["The place is not the one of the case.", "地点不是案件的地点。"]),
      findings: [{ findingId: "practice-finding", code: "place_outside", severity: "high", sentence: say(FOUND) }],
    }),
    past(["31 Cedar Lane", "雪松巷 31 号"], 3 * day, { decision: "approved" }),
    past(DOGWOOD, 3 * day + HOUR, { sending: "parked" }),
  ];
  const questions: Question[] = [{
    decisionId: "practice-decision", caseId: idOf(ALDER), visitId: idOf(ALDER),
    question: say(ASKED), at: new Date(at(day)).toISOString(),
  }];
  const parked: Parked[] = [{
    eventId: "practice-parked", kind: "outcome_noted", caseId: idOf(DOGWOOD), visitId: idOf(DOGWOOD), reason: "not-assigned",
  }];
  return { visits, questions, parked, notices: [{ title: say(["Heat today", "今天高温"]), text: say(HEAT) }] };
}
