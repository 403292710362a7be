/** Our code gives what the golden vectors say: the same files that Python reads. */
import { expect, test } from "vitest";
import { fromUtf8, utf8 } from "../src/bytes";
import * as canonical from "../src/canonical";
import { bucketOf, itemWeight, sumWeights } from "../src/checksum";
import { wall, wrongIn } from "../src/checks";
import { formatWall, parseWall } from "../src/clock";
import { errorOf } from "../src/errors";
import { EVENT_SHAPES } from "../src/event_shapes";
import { Refusal } from "../src/face";
import { formatTime, parseTime, readTime, receiptOf, receiptToWire, USUAL_QUOTA } from "../src/messages";
import { isPossible, NO_CASE } from "../src/rules";
import { checkDoor } from "../src/rules_door";
import { checkLimits, leaveBy } from "../src/rules_limits";
import { cutBatches } from "../src/rules_sending";
import { factsSecret, openSealed } from "../src/sealing";
import { kidOf, loadPublic, thumbprint, verify } from "../src/signing";
import * as vocabulary from "../src/vocabulary";
import { Exchange, ITEM_SHAPES } from "./message_shapes";
import { eachVector, outcomeOf, readFile, readVectors, said } from "./vectors";

await eachVector("canonical", async (vector) => {
  const { given } = vector;
  const answer = async () => {
    if (given.utf16) return { text: canonical.cleanText(String.fromCharCode(...given.utf16)) };
    if (given.value) {
      const text = canonical.encode(given.value);
      expect(canonical.read(utf8(text))).toEqual(given.value);
      return { text, digest: await canonical.digest(text) };
    }
    const raw = given.hex
      ? Uint8Array.from(given.hex.match(/../g), (pair: string) => parseInt(pair, 16))
      : utf8(given.text);
    return { text: canonical.encode(canonical.read(raw)) };
  };
  expect(await outcomeOf(answer)).toEqual(said(vector));
});

await eachVector("chains", async (vector) => {
  const { given } = vector;
  let head = given.prev;
  const links = [];
  for (const [at, event] of given.events.entries()) {
    const seq = given.first_seq + at;
    const digest = await canonical.digest(event.content);
    head = await canonical.linkHash(given.chain_id, seq, head, event.id, digest);
    links.push({ seq, id: event.id, digest, hash: head });
  }
  expect({ links, head }).toEqual(vector.expected);
  const other = (await readVectors("chains")).find((each) => each.name === vector.differs);
  if (other) expect(other.expected.head).not.toBe(head);
});

await eachVector("checksum", async ({ given, expected }) => {
  const weights = await Promise.all(given.items.map((item: [string, string, number, string]) => itemWeight(...item)));
  const buckets = await Promise.all(given.items.map(([type, id]: [string, string]) => bucketOf(type, id)));
  expect({ count: given.items.length, sum: sumWeights(weights), weights, buckets }).toEqual(expected);
});

await eachVector("signatures", async (vector) => {
  const { given } = vector;
  const answer = async () => {
    const key = await loadPublic(given.jwk);
    if (given.jws === undefined) return { jkt: await thumbprint(given.jwk) };
    return { payload: await verify(given.jws, key, given.typ), kid: kidOf(given.jws) };
  };
  expect(await outcomeOf(answer)).toEqual(said(vector));
});

await eachVector("sealed", async (vector) => {
  const { given } = vector;
  const answer = async () => {
    const facts = given.facts ? factsSecret(given.facts) : new Uint8Array();
    if (!given.sealed) return { secret: fromUtf8(facts) };
    const secret = given.code ? utf8(given.code) : facts;
    const opened = await openSealed(given.sealed, given.case_id, given.rev, given.kind, secret);
    return opened === null ? {} : { opened };
  };
  expect(await outcomeOf(answer)).toEqual(said(vector));
});

await eachVector("receipts", ({ given, expected }) => {
  if (given.text !== undefined) return expect(readTime(given.text)).toBeNull();
  expect(receiptToWire(given)).toEqual(expected);
  expect(receiptToWire(receiptOf(expected))).toEqual(expected);
});

await eachVector("outcomes", ({ given, expected }) => {
  const possible = vocabulary.Disposition.filter((word) => isPossible(given.contact_result, word));
  expect(possible).toEqual(expected.possible);
});

await eachVector("numbers", ({ given, expected }) => {
  if (given.constant) return expect({ is: (vocabulary as any)[given.constant] }).toEqual(expected);
  if (given.quota) return expect({ ...USUAL_QUOTA, ...given.quota }).toEqual(expected);
  const cut = cutBatches(given.sizes, given.max_events, given.max_bytes);
  expect({ batches: cut.map(([from, to]) => to - from) }).toEqual(expected);
});

await eachVector("limits", ({ given, expected }) => {
  const nowMs = parseTime(given.now);
  const visits = (given.visits ?? []).map((each: any) => ({
    visitId: each.visit_id,
    startedMs: parseTime(each.started),
    metNobody: each.met_nobody,
  }));
  const remarks = checkLimits(given.limits, nowMs, given.crew, visits);
  const codes = (level: string) => remarks.filter((each) => each.level === level).map((each) => each.code);
  const leaveMs = leaveBy(given.limits, nowMs);
  const leave = leaveMs === null ? {} : { leave_by: formatTime(leaveMs) };
  expect({ blocks: codes("block"), warns: codes("warn"), ...leave }).toEqual(expected);
});

await eachVector("door", ({ given, expected }) => {
  const events = given.events.map(([kind, body]: [string, any]) => ({ kind, body }));
  const remarks = checkDoor(given.kind, given.body, { events, startedMs: null }, { ...NO_CASE, limits: given.limits });
  expect({ remarks: remarks.map((each) => [each.level, each.code]) }).toEqual(expected);
});

await eachVector("exchanges", (vector) => {
  const wrong = Object.keys(wrongIn(Exchange, vector.given));
  expect(wrong).toEqual(vector.refused ? [vector.at] : []);
});

await eachVector("problems", ({ given, expected }) => {
  const error = errorOf(given.problem);
  const { code, detail, fields, extra } = error;
  expect({ code, detail, fields, extra }).toEqual({ ...expected, detail: expected.detail || detail });
});

/** What the server would make of an event: by its form, then kind, then schema, then shape (E5). */
function problemOf(event: any): { problem?: string; at: string[] } {
  try {
    canonical.checkPlain(event);
  } catch {
    return { problem: "unreadable", at: [] };
  }
  if (!EVENT_SHAPES[event.kind]) return { problem: "unknown-kind", at: [] };
  if (event.schema !== vocabulary.EVENT_SCHEMA) return { problem: "unknown-schema", at: [] };
  const at = Object.keys(wrongIn(EVENT_SHAPES[event.kind]!, event));
  return at.length ? { problem: "invalid", at } : { at };
}

await eachVector("events", async (vector) => {
  const found = problemOf(vector.given);
  expect(found.problem).toBe(vector.refused);
  if (vector.at && vector.refused === "invalid") expect(found.at).toEqual([vector.at]);
  if (!vector.expected) return;
  const content = canonical.encode(vector.given);
  expect({ content, digest: await canonical.digest(content) }).toEqual(vector.expected);
});

await eachVector("items", async (vector) => {
  const { given, expected } = vector;
  const wrong = Object.keys(wrongIn((ITEM_SHAPES as any)[given.type], given.body));
  if (vector.refused) return expect(wrong).toEqual([vector.at]);
  const body = canonical.encode(given.body);
  expect(wrong).toEqual([]);
  expect(await canonical.digest(body)).toBe(given.sha256);
  expect({ body, weight: await itemWeight(given.type, given.id, given.rev, given.sha256) }).toEqual({
    body: expected.body,
    weight: expected.weight,
  });
});

/** A wall has one form (`checks.wall`), and names a day that a calendar has. */
function readWall(text: string): number {
  if (Object.keys(wrongIn(wall, text)).length) throw new TypeError();
  return parseWall(text);
}

for (const { text, ms } of (await readFile("clocks")).walls) {
  test(`clocks: wall ${JSON.stringify(text)}`, () => {
    if (ms === null) expect(() => readWall(text)).toThrow();
    else expect(readWall(text)).toBe(ms);
  });
}

test("a wall is written as the wire has it, in years 1 to 9999", () => {
  expect(formatWall(1_700_000_000_123, 480)).toBe("2023-11-15T06:13:20.123+08:00");
  expect(formatWall(-1e15, -570)).toMatch(/^0001-01-01T14:30:00\.000-09:30$/);
});

test("every kind has a valid example", async () => {
  const kinds = (await readVectors("events")).filter((each) => each.expected).map((each) => each.given.kind);
  expect(new Set(kinds)).toEqual(new Set(vocabulary.EventKind));
  expect(new Refusal("x").code).toBe("x");
});
