/** What the day says of a door, money and times, and that both languages have a sentence for everything. */
import { beforeEach, expect, test, vi } from "vitest";
import type { PacketView, Status } from "../../src/face";
import { lawful } from "../../src/lawful";
import { metresBetween, money, unitsOf, wall } from "../../src/moments";
import { Rehearsal } from "../../src/rehearsal";
import { Script } from "../../src/script";
import { texts as en } from "../../src/texts/en";
import { fileTexts } from "../../src/texts/files";
import { texts as zh } from "../../src/texts/zh";

const NOW = new Date(2026, 10, 26, 12, 0).getTime();
const at = (hour: number, minute = 0) => new Date(2026, 10, 26, hour, minute).getTime();

function packet(more: Partial<PacketView> = {}): PacketView {
  return {
    caseId: "c", rev: 1, role: "lead", open: {}, isSealed: true, isReadable: true, holds: [], remarks: [], ways: [], asks: [],
    opensMs: null, closesMs: null, isAppointed: false, ...more,
  };
}

test.each([
  ["open now", packet({ opensMs: at(9), closesMs: at(18, 40) }), "open until 18:40", "18:40 前可上门"],
  ["open for days", packet({ opensMs: at(9), closesMs: at(18, 40) + 7 * 86_400_000 }), "open until Thu, Dec 3 18:40", "12月3日周四 18:40 前可上门"],
  ["opens today", packet({ opensMs: at(16), closesMs: at(17), isAppointed: true }), "opens 16:00 · appointed", "16:00 起可上门 · 已约定"],
  ["unlimited", packet(), "at any time", "随时可上门"],
  ["halted", packet({ holds: ["illness"] }), "halted: illness", "已暂停：疾病"],
  ["quiet", packet({ remarks: [{ level: "block", code: "outside-hours", facts: {} }] }), "not today: quiet period", "今天不行：不打扰时段"],
  ["used up", packet({ remarks: [{ level: "block", code: "too-often", facts: {} }] }), "not today: no visits left", "今天不行：上门次数已用完"],
  ["ended", packet({ isReadable: false }), "its time on this phone has ended", "资料在手机上的期限已到"],
])("a door that is %s says so in a few words", (_, of, english, chinese) => {
  expect([lawful(en, of, NOW).words, lawful(zh, of, NOW).words]).toEqual([english, chinese]);
});

test("an amount is shown in its own units", () => {
  expect([money(en, 124_000, "USD"), unitsOf("JPY"), money(en, 1_500, "JPY")]).toEqual(["$1,240.00", 1, "¥1,500"]);
});

test("a moment is written as the wire has a device's times", () => {
  expect(wall(NOW)).toMatch(/^2026-11-26T12:00:00\.000[+-]\d\d:\d\d$/);
  expect(Date.parse(wall(NOW))).toBe(NOW);
});

test("a hundredth of a degree north is 1.1 km", () => {
  expect(Math.round(metresBetween({ lat_e7: 377_700_000, lon_e7: 0 }, { lat_e7: 377_800_000, lon_e7: 0 }))).toBe(1112);
});

test("words to say are in the agent's language, and name nobody who is not known yet", () => {
  const told = packet({
    open: {
      person: { name: "Ada" },
      texts: [
        { key: "principal_named", version: "1", language: "en", text: "For {principal}, {name}" },
        { key: "principal_named", version: "1", language: "zh", text: "受{principal}委托" },
        { key: "principal_named", version: "r2", language: "und", text: "§ 4" },
      ],
    },
  });

  expect(new Script(told, "en", null).say("principal_named").map((each) => each.words)).toEqual(["For …, Ada", "§ 4"]);
  expect(new Script(told, "fr", { creditor: "B", lender: "B", currency: "USD", amount: 1 }).version("principal_named")).toBe("1+r2");
});

const CODES = /new Refusal\("([a-z-]+)"|problem\("([a-z-]+)"|(?:warn|block)\("([a-z-]+)"/g;
const SOURCES = import.meta.glob<string>("../../src/*.ts", { query: "?raw", import: "default", eager: true });

test.each(["en", "zh"])("every refusal and remark has a sentence in %s", (language) => {
  const t = language === "en" ? en : zh;
  const codes = new Set(Object.values(SOURCES).flatMap((text) => [...text.matchAll(CODES)].map((found) => found[1] ?? found[2] ?? found[3]!)));
  codes.delete("pin-wrong"); // said beside the field
  codes.delete("pin-wait");
  const unsaid = (code: string) => t.problem("no-such-code", {}).replace("no-such-code", code);
  const ofFiles = fileTexts[language as "en"].problems; // said where files are
  const silent = [...codes].filter((code) => !ofFiles[code] && t.problem(code, {}) === unsaid(code));

  expect(codes.size).toBeGreaterThan(3);
  expect(silent).toEqual([]);
});

const SCREENS = import.meta.glob<string>("../../src/**/*.{ts,tsx}", { query: "?raw", import: "default", eager: true });
const ENGLISH = import.meta.glob<string>("../../src/texts/en.ts", { query: "?raw", import: "default", eager: true });

test("every sentence is said somewhere", () => {
  const said = Object.entries(SCREENS).flatMap(([path, text]) => (path.includes("/texts/") ? [] : text)).join("\n");
  const named = SCREENS["../../src/entries.ts"]!; // says them by their names
  const [written] = Object.values(ENGLISH);
  const codes = [...written!.slice(written!.indexOf("const remarks")).matchAll(/^ {2}"?([a-z-]+)"?: \(/gm)].map((found) => found[1]!);
  const unsaid = Object.keys(en).filter((name) => !new RegExp(`\\bt\\.${name}\\b`).test(said) && !named.includes(`"${name}"`));

  expect(codes.length).toBeGreaterThan(50);
  expect([...unsaid, ...codes.filter((code) => !said.includes(`"${code}"`))]).toEqual([]);
});

test("practice has no way to any server", () => {
  for (const name of ["rehearsal", "rehearsal_cases", "rehearsal_files"])
    expect(SOURCES[`../../src/${name}.ts`]).not.toMatch(/fetch\(|XMLHttpRequest|sendBeacon|WebSocket|import\(/);
});

const kept = new Map<string, string>();
beforeEach(() => {
  kept.clear();
  vi.stubGlobal("localStorage", {
    getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, text: string) => void kept.set(key, text),
    removeItem: (key: string) => void kept.delete(key),
  });
});

test("practice blocks the matter before identity, as the rules do", async () => {
  const face = new Rehearsal(() => "en");
  await face.open();
  await face.enrol("PRACTICE", "739146");
  const [first] = await face.packets();
  const { visitId } = await face.record("visit_started", first!.caseId, null, { fixes: [] });

  await expect(face.record("step_done", first!.caseId, visitId, { step: "purpose_stated" })).rejects.toMatchObject({ code: "identity-first" });
  await expect(face.checkIdentity(first!.caseId, visitId!, "letter_code", { secret: "4711-2580" })).resolves.toBe(true);
});

test("practice keeps no PIN that can be read, and still knows the right one", async () => {
  kept.set("fairvisit.practice", JSON.stringify({ stage: "enrolled", pin: "739146" }));
  const face = new Rehearsal(() => "en");
  const before = await face.open();
  await face.enrol("PRACTICE", "739146");
  const again = new Rehearsal(() => "en");
  const after = await again.open();

  expect([before, after]).toEqual([{ stage: "new", agentCode: "", isLocked: true, isSpent: false }, { stage: "enrolled", agentCode: "12", isLocked: true, isSpent: false }]);
  expect([...kept.values()].join()).not.toContain("739146");
  await expect(again.unlock("739147")).rejects.toMatchObject({ code: "pin-wrong" });
  await again.unlock("739146");
});

test("practice is invented in the language the app speaks", async () => {
  let language: "en" | "zh" = "zh";
  const face = new Rehearsal(() => language);
  await face.open();
  const told = async () => JSON.stringify([await face.packets(), await face.myVisits(), (await face.status()).notices, (await face.status()).questions]);
  const chinese = await told();
  language = "en";
  const english = await told();

  expect([chinese.includes("和风街 3 号 2 室"), chinese.includes("今天高温"), chinese.includes("邻居"), chinese.match(/Street|Lane"|Sample|Heat/)]).toEqual([true, true, true, null]);
  expect([english.includes("3 Balmy Street, flat 2"), english.includes("Heat today")]).toEqual([true, true]);
});

test("what was lost is neither all sent nor received", async () => {
  vi.stubGlobal("addEventListener", () => {});
  const { twoWords } = await import("../../src/screens/sending");
  const status = { isExchanging: false, unsent: 0, lost: 2, parked: [{}] } as unknown as Status;

  expect([twoWords(en, status), twoWords(zh, status), twoWords(en, { ...status, lost: 0, parked: [] })]).toEqual([["look", "2 lost"], ["look", "2 条丢失"], ["good", "all sent"]]);
});
