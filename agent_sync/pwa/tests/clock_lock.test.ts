/** The clock set back: packets shut until the server is met, by however small steps; recording goes on. */
import { expect, test } from "vitest";
import type { Device } from "../src/device";
import { lawful } from "../src/lawful";
import { texts as en } from "../src/texts/en";
import { texts as zh } from "../src/texts/zh";
import { CASE, ids, makePhone, makeTown, packetBody, PIN, propose, type SetClock, type Town } from "./builders";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const OTHER = ids(1)[0]!;

/** Set the wall clock back, by the system's settings or with a page that was closed meanwhile. */
function setBack(clock: SetClock, ms: number, isReload = false): void {
  clock.reading = { ...clock.reading, wallMs: clock.reading.wallMs - ms };
  if (isReload) clock.reload();
}
const readable = async (phone: Device) => (await phone.packets()).filter((each) => each.isReadable).map((each) => each.caseId);
const stage = async (phone: Device) => (await phone.status()).stage;

async function makeDay(over: Record<string, unknown> = {}, cases = [CASE]): Promise<Town> {
  const town = await makeTown();
  for (const id of cases) await town.server.publish("packet", id, 1, await packetBody(over));
  await town.server.settle();
  await town.phone.exchange();
  return town;
}

test.each([false, true])("F3: set back more than a day, packets shut until the server is met (reload: %s)", async (isReload) => {
  const town = await makeDay();
  setBack(town.clock, DAY_MS + HOUR_MS, isReload);
  const [view] = await town.phone.packets();
  expect([view!.open, view!.isReadable, view!.isSealed, view!.ways, await stage(town.phone)]).toEqual([{}, false, false, [], "clock_locked"]);

  setBack(town.clock, -DAY_MS - HOUR_MS); // put right again; and the app opened anew
  await town.phone.close();
  const again = makePhone(town.server, town.clock, town.name);
  await again.unlock(PIN);
  expect([await readable(again), await stage(again)]).toEqual([[], "clock_locked"]);
  expect((await again.exchange()).isOk).toBe(true);
  expect([await readable(again), await stage(again)]).toEqual([[CASE], "enrolled"]);
});

test("an exchange that nobody answers opens nothing, and what is recorded is sent by the one that is answered", async () => {
  const { server, clock, phone } = await makeDay();
  setBack(clock, 2 * DAY_MS);
  await readable(phone);
  await propose(phone);
  server.faults = ["cut_before"];
  await phone.exchange();
  expect([await readable(phone), (await phone.status()).unsent]).toEqual([[], 1]);
  await phone.exchange();
  expect([await readable(phone), (await phone.status()).unsent]).toEqual([[CASE], 0]);
});

test("less than a day shuts nothing, but little by little does", async () => {
  const { clock, phone } = await makeDay();
  for (let n = 0; n < 2; n += 1) {
    setBack(clock, 11 * HOUR_MS);
    expect(await readable(phone)).toEqual([CASE]);
  }
  setBack(clock, 3 * HOUR_MS);
  expect(await readable(phone)).toEqual([]);
  const writes = async () => (await phone.store()).get("revision");
  const before = await writes();
  await readable(phone);
  expect(await writes()).toBe(before); // each write is told, and what is told is looked at again
});

test("reading counts too: a lease cannot be lived again with the clock of the first day", async () => {
  const { clock, phone } = await makeDay();
  clock.advance(5 * DAY_MS);
  expect(await readable(phone)).toEqual([CASE]);
  setBack(clock, 4 * DAY_MS, true);
  expect(await readable(phone)).toEqual([]);
});

test("A3: a clock that is wrong when the server is met is not shut out", async () => {
  const { clock, phone } = await makeDay();
  setBack(clock, 3_650 * DAY_MS);
  expect(await readable(phone)).toEqual([]);
  expect((await phone.exchange()).isOk).toBe(true);
  expect(await readable(phone)).toEqual([CASE]);
});

test("while shut an open visit goes on and can be ended; nothing new begins without its reason", async () => {
  const over = { limits: { longest_stay_ms: 1_200_000 }, person: { name: "Ana Example" } };
  const { server, clock, phone } = await makeDay(over, [CASE, OTHER]);
  const { visitId } = await phone.record("visit_started", CASE, null, { fixes: [] });
  setBack(clock, 2 * DAY_MS);
  const opened = Object.fromEntries((await phone.packets()).map((view) => [view.caseId, Object.keys(view.open)]));
  expect([opened[CASE], opened[OTHER], await readable(phone)]).toEqual([["limits", "texts"], [], []]);
  expect((await phone.myVisits()).map((each) => each.address)).toEqual([""]);

  await phone.record("identity_checked", CASE, visitId, { identity: "confirmed", method: "document_seen" });
  const shut = { rule: "withdrawn", facts: { why: "clock" } };
  await expect(phone.openSealed(CASE, visitId!, "document", {})).rejects.toMatchObject(shut);
  await expect(phone.checkIdentity(CASE, visitId!, "letter_code", { secret: "x" })).rejects.toMatchObject(shut);
  await phone.record("outcome_noted", CASE, visitId, { contact_result: "nobody", disposition: "none" });
  await phone.record("visit_ended", CASE, visitId, { reason: "completed", fixes: [] });

  await expect(phone.record("visit_started", OTHER, null, { fixes: [] })).rejects.toMatchObject(shut);
  const begun = { fixes: [], override_reason: "The person waits at the door." };
  expect((await phone.record("visit_started", OTHER, null, begun)).warnings).toEqual([{ level: "warn", code: "withdrawn", facts: { why: "clock" } }]);
  expect((await phone.exchange()).isOk).toBe(true);
  expect((await phone.status()).unsent).toBe(0);
  expect((await server.audit()).isWhole).toBe(true);
});

test("what happened, what is safe and what to do is said in both languages", async () => {
  const { clock, phone } = await makeDay();
  setBack(clock, 2 * DAY_MS);
  const [view] = await phone.packets();
  for (const [t, ...parts] of [[en, "set back", "is safe", "Send now"], [zh, "调回", "安全", "现在发送"]] as const) {
    const [remark] = view!.remarks;
    for (const told of [t.stages[await stage(phone)], t.remark(remark!.code, remark!.facts)])
      for (const part of parts) expect(told).toContain(part);
    expect(lawful(t, view!, clock.reading.wallMs).words).toBe(t.clockShut);
  }
});
