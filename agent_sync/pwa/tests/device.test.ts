/** The phone by itself: PIN, recording, rules, what survives. */
import { unwrap } from "idb";
import { expect, test } from "vitest";
import { claimOf } from "../src/signing";
import { texts as en } from "../src/texts/en";
import { texts as zh } from "../src/texts/zh";
import type { Transport } from "../src/transport";
import { waitFor, type Wrapped } from "../src/vault";
import { CASE, dieAt, makePhone, makeTown, packetBody, PIN, propose, SetClock } from "./builders";
import { FakeServer } from "./fake_server";
import { readVectors } from "./vectors";

const start = { fixes: [] };

test("A1: enrolment keeps the key from being read out, and the same PIN opens the phone after a reload", async () => {
  const { server, clock, name, phone } = await makeTown();
  const pair = await (await phone.store()).get<CryptoKeyPair>("device_key");
  await propose(phone);
  await phone.close();
  const again = makePhone(server, clock, name);

  expect(pair!.privateKey.extractable).toBe(false);
  expect(await again.open()).toEqual({ stage: "enrolled", agentCode: "a1", isLocked: true, isSpent: false });
  await expect(propose(again)).rejects.toMatchObject({ code: "locked" });
  await again.unlock(PIN);
  expect((await again.status()).unsent).toBe(1);
});

test("a wrong PIN is counted before it is tried, and the wait grows", async () => {
  const { server, clock, name, phone } = await makeTown();
  phone.lock();
  for (const triesLeft of [9, 8, 7]) {
    const waitMs = triesLeft === 7 ? 30_000 : 0;
    await expect(phone.unlock("000000")).rejects.toMatchObject({ code: "pin-wrong", facts: { triesLeft, waitMs } });
  }
  await expect(phone.unlock(PIN)).rejects.toMatchObject({ code: "pin-wait", facts: { waitMs: 30_000 } });
  const again = makePhone(server, clock, name);
  await expect(again.unlock(PIN)).rejects.toMatchObject({ code: "pin-wait" });
  clock.advance(30_000);
  await expect(again.unlock("000000")).rejects.toMatchObject({ facts: { waitMs: 60_000 } });
  clock.advance(60_000);
  await again.unlock(PIN);
  expect((await again.status()).stage).toBe("enrolled");
  expect(waitFor({ failures: 40, wait_from_ms: 0 } as Wrapped, -1).waitMs).toBe(3_600_000);
});

test("a wait for the next PIN begins anew when the clock is set back, and is no longer than it was", async () => {
  const { clock, phone } = await makeTown();
  phone.lock();
  for (let n = 0; n < 3; n += 1) await phone.unlock("000000").catch(() => undefined);
  clock.advance(-365 * 86_400_000);
  await expect(phone.unlock(PIN)).rejects.toMatchObject({ code: "pin-wait", facts: { waitMs: 30_000 } });
  clock.advance(29_000);
  await expect(phone.unlock(PIN)).rejects.toMatchObject({ code: "pin-wait", facts: { waitMs: 1_000 } });
  clock.advance(1_000);
  await phone.unlock(PIN);
});

test("PINs that are tried at once are counted each", async () => {
  const { phone } = await makeTown();
  phone.lock();
  await Promise.allSettled(Array.from({ length: 2 }, () => phone.unlock("000000")));

  await expect(phone.unlock("000000")).rejects.toMatchObject({ facts: { triesLeft: 7 } });
});

test("a store that the browser lets go of is opened again, still unlocked", async () => {
  const { phone } = await makeTown();
  const { db } = await phone.store();
  const left = unwrap(db);
  left.close();
  const event = { type: "close", initialized: true, eventPath: [], CAPTURING_PHASE: 1, AT_TARGET: 2 }; // as fake-indexeddb has them
  left.dispatchEvent(event as unknown as Event);

  await propose(phone);
  expect((await phone.status()).unsent).toBe(1);
});

test("a short PIN is refused before anything is made", async () => {
  const phone = makePhone(
    (await makeTown()).server,
    { read: () => ({ wallMs: 0, offsetMin: 0, monoMs: 0, boot: "b", mono: "awake" }) },
    "short",
  );
  await expect(phone.enrol("CODE", "12345")).rejects.toMatchObject({ code: "invalid", fields: { pin: ["too-short"] } });
  expect(await (await phone.store()).get("vault")).toBeUndefined();
});

test("a try that is cut off is counted all the same", async () => {
  const { phone } = await makeTown();
  phone.lock();
  await dieAt(phone, 2);
  await expect(phone.unlock("000000")).rejects.toMatchObject({ code: "internal" });
  (await phone.store()).reachBoundary = () => undefined;
  await expect(phone.unlock("000000")).rejects.toMatchObject({ facts: { triesLeft: 8 } });
});

test("a store that the browser threw away is told from a phone that is new", async () => {
  const kept = new Map<string, string>();
  const storage = {
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, value: string) => void kept.set(name, value),
  };
  (globalThis as any).localStorage = storage;
  try {
    const { server, clock, name, phone } = await makeTown();
    await phone.close();
    indexedDB.deleteDatabase(name);
    expect(await makePhone(server, clock, name).open()).toMatchObject({ stage: "new", agentCode: "a1" });
    expect(await makePhone(server, clock, `${name}x`).open()).toMatchObject({ stage: "new", agentCode: "" });
  } finally {
    delete (globalThis as any).localStorage;
  }
});

test("two tabs that set the phone up at once leave one PIN, and nothing that it does not open", async () => {
  const [server, clock] = [new FakeServer(), new SetClock()];
  // The one asks first, and is answered once the other has chosen its PIN; the other is answered after that.
  let [choose, keep] = [() => {}, () => {}];
  const chosen = new Promise<void>((resolve) => (choose = resolve));
  const kept = new Promise<void>((resolve) => (keep = resolve));
  const first: Transport = { send: (...asked) => chosen.then(() => server.send(...asked)) };
  const second: Transport = { send: (...asked) => (choose(), kept.then(() => server.send(...asked))) };
  const tabs = [
    { pin: "471147", phone: makePhone(first as FakeServer, clock, "twice") },
    { pin: "829304", phone: makePhone(second as FakeServer, clock, "twice") },
  ] as const;
  const one = tabs[0].phone.enrol("CODE", tabs[0].pin).finally(() => keep());
  await new Promise((resolve) => setTimeout(resolve, 100));
  await Promise.allSettled([one, tabs[1].phone.enrol("CODE", tabs[1].pin)]);
  for (const { pin, phone } of tabs) await phone.enrol("CODE", pin).catch(() => undefined); // as one tries again
  await Promise.all(tabs.map(({ phone }) => propose(phone).catch(() => undefined)));
  const again = makePhone(server, clock, "twice");
  const opened = await Promise.allSettled(tabs.map(({ pin }) => again.unlock(pin)));
  await again.exchange();

  expect(opened.filter((each) => each.status === "fulfilled").length).toBe(1);
  expect(await again.status()).toMatchObject({ lost: 0, unsent: 0, stage: "enrolled" });
});

test("A5: a code of another agent is refused, and what waits stays", async () => {
  const { server, phone } = await makeTown();
  await propose(phone);
  const enrol = (server as any).enrol.bind(server);
  (server as any).enrol = async (value: unknown) => ({
    ...(await enrol(value)),
    agent: { agent_id: CASE, code: "a2", name: "B" },
  });
  const refusal = { code: "conflict", rule: "other-agents-code", facts: { agent: "a1" } };
  await expect(phone.enrol("OTHER", PIN)).rejects.toMatchObject(refusal);
  for (const [t, ...parts] of [[en, "another agent's", "is safe", "Ask the office"], [zh, "别的外访员", "安全", "请向后台要"]] as const)
    for (const part of [...parts, "a1"]) expect(t.remark(refusal.rule, refusal.facts)).toContain(part);
  expect([(await phone.status()).unsent, (await phone.open()).agentCode]).toEqual([1, "a1"]);
});

test("E2: what two tabs record at once stands in one chain, each place once", async () => {
  const { server, clock, name, phone } = await makeTown();
  const other = makePhone(server, clock, name);
  await other.unlock(PIN);
  const recorded = await Promise.all([1, 2, 3, 4].flatMap((n) => [propose(phone, `a${n}`), propose(other, `b${n}`)]));

  const seqs = recorded.map((each) => each.seq).sort((one, other) => one - other);
  expect(seqs).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
  await phone.exchange();
  expect((await server.audit()).isWhole).toBe(true);
  expect((await phone.status()).unsent).toBe(0);
});

test("E2: an aborted write uses no seq and saves nothing; a write that died after its commit is there", async () => {
  const { server, clock, name, phone } = await makeTown();
  await dieAt(phone, 1);
  await expect(propose(phone)).rejects.toMatchObject({ code: "internal" });
  const second = makePhone(server, clock, name);
  await second.unlock(PIN);
  expect((await second.status()).unsent).toBe(0);
  await dieAt(second, 2);
  await expect(propose(second)).rejects.toMatchObject({ code: "internal" });
  const third = makePhone(server, clock, name);
  await third.unlock(PIN);
  expect((await third.status()).unsent).toBe(1);
  expect((await propose(third)).seq).toBe(3);
});

test("a full disk is told as such, and nothing of the record is kept", async () => {
  const { phone } = await makeTown();
  const store = await phone.store();
  store.reachBoundary = () => {
    throw new DOMException("full", "QuotaExceededError");
  };
  await expect(propose(phone)).rejects.toMatchObject({ code: "storage-full" });
  store.reachBoundary = () => undefined;
  expect((await phone.status()).unsent).toBe(0);
});

test("a body out of shape names its place; nothing is saved", async () => {
  const { phone } = await makeTown();
  const wrong = phone.record("visit_started", CASE, null, { fixes: [{ lat_e7: 9e9 }] });
  await expect(wrong).rejects.toMatchObject({ code: "invalid", fields: { "body.fixes.0.lat_e7": ["wrong"] } });
  await expect(phone.record("chain_opened", null, null, {})).rejects.toMatchObject({ code: "invalid" });
  expect((await phone.status()).unsent).toBe(0);
});

test("no plain text of a packet or a record lies in the store", async () => {
  const { server, phone } = await makeTown();
  await server.publish("packet", CASE, 1, await packetBody({ person: { name: "Ana Example" } }));
  await server.settle();
  await phone.exchange();
  await propose(phone, "a telling note");
  const store = await phone.store();
  const rows = await store.read(async (tx) => {
    const all: unknown[] = [];
    for (const table of tx.objectStoreNames) all.push(await tx.objectStore(table).getAll());
    return all;
  });
  const seen = JSON.stringify(rows, (_, value) =>
    value instanceof ArrayBuffer ? String.fromCharCode(...new Uint8Array(value)) : value,
  );
  expect((await phone.packets())[0]!.open["person"]).toEqual({ name: "Ana Example" });
  expect(["Ana Example", "telling"].filter((secret) => seen.includes(secret))).toEqual([]);
  expect(seen).toContain(CASE);
});

test("L3: a start outside the hours is blocked; with a reason it is recorded with what was warned", async () => {
  const { server, phone } = await makeTown();
  const limits = {
    intervals: [{ starts: "2026-03-05T08:00:00.000+00:00", ends: "2026-03-05T08:00:00.000+00:00" }],
    longest_stay_ms: 1_200_000,
  };
  await server.publish("packet", CASE, 3, await packetBody({ limits }));
  await server.settle();
  await phone.exchange();

  await expect(phone.record("visit_started", CASE, null, start)).rejects.toMatchObject({
    code: "conflict",
    rule: "outside-hours",
  });
  const begun = await phone.record("visit_started", CASE, null, { ...start, override_reason: "they asked me to come" });
  expect(begun.warnings.map((each) => each.code)).toEqual(["outside-hours"]);
  const seen = await phone.visit(CASE, begun.visitId!);
  expect([seen.isOpen, seen.events[0]!.body["warned"]]).toEqual([true, ["outside-hours"]]);
  expect(await phone.leaveByMs(CASE, begun.visitId!)).toBe(seen.startedMs);
  expect((await phone.mayRecord("visit_started", CASE, null, start)).map((each) => each.level)).toEqual(["block"]);
});

test("a hold acts at once on this phone, offline", async () => {
  const { server, phone } = await makeTown();
  await server.publish("packet", CASE, 1, await packetBody());
  await server.settle();
  await phone.exchange();
  const { visitId } = await phone.record("visit_started", CASE, null, start);
  server.faults = Array(5).fill("cut_before");
  await phone.hold(CASE, visitId, "illness");
  await phone.record("visit_ended", CASE, visitId, { reason: "asked_to_leave" });

  expect((await phone.packets())[0]!.holds).toEqual(["illness"]);
  await expect(phone.record("visit_started", CASE, null, start)).rejects.toMatchObject({ rule: "on-hold" });
});

test("identity: three wrong codes are recorded, then only a document; the sealed part opens after it stands confirmed", async () => {
  const { server, phone } = await makeTown();
  const vector = (await readVectors("sealed")).find((each) => each.name === "by the letter's code")!.given;
  const body = await packetBody();
  await server.publish("packet", vector.case_id, vector.rev, { ...body, sealed: vector.sealed });
  await server.settle();
  await phone.exchange();
  const visitId = (await phone.record("visit_started", vector.case_id, null, start)).visitId!;
  const check = (method: string, secret = "") => phone.checkIdentity(vector.case_id, visitId, method, { secret });

  await expect(phone.openSealed(vector.case_id, visitId, "letter_code", { secret: vector.code })).rejects.toMatchObject(
    { rule: "identity-first" },
  );
  for (const left of [2, 1, 0]) {
    expect(await check("letter_code", "WRONG")).toBe(false);
    expect(await phone.triesLeft(vector.case_id, visitId, "letter_code")).toBe(left);
  }
  await expect(check("letter_code", vector.code)).rejects.toMatchObject({ rule: "tries-used-up" });
  expect(await check("document")).toBe(true);
  const sealed = await phone.openSealed(vector.case_id, visitId, "document", {});
  expect(sealed.creditor).toBe((await readVectors("sealed"))[0]!.expected.opened.lender);
  const kinds = (await phone.visit(vector.case_id, visitId)).events.map((each) => each.kind);
  expect(kinds).toEqual(["visit_started", ...Array(4).fill("identity_checked"), "sealed_part_opened"]);
});

test("the card names the case only while a visit is open; a companion joins by the lead's QR", async () => {
  const { server, phone } = await makeTown();
  await server.publish("packet", CASE, 1, await packetBody());
  await server.settle();
  await phone.exchange();
  const cardCase = async () => claimOf(new URL(await phone.card()).searchParams.get("c")!)["case_id"];
  expect(await cardCase()).toBeUndefined();
  const visitId = (await phone.record("visit_started", CASE, null, start)).visitId!;
  expect(await cardCase()).toBe(CASE);

  const { phone: companion } = await makeTown();
  const joined = await companion.joinCrew(await phone.visitQr(CASE, visitId), { fixes: [] });
  expect([joined.caseId, joined.visitId]).toEqual([CASE, visitId]);
  await expect(companion.joinCrew("no.qr.here", {})).rejects.toMatchObject({ code: "bad-signature" });
});

test("packets stand in the order of the plan until its day is over", async () => {
  const { server, clock, phone } = await makeTown();
  const [second, first, unplanned] = [CASE, `${CASE.slice(0, -1)}2`, `${CASE.slice(0, -1)}0`];
  const planned = (order: number) => ({ planned: { day: "2026-03-05", order, starts: "2026-03-05T09:40:00.000+00:00" } });
  for (const [caseId, over] of [[second, planned(2)], [first, planned(1)], [unplanned, {}]] as const)
    await server.publish("packet", caseId, 1, await packetBody(over));
  await server.settle();
  await phone.exchange();
  const listed = async () => (await phone.packets()).map((each) => each.caseId);

  expect(await listed()).toEqual([first, second, unplanned]);
  clock.advance(16 * 3_600_000);
  expect(await listed()).toEqual([unplanned, second, first]);
});
