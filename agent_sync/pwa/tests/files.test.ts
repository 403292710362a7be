/** Files of visits: durable before the event that names them, resumed, and let go only once the office has them (T1, T2). */
import { afterEach, expect, test, vi } from "vitest";
import { sha256Hex, type Bytes } from "../src/bytes";
import type { Body, FileRoom } from "../src/face";
import { takenAt } from "../src/photographing";
import { ENTERING_HOME } from "../src/vocabulary";
import { CASE, codesOf, dieAt, makePhone, makeTown, packetBody, PIN, type Town } from "./builders";
import { DEVICE } from "./fake_server";

const AT = "2026-03-06T00:00:00.000Z";
const noise = (size: number): Bytes => {
  const bytes = new Uint8Array(size);
  for (let from = 0; from < size; from += 65_536) crypto.getRandomValues(bytes.subarray(from, from + 65_536));
  return bytes;
};
const contents = (town: Town) =>
  [...town.server.chains.values()].flatMap((chain) => chain.places).map((place) => JSON.parse(place.content!));
const tableOf = async (town: Town, table: "file" | "piece") =>
  (await town.phone.store()).read((tx) => tx.objectStore(table).getAll()) as Promise<any[]>;

afterEach(() => vi.unstubAllGlobals());

/** A phone at a door whose limits say this about sound. */
async function atTheDoor(audio = "duty"): Promise<{ town: Town; visitId: string; room: FileRoom }> {
  const town = await makeTown();
  await town.server.publish("packet", CASE, 1, await packetBody({ limits: { recording: { audio } } }));
  await town.server.settle();
  await town.phone.exchange();
  const { visitId } = await town.phone.record("visit_started", CASE, null, { fixes: [] });
  return { town, visitId: visitId!, room: await town.phone.files() };
}

/** Let the server want what the events named, as the real one does. */
function want(town: Town): void {
  const named = contents(town).flatMap((each) => each.files ?? []);
  town.server.wanted = named
    .filter((file: any) => (town.server.uploads.get(file.sha256)?.length ?? 0) < file.size)
    .map((file: any) => ({ sha256: file.sha256, size: file.size, token: file.sha256 }));
}
async function publishState(town: Town, sha256: string, state: string, rev = 1): Promise<void> {
  await town.server.publish("file_state", CASE, rev, { sha256, state, at: AT });
  await town.server.settle();
}
const notice = (town: Town, visitId: string, response: string) =>
  town.phone.record("step_done", CASE, visitId, { step: "recording_notice", text_version: "1", response });
const kinds = async (town: Town, visitId: string) =>
  (await town.phone.visit(CASE, visitId)).events.map(({ kind, body }) => (body["state"] ? `${kind} ${body["state"]}` : kind));

test("T1: a photo is whole in the store before the event that names it, and named after a death in between", async () => {
  const { town, visitId, room } = await atTheDoor();
  const photo = noise(600_000);
  const starts = (await town.phone.visit(CASE, visitId)).events[0]!.wall;
  await dieAt(town.phone, 3); // the photo's own commit has two boundaries; the event's is the third
  await room.add(CASE, visitId, "photo", photo, "data:,t").catch(() => undefined);
  expect([(await tableOf(town, "file")).map((row) => row.state), (await tableOf(town, "piece")).length]).toEqual([["whole"], 3]);
  expect(await kinds(town, visitId)).toEqual(["visit_started"]);
  expect((await town.phone.status()).filesWaiting).toBe(1);

  town.clock.advance(3_600_000);
  const again = makePhone(town.server, town.clock, town.name);
  await again.unlock(PIN);
  await vi.waitFor(async () => expect((await again.visit(CASE, visitId)).events.map((each) => each.kind)).toContain("files_attached"));
  await again.exchange();
  const [named] = contents(town).flatMap((each) => each.files ?? []);
  expect(named).toEqual({ sha256: await sha256Hex(photo), size: 600_000, media_type: "image/jpeg", role: "photo", starts });
  await Promise.all([again.close(), town.phone.close()]);
});

test("T1: a photo whose own commit fails leaves nothing, and names nothing", async () => {
  const { town, visitId, room } = await atTheDoor();
  await dieAt(town.phone, 1);
  await room.add(CASE, visitId, "photo", noise(600_000), "").catch(() => undefined);
  expect([(await tableOf(town, "file")).length, (await tableOf(town, "piece")).length, await kinds(town, visitId)]).toEqual([0, 0, ["visit_started"]]);
});

test("T2: an upload goes on after a cut from what the server has; the copy stays until `verified`", async () => {
  const { town, visitId, room } = await atTheDoor();
  const photo = noise(900_000);
  const sha256 = await sha256Hex(photo);
  await room.add(CASE, visitId, "photo", photo, "data:,t");
  await town.phone.exchange();
  want(town);
  town.server.faults = ["none", "none", "none", "cut_before"];
  expect(codesOf(await town.phone.exchange())).toContain("no-network");
  expect(town.server.uploads.get(sha256)!.length).toBe(2 * 256 * 1024);
  expect((await (await town.phone.files()).list(CASE, visitId))[0]!.state).toBe("uploading");

  const again = makePhone(town.server, town.clock, town.name); // killed, and opened again
  await again.unlock(PIN);
  town.server.log = [];
  want(town);
  expect(codesOf(await again.exchange())).toEqual([]);
  expect(town.server.log.filter((line) => line.includes("/files")).map((line) => line.split(" ")[0])).toEqual(["HEAD", "PATCH", "PATCH"]);
  expect(await sha256Hex(town.server.uploads.get(sha256)!)).toBe(sha256);
  expect((await tableOf(town, "piece")).length).toBe(4);

  await publishState(town, sha256, "verified");
  await again.exchange();
  const [row] = await tableOf(town, "file");
  expect([row.state, row.key, row.thumb, (await tableOf(town, "piece")).length]).toEqual(["verified", null, undefined, 0]);
  expect((await again.status()).filesWaiting).toBe(0);
  await Promise.all([again.close(), town.phone.close()]);
});

test("a file the office discarded is told, kept, and sent again", async () => {
  const { town, visitId, room } = await atTheDoor();
  const photo = noise(1000);
  const sha256 = await sha256Hex(photo);
  await room.add(CASE, visitId, "photo", photo, "");
  await town.phone.exchange();
  want(town);
  await town.phone.exchange();
  town.server.uploads.delete(sha256);
  await publishState(town, sha256, "discarded");
  want(town);
  await town.phone.exchange();
  expect((await room.list(CASE, visitId)).map((each) => each.state)).toEqual(["again"]);
  expect(await sha256Hex(town.server.uploads.get(sha256)!)).toBe(sha256);
  await publishState(town, sha256, "verified", 2);
  await town.phone.exchange();
  expect((await room.list(CASE, visitId)).map((each) => each.state)).toEqual(["verified"]);
});

test("the newest visit's files go first", async () => {
  const { town, visitId, room } = await atTheDoor();
  const [older, newer] = [noise(100), noise(200)];
  await room.add(CASE, visitId, "photo", older, "");
  await town.phone.record("visit_ended", CASE, visitId, { fixes: [], reason: "completed" });
  town.clock.advance(60_000);
  const next = await town.phone.record("visit_started", CASE, null, { fixes: [] });
  await room.add(CASE, next.visitId!, "photo", newer, "");
  await town.phone.exchange();
  want(town);
  expect(town.server.wanted.map((each) => each["size"])).toEqual([100, 200]);
  await town.phone.exchange();
  expect([...town.server.uploads.keys()]).toEqual([await sha256Hex(newer), await sha256Hex(older)]);
});

test("files wait for Wi-Fi where that is set and the browser tells; records do not", async () => {
  const { town, visitId, room } = await atTheDoor();
  vi.stubGlobal("navigator", { connection: { type: "cellular" } });
  expect(await room.wifiOnly()).toEqual({ isOn: false, isTold: true });
  await room.setWifiOnly(true);
  await room.add(CASE, visitId, "photo", noise(100), "");
  await town.phone.exchange();
  want(town);
  const report = await town.phone.exchange();
  expect([codesOf(report), report.counts["files_held_back"], town.server.uploads.size]).toEqual([[], 1, 0]);
  expect((await town.phone.status()).unsent).toBe(0);
  expect((await room.list(CASE, visitId)).map((each) => each.state)).toEqual(["held_back"]);
  vi.stubGlobal("navigator", { connection: { type: "wifi" } });
  await town.phone.exchange();
  expect(town.server.uploads.size).toBe(1);
});

test("without room no file is begun, and records go on", async () => {
  const { town, visitId, room } = await atTheDoor();
  vi.stubGlobal("navigator", { storage: { estimate: async () => ({ quota: 60e6, usage: 20e6 }) } });
  await expect(room.add(CASE, visitId, "photo", noise(100), "")).rejects.toMatchObject({ code: "storage-low", facts: { free: 40e6 } });
  await expect(room.beginSound(CASE, visitId, "audio/webm")).rejects.toMatchObject({ code: "storage-low" });
  await notice(town, visitId, "given");
  expect(await kinds(town, visitId)).toEqual(["visit_started", "step_done"]);
});

test.each([
  ["forbidden", "given", "recording-forbidden"],
  ["only_with_consent", "refused", "recording-consent"],
  ["only_with_consent", "", "recording-consent"],
])("sound that is %s, with the notice answered “%s”, is refused: nothing is kept", async (duty, answer, rule) => {
  const { town, visitId, room } = await atTheDoor(duty);
  if (answer) await notice(town, visitId, answer);
  await expect(room.beginSound(CASE, visitId, "audio/webm")).rejects.toMatchObject({ rule });
  expect([await tableOf(town, "file"), (await kinds(town, visitId)).includes("recording_changed started")]).toEqual([[], false]);
});

test("sound that stopped before going inside begins again only once they agree to it there, also after the page was killed", async () => {
  const { town, visitId, room } = await atTheDoor();
  await notice(town, visitId, "given");
  const sound = await room.beginSound(CASE, visitId, "audio/webm");
  await sound.add(noise(10));
  await sound.end(ENTERING_HOME);
  await expect(room.beginSound(CASE, visitId, "audio/webm")).rejects.toMatchObject({ rule: "recording-consent" });
  await town.phone.close();
  const again = makePhone(town.server, town.clock, town.name);
  await again.unlock(PIN);
  const events = (await again.visit(CASE, visitId)).events.slice(2);
  expect(events.map(({ kind, body }) => [kind, body["state"], body["reason"]])).toEqual([
    ["recording_changed", "started", undefined], ["recording_changed", "stopped", "entering home"], ["files_attached", undefined, undefined],
  ]);
  const reopened = await again.files();
  await expect(reopened.beginSound(CASE, visitId, "audio/webm")).rejects.toMatchObject({ rule: "recording-consent" });
  await again.record("step_done", CASE, visitId, { step: "recording_notice", text_version: "1", response: "given" });
  await (await reopened.beginSound(CASE, visitId, "audio/webm")).end();
  await again.close();
});

test("sound is kept piece by piece, also while the phone is locked, and named when it has ended", async () => {
  const { town, visitId, room } = await atTheDoor("only_with_consent");
  await notice(town, visitId, "given");
  const pieces = [noise(2000), noise(3000), noise(10)];
  const sound = await room.beginSound(CASE, visitId, "audio/webm");
  await sound.add(pieces[0]!);
  town.phone.lock();
  await sound.add(pieces[1]!);
  expect((await tableOf(town, "piece")).length).toBe(2);
  await town.phone.unlock(PIN);
  await sound.add(pieces[2]!);
  expect((await room.list(CASE, visitId)).map((each) => each.state)).toEqual(["recording"]);
  await sound.end();
  expect((await kinds(town, visitId)).slice(2)).toEqual(["recording_changed started", "recording_changed stopped", "files_attached"]);
  await town.phone.exchange();
  want(town);
  await town.phone.exchange();
  const joined = new Uint8Array(pieces.flatMap((each) => [...each]));
  expect([...town.server.uploads.keys()]).toEqual([await sha256Hex(joined)]);
});

/** The own times of the files that events name, in ms since the visit began, and the zone they are written in. */
const timesOf = (town: Town) => {
  const [begun] = contents(town).filter((each) => each.kind === "visit_started");
  return contents(town).flatMap((each) => each.files ?? []).map(({ starts, ends }: any) =>
    [starts, ends].map((wall) => (wall ? [Date.parse(wall) - Date.parse(begun.at.wall), wall.slice(23)] : null)));
};

test("T4: sound names from when until when it ran, and a picture when it was taken, however late they are named", async () => {
  const { town, visitId, room } = await atTheDoor();
  town.clock.advance(60_000);
  const sound = await room.beginSound(CASE, visitId, "audio/webm");
  for (const ms of [4_000, 4_000, 1_500]) {
    town.clock.advance(ms);
    await sound.add(noise(100));
  }
  town.clock.advance(500);
  await sound.end();
  await room.add(CASE, visitId, "photo", noise(100), "", town.clock.read().wallMs - 300_000);
  await room.add(CASE, visitId, "signature", noise(200), "");
  await town.phone.exchange();
  const at = (ms: number) => [ms, "+08:00"];
  expect(timesOf(town)).toEqual([[at(60_000), at(69_500)], [at(-230_000), null], [at(70_000), null]]);
});

test("T4: a picture says when its file was written, and one that says nothing, or the future, is of now", () => {
  const file = (lastModified: number) => new File([], "p.jpg", { lastModified });
  expect([file(5_000), file(0), file(99_000), new Blob()].map((each) => takenAt(each, 10_000))).toEqual([5_000, 10_000, 10_000, 10_000]);
});

test("a page killed while it records loses nothing that was stored: it is closed, told and named when opened again", async () => {
  const { town, visitId, room } = await atTheDoor();
  const sound = await room.beginSound(CASE, visitId, "audio/webm");
  town.clock.advance(4_000);
  await sound.add(noise(2000));
  await town.phone.close();
  town.clock.advance(3_600_000);
  vi.resetModules(); // another page: it knows of no recording
  const { Device } = await import("../src/device");
  const again = new Device({ name: town.name, transport: town.server, clock: town.clock, pinIterations: 10 });
  await again.unlock(PIN);
  await vi.waitFor(async () => expect((await again.visit(CASE, visitId)).events.length).toBe(4));
  const { events } = await again.visit(CASE, visitId);
  expect(events.slice(2).map(({ kind, body }) => [kind, (body as Body)["reason"]])).toEqual([["recording_changed", "the app was closed"], ["files_attached", undefined]]);
  await again.exchange();
  expect(timesOf(town)).toEqual([[[0, "+08:00"], [4_000, "+08:00"]]]); // until what was kept last, not until it was opened again
  await again.close();
});

test("the statement tells which files were named, arrived, and are missing", async () => {
  const { town, visitId, room } = await atTheDoor();
  const [first, second] = [noise(100), noise(200)];
  await room.add(CASE, visitId, "photo", first, "");
  await room.add(CASE, visitId, "signature", second, "");
  await town.phone.exchange();
  await publishState(town, await sha256Hex(first), "verified");
  await town.phone.exchange();
  const day = (await town.phone.visit(CASE, visitId)).events[0]!.wall.slice(0, 10);
  const told = JSON.parse(atob((await town.phone.statement(day)).split(".")[1]!.replaceAll("-", "+").replaceAll("_", "/")));
  expect(told.files).toEqual({ named: 2, verified: 1, missing: [await sha256Hex(second)] });
});

test("E12: the files of an erased event go with it, but for those that another one names", async () => {
  const { town, visitId, room } = await atTheDoor();
  await room.add(CASE, visitId, "photo", noise(100), "");
  const [event] = await (await town.phone.store()).read((tx) => tx.objectStore("event").index("kind").getAll("files_attached"));
  await town.phone.exchange();
  await town.server.publish("erased", event!.id, 1, { event_id: event!.id });
  await town.server.settle();
  await town.phone.exchange();
  expect([(await tableOf(town, "file")).map((row) => [row.state, row.key]), await tableOf(town, "piece")]).toEqual([[["erased", null]], []]);
  expect((await town.phone.status()).filesWaiting).toBe(0);
});

test("D1: a wiped phone holds nothing of its files, and one that waits for its upload keeps them until then", async () => {
  const { town, visitId, room } = await atTheDoor();
  await room.add(CASE, visitId, "photo", noise(100), "data:,t");
  const order = async (kind: string, id: string) => {
    const [chain_id] = town.server.chains.keys();
    town.server.directives = [await town.server.sign({ typ: "directive", id, kind, device_id: DEVICE, chain_id, issued_at: AT })];
  };
  const sound = await room.beginSound(CASE, visitId, "audio/webm");
  await sound.add(noise(10));
  await order("wipe_after_upload", CASE);
  await town.phone.exchange();
  expect([(await town.phone.open()).stage, (await tableOf(town, "file")).length]).toEqual(["enrolled", 2]);
  await order("wipe_now", CASE.replace("c1", "c2"));
  for (let n = 0; n < 3; n += 1) await town.phone.exchange().catch(() => undefined);
  await sound.add(noise(10)); // the microphone does not know it yet
  expect([(await town.phone.open()).stage, await tableOf(town, "file"), await tableOf(town, "piece")]).toEqual(["wiped", [], []]);
});

test("what was kept by the app's version without files is still there in this one", async () => {
  const { openDB } = await import("idb");
  const { upgrade } = await import("../src/store_tables");
  const name = "phone-of-before";
  const old = await openDB<any>(name, 1, { upgrade: (db) => upgrade(db as any, 0, 1, null as any) });
  await old.add("event", { id: "e1", digest: "d", size: 1, content: null, state: "kept", kind: "visit_started", wall: "2026" });
  old.close();
  const phone = makePhone((await makeTown()).server, (await makeTown()).clock, name);
  const rows = await (await phone.store()).read((tx) => tx.objectStore("event").getAll());
  expect(rows.map((row) => row.id)).toEqual(["e1"]);
  await phone.close();
});
