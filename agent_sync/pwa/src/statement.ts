/**
 * The device's account of one of its days, which the office lays beside its own (agent_sync/statement.py). Each event of
 * the day stands in exactly one of accepted, parked, id_reuse, unsent, lost, erased_unsent; so the counts balance.
 */
import { atOf, type Reading as ClockReading } from "./clock";
import type { Agent } from "./face";
import { joinRanges } from "./rules_sending";
import { remembered, type Reading, type Store } from "./store";
import { allChains } from "./store_outbox";
import type { ChainRow, EventRow, LinkRow } from "./store_tables";

const STATES = ["accepted", "parked", "id_reuse", "unsent", "lost", "erased_unsent"] as const;
type Told = { event: EventRow; links: LinkRow[]; receipt: LinkRow | undefined; state: (typeof STATES)[number] };

/** Give the payload of a day's statement (`YYYY-MM-DD`, by this phone's own wall clock). */
export async function writeStatement(
  store: Store,
  day: string,
  now: ClockReading,
): Promise<Record<string, unknown> & { typ: string }> {
  return store.read(async (tx) => {
    const [chains, told] = [await allChains(tx), await eventsOf(tx, day)];
    const count = (state: string) => told.filter((each) => each.state === state).length;
    const parked = told.filter((each) => each.state === "parked").map((each) => each.receipt?.problem ?? "");
    const reasons = [...new Set(parked)].filter(Boolean).sort();
    return {
      typ: "statement",
      device_id: (await remembered<string>(tx, "device_id")) ?? "",
      agent_id: (await remembered<Agent>(tx, "agent"))?.agent_id ?? "",
      day,
      at: atOf(now),
      chains: chains.map(({ chain_id, next_seq, head, previous }) => ({
        chain_id,
        next_seq,
        head,
        ...(previous ? { previous } : {}),
      })),
      recorded: told.length,
      sent: told.filter(({ links }) => links.some((link) => link.sent)).length,
      ...Object.fromEntries(STATES.map((state) => [state, count(state)])),
      reasons: reasons.map((reason) => ({ reason, count: parked.filter((each) => each === reason).length })),
      duplicates: told.flatMap(({ links }) => links.filter((link) => link.status === "duplicate")).length,
      withheld_open: told.filter(({ links, event }) => links.some((link) => link.withheld) && !event.replayed).length,
      files: await countFiles(tx, told),
      gaps: await findGaps(tx, chains),
      events: told.map((each) => [each.event.id, each.event.digest, ...placeOf(each, chains), each.state]),
    };
  });
}

/** Count the files that the day's events name, and list those the office has not confirmed. */
async function countFiles(tx: Reading, told: Told[]): Promise<{ named: number; verified: number; missing: string[] }> {
  const named = [...new Set(told.flatMap(({ event }) => event.files ?? []))].sort();
  const rows = await Promise.all(named.map((sha256) => tx.objectStore("file").index("sha256").get(sha256)));
  const inState = (state: string) => named.filter((_, at) => rows[at]?.state === state);
  return { named: named.length, verified: inState("verified").length, missing: inState("kept") };
}

async function eventsOf(tx: Reading, day: string): Promise<Told[]> {
  const told: Told[] = [];
  for (const event of await tx.objectStore("event").getAll()) {
    if (event.wall.slice(0, 10) !== day) continue;
    const links = await tx.objectStore("link").index("event_n").getAll(event.n);
    const receipt = links.find((link) => link.status !== undefined);
    told.push({ event, links, receipt, state: judgeState(event, receipt) });
  }
  return told;
}

/** Give the one state an event is in; a duplicate is what it was the first time. */
export function judgeState(event: EventRow, receipt: LinkRow | undefined): (typeof STATES)[number] {
  const status = receipt?.first ?? receipt?.status;
  if (status === "accepted" || status === "parked" || status === "id_reuse") return status;
  if (event.state === "lost") return "lost";
  return event.state === "erased" ? "erased_unsent" : "unsent";
}

/** Give [chain id, seq] where an event was acknowledged first, else where it stands last. */
function placeOf({ links }: Told, chains: ChainRow[]): [string, number] {
  const order = new Map(chains.map((chain) => [chain.chain_id, chain.n]));
  const sorted = [...links].sort((one, other) => order.get(one.chain_id)! - order.get(other.chain_id)!);
  const place = sorted.find((link) => link.status !== undefined) ?? sorted.at(-1)!;
  return [place.chain_id, place.seq];
}

/** Give the runs of places, over all chains, that the server has not acknowledged: unsent, or lost. */
async function findGaps(tx: Reading, chains: ChainRow[]): Promise<unknown[]> {
  const gaps: unknown[] = [];
  for (const { chain_id } of chains) {
    const links = (await tx.objectStore("link").index("chain").getAll(chain_id)).filter(
      (link) => link.status === undefined,
    );
    for (const [why, state] of [
      ["unsent", "waiting"],
      ["lost", "lost"],
    ]) {
      const seqs = links.filter((link) => link.state === state).map((link) => link.seq);
      for (const [from_seq, to_seq] of joinRanges(seqs)) gaps.push({ chain_id, from_seq, to_seq, why });
    }
  }
  return gaps;
}
