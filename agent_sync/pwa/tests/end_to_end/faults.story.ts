/** The phone's core through a bad network to the real server: cut, lost, repeated, late, refused; and two tabs. */
import "fake-indexeddb/auto";
import { writeFileSync } from "node:fs";
import { env } from "node:process";
import { expect, test } from "vitest";
import { Device } from "../../src/device";
import { Refusal } from "../../src/face";
import { FetchTransport, type Transport } from "../../src/transport";

const { url, proxy_url, lead_code, day_file, out } = JSON.parse(env["FV_PHONE"] ?? "{}");
const FIX = { lat_e7: 377_700_000, lon_e7: -1_224_200_000, radius_dm: 120, datum: "wgs84" };
const MOST_EXCHANGES = 80;

/** The network as it is, or calm. */
class Way implements Transport {
  origin = url;

  send(...request: Parameters<Transport["send"]>): ReturnType<Transport["send"]> {
    return new FetchTransport(this.origin, 5_000).send(...request);
  }
}

test("whatever the network does, all of it arrives once", async () => {
  const way = new Way();
  const tabs = [new Device({ name: "one", transport: way }), new Device({ name: "one", transport: way })];
  const [first, second] = tabs as [Device, Device];
  await first.enrol(lead_code, "471147");
  await second.unlock("471147");
  await first.exchange();
  const { caseId } = (await first.packets())[0]!;
  way.origin = proxy_url;

  let failed = 0;
  for (let n = 0; n < 12; n += 1) {
    const visitId = (await first.record("visit_started", caseId, null, { fixes: [FIX], override_reason: "again" }))
      .visitId!;
    await second.record("step_done", caseId, visitId, { step: "card_shown", text_version: "none", response: "given" });
    await first.record("outcome_noted", caseId, visitId, { contact_result: "nobody", disposition: "none" });
    await second.record("visit_ended", caseId, visitId, { reason: "completed", fixes: [FIX] });
    const reports = await Promise.allSettled([first.exchange(), second.exchange()]);
    for (const each of reports) {
      if (each.status === "rejected") expect((each.reason as Refusal).code).toBe("store-locked");
      else failed += each.value.isOk ? 0 : 1;
    }
  }
  for (let n = 0; n < MOST_EXCHANGES && (await first.status()).unsent; n += 1) await first.exchange();
  expect(failed).toBeGreaterThan(0);
  way.origin = url;
  expect((await first.exchange()).isOk).toBe(true);
  const status = await first.status();
  expect([status.unsent, status.lost, status.parked, status.pullStage]).toEqual([0, 0, [], "level"]);

  const day = new Date(Date.now() - new Date().getTimezoneOffset() * 60_000).toISOString().slice(0, 10);
  writeFileSync(day_file, day);
  writeFileSync(`${out}/lead.jws`, await first.statement(day));
});
