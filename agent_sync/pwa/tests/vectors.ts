/** The golden vectors, read from where they stand: one run for each, and its answer in the vector's own words. */
import { test } from "vitest";
import { Refusal } from "../src/face";

export interface Vector {
  name: string;
  given: any;
  expected?: any;
  refused?: string;
  at?: string;
  differs?: string;
}

export async function readVectors(file: string): Promise<Vector[]> {
  return (await readFile(file)).vectors;
}

export async function readFile(file: string): Promise<any> {
  return (await import(`../../../schemas/vectors/${file}.json`)).default;
}

/** Give what a vector says should come of it. */
export function said(vector: Vector): unknown {
  return vector.refused === undefined ? { expected: vector.expected } : { refused: vector.refused };
}

/** Give what a call answers as a vector would say it. */
export async function outcomeOf(call: () => unknown): Promise<unknown> {
  try {
    return { expected: await call() };
  } catch (error) {
    if (error instanceof Refusal) return { refused: error.code };
    throw error;
  }
}

/** Run a test once for each vector of a file. */
export async function eachVector(file: string, run: (vector: Vector) => unknown): Promise<void> {
  for (const vector of await readVectors(file)) test(`${file}: ${vector.name}`, async () => void (await run(vector)));
}
