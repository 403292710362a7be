/** The office's directives: done once, acknowledged, and never taking what is not theirs to take (D1). */
import { expect, test } from "vitest";
import { CASE, codesOf, makePhone, makeTown, PIN, propose, publishPackets, type Town } from "./builders";
import { DEVICE } from "./fake_server";

async function order(town: Town, kind: string): Promise<void> {
  const [chain_id] = town.server.chains.keys();
  town.server.directives = [
    await town.server.sign({
      typ: "directive",
      id: CASE,
      kind,
      device_id: DEVICE,
      chain_id,
      issued_at: "2026-03-05T00:00:00.000Z",
    }),
  ];
}
const done = (town: Town) =>
  [...town.server.chains.values()]
    .flatMap((chain) => chain.places)
    .map((place) => JSON.parse(place.content!))
    .filter((each) => each.kind === "directive_done");

test("D1: packets are read anew on order, and stay readable meanwhile", async () => {
  const town = await makeTown();
  await publishPackets(town, 3);
  await town.phone.exchange();
  await order(town, "reset_packets");
  const report = await town.phone.exchange();
  expect([report.isOk, await town.phone.packets().then((each) => each.length), done(town)[0].body.result]).toEqual([
    true,
    3,
    "done",
  ]);
});

test.each([false, true])(
  "D1: a wipe deletes all, declares what was unsent lost, and is acknowledged (locked: %s)",
  async (isLocked) => {
    const town = await makeTown();
    await publishPackets(town, 3);
    await town.phone.exchange();
    town.server.faults = ["answer_lost"];
    await propose(town.phone);
    if (isLocked) town.phone.lock();
    else (town.phone as any).vault.seen.clear();
    await order(town, "wipe_now");
    if (isLocked) town.server.faults = [];
    for (let n = 0; n < 3; n += 1) await town.phone.exchange().catch(() => undefined);
    expect((await town.phone.open()).stage).toBe("wiped");
    expect(done(town)[0].body).toEqual({ directive_id: CASE, result: "done" });
    expect((await town.server.audit()).isWhole).toBe(true);
    expect((await town.server.audit()).lost).toBe(isLocked ? 1 : 0);
    const rows = await (await town.phone.store()).read((tx) => tx.objectStore("body").count());
    expect(rows).toBe(0);
  },
);

test("D1, X3: a wipe after upload waits for the judgement of a content that went up as a file", async () => {
  const town = await makeTown();
  const { phone, server } = town;
  const recorded = await propose(phone, "a note of some length, longer than the quota that was told below");
  await (await phone.store()).put("quota", { ...server.quota, max_event_bytes: 50 });
  await phone.exchange();
  const row = await (await phone.store()).read((tx) => tx.objectStore("event").index("id").get(recorded.eventId));
  await (await phone.store()).put("quota", server.quota);
  const at = "2026-03-06T00:00:00.000Z";
  await server.publish("file_state", CASE, 1, { sha256: row!.digest, state: "verified", at });
  await server.settle();
  await order(town, "wipe_after_upload");
  for (let n = 0; n < 3; n += 1) await phone.exchange();
  const before = (await phone.open()).stage;
  await server.publish("replay", recorded.eventId, 1, { event_id: recorded.eventId, status: "accepted", at });
  await server.settle();
  for (let n = 0; n < 3; n += 1) await phone.exchange().catch(() => undefined);

  expect([before, (await phone.open()).stage]).toEqual(["enrolled", "wiped"]);
});

test("D1: what a wipe in one tab left is not taken for damaged by another, which holds the key of before", async () => {
  const town = await makeTown();
  const other = makePhone(town.server, town.clock, town.name);
  await other.unlock(PIN);
  await order(town, "wipe_now");
  town.server.faults = ["none", "cut_before"];
  await town.phone.exchange();
  expect((await town.phone.open()).stage).toBe("wiping");
  await new Promise((resolve) => setTimeout(resolve, 50));
  for (let n = 0; n < 3; n += 1) await other.exchange().catch(() => undefined);

  expect([done(town).map((each) => each.body), (await town.server.audit()).lost]).toEqual([[{ directive_id: CASE, result: "done" }], 0]);
  expect((await other.open()).stage).toBe("wiped");
  await Promise.all([town.phone.close(), other.close()]);
});

test("D1: a wipe is not disturbed by who looks at the phone meanwhile", async () => {
  const town = await makeTown();
  await order(town, "wipe_now");
  let isOver = false;
  const report = town.phone.exchange().finally(() => {
    isOver = true;
  });
  while (!isOver) await Promise.all([town.phone.packets().catch(() => undefined), town.phone.open()]);

  expect([codesOf(await report), (await town.phone.open()).stage]).toEqual([[], "wiped"]);
});

test("D1: a forged directive is reported and not done", async () => {
  const town = await makeTown();
  await order(town, "wipe_now");
  town.server.directives = [town.server.directives[0]!.replace(/.$/, (last) => (last === "A" ? "B" : "A"))];
  expect(codesOf(await town.phone.exchange())).toEqual(["bad-signature"]);
  expect((await town.phone.open()).stage).toBe("enrolled");
});
