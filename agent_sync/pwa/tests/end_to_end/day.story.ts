/** A whole visit by the phone's core against the real server: two phones, one case, everything taken. */
import "fake-indexeddb/auto";
import { writeFileSync } from "node:fs";
import { env } from "node:process";
import { expect, test } from "vitest";
import { Device } from "../../src/device";
import type { Report } from "../../src/face";
import { FetchTransport } from "../../src/transport";

const { url, lead_code, companion_code, answers, day_file, out } = JSON.parse(env["FV_PHONE"] ?? "{}");
const FIX = { lat_e7: 377_700_000, lon_e7: -1_224_200_000, radius_dm: 120, datum: "wgs84" };

function phone(name: string): Device {
  return new Device({ name, transport: new FetchTransport(url) });
}

async function exchanged(device: Device): Promise<Report> {
  const report = await device.exchange();
  expect(report.error).toBeNull();
  expect(report.problems).toEqual([]);
  return report;
}

test("enrol, pull, visit with a companion, exchange: the server takes all of it", async () => {
  const lead = phone("lead");
  expect(await lead.open()).toEqual({ stage: "new", agentCode: "", isLocked: true, isSpent: false });
  expect((await lead.enrol(lead_code, "471147")).isEnrolled).toBe(true);
  await exchanged(lead);
  const [packet] = await lead.packets();
  expect(packet!.isReadable && packet!.isSealed).toBe(true);
  expect(packet!.ways).toContain("two_facts");

  lead.lock();
  await expect(lead.packets()).rejects.toMatchObject({ code: "locked" });
  await expect(lead.unlock("000000")).rejects.toMatchObject({ code: "pin-wrong" });
  await lead.unlock("471147");

  const caseId = packet!.caseId;
  const visitId = (await lead.record("visit_started", caseId, null, { fixes: [FIX] })).visitId!;
  const step = (name: string, response = "given") =>
    lead.record("step_done", caseId, visitId, { step: name, text_version: "none", response });
  await step("card_shown");
  await step("recording_notice");
  expect(await lead.checkIdentity(caseId, visitId, "two_facts", { answers: ["1970", "00"] })).toBe(false);
  expect(await lead.triesLeft(caseId, visitId, "two_facts")).toBe(2);
  await expect(step("principal_named")).rejects.toMatchObject({ rule: "identity-first" });
  expect(await lead.checkIdentity(caseId, visitId, "two_facts", { answers })).toBe(true);
  const sealed = await lead.openSealed(caseId, visitId, "two_facts", { answers });
  expect([sealed.creditor, sealed.amount, sealed.currency]).toEqual(["Zebra Savings Bank", 987_654, "USD"]);
  for (const name of ["principal_named", "purpose_stated", "options_given", "hardship_asked"]) await step(name);

  const companion = phone("companion");
  await companion.enrol(companion_code, "471248");
  await companion.joinCrew(await lead.visitQr(caseId, visitId), { fixes: [FIX] });
  await companion.record("visit_ended", caseId, visitId, { reason: "completed", fixes: [FIX] });

  const promise = { amount: 50_000, currency: "USD", due: "2026-12-24" };
  await lead.record("outcome_noted", caseId, visitId, {
    contact_result: "person",
    disposition: "promise",
    promise,
    note: "上午在家 \ud800",
  });
  await step("payment_answer");
  await lead.record("contact_proposed", caseId, visitId, { changes: [{ field: "phone", new: "+1 555 0100" }] });
  const card = await lead.card();
  await lead.record("visit_ended", caseId, visitId, { reason: "completed", fixes: [FIX] });

  expect((await lead.status()).unsent).toBeGreaterThan(10);
  await exchanged(lead);
  await exchanged(companion);
  const status = await lead.status();
  expect([status.unsent, status.parked, status.lost, status.pullStage]).toEqual([0, [], 0, "level"]);
  expect((await lead.myVisits())[0]).toMatchObject({
    visitId,
    sending: "received",
    isOpen: false,
    address: "1 Sample St",
  });
  expect((await companion.status()).parked).toEqual([]);

  const day = new Date(Date.now() - new Date().getTimezoneOffset() * 60_000).toISOString().slice(0, 10);
  writeFileSync(day_file, day);
  writeFileSync(`${out}/lead.jws`, await lead.statement(day));
  writeFileSync(`${out}/companion.jws`, await companion.statement(day));
  writeFileSync(`${out}/card.txt`, card);

  await lead.record("finding_contested", caseId, visitId, { finding_id: visitId, reason: "I was there." });
  const exported = await lead.exportOutbox();
  expect(exported.events).toBe(1);
  writeFileSync(`${out}/outbox.json`, new Uint8Array(await exported.content.arrayBuffer()));
});
