/** A server in memory that keeps the places of chains (E4), receipts (E8) and a feed (F1, F4) as PROTOCOL.md says. */
import { fromUtf8, sha256Hex, unb64url, utf8, type Bytes } from "../src/bytes";
import { digest, encode, linkHash } from "../src/canonical";
import { bucketOf, itemWeight, sumWeights } from "../src/checksum";
import { wrongIn } from "../src/checks";
import { problem } from "../src/errors";
import { makeId } from "../src/ids";
import { formatTime } from "../src/messages";
import { claimOf, loadPublic, publicJwk, sign, thumbprint, verify, type Jwk } from "../src/signing";
import type { Transport, WireAnswer } from "../src/transport";
import { BUCKETS, ZERO_HASH } from "../src/vocabulary";
import { inflate } from "../src/zipping";
import { Enrol, Exchange } from "./message_shapes";

export type Fault =
  | "none"
  | "cut_before"
  | "answer_lost"
  | "answer_cut"
  | "repeated"
  | "portal"
  | "proxy_413"
  | "status_503"
  | "status_429"
  | "gone";
export interface Place {
  id: string;
  digest: string;
  hash: string;
  content: string | null;
}
interface Chain {
  places: Place[];
  head: string;
}
interface Held {
  digest: string;
  status: string;
  problem?: string;
  at: string;
}
interface Live {
  op: "put" | "del";
  type: string;
  id: string;
  rev: number;
  sha256: string;
  body?: unknown;
  reason?: string;
  at: number;
}
type Value = Record<string, any>;

export const AGENT = "01920000-0000-7000-8000-0000000000a1";
export const DEVICE = "01920000-0000-7000-8000-0000000000d1";
const QUOTA = {
  max_events: 200,
  max_bytes: 262_144,
  max_event_bytes: 1_048_576,
  max_inflated: 4_194_304,
  page_bytes: 2_097_152,
};

export class FakeServer implements Transport {
  nowMs = 1_772_700_000_000;
  quota = { ...QUOTA };
  epoch = "e1";
  nonce = "n1";
  chains = new Map<string, Chain>();
  events = new Map<string, Held>();
  feed = new Map<string, Live>();
  holds: Value[] = [];
  wanted: Value[] = [];
  uploads = new Map<string, Bytes>();
  directives: string[] = [];
  pullProblem = "";
  pageItems = 100;
  faults: Fault[] = [];
  log: string[] = [];
  requests: Value[] = [];
  private feedSeq = 0;
  private deviceKey: Jwk | null = null;
  private key: CryptoKeyPair | null = null;

  async kid(): Promise<string> {
    return thumbprint(await this.publicKey());
  }

  async publicKey(): Promise<Jwk> {
    this.key ??= await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
    return publicJwk(this.key.publicKey);
  }

  /** Open what was sealed to the server's key, as server/services/unsealing.py does. */
  async unseal({ format, kid, epk, iv, ciphertext }: Value, form: string): Promise<Value> {
    const { key_ops: _, ...jwk } = await crypto.subtle.exportKey("jwk", this.key!.privateKey);
    const own = await crypto.subtle.importKey("jwk", jwk, { name: "ECDH", namedCurve: "P-256" }, false, ["deriveBits"]);
    const shared = await crypto.subtle.deriveBits({ name: "ECDH", public: await loadPublic(epk, "ECDH") }, own, 256);
    const base = await crypto.subtle.importKey("raw", shared, "HKDF", false, ["deriveKey"]);
    const how = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: utf8(form) };
    const key = await crypto.subtle.deriveKey(how, base, { name: "AES-GCM", length: 256 }, false, ["decrypt"]);
    const aes = { name: "AES-GCM", iv: unb64url(iv), additionalData: utf8(encode({ format, kid, epk })) };
    return JSON.parse(fromUtf8(await crypto.subtle.decrypt(aes, key, unb64url(ciphertext))));
  }

  async sign(claim: Value & { typ: string }): Promise<string> {
    const kid = await this.kid();
    return sign(claim, this.key!.privateKey, kid);
  }

  async send(method: string, target: string, headers: Record<string, string>, body: Bytes): Promise<WireAnswer> {
    const fault = this.faults.shift() ?? "none";
    this.log.push(`${method} ${target} ${fault}`);
    if (fault === "cut_before") throw problem("no-network");
    if (fault === "portal") return this.wire(200, utf8("<html>Welcome</html>"), {}, false);
    if (fault === "proxy_413") return this.wire(413, utf8("too large"), {}, false);
    if (fault === "status_503") return this.refuse("unavailable", 503);
    if (fault === "gone") return this.refuse("gone", 401);
    if (fault === "status_429") return this.refuse("rate-limited", 429, {}, { "retry-after": "7" });
    let answer = await this.answer(method, target, headers, body);
    if (fault === "repeated") answer = await this.answer(method, target, headers, body);
    if (fault === "answer_lost") throw problem("no-network");
    return fault === "answer_cut" ? { ...answer, body: answer.body.slice(0, answer.body.length / 2) } : answer;
  }

  private wire(status: number, body: Bytes, headers: Record<string, string> = {}, isOurs = true): WireAnswer {
    return { status, headers: isOurs ? { fairvisit: "1", "fairvisit-nonce": this.nonce, ...headers } : headers, body };
  }

  private refuse(code: string, status: number, extra: Value = {}, headers: Record<string, string> = {}): WireAnswer {
    return this.wire(
      status,
      utf8(JSON.stringify({ type: `urn:fairvisit:problem:${code}`, status, ...extra })),
      headers,
    );
  }

  private async answer(
    method: string,
    target: string,
    headers: Record<string, string>,
    body: Bytes,
  ): Promise<WireAnswer> {
    const json = (value: Value, status = 200) => this.wire(status, utf8(JSON.stringify(value)));
    if (target.startsWith("/sync/v1/files")) return this.file(method, headers, body);
    const plain = headers["Content-Encoding"] === "gzip" ? await inflate(body, "gzip") : body;
    const value: Value = plain.length ? JSON.parse(fromUtf8(plain)) : {};
    if (target === "/sync/v1/enrol") return json(await this.enrol(value), 201);
    const claim = await this.prove(headers, method, target, body);
    if (claim["nonce"] !== this.nonce) return this.refuse("use-nonce", 401);
    if (target === "/sync/v1/exchange") return json(await this.exchange(value));
    if (target === "/sync/v1/fetch") return json(this.fetch(value));
    if (target.startsWith("/sync/v1/manifest"))
      return json(await this.manifest(new URL(target, "http://s").searchParams.get("bucket")));
    return this.refuse("not-found", 404);
  }

  private async prove(headers: Record<string, string>, method: string, target: string, body: Bytes): Promise<Value> {
    const jws = headers["Authorization"]!.replace("Device ", "");
    const claim = await verify(jws, await loadPublic(this.deviceKey), "request");
    if (claim["method"] !== method || claim["path"] !== target || claim["body_sha256"] !== (await sha256Hex(body))) {
      throw new Error("the proof is not for this request");
    }
    return claim;
  }

  private async enrol(value: Value): Promise<Value> {
    if (Object.keys(wrongIn(Enrol, value)).length) throw new Error("an enrolment out of shape");
    await verify(value["proof"], await loadPublic(value["jwk"]), "enrol");
    this.deviceKey = value["jwk"];
    const jwk = await this.publicKey();
    return {
      device_id: DEVICE,
      agent: { agent_id: AGENT, code: "a1", name: "Agent a1" },
      nonce: this.nonce,
      quota: this.quota,
      server_keys: [{ kid: await this.kid(), jwk, active_from: formatTime(0) }],
      public_url: "https://visits.example/",
    };
  }

  private async exchange(value: Value): Promise<Value> {
    const wrong = wrongIn(Exchange, value);
    if (Object.keys(wrong).length) throw new Error(`a request out of shape: ${JSON.stringify(wrong)}`);
    this.requests.push(value);
    this.nowMs += 1000;
    const push = await this.push(value["push"]);
    return {
      server_time: formatTime(this.nowMs),
      next_exchange_s: 900,
      push,
      ...(value["pull"] ? { pull: this.pull(value["pull"]) } : {}),
      ...(this.holds.length ? { holds: this.holds } : {}),
      ...(this.directives.length ? { directives: this.directives } : {}),
    };
  }

  /** tus 1.0, as far as a device needs it: create with a first chunk, ask, send on. */
  private async file(method: string, headers: Record<string, string>, body: Bytes): Promise<WireAnswer> {
    const sha256 = headers["Authorization"]!.replace("Upload ", "");
    const known = this.uploads.get(sha256) ?? new Uint8Array();
    if (method === "HEAD") return this.wire(200, new Uint8Array(), { "upload-offset": `${known.length}` });
    if (method === "PATCH" && Number(headers["Upload-Offset"]) !== known.length)
      return this.refuse("offset-conflict", 409);
    const joined = new Uint8Array([...known, ...body]);
    this.uploads.set(sha256, joined);
    if ((await sha256Hex(joined)) === sha256) this.wanted = this.wanted.filter((each) => each["sha256"] !== sha256);
    return this.wire(method === "POST" ? 201 : 204, new Uint8Array(), {
      location: "/sync/v1/files/u1",
      "upload-offset": `${joined.length}`,
    });
  }

  /** E4: judged by place first, then content. */
  private async push(push: Value): Promise<Value> {
    if ((push["events"] ?? []).length > this.quota.max_events) {
      return { next_seq: 1, problem: { type: "urn:fairvisit:problem:too-many-events", quota: this.quota } };
    }
    const chain = this.chains.get(push["chain_id"]) ?? { places: [], head: ZERO_HASH };
    this.chains.set(push["chain_id"], chain);
    const receipts: Value[] = [];
    let prev = push["prev"] ?? chain.head;
    for (const entry of push["events"] ?? []) {
      const entryDigest = entry.content === undefined ? entry.digest : await digest(entry.content);
      const hash = await linkHash(push["chain_id"], entry.seq, prev, entry.id, entryDigest);
      const there = chain.places[entry.seq - 1];
      if (there) {
        if (there.id !== entry.id || there.digest !== entryDigest) return this.forked(chain, receipts, entry.seq);
        receipts.push(this.repeat(entry));
      } else if (entry.seq === chain.places.length + 1) {
        if (prev !== chain.head) return this.forked(chain, receipts, entry.seq);
        chain.places.push({ id: entry.id, digest: entryDigest, hash, content: entry.content ?? null });
        chain.head = hash;
        receipts.push(this.take(entry, entryDigest));
      } else break;
      prev = hash;
    }
    const claim = {
      typ: "countersignature",
      device_id: DEVICE,
      chain_id: push["chain_id"],
      through: chain.places.length,
      head_hash: chain.head,
      at: formatTime(this.nowMs),
    };
    const signed = chain.places.length ? { countersignature: await this.sign(claim) } : {};
    return {
      next_seq: chain.places.length + 1,
      ...(receipts.length ? { receipts } : {}),
      ...(this.wanted.length ? { files_wanted: this.wanted } : {}),
      ...signed,
    };
  }

  private forked(chain: Chain, receipts: Value[], seq: number): Value {
    return {
      next_seq: chain.places.length + 1,
      receipts,
      problem: { type: "urn:fairvisit:problem:chain-forked", from_seq: seq },
    };
  }

  private take(entry: Value, entryDigest: string): Value {
    const known = this.events.get(entry["id"]);
    if (known)
      return known.digest === entryDigest
        ? this.repeat(entry)
        : { seq: entry["seq"], id: entry["id"], status: "id_reuse", received_at: known.at };
    const at = formatTime(this.nowMs);
    const held: Held =
      entry["content"] === undefined
        ? { digest: entryDigest, status: "parked", problem: "withheld", at }
        : { digest: entryDigest, status: "accepted", at };
    this.events.set(entry["id"], held);
    if (held.problem === "withheld")
      this.wanted.push({ sha256: entryDigest, size: entry["withheld"], token: entryDigest });
    return {
      seq: entry["seq"],
      id: entry["id"],
      status: held.status,
      received_at: at,
      ...(held.problem ? { problem: held.problem } : {}),
    };
  }

  private repeat(entry: Value): Value {
    const held = this.events.get(entry["id"])!;
    return {
      seq: entry["seq"],
      id: entry["id"],
      status: "duplicate",
      first: held.status,
      received_at: held.at,
      ...(held.problem ? { problem: held.problem } : {}),
    };
  }

  /** Put an item into the feed, or change it. */
  async publish(type: string, id: string, rev: number, body: unknown): Promise<void> {
    this.feedSeq += 1;
    this.feed.set(`${type}:${id}`, {
      op: "put",
      type,
      id,
      rev,
      sha256: await digest(encode(body)),
      body,
      at: this.feedSeq,
    });
  }

  remove(type: string, id: string, reason: string): void {
    this.feedSeq += 1;
    this.feed.set(`${type}:${id}`, { op: "del", type, id, rev: 99, sha256: "", reason, at: this.feedSeq });
  }

  private live(): Live[] {
    return [...this.feed.values()].filter((item) => item.op === "put");
  }

  private pull(pull: Value): Value {
    if (this.pullProblem) return { problem: { type: `urn:fairvisit:problem:${this.pullProblem}` } };
    const [epoch, from] = (pull["cursor"] ?? `${this.epoch}:0`).split(":");
    if (epoch !== this.epoch) return { problem: { type: "urn:fairvisit:problem:epoch-changed" } };
    const changed = [...this.feed.values()]
      .filter((item) => item.at > Number(from))
      .sort((one, other) => one.at - other.at);
    const page = changed.slice(0, this.pageItems);
    const more = changed.length > page.length;
    const items = page.map(({ at: _, ...item }) => item);
    const cursor = `${this.epoch}:${page.at(-1)?.at ?? from}`;
    return {
      ...(items.length ? { items, cursor } : pull["cursor"] ? {} : { cursor }),
      more,
      ...(more ? {} : { head: this.head }),
    };
  }

  head: { count: number; sum: number } = { count: 0, sum: 0 };

  /** Work out count and sum; called after changing the feed, since hashing waits. */
  async settle(): Promise<void> {
    this.head = await this.measure(this.live());
  }

  private async measure(items: Live[]): Promise<{ count: number; sum: number }> {
    const weights = await Promise.all(items.map((item) => itemWeight(item.type, item.id, item.rev, item.sha256)));
    return { count: items.length, sum: sumWeights(weights) };
  }

  private async manifest(bucket: string | null): Promise<Value> {
    const placed = await Promise.all(
      this.live().map(async (item) => ({ item, bucket: await bucketOf(item.type, item.id) })),
    );
    const inside = (number: number) => placed.filter((each) => each.bucket === number).map((each) => each.item);
    if (bucket !== null)
      return { items: inside(Number(bucket)).map((item) => [item.type, item.id, item.rev, item.sha256]) };
    const buckets = [];
    for (let number = 0; number < BUCKETS; number += 1) {
      const { count, sum } = await this.measure(inside(number));
      buckets.push([count, sum]);
    }
    return { epoch: this.epoch, cursor: `${this.epoch}:${this.feedSeq}`, ...this.head, buckets };
  }

  private fetch(value: Value): Value {
    const found = this.live().filter((item) => value["ids"].includes(item.id));
    const items = found.map(({ at: _, ...item }) => item);
    return { items, absent: value["ids"].filter((id: string) => !found.some((item) => item.id === id)) };
  }

  /** Put chains and events back to what they were: a restore from backup. */
  backup(): () => void {
    const chains = structuredClone(this.chains);
    const events = structuredClone(this.events);
    return () => {
      this.chains = structuredClone(chains);
      this.events = structuredClone(events);
      this.epoch = `${this.epoch}'`; // a restored server says so (F5)
    };
  }

  /** Another store with the same chain went on: its event is here now. */
  async twin(chainId: string): Promise<void> {
    const chain = this.chains.get(chainId);
    if (!chain) return;
    const id = makeId(this.nowMs, crypto.getRandomValues(new Uint8Array(10)));
    const seq = chain.places.length + 1;
    const twinDigest = await sha256Hex(id);
    chain.head = await linkHash(chainId, seq, chain.head, id, twinDigest);
    chain.places.push({ id, digest: twinDigest, hash: chain.head, content: null });
  }

  /** Every id on its chains, each once; and whether each chain's hashes follow. */
  async audit(): Promise<{ ids: Set<string>; isWhole: boolean; lost: number }> {
    let isWhole = true;
    let lost = 0;
    const ids = new Set<string>();
    for (const [chainId, chain] of this.chains) {
      let prev = ZERO_HASH;
      for (const [at, place] of chain.places.entries()) {
        prev = await linkHash(chainId, at + 1, prev, place.id, place.digest);
        isWhole &&= prev === place.hash && (place.content === null || (await digest(place.content)) === place.digest);
        ids.add(place.id);
        const told = place.content === null ? {} : (JSON.parse(place.content) as Value);
        for (const [from, to] of told["kind"] === "chain_opened" ? told["body"].lost : []) lost += to - from + 1;
      }
    }
    return { ids, isWhole, lost };
  }

  static claim = claimOf;
}
