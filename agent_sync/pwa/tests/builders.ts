/** Phones for tests: a database of their own, clocks that stand until moved, and the fake server. */
import "fake-indexeddb/auto";
import type { Clock, Reading } from "../src/clock";
import { Device, type Options } from "../src/device";
import type { Report } from "../src/face";
import { FakeServer } from "./fake_server";
import { readVectors } from "./vectors";

export const PIN = "471147";
export const CASE = "01920000-0000-7000-8000-0000000000c1";
let names = 0;

/** A clock that stands where a test puts it. */
export class SetClock implements Clock {
  reading: Reading = { wallMs: 1_772_700_000_000, offsetMin: 480, monoMs: 100_000, boot: "b1", mono: "awake" };

  read(): Reading {
    return { ...this.reading };
  }

  advance(ms: number): void {
    this.reading = { ...this.reading, wallMs: this.reading.wallMs + ms, monoMs: this.reading.monoMs + ms };
  }

  /** A page load begins another counter. */
  reload(): void {
    this.reading = { ...this.reading, monoMs: 0, boot: `${this.reading.boot}'` };
  }
}

export interface Town {
  server: FakeServer;
  clock: SetClock;
  name: string;
  phone: Device;
}

export function makePhone(server: FakeServer, clock: Clock, name: string, more: Partial<Options> = {}): Device {
  return new Device({ name, transport: server, clock, pinIterations: 10, ...more });
}

/** A phone that is enrolled and has exchanged once. */
export async function makeTown(): Promise<Town> {
  const [server, clock, name] = [new FakeServer(), new SetClock(), `phone${(names += 1)}`];
  const phone = makePhone(server, clock, name);
  await phone.enrol("CODE", PIN);
  await phone.exchange();
  return { server, clock, name, phone };
}

/** Give a packet's body that is valid, for a case; its lease ends long after. */
export async function packetBody(over: Record<string, unknown> = {}): Promise<any> {
  const given = (await readVectors("items")).find((each) => each.expected && each.given.type === "packet")!.given;
  const body = structuredClone(given.body);
  body.open = { ...body.open, limits: {}, lease_until: "2027-01-01T00:00:00.000Z", ...over };
  return body;
}

/** Record something that is bound to no visit. */
export const propose = (phone: Device, text = "x") =>
  phone.record("contact_proposed", CASE, null, { changes: [{ field: "note", new: text }] });

/** Die at the n-th boundary of a durable write from now on: before and after each commit. */
export async function dieAt(phone: Device, n: number): Promise<void> {
  const store = await phone.store();
  let left = n;
  store.reachBoundary = () => {
    left -= 1;
    if (left <= 0) throw new Error("the phone died");
  };
}

/** Give the codes of all that failed in an exchange. */
export const codesOf = (report: Report) => [
  ...report.problems.map((each) => each.error.code),
  ...(report.error ? [report.error.code] : []),
];

/** Give ids of cases. */
export const ids = (count: number) =>
  Array.from({ length: count }, (_, n) => `01920000-0000-7000-8000-0000000${(10_000 + n).toString()}`);

/** Publish packets of new cases; give the cases. */
export async function publishPackets({ server }: Town, count: number): Promise<string[]> {
  const chosen = ids(count);
  for (const id of chosen) await server.publish("packet", id, 1, await packetBody());
  await server.settle();
  return chosen;
}
