/**
 * The outbox under faults, by model: whatever is cut, lost, repeated, restored or done by two tabs, what `record` resolved
 * from reaches the server exactly once, and nobody is told that it did before it has (PROTOCOL 5).
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Device } from "../src/device";
import { Refusal, type Report } from "../src/face";
import { dieAt, makePhone, makeTown, PIN, propose, type Town } from "./builders";
import type { Fault } from "./fake_server";

type Act =
  | { do: "record"; tab: number }
  | { do: "both" }
  | { do: "exchange"; tab: number; faults: Fault[] }
  | { do: "die"; tab: number; at: number; in: "record" | "exchange" }
  | { do: "reload"; tab: number }
  | { do: "restore" }
  | { do: "twin" }
  | { do: "together" }
  | { do: "sleep" }
  | { do: "step"; years: number }
  | { do: "full"; tab: number; in: "record" | "exchange" };

const FAULTS: Fault[] = [
  "none",
  "cut_before",
  "answer_lost",
  "answer_cut",
  "repeated",
  "portal",
  "proxy_413",
  "status_503",
  "status_429",
];
const tab = fc.constantFrom(0, 1);
const acts: fc.Arbitrary<Act> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("record" as const), tab }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("exchange" as const),
      tab,
      faults: fc.array(fc.constantFrom(...FAULTS), { maxLength: 4 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("die" as const),
      tab,
      at: fc.integer({ min: 1, max: 14 }),
      in: fc.constantFrom("record" as const, "exchange" as const),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ do: "both" as const }) },
  { weight: 2, arbitrary: fc.constant({ do: "together" as const }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("reload" as const), tab }) },
  { weight: 1, arbitrary: fc.constant({ do: "restore" as const }) },
  { weight: 1, arbitrary: fc.constant({ do: "twin" as const }) },
  { weight: 1, arbitrary: fc.constant({ do: "sleep" as const }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("step" as const), years: fc.constantFrom(-10, 10) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("full" as const),
      tab,
      in: fc.constantFrom("record" as const, "exchange" as const),
    }),
  },
);

const YEAR_MS = 365 * 86_400_000;

class World {
  recorded: string[] = [];
  private backup: () => void;
  private tabs: Device[] = [];

  constructor(readonly town: Town) {
    this.backup = town.server.backup();
  }

  async tab(at: number): Promise<Device> {
    this.tabs[at] ??= await this.open();
    return this.tabs[at];
  }

  private async open(): Promise<Device> {
    const phone = makePhone(this.town.server, this.town.clock, this.town.name);
    await phone.unlock(PIN);
    return phone;
  }

  private async record(at: number): Promise<void> {
    this.recorded.push((await propose(await this.tab(at), `${this.recorded.length}`)).eventId);
  }

  /** A tab that died wakes as another page, with another counter; and its claim to the exchange has run out. */
  private async reload(at: number): Promise<void> {
    await this.tabs[at]?.close();
    delete this.tabs[at];
    this.town.clock.reload();
    this.town.clock.advance(130_000);
  }

  async act(act: Act): Promise<void> {
    const { server, clock } = this.town;
    if (act.do === "record") await this.record(act.tab);
    else if (act.do === "both") await Promise.all([this.record(0), this.record(1), this.record(0)]);
    else if (act.do === "exchange") {
      server.faults = [...act.faults];
      await (await this.tab(act.tab)).exchange();
    } else if (act.do === "together") {
      server.faults = [];
      const exchanges = [(await this.tab(0)).exchange(), (await this.tab(1)).exchange()];
      await Promise.all([...exchanges.map((each) => each.catch(onlyLocked)), this.record(0), this.record(1)]);
    } else if (act.do === "die") {
      await dieAt(await this.tab(act.tab), act.at);
      server.faults = [];
      await (act.in === "record" ? this.record(act.tab) : (await this.tab(act.tab)).exchange()).catch(() => undefined);
      await this.reload(act.tab);
    } else if (act.do === "reload") await this.reload(act.tab);
    else if (act.do === "restore") this.backup();
    else if (act.do === "twin") await server.twin([...server.chains.keys()].at(-1)!);
    else if (act.do === "step")
      clock.reading = { ...clock.reading, wallMs: clock.reading.wallMs + act.years * YEAR_MS };
    else if (act.do === "full") await this.full(act.tab, act.in);
    // Asleep: the counter of a page stands while the wall clock goes on.
    else clock.reading = { ...clock.reading, wallMs: clock.reading.wallMs + 7 * 86_400_000 };
    await this.holdsWhatItSays();
  }

  /** There is no room left until somebody makes some: it is said, and nothing of it is half there. */
  private async full(at: number, what: "record" | "exchange"): Promise<void> {
    const phone = await this.tab(at);
    const store = await phone.store();
    store.reachBoundary = (place) => {
      if (place === "before") throw new DOMException("full", "QuotaExceededError");
    };
    const act = what === "record" ? propose(phone) : phone.exchange();
    await expect(act.then((report) => Promise.reject((report as Report).error))).rejects.toMatchObject({
      code: "storage-full",
    });
    store.reachBoundary = () => undefined;
  }

  /** Never "received" but by a receipt: with nothing sent since, the server holds at least as many. */
  private async holdsWhatItSays(): Promise<void> {
    const status = await (await this.tab(0)).status();
    const store = await (await this.tab(0)).store();
    const events = await store.read((tx) => tx.objectStore("event").getAll());
    expect(status.unsent + status.received).toBeGreaterThanOrEqual(events.length);
    expect(this.recorded.filter((id) => !events.some((event) => event.id === id))).toEqual([]);
  }

  async quiet(): Promise<void> {
    this.town.server.faults = [];
    const phone = await this.tab(0);
    for (let n = 0; n < 12; n += 1) {
      this.town.clock.advance(130_000);
      const report = await phone.exchange();
      if (report.isOk && !(await phone.status()).unsent) break;
    }
    const status = await phone.status();
    const { ids, isWhole, lost } = await this.town.server.audit();
    const missing = this.recorded.filter((id) => !ids.has(id));
    expect({ unsent: status.unsent, lost: status.lost, declared: lost, missing, isWhole }).toEqual({
      unsent: 0,
      lost: 0,
      declared: 0,
      missing: [],
      isWhole: true,
    });
    const events = await (await phone.store()).read((tx) => tx.objectStore("event").getAll());
    expect(this.recorded.every((id) => events.filter((event) => event.id === id).length === 1)).toBe(true);
  }
}

function onlyLocked(error: unknown): void {
  if (!(error instanceof Refusal) || error.code !== "store-locked") throw error;
}

test("whatever happens, each event reaches the server exactly once", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(acts, { minLength: 1, maxLength: 14 }), async (story) => {
      const world = new World(await makeTown());
      for (const act of story) await world.act(act);
      await world.quiet();
    }),
    { numRuns: 60, endOnFailure: false, interruptAfterTimeLimit: 60_000, markInterruptAsFailure: false },
  );
}, 120_000);
