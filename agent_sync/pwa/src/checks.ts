/** What shapes are made of: a value is held against one, and each path that is wrong is named (schemas/shapes.py). */
import { MAX_INTEGER } from "./vocabulary";

export type Wrong = Record<string, string[]>;
export type Shape = ((value: unknown, path: string, wrong: Wrong) => void) & { isOptional?: boolean };
type Members = Record<string, Shape>;

/** Say what is wrong with a value: path to codes; empty where nothing is. */
export function wrongIn(shape: Shape, value: unknown): Wrong {
  const wrong: Wrong = {};
  shape(value, "", wrong);
  return wrong;
}

function must(test: (value: unknown) => boolean, code = "wrong"): Shape {
  return (value, path, wrong) => {
    if (!test(value)) wrong[path || "."] = [code];
  };
}

const matching = (pattern: RegExp): Shape => must((value) => typeof value === "string" && pattern.test(value));
const day_ = "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])";
export const uuid = matching(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);
export const sha256 = matching(/^[0-9a-f]{64}$/);
export const day = matching(new RegExp(`^${day_}$`));
export const wall = matching(
  new RegExp(`^${day_}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\\.[0-9]{3}[+-]([01][0-9]|2[0-3]):[0-5][0-9]$`),
);
export const currency = matching(/^[A-Z]{3}$/);
export const salt = matching(/^[0-9a-f]{32}$/);
export const serverTime = matching(/^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$/);
export const flag = must((value) => typeof value === "boolean");
export const anything = must(isPlain);
export const texts = must((value) => isPlain(value) && Object.values(value).every((each) => typeof each === "string"));
export const raw = must(() => true);

/** A text of so many characters, not code units. */
export const text = (least: number, most = Infinity): Shape =>
  must((value) => {
    const length = typeof value === "string" ? [...value].length : -1;
    return length >= least && length <= most;
  });
export const integer = (least = -MAX_INTEGER, most: number | null = MAX_INTEGER): Shape =>
  must((value) => Number.isInteger(value) && (value as number) >= least && (value as number) <= (most ?? MAX_INTEGER));
export const equal = (only: unknown): Shape => must((value) => value === only);
export const word = (words: readonly string[]): Shape => must((value) => words.includes(value as string));

export function optional(shape: Shape): Shape {
  const made: Shape = (value, path, wrong) => shape(value, path, wrong);
  made.isOptional = true;
  return made;
}

export function list(inner: Shape, least = 0, most = Infinity): Shape {
  return (value, path, wrong) => {
    if (!Array.isArray(value)) return void (wrong[path || "."] = ["wrong"]);
    const before = Object.keys(wrong).length;
    value.forEach((child, at) => inner(child, `${path}.${at}`, wrong));
    const isCounted = value.length >= least && value.length <= most;
    if (!isCounted && Object.keys(wrong).length === before) wrong[path] = ["length"];
  };
}

/** An object of just these members; a lenient one is an answer's, to which a newer server may add. */
export function object(members: Members, isLenient = false): Shape {
  return (value, path, wrong) => {
    if (!isPlain(value)) return void (wrong[path || "."] = ["wrong"]);
    const at = (name: string) => (path ? `${path}.${name}` : name);
    for (const [name, shape] of Object.entries(members)) {
      if (value[name] !== undefined) shape(value[name], at(name), wrong);
      else if (!shape.isOptional) wrong[at(name)] = ["missing"];
    }
    if (isLenient) return;
    for (const name of Object.keys(value)) if (!Object.hasOwn(members, name)) wrong[at(name)] = ["unknown"];
  };
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
