/** The feed page: applied, repaired, stopped, and what it means for a visit that is open. */
import { describe, expect, test, vi } from "vitest";
import { CASE, codesOf, ids, makeTown, packetBody, PIN, propose, publishPackets } from "./builders";
import { readVectors } from "./vectors";

const DAY_MS = 86_400_000;

describe("pull", () => {
  test("F1, F4: pages are applied until the end, and count and sum agree", async () => {
    const town = await makeTown();
    town.server.pageItems = 7;
    const chosen = await publishPackets(town, 30);
    await town.phone.exchange();
    expect((await town.phone.packets()).map((each) => each.caseId)).toEqual(chosen);
    expect((await town.phone.status()).pullStage).toBe("level");
  });

  test("F2: the first page is small, each further one twice as large, up to the quota; cut off, it goes on where it was", async () => {
    const town = await makeTown();
    town.server.pageItems = 5;
    const chosen = await publishPackets(town, 30);
    const from = town.server.requests.length;
    const asked = () => town.server.requests.slice(from).map(({ pull }) => (pull as Record<string, number>).page_bytes! / 1024);
    town.server.faults = ["none", "none", "answer_cut"];
    await town.phone.exchange();
    expect([asked(), await town.phone.packets()]).toEqual([[256, 512, 1024], expect.objectContaining({ length: 10 })]);

    await town.phone.exchange();

    expect(asked()).toEqual([256, 512, 1024, 256, 512, 1024, 2048]);
    expect((await town.phone.packets()).map((each) => each.caseId)).toEqual(chosen);
  });

  test("F2: a page is left aside where another exchange moved the cursor meanwhile", async () => {
    const town = await makeTown();
    await publishPackets(town, 3);
    const [store, send] = [await town.phone.store(), town.server.send.bind(town.server)];
    town.server.send = async (...request) => {
      const answer = await send(...request);
      await store.put("cursor", "e1:2");
      return answer;
    };
    await town.phone.exchange();
    expect([await store.get("cursor"), await town.phone.packets()]).toEqual(["e1:2", []]);
  });

  test("F4: a set that differs from the head is repaired by manifest, without wiping", async () => {
    const town = await makeTown();
    const [first, second] = await publishPackets(town, 2);
    await town.phone.exchange();
    const store = await town.phone.store();
    await store.write(async (tx) => {
      await tx.objectStore("object").delete(["packet", first!]);
      await tx.objectStore("body").delete(["packet", first!]);
    });
    const report = await town.phone.exchange();
    expect([report.counts["mismatches"], report.counts["repairs"], report.isOk]).toEqual([1, 1, true]);
    expect((await town.phone.packets()).map((each) => each.caseId)).toEqual([first, second]);
  });

  test("F5: a restored server's epoch leads to a repair, and every chain is asked about", async () => {
    const town = await makeTown();
    await publishPackets(town, 3);
    await town.phone.exchange();
    town.server.epoch = "e2";
    town.server.remove("packet", ids(1)[0]!, "closed");
    await town.server.settle();
    const report = await town.phone.exchange();
    expect([report.counts["repairs"], report.counts["chains_asked"], report.isOk]).toEqual([1, 1, true]);
    expect(await town.phone.packets()).toHaveLength(2);
  });

  test("F3: leases are looked through only once the first of them may have ended", async () => {
    const town = await makeTown();
    const [early, late] = ids(2);
    const body = (day: number) => packetBody({ lease_until: new Date(town.clock.reading.wallMs + day * DAY_MS).toISOString() });
    await town.server.publish("packet", late!, 1, await body(20));
    await town.server.publish("packet", early!, 1, await body(2));
    await town.server.settle();
    await town.phone.exchange();
    const looked = vi.spyOn(IDBIndex.prototype, "getAll");
    const readable = async () => (await town.phone.packets()).filter((each) => each.isReadable).map((each) => each.caseId);
    const looks = () => looked.mock.calls.filter(([of]) => of === "packet").length;

    expect([await readable(), await readable(), looks()]).toEqual([[early, late], [early, late], 0]);
    town.clock.advance(3 * DAY_MS);
    expect(await readable()).toEqual([late]);
    const once = looks();
    expect([await readable(), looks() - once]).toEqual([[late], 0]);
    town.clock.advance(18 * DAY_MS);
    expect(await readable()).toEqual([]);
    looked.mockRestore();
  });

  test("F3: a packet withdrawn under an open visit is purged, and the visit keeps its limits", async () => {
    const town = await makeTown();
    await town.server.publish("packet", CASE, 1, await packetBody({ limits: { longest_stay_ms: 600_000 } }));
    await town.server.settle();
    await town.phone.exchange();
    const visitId = (await town.phone.record("visit_started", CASE, null, { fixes: [] })).visitId!;
    const before = await town.phone.leaveByMs(CASE, visitId);
    town.server.remove("packet", CASE, "unassigned");
    await town.server.settle();
    await town.phone.exchange();

    expect([await town.phone.packets(), await town.phone.leaveByMs(CASE, visitId)]).toEqual([[], before]);
    const told = await town.phone.mayRecord("outcome_noted", CASE, visitId, {
      contact_result: "nobody",
      disposition: "none",
    });
    expect(told.find((each) => each.code === "withdrawn")?.facts).toEqual({ why: "unassigned" });
  });

  test("F3: a lease that ended shreds the body and keeps it counted; an extension brings it back", async () => {
    const town = await makeTown();
    await publishPackets(town, 1);
    await town.phone.exchange();
    town.clock.advance(400 * 86_400_000);
    const [packet] = await town.phone.packets();
    expect([packet!.isReadable, packet!.open]).toEqual([false, {}]);
    const refetched = await town.phone.exchange();
    expect([refetched.isOk, (await town.phone.status()).pullStage]).toEqual([true, "level"]);
  });

  test("E9: holds of the answer act before the page", async () => {
    const town = await makeTown();
    const [caseId] = await publishPackets(town, 1);
    town.server.holds = [{ hold_id: CASE, case_ids: [caseId], reason: "danger", rev: 1 }];
    await town.phone.exchange();
    expect((await town.phone.packets())[0]!.holds).toEqual(["danger"]);
    town.server.holds = [];
    await town.phone.exchange();
    expect((await town.phone.packets())[0]!.holds).toEqual([]);
  });

  test.each(["paused", "reauth-required", "upload-only"])("A4: %s stops the pull half alone", async (code) => {
    const { server, phone } = await makeTown();
    server.pullProblem = code;
    await propose(phone);
    expect(codesOf(await phone.exchange())).toEqual([code]);
    const status = await phone.status();
    expect([status.unsent, status.pullStage, status.stage]).toEqual([
      0,
      code,
      code === "upload-only" ? "upload_only" : "enrolled",
    ]);
    server.pullProblem = "";
    await phone.enrol("NEW", PIN);
    expect((await phone.exchange()).isOk).toBe(true);
  });

  test("E12: an erased event's content goes, and its place is sent as erased", async () => {
    const { server, phone } = await makeTown();
    const { eventId } = await propose(phone);
    await server.publish("erased", eventId, 1, { event_id: eventId });
    await server.settle();
    server.faults = ["none", "none"];
    const restore = server.backup();
    await phone.exchange();
    restore();
    await phone.exchange();
    const again = server.requests
      .flatMap((request) => request["push"].events ?? [])
      .filter((entry) => entry.id === eventId)
      .at(-1);
    expect([again.erased, again.content]).toEqual([true, undefined]);
    expect((await phone.status()).unsent).toBe(0);
  });

  test("E8: an event that was parked and is judged again is no longer told as parked", async () => {
    const { server, phone } = await makeTown();
    const { eventId } = await propose(phone);
    (server as any).take = ({ id, seq }: any) => {
      server.events.set(id, { digest: "", status: "parked", problem: "unknown-kind", at: "2026-03-05T00:00:00.000Z" });
      return { seq, id, status: "parked", problem: "unknown-kind", received_at: "2026-03-05T00:00:00.000Z" };
    };
    await phone.exchange();
    expect((await phone.status()).parked).toMatchObject([{ eventId, reason: "unknown-kind" }]);
    await server.publish("replay", eventId, 1, {
      event_id: eventId,
      status: "accepted",
      at: "2026-03-06T00:00:00.000Z",
    });
    await server.settle();
    await phone.exchange();
    expect((await phone.status()).parked).toEqual([]);
  });

  test("a reviewer's question is a task until it is answered here", async () => {
    const { server, phone } = await makeTown();
    const { body } = (await readVectors("items")).find(
      (each) => each.expected && each.given.type === "decision",
    )!.given;
    await server.publish("decision", CASE, 1, { ...body, act: "returned", question: "Who opened?" });
    await server.settle();
    await phone.exchange();
    expect((await phone.status()).questions).toMatchObject([{ decisionId: CASE, question: "Who opened?" }]);
    await phone.record("question_answered", body.case_id, body.visit_id, { decision_id: CASE, answer: "The person." });
    expect((await phone.status()).questions).toEqual([]);
  });
});
