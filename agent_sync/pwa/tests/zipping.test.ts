/** What a browser without the streams does: it sends plain, and opens sealed parts all the same. */
import { deflateSync, gzipSync } from "node:zlib";
import { afterEach, expect, it, vi } from "vitest";
import { utf8 } from "../src/bytes";
import { gzip, inflate } from "../src/zipping";

const TEXT = utf8("what it is about, ".repeat(400));

afterEach(() => vi.unstubAllGlobals());

it("sends plain where the browser cannot compress", async () => {
  vi.stubGlobal("CompressionStream", undefined);
  expect(await gzip(TEXT)).toBeNull();
});

it.each(["stream", "library"])("unpacks zlib and gzip by the %s", async (by) => {
  if (by === "library") vi.stubGlobal("DecompressionStream", undefined);
  expect(await inflate(new Uint8Array(deflateSync(TEXT)), "deflate")).toEqual(TEXT);
  expect(await inflate(new Uint8Array(gzipSync(TEXT)), "gzip")).toEqual(TEXT);
});

it.each(["stream", "library"])("refuses by the %s what is damaged", async (by) => {
  if (by === "library") vi.stubGlobal("DecompressionStream", undefined);
  await expect(inflate(new Uint8Array(deflateSync(TEXT)).slice(0, 12), "deflate")).rejects.toThrow();
});
