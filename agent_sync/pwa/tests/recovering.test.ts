/** A PIN that was wrong too often shreds the packets; with the key that the office opens, what was recorded is not lost. */
import { expect, test } from "vitest";
import { hex } from "../src/bytes";
import type { Device } from "../src/device";
import { recoverTexts } from "../src/texts/recovering";
import { texts as en } from "../src/texts/en";
import { texts as zh } from "../src/texts/zh";
import { CASE, dieAt, makePhone, makeTown, packetBody, PIN, propose, type Town } from "./builders";
import { DEVICE } from "./fake_server";

const [NEW_PIN, HOUR_MS] = ["829304", 3_600_000];
const FORM = "fairvisit-data-key-1";

/** A phone with a packet, a visit under way, a photo, and nothing of it sent. */
async function inTheField(): Promise<Town & { visitId: string }> {
  const town = await makeTown();
  await town.server.publish("packet", CASE, 1, await packetBody({ person: { name: "Ana Example" }, limits: { steps: ["card_shown"] } }));
  await town.server.settle();
  await town.phone.exchange();
  const { visitId } = await town.phone.record("visit_started", CASE, null, { fixes: [] });
  const room = await town.phone.files();
  await room.add(CASE, visitId!, "photo", new Uint8Array(5_000).fill(7), "data:,t");
  await propose(town.phone, "a telling note");
  return { ...town, visitId: visitId! };
}

/** Try wrong PINs, with the waits between; gives the codes of what was said. */
async function guess({ clock, phone }: Town, count: number): Promise<string[]> {
  const said = [];
  for (let n = 0; n < count; n += 1) {
    clock.advance(HOUR_MS);
    said.push(await phone.unlock("000000").then(() => "open", (error) => error.code));
  }
  return said;
}
const rows = async (phone: Device, table: "body" | "object" | "link" | "file" | "piece" | "chain") =>
  (await phone.store()).read((tx) => tx.objectStore(table).getAll()) as Promise<any[]>;
const countAll = async (phone: Device) =>
  Promise.all((["link", "file", "piece", "chain"] as const).map(async (table) => (await rows(phone, table)).length));
const keyFor = async ({ server, phone }: Town): Promise<{ device_id: string; data_key: string }> =>
  (await server.unseal(JSON.parse((await phone.escrow())!.content).escrow, FORM)) as any;

test("after the tenth wrong try the packets and the PIN's wrap are gone; outbox, chain and files stay", async () => {
  const town = await inTheField();
  const before = await countAll(town.phone);
  town.phone.lock();
  expect(await guess(town, 10)).toEqual([...Array(9).fill("pin-wrong"), "pin-spent"]);
  expect([await (await town.phone.store()).get("vault"), await rows(town.phone, "body")]).toEqual([undefined, []]);
  expect((await rows(town.phone, "object")).map((row) => row.has_body)).toEqual([false]);
  expect(await countAll(town.phone)).toEqual(before);

  const again = makePhone(town.server, town.clock, town.name);
  expect(await again.open()).toEqual({ stage: "enrolled", agentCode: "a1", isLocked: true, isSpent: true });
  town.clock.advance(365 * 24 * HOUR_MS);
  await expect(again.unlock(PIN)).rejects.toMatchObject({ code: "pin-spent" });
  await expect(again.enrol("CODE", PIN)).rejects.toMatchObject({ code: "pin-spent" });
  await expect(again.packets()).rejects.toMatchObject({ code: "locked" });
});

test("the ninth is not the last: the right PIN opens, and the count begins anew", async () => {
  const town = await inTheField();
  town.phone.lock();
  await guess(town, 9);
  town.clock.advance(HOUR_MS);
  await town.phone.unlock(PIN);
  town.phone.lock();
  expect(await guess(town, 2)).toEqual(["pin-wrong", "pin-wrong"]);
  expect((await town.phone.open()).isSpent).toBe(false);
});

test("a tenth try that is cut off gives no eleventh", async () => {
  const town = await inTheField();
  town.phone.lock();
  await guess(town, 9);
  town.clock.advance(HOUR_MS);
  await dieAt(town.phone, 2);
  await expect(town.phone.unlock("000000")).rejects.toMatchObject({ code: "internal" });
  const again = makePhone(town.server, town.clock, town.name);
  await expect(again.unlock(PIN)).rejects.toMatchObject({ code: "pin-spent" });
  expect(await rows(again, "body")).toEqual([]);
});

test.each([10, 0])("with the office's key what was recorded is sent, under a new PIN (after %s wrong tries)", async (count) => {
  const town = await inTheField();
  town.phone.lock();
  await guess(town, count);
  const again = makePhone(town.server, town.clock, town.name);
  const { device_id, data_key } = await keyFor({ ...town, phone: again });
  expect(device_id).toBe(DEVICE);
  await again.recover(` agent-sync recover ${data_key.toUpperCase().replace(/(.{8})/g, "$1 ")}`, NEW_PIN);

  expect((await again.packets()).map((view) => [view.open, view.isReadable])).toEqual([[{}, false]]);
  expect((await again.status()).openVisits).toEqual([{ caseId: CASE, visitId: town.visitId }]);
  await again.record("visit_ended", CASE, town.visitId, { reason: "completed", fixes: [] });
  expect((await (await again.files()).list(CASE, town.visitId)).map((file) => file.state)).toEqual(["on_phone"]);
  await again.exchange();
  const contents = [...town.server.chains.values()].flatMap((chain) => chain.places).map((place) => JSON.parse(place.content!));
  expect(contents.map((each) => each.kind)).toEqual(["chain_opened", "visit_started", "files_attached", "contact_proposed", "visit_ended"]);
  expect((await town.server.audit()).isWhole).toBe(true);
  const [file] = contents[2].files;
  town.server.wanted = [{ sha256: file.sha256, size: file.size, token: file.sha256 }];
  await again.exchange();
  expect(town.server.uploads.get(file.sha256)).toEqual(new Uint8Array(5_000).fill(7));
  expect((await again.packets()).map((view) => view.open["person"])).toEqual([{ name: "Ana Example" }]);

  const third = makePhone(town.server, town.clock, town.name);
  await expect(third.unlock(PIN)).rejects.toMatchObject({ code: "pin-wrong" });
  await third.unlock(NEW_PIN);
});

test("another key, or a PIN that is too short, changes nothing", async () => {
  const town = await inTheField();
  const { data_key } = await keyFor(town);
  town.phone.lock();
  for (const key of ["", "a".repeat(64), data_key.slice(1), `${data_key}0`])
    await expect(town.phone.recover(key, NEW_PIN)).rejects.toMatchObject({ code: "invalid", fields: { key: ["wrong"] } });
  await expect(town.phone.recover(data_key, "12345")).rejects.toMatchObject({ code: "invalid", fields: { pin: ["too-short"] } });
  await town.phone.unlock(PIN);
  expect((await town.phone.packets()).map((view) => view.isReadable)).toEqual([true]);
});

test("A6: the office's copy of the key is there from enrolment, follows its key in force, and is made where it was missing", async () => {
  const { server, clock, phone } = await makeTown();
  const kid = async () => JSON.parse((await phone.escrow())!.content).escrow.kid;
  expect(await kid()).toBe(await server.kid());
  const keys = [{ kid: "next", jwk: await server.publicKey(), active_from: "2026-03-05T00:00:00.000Z" }];
  await server.publish("server_keys", CASE, 1, { keys, proof: await server.sign({ typ: "server_keys", keys }) });
  await server.settle();
  await phone.exchange();
  expect(await kid()).toBe("next");
  await (await phone.store()).put("escrow", undefined);
  phone.lock();
  await phone.exchange();
  expect(await phone.escrow()).toBeNull();
  await phone.unlock(PIN);
  await phone.exchange();
  expect(await kid()).toBe("next");
  const fresh = makePhone(server, clock, "fresh");
  await fresh.enrol("CODE", PIN);
  expect(await fresh.escrow()).toMatchObject({ name: "key-a1.json" });
});

test("where the office has no copy of the key, wrong tries bury nothing: they only wait", async () => {
  const town = await inTheField();
  await (await town.phone.store()).put("escrow", undefined);
  town.phone.lock();
  expect(new Set(await guess(town, 12))).toEqual(new Set(["pin-wrong"]));
  town.clock.advance(HOUR_MS);
  await town.phone.unlock(PIN);
  expect((await town.phone.packets()).map((view) => view.isReadable)).toEqual([true]);
});

test("D1: a wipe forgets the office's copy of the key too, also where the PIN is used up", async () => {
  const town = await inTheField();
  town.phone.lock();
  await guess(town, 10);
  const [chain_id] = town.server.chains.keys();
  const order = { typ: "directive", id: CASE, kind: "wipe_now", device_id: DEVICE, chain_id, issued_at: "2026-03-05T00:00:00.000Z" };
  town.server.directives = [await town.server.sign(order)];
  town.server.faults = ["none", "cut_before"];
  await town.phone.exchange();
  expect([(await town.phone.open()).stage, await town.phone.escrow()]).toEqual(["wiping", null]);
  for (let n = 0; n < 3; n += 1) await town.phone.exchange().catch(() => undefined);
  expect(await town.phone.open()).toMatchObject({ stage: "wiped", isSpent: false });
  expect(await town.phone.escrow()).toBeNull();
});

test("no plain text and no key lies beside the store once its PIN is used up", async () => {
  const town = await inTheField();
  const { data_key } = await keyFor(town);
  town.phone.lock();
  await guess(town, 10);
  const all = await (await town.phone.store()).read(async (tx) =>
    Promise.all([...tx.objectStoreNames].map((table) => tx.objectStore(table as "memory").getAll())),
  );
  const seen = JSON.stringify(all, (_, value) => {
    if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) {
      const bytes = value instanceof ArrayBuffer ? new Uint8Array(value) : new Uint8Array(value.buffer);
      return `${String.fromCharCode(...bytes)}${hex(bytes)}`;
    }
    return value;
  });
  expect(["Ana Example", "telling", data_key].filter((secret) => seen.includes(secret))).toEqual([]);
});

test("what happened, what is safe and what to do is said in both languages", () => {
  for (const [t, r, ...parts] of [[en, recoverTexts.en, "wrong 10 times", "is safe", "office"], [zh, recoverTexts.zh, "输错 10 次", "安全", "后台"]] as const) {
    for (const part of parts) expect(t.problem("pin-spent", {})).toContain(part);
    expect(Object.values(r).every((each) => (typeof each === "string" ? each : each("key.json")).length > 3)).toBe(true);
  }
});
