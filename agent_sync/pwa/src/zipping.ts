/** gzip and zlib by the browser, where it can: Chromium 80, Firefox 113, Safari 16.4 and newer. */
import type { Bytes } from "./bytes";

/** Unpack; where the browser cannot, by a library that is loaded then: a sealed part must open on any phone. */
export async function inflate(bytes: Bytes, format: "deflate" | "gzip"): Promise<Bytes> {
  if (typeof DecompressionStream !== "undefined") return pass(bytes, new DecompressionStream(format));
  const { decompressSync } = await import("fflate");
  return new Uint8Array(decompressSync(bytes));
}

/** Compress, or null where the browser cannot: what is sent plain is as good. */
export async function gzip(bytes: Bytes): Promise<Bytes | null> {
  return typeof CompressionStream === "undefined" ? null : pass(bytes, new CompressionStream("gzip"));
}

async function pass(bytes: Bytes, through: GenericTransformStream): Promise<Bytes> {
  return new Uint8Array(
    await new Response(new Blob([bytes]).stream().pipeThrough(through as ReadableWritablePair)).arrayBuffer(),
  );
}
