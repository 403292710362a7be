/** Every refusal is one class, `Refusal` (face.ts): a code of schemas/errors.py, or of the phone itself. */
import { Refusal } from "./face";
import { PROBLEMS } from "./vocabulary";

const TYPE_PREFIX = "urn:fairvisit:problem:";
const OWN_MEMBERS = new Set([
  "type",
  "title",
  "status",
  "detail",
  "retry",
  "instance",
  "errors",
  "code",
  "fields",
  "self",
]);

/** What came beside a problem from the server: `quota`, `from_seq`, `retry_after_s`, and what it said in words. */
export class Problem extends Refusal {
  detail = "";
  extra: Record<string, unknown> = {};
  /** Whether it came as an answer; a silent network has none. */
  wasAnswered = false;
}

/** Make a refusal, with what an answer carried beside it. */
export function problem(code: string, detail = "", extra: Record<string, unknown> = {}, wasAnswered = false): Problem {
  const made = new Problem(code);
  made.detail = detail;
  made.extra = extra;
  made.wasAnswered = wasAnswered;
  return made;
}

/** Read a problem back as the error it was; one of an unknown type becomes `internal`. */
export function errorOf(told: unknown): Problem {
  const members = isObject(told) ? told : {};
  const type = String(members["type"] ?? "");
  const code = type.startsWith(TYPE_PREFIX) ? type.slice(TYPE_PREFIX.length) : type;
  if (!PROBLEMS.has(code))
    return problem("internal", String(members["detail"] || members["title"] || "unknown problem"));
  const made = new Problem(code, readFields(members["errors"]));
  made.detail = String(members["detail"] ?? "");
  made.extra = Object.fromEntries(Object.entries(members).filter(([name]) => !OWN_MEMBERS.has(name)));
  return made;
}

function readFields(messages: unknown): Record<string, string[]> {
  if (!isObject(messages)) return {};
  return Object.fromEntries(
    Object.entries(messages).map(([path, said]) => [path, Array.isArray(said) ? said.map(String) : [String(said)]]),
  );
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Give whatever went wrong as a refusal; a fault of our own is `internal`, with its cause kept for the console. */
export function refuse(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof DOMException && error.name === "QuotaExceededError") return new Refusal("storage-full");
  return Object.assign(new Refusal("internal"), { cause: error });
}
