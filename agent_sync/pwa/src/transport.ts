/** HTTP to the server, as bytes: one request out, one answer in. Anything with the same `send` may stand in for it. */
import type { Bytes } from "./bytes";
import { problem } from "./errors";

/** An answer as it came: header names in lower case, the body decoded. */
export interface WireAnswer {
  status: number;
  headers: Record<string, string>;
  body: Bytes;
}
export interface Transport {
  /** Send; `target` is path and query as they go over the wire. Rejects with `no-network`. */
  send(method: string, target: string, headers: Record<string, string>, body: Bytes): Promise<WireAnswer>;
}

const READ_MS = 60_000;
const MOST_ANSWER = 64 * 1024 * 1024;

/** The real network, by fetch. `origin` is empty in the app: the server that served it. */
export class FetchTransport implements Transport {
  constructor(
    private readonly origin = "",
    private readonly timeoutMs = READ_MS,
  ) {}

  /** Redirects are not followed: only a captive portal sends them. When to try again is for the exchange to decide. */
  async send(method: string, target: string, headers: Record<string, string>, body: Bytes): Promise<WireAnswer> {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), this.timeoutMs);
    try {
      const answer = await fetch(this.origin + target, {
        method,
        headers,
        redirect: "manual",
        credentials: "omit",
        cache: "no-store",
        signal: stop.signal,
        ...(body.length ? { body } : {}),
      });
      const read = new Uint8Array(await answer.arrayBuffer());
      if (read.length > MOST_ANSWER) throw problem("no-network", "too large");
      return { status: answer.status, headers: Object.fromEntries(answer.headers), body: read };
    } catch (error) {
      // fetch tells a refused certificate and no network apart to nobody.
      throw error instanceof TypeError || error instanceof DOMException ? problem("no-network") : error;
    } finally {
      clearTimeout(timer);
    }
  }
}
