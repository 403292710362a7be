/**
 * Signed requests over a transport, and answers read back as values or as the errors they were.
 *
 * Proof of the device (A2), the nonce, gzip, the `Fairvisit: 1` header and problem+json live here.
 */
import { fromUtf8, sha256Hex, utf8, type Bytes } from "./bytes";
import { errorOf, isObject, problem, Problem } from "./errors";
import { sign } from "./signing";
import type { Transport, WireAnswer } from "./transport";
import { gzip } from "./zipping";

export const ENROL = "/sync/v1/enrol";
export const EXCHANGE = "/sync/v1/exchange";
export const MANIFEST = "/sync/v1/manifest";
export const FETCH = "/sync/v1/fetch";
export const FILES = "/sync/v1/files";
const LEAST_GZIP = 300;
const MOST_NONCE = 24;
const MOST_WAIT_S = 86_400;

export type Value = Record<string, unknown>;

/** The way to one server as one device. `nonce` is the last the server gave; every answer may bring a new one. */
export class Channel {
  readonly traffic = { requests: 0, bytes_up: 0, bytes_down: 0 };

  constructor(
    private readonly transport: Transport,
    readonly key: CryptoKey,
    readonly deviceId = "",
    public nonce = "",
  ) {}

  /** Send a signed request. A stale nonce is mended and the request repeated once (A2). */
  async ask(method: string, target: string, value?: Value): Promise<Value> {
    try {
      return await this.askOnce(method, target, value);
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== "use-nonce") throw error;
    }
    return this.askOnce(method, target, value);
  }

  private async askOnce(method: string, target: string, value?: Value): Promise<Value> {
    const { headers, body } = await pack(value, target === EXCHANGE);
    headers["Authorization"] = `Device ${await this.prove(method, target, body)}`;
    return readJson(await this.send(method, target, headers, body));
  }

  /** Sign one request: its method, its target as sent, and its body's bytes as sent (A2). */
  async prove(method: string, target: string, body: Bytes): Promise<string> {
    const claim = { typ: "request", nonce: this.nonce, method, path: target, body_sha256: await sha256Hex(body) };
    return sign(claim, this.key, this.deviceId);
  }

  /** Send the one request that has no device yet: enrolment. */
  async askUnsigned(target: string, value: Value): Promise<Value> {
    const { headers, body } = await pack(value, false);
    return readJson(await this.send("POST", target, headers, body));
  }

  /** Send bytes as they are; the problem answered, or `no-network` where something else answered. */
  async send(method: string, target: string, headers: Record<string, string>, body: Bytes): Promise<WireAnswer> {
    this.traffic.requests += 1;
    this.traffic.bytes_up += body.length;
    const answer = await this.transport.send(method, target, headers, body);
    this.traffic.bytes_down += answer.body.length;
    if (answer.headers["fairvisit"] !== "1") throw stranger(answer.status);
    const nonce = answer.headers["fairvisit-nonce"] ?? "";
    if (nonce.length > 0 && nonce.length <= MOST_NONCE) this.nonce = nonce;
    if (answer.status >= 400) throw readProblem(answer);
    return answer;
  }
}

/** Something else than the server answered: a proxy with an error, or a page of the network that wants a sign-in. */
function stranger(status: number): Problem {
  const told = problem("no-network", "stranger", { status }, true);
  return status < 400 ? Object.assign(told, { facts: { portal: 1 } }) : told;
}

async function pack(
  value: Value | undefined,
  mayGzip: boolean,
): Promise<{ headers: Record<string, string>; body: Bytes }> {
  if (value === undefined) return { headers: {}, body: new Uint8Array() };
  const plain = utf8(JSON.stringify(value));
  const headers = { "Content-Type": "application/json" };
  const zipped = mayGzip && plain.length >= LEAST_GZIP ? await gzip(plain) : null;
  return zipped ? { headers: { ...headers, "Content-Encoding": "gzip" }, body: zipped } : { headers, body: plain };
}

/** Read an answer's JSON object; one that cannot be read was cut short on its way: no network. */
function readJson(answer: WireAnswer): Value {
  try {
    const value: unknown = JSON.parse(fromUtf8(answer.body));
    if (isObject(value)) return value;
  } catch {
    // told below
  }
  throw problem("no-network", "cut short", {}, true);
}

function readProblem(answer: WireAnswer): Problem {
  let told: unknown = {};
  try {
    told = readJson(answer);
  } catch {
    told = {};
  }
  const error = errorOf(told);
  error.wasAnswered = true;
  const wait = answer.headers["retry-after"] ?? "";
  if (/^\d+$/.test(wait)) error.extra["retry_after_s"] = Math.min(Number(wait), MOST_WAIT_S);
  return error;
}
