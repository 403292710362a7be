/** The exchange, step by step, against a server in memory: every failure of field life. */
import { describe, expect, test, vi } from "vitest";
import { STEPS } from "../src/exchange";
import { writeStatement } from "../src/statement";
import { texts } from "../src/texts/en";
import { CASE, codesOf, dieAt, makePhone, makeTown, PIN, propose, publishPackets } from "./builders";
import { DEVICE, type Fault } from "./fake_server";

test("the steps are Python's, in Python's order", () => {
  expect(STEPS.map(([name]) => name)).toEqual([
    "shred_ended",
    "read_outbox",
    "build_request",
    "send",
    "store_receipts",
    "heed_push",
    "apply_holds",
    "apply_page",
    "heed_pull",
    "ask_chains",
    "take_directives",
    "repair",
    "refetch_shredded",
    "upload_files",
    "carry_out_directives",
    "tidy",
  ]);
});

describe("push", () => {
  test("E7: received is said only of stored receipts; an answer that was lost gives duplicates the next time", async () => {
    const { server, phone } = await makeTown();
    await propose(phone);
    server.faults = ["answer_lost"];
    const first = await phone.exchange();
    expect([codesOf(first), (await phone.status()).unsent, first.nextMs <= 4000]).toEqual([["no-network"], 1, true]);
    const second = await phone.exchange();
    expect([second.isOk, second.counts["duplicate"], (await phone.status()).unsent]).toEqual([true, 1, 0]);
  });

  test.each<[Fault, string]>([
    ["portal", "no-network"],
    ["proxy_413", "no-network"],
    ["status_503", "unavailable"],
    ["answer_cut", "no-network"],
    ["cut_before", "no-network"],
  ])("a fault (%s) is told, loses nothing, and the next exchange sends all", async (fault, code) => {
    const { server, phone } = await makeTown();
    await propose(phone);
    server.faults = [fault];
    expect(codesOf(await phone.exchange())).toEqual([code]);
    expect((await phone.status()).unsent).toBe(1);
    await phone.exchange();
    expect((await phone.status()).unsent).toBe(0);
  });

  test("a page of the network that wants a sign-in is told as such, a proxy's error is not", async () => {
    const { server, phone } = await makeTown();
    for (const [fault, said] of [["portal", "sign in first"], ["proxy_413", "No network."]] as [Fault, string][]) {
      server.faults = [fault];
      const { error } = await phone.exchange();
      expect(texts.problem(error!.code, error!.facts)).toContain(said);
    }
  });

  test("what an exchange met by itself stands in the status, until one goes through", async () => {
    const { server, phone } = await makeTown();
    server.faults = ["status_503"];
    await phone.exchange();
    expect((await phone.status()).problem?.code).toBe("unavailable");
    await phone.exchange();
    expect((await phone.status()).problem).toBeNull();
  });

  test("X4: Retry-After is a lower bound", async () => {
    const { server, phone } = await makeTown();
    server.faults = ["status_429"];
    const report = await phone.exchange();
    expect([codesOf(report), report.nextMs >= 7000, (await phone.status()).failures]).toEqual([
      ["rate-limited"],
      true,
      1,
    ]);
  });

  test("X3: a proxy's 413 halves the batch until it goes through", async () => {
    const { server, phone } = await makeTown();
    for (let n = 0; n < 8; n += 1) await propose(phone, `${n}`);
    server.faults = ["proxy_413", "proxy_413", "none"];
    for (let n = 0; n < 3; n += 1) await phone.exchange();
    const sizes = server.requests.slice(1).map((request) => (request["push"].events ?? []).length);
    expect(sizes.slice(0, 2)).toEqual([4, 4]);
    expect((await phone.status()).unsent).toBe(0);
  });

  test("X3: an event over the quota goes withheld and stays until its replay", async () => {
    const { server, phone } = await makeTown();
    await propose(phone, "a note of some length, longer than the quota that was told below");
    const store = await phone.store();
    await store.put("quota", { ...server.quota, max_event_bytes: 50 });
    await phone.exchange();
    const [entry] = server.requests.flatMap((request) => request["push"].events ?? []).slice(-1);
    expect([entry.content, entry.withheld > 50]).toEqual([undefined, true]);
    expect((await phone.status()).parked.map((each) => each.reason)).toEqual(["withheld"]);
  });

  test("X3: a withheld content goes up as a file, in chunks, from where it was cut", async () => {
    const { server, phone } = await makeTown();
    const note = "x".repeat(700_000);
    const recorded = await phone.record("event_corrected", CASE, null, { event_id: CASE, reason: "r", body: { note } });
    const store = await phone.store();
    await store.put("quota", { ...server.quota, max_event_bytes: 1000 });
    server.faults = ["none", "none", "answer_lost"];
    expect(codesOf(await phone.exchange())).toEqual(["no-network"]);
    const report = await phone.exchange();
    expect([report.isOk, server.wanted, report.counts["files_sent"]]).toEqual([true, [], 1]);
    expect(server.log.filter((line) => line.includes("files"))).toEqual([
      "POST /sync/v1/files none",
      "PATCH /sync/v1/files/u1 answer_lost",
      "HEAD /sync/v1/files/u1 none",
      "PATCH /sync/v1/files/u1 none",
    ]);
    await server.publish("replay", recorded.eventId, 1, {
      event_id: recorded.eventId,
      status: "accepted",
      at: "2026-03-06T00:00:00.000Z",
    });
    await server.settle();
    await phone.exchange();
    expect((await phone.status()).parked).toEqual([]);
  });

  test("T2: a content the server has whole and still looks at is not asked about again and again", async () => {
    const { server, phone } = await makeTown();
    await propose(phone, "a note of some length, longer than the quota that was told below");
    await (await phone.store()).put("quota", { ...server.quota, max_event_bytes: 50 });
    const wanted: Record<string, unknown>[] = [];
    Object.defineProperty(server, "wanted", { get: () => wanted, set: () => undefined }); // verified by nobody yet
    const rounds = [];
    for (let n = 0; n < 2; n += 1) {
      const stop = setTimeout(() => wanted.splice(0), 2_000);
      rounds.push((await phone.exchange()).counts["rounds"]);
      clearTimeout(stop);
    }

    expect([wanted.length, Math.max(...(rounds as number[])) < 5]).toEqual([1, true]);
  });

  test("X3: a quota that is told is adopted, and the batch is cut", async () => {
    const { server, phone } = await makeTown();
    for (let n = 0; n < 5; n += 1) await propose(phone, `${n}`);
    server.quota = { ...server.quota, max_events: 2 };
    const report = await phone.exchange();
    expect([report.isOk, report.counts["batches_cut"], (await phone.status()).unsent]).toEqual([true, 1, 0]);
  });

  test("A4: a device that is gone keeps its work, holds no packet any more, and goes on if it is taken back", async () => {
    const town = await makeTown();
    await publishPackets(town, 2);
    await town.phone.exchange();
    await propose(town.phone);
    town.server.faults = ["gone"];
    expect(codesOf(await town.phone.exchange())).toEqual(["gone"]);
    const status = await town.phone.status();
    expect([status.stage, status.unsent, await town.phone.packets()]).toEqual(["gone", 1, []]);
    expect((await town.phone.exportOutbox()).events).toBe(1);
    expect((await town.phone.exchange()).isOk).toBe(true);
    expect([(await town.phone.status()).stage, (await town.phone.packets()).length]).toEqual(["enrolled", 2]);
  });

  test("A6: new keys of the server are trusted if a trusted one names them, and others are ignored and told", async () => {
    const { server, phone } = await makeTown();
    const keys = [
      {
        kid: "next",
        jwk: (await server.publicKey()) as Record<string, string>,
        active_from: "2026-03-05T00:00:00.000Z",
      },
    ];
    await server.publish("server_keys", CASE, 1, { keys, proof: await server.sign({ typ: "server_keys", keys }) });
    await server.settle();
    expect((await phone.exchange()).isOk).toBe(true);
    await server.publish("server_keys", DEVICE, 1, {
      keys: [{ ...keys[0], kid: "evil" }],
      proof: await server.sign({ typ: "server_keys", keys }),
    });
    await server.settle();
    expect(codesOf(await phone.exchange())).toEqual(["bad-signature"]);
    const trusted = await (await phone.store()).read((tx) => tx.objectStore("server_key").getAllKeys());
    expect([trusted.includes("next"), trusted.includes("evil")]).toEqual([true, false]);
  });

  test("a stale nonce is mended within the exchange", async () => {
    const { server, phone } = await makeTown();
    server.nonce = "n2";
    expect((await phone.exchange()).isOk).toBe(true);
    server.nonce = "n3";
    expect((await phone.exchange()).isOk).toBe(true);
  });

  test("A3: a wall clock that cannot be right is named as the cause, and recording goes on", async () => {
    const { server, clock, phone } = await makeTown();
    clock.reading = { ...clock.reading, wallMs: clock.reading.wallMs - 10 * 365 * 86_400_000 };
    server.faults = ["cut_before"];
    expect(codesOf(await phone.exchange())).toEqual(["certificate-refused"]);
    await propose(phone);
    expect((await phone.exchange()).isOk).toBe(true);
  });

  test("the exchange of another tab is not disturbed", async () => {
    const { server, clock, name, phone } = await makeTown();
    const other = makePhone(server, clock, name);
    await other.unlock(PIN);
    const [one, two] = await Promise.allSettled([phone.exchange(), other.exchange()]);
    expect([one.status, two.status].sort()).toEqual(["fulfilled", "rejected"]);
    expect((two as PromiseRejectedResult).reason ?? (one as unknown as PromiseRejectedResult).reason).toMatchObject({
      code: "store-locked",
    });
  });

  test("X4: an exchange that could not begin is tried again, too", async () => {
    const { clock, phone } = await makeTown();
    const store = await phone.store();
    clock.advance(3_600_000);
    await store.put("exchange_until_ms", clock.read().wallMs + 60_000); // where the browser has no locks
    vi.stubGlobal("navigator", {});
    await expect(phone.exchange()).rejects.toMatchObject({ code: "store-locked" });
    vi.unstubAllGlobals();

    expect((await phone.status()).nextMs).toBeGreaterThan(clock.read().wallMs);
  });
});

describe("chains", () => {
  test("E6: after a fork a new chain is opened and what had no receipt is sent on it", async () => {
    const { server, phone } = await makeTown();
    const [chainId] = server.chains.keys();
    await server.twin(chainId!);
    const recorded = await propose(phone);
    const report = await phone.exchange();
    expect([report.counts["chains_opened"], report.isOk, (await phone.status()).unsent]).toEqual([1, true, 0]);
    const opened = JSON.parse([...server.chains.values()][1]!.places[0]!.content!);
    expect(opened.body).toEqual({ reason: "forked", previous: chainId, after_seq: 1, lost: [] });
    expect((await server.audit()).ids.has(recorded.eventId)).toBe(true);
  });

  test("E10: what a restored server has forgotten is sent again", async () => {
    const { server, phone } = await makeTown();
    const restore = server.backup();
    const recorded = [await propose(phone, "a"), await propose(phone, "b")];
    await phone.exchange();
    restore();
    const report = await phone.exchange();
    expect([report.counts["returned"], (await phone.status()).unsent]).toEqual([2, 0]);
    const { ids: held, isWhole } = await server.audit();
    expect([recorded.every((each) => held.has(each.eventId)), isWhole]).toEqual([true, true]);
  });

  test("E10: a restored server that a twin went on with: what had receipts beyond the parting is sent again", async () => {
    const { server, phone } = await makeTown();
    const [chainId] = server.chains.keys();
    const restore = server.backup();
    const recorded = [await propose(phone, "a"), await propose(phone, "b")];
    await phone.exchange();
    restore();
    await server.twin(chainId!);
    recorded.push(await propose(phone, "c"));
    await phone.exchange();
    const { ids: held, isWhole } = await server.audit();
    expect([recorded.every((each) => held.has(each.eventId)), isWhole, (await phone.status()).unsent]).toEqual([
      true,
      true,
      0,
    ]);
    expect(server.chains.size).toBe(2);
  });

  test("E6, E10: what was returned to the outbox moves to the new chain, if a twin is faster", async () => {
    const { server, phone } = await makeTown();
    const [chainId] = server.chains.keys();
    const restore = server.backup();
    const recorded = await propose(phone);
    await phone.exchange();
    restore();
    server.faults = ["none", "cut_before"];
    await phone.exchange();
    expect((await phone.status()).unsent).toBe(1);
    await server.twin(chainId!);
    await phone.exchange();
    const { ids: held } = await server.audit();
    expect([held.has(recorded.eventId), server.chains.size, (await phone.status()).unsent]).toEqual([true, 2, 0]);
  });

  test("E2: what can no longer be read is declared lost, and what follows is sent", async () => {
    const { server, phone } = await makeTown();
    const [broken, good] = [await propose(phone, "a"), await propose(phone, "b")];
    const store = await phone.store();
    await store.write(async (tx) => {
      const row = (await tx.objectStore("event").index("id").get(broken.eventId))!;
      await tx.objectStore("event").put({ ...row, content: { iv: row.content!.iv, ct: new ArrayBuffer(40) } });
    });
    store.vault.seen.clear();
    await phone.exchange();
    const { ids: held, lost } = await server.audit();
    expect([held.has(broken.eventId), held.has(good.eventId), lost]).toEqual([false, true, 1]);
    const status = await phone.status();
    expect([status.lost, status.unsent]).toEqual([1, 0]);
    const told = await writeStatement(store, "2026-03-05", {
      wallMs: 0,
      offsetMin: 0,
      monoMs: 0,
      boot: "b",
      mono: "awake",
    });
    expect([told["lost"], told["recorded"]]).toEqual([1, 4]);
  });
});

test("killed at every boundary of an exchange, nothing is lost and nothing is there twice", async () => {
  for (let n = 1; n < 40; n += 1) {
    const town = await makeTown();
    await publishPackets(town, 3);
    const recorded = [await propose(town.phone, "a"), await propose(town.phone, "b")];
    await dieAt(town.phone, n);
    const died = await town.phone.exchange().then(
      () => false,
      () => true,
    );
    const again = makePhone(town.server, town.clock, town.name);
    town.clock.reload();
    town.clock.advance(200_000);
    await again.unlock(PIN);
    expect((await again.exchange()).isOk, `boundary ${n}`).toBe(true);
    const { ids: held, isWhole } = await town.server.audit();
    expect([
      recorded.every((each) => held.has(each.eventId)),
      isWhole,
      town.server.chains.size,
      (await again.packets()).length,
    ]).toEqual([true, true, 1, 3]);
    if (!died) return;
  }
  throw new Error("an exchange has fewer boundaries than that");
});
