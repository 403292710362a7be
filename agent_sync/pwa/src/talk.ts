/** The state of one conversation with the server: what the steps of exchange.ts hand to each other; none of it must survive. */
import type { Channel, Value } from "./channel";
import type { Clock, Reading } from "./clock";
import { problem, Problem } from "./errors";
import { Refusal, type Report } from "./face";
import type { Noise } from "./ids";
import { planOf, type Plan } from "./rules_sending";
import type { Store } from "./store";
import type { Waiting } from "./store_outbox";

/** One request as it left. */
export interface Request {
  no: number;
  chainId: string;
  events: Waiting[];
  withheld: number[];
  cursor: string | undefined;
  isPulling: boolean;
  value: Value;
}

export class Talk {
  readonly report: Report = { isOk: true, counts: {}, phases: [], error: null, problems: [], nextMs: 0 };
  chainId = "";
  waiting: Waiting[] = [];
  plan: Plan = planOf(0);
  request: Request | null = null;
  answer: Value = {};
  serverMs = 0;
  isNewest = true;
  hasMore = false;
  isPullWell = false;
  hasSentFiles = false;
  filesWanted: Value[] = [];
  progress = 0;

  constructor(
    readonly store: Store,
    readonly channel: Channel,
    readonly clock: Clock,
    readonly noise: Noise,
    readonly archiveDays: number,
  ) {}

  now(): Reading {
    return this.clock.read();
  }

  /** Forget the last round's request and answer. */
  beginRound(): void {
    [this.request, this.answer, this.plan, this.waiting] = [null, {}, planOf(0), []];
    [this.isNewest, this.hasMore, this.isPullWell, this.hasSentFiles, this.progress] = [true, false, false, false, 0];
  }

  /** Count something done; what moves the conversation on is progress. */
  did(count: string, n = 1, isProgress = true): void {
    this.report.counts[count] = this.count(count) + n;
    if (isProgress) this.progress += n;
  }

  count(name: string): number {
    return this.report.counts[name] ?? 0;
  }

  /** Note that a part failed while the rest goes on. */
  failPart(part: string, error: Refusal): void {
    this.report.problems.push({ part, error });
  }
}

/** The push half of an answer. */
export function pushOf(talk: Talk): Value {
  return (talk.answer["push"] ?? {}) as Value;
}

/** Give the refusal that an error is; anything else is a fault of our own and is thrown on. */
export function refusalOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof Refusal) return Object.assign(problem(error.code), { facts: error.facts, fields: error.fields });
  throw error;
}
