/** What is left for the service worker: only what did not get out, and nothing that it could read. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { SEALED } from "../src/background";
import { makeTown, propose } from "./builders";

const kept = new Map<string, Response>();

beforeEach(() => {
  kept.clear();
  const cache = {
    put: async (key: string, value: Response) => void kept.set(key, value),
    delete: async (key: string) => kept.delete(key),
  };
  vi.stubGlobal("caches", { open: async () => cache });
  vi.stubGlobal("SyncManager", class {});
});
afterEach(() => vi.unstubAllGlobals());

test("X7: what met no network is left sealed and signed, and taken back once it is received", async () => {
  const { server, phone } = await makeTown();
  expect([...kept.keys()]).toEqual([]);
  await propose(phone, "a number nobody else may read");
  server.faults = ["cut_before"];
  await phone.exchange();
  const left = kept.get(SEALED)!;
  const text = await left.text();
  expect(left.headers.get("Authorization")).toMatch(/^Device [\w-]+\.[\w-]+\.[\w-]+$/);
  expect(Object.keys(JSON.parse(text)).sort()).toEqual(["ciphertext", "epk", "format", "iv", "kid"]);
  expect(text).not.toContain("nobody else");
  await phone.exchange();
  expect([...kept.keys()]).toEqual([]);
});

test("X7: nothing is left where no worker would be woken to send it", async () => {
  vi.stubGlobal("SyncManager", undefined);
  Reflect.deleteProperty(globalThis, "SyncManager");
  const { server, phone } = await makeTown();
  await propose(phone);
  server.faults = ["cut_before"];
  await phone.exchange();
  expect([...kept.keys()]).toEqual([]);
});

test("X7: a locked phone takes back nothing: it does not know what waits", async () => {
  const { server, phone } = await makeTown();
  await propose(phone);
  server.faults = ["cut_before"];
  await phone.exchange();
  phone.lock();
  await phone.exchange();
  expect([...kept.keys()]).toEqual([SEALED]);
});

test("X7: an exchange goes on as ever where nothing can be left", async () => {
  vi.stubGlobal("caches", { open: () => Promise.reject(new DOMException("no room", "QuotaExceededError")) });
  const { server, phone } = await makeTown();
  await propose(phone);
  server.faults = ["cut_before"];
  expect((await phone.exchange()).error?.code).toBe("no-network");
  await phone.exchange();
  expect((await phone.status()).unsent).toBe(0);
});
