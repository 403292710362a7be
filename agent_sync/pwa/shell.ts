/**
 * The shell: tells the service worker which files the app is made of, and prints how much of it comes at the start.
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const MOST_AT_START = 45_000; // bytes of script, gzipped
const AT_START = ["index", "device", "en", "gate"]; // with what they import; one language of two, everything else when it is opened

const PUBLIC = new URL("public/", import.meta.url);
const LIST = /["'`]__SHELL__["'`]/; // whatever quotes the build writes

interface Part { type: string; fileName: string; code?: string; source?: string | Uint8Array; imports?: string[]; isEntry?: boolean; name?: string }

export function shell() {
  return {
    name: "shell",
    enforce: "post" as const,
    generateBundle(_: unknown, bundle: Record<string, Part>) {
      const parts = Object.values(bundle);
      const own = parts.map((each) => each.fileName).filter((name) => name !== "sw.js" && !name.endsWith(".html"));
      const files = ["./", "check", ...own, ...readdirSync(PUBLIC)].sort();
      const hash = createHash("sha256");
      for (const each of parts) hash.update(each.code ?? each.source ?? "");
      for (const each of readdirSync(PUBLIC)) hash.update(readFileSync(new URL(each, PUBLIC)));
      const worker = bundle["sw.js"];
      if (!worker?.code || !LIST.test(worker.code)) throw new Error("The service worker has no place for the list of files.");
      worker.code = worker.code.replace(LIST, JSON.stringify(files)).replace("__VERSION__", hash.digest("hex").slice(0, 12));
      weigh(parts);
    },
  };
}

function weigh(parts: Part[]): void {
  const chunks = parts.filter((part) => part.type === "chunk" && part.fileName !== "sw.js");
  const early = new Set(chunks.filter((each) => AT_START.includes(each.name ?? "")));
  for (const each of early) chunks.filter((other) => each.imports?.includes(other.fileName)).forEach((other) => early.add(other));
  let start = 0;
  for (const each of chunks) {
    const bytes = gzipSync(each.code ?? "", { level: 9 }).length;
    if (early.has(each)) start += bytes;
    console.log(`${String(bytes).padStart(7)} bytes gzip  ${early.has(each) ? "at start" : "        "}  ${each.fileName}`);
  }
  console.log(`${String(start).padStart(7)} bytes gzip of script at start; at most ${MOST_AT_START}`);
  if (start > MOST_AT_START) console.warn(`The script at start is ${start - MOST_AT_START} bytes heavier than it may be.`);
}
