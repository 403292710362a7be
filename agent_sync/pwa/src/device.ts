/**
 * The phone as one agent's device: its store, its key, and the way to its server (agent_sync/device.py).
 *
 * The one place where the browser's clock and randomness are read; a test hands in its own.
 */
import { atOf, PageClock, type Clock } from "./clock";
import type { Described } from "./enrolling";
import { refuse } from "./errors";
import {
  Refusal,
  type Agent,
  type Body,
  type Enrolment,
  type Face,
  type FileRoom,
  type PacketView,
  type Recorded,
  type Remark,
  type Report,
  type Sealed,
  type Stage,
  type Status,
  type VisitRecord,
  type VisitSoFar,
} from "./face";
import type { Noise } from "./ids";
import type { Draft } from "./judging";
import { identity, isPinSpent, leaseTime, trueNow, watchClock } from "./remembering";
import type { Escrow } from "./escrow";
import { isEnded, isIdentityConfirmed, isOpen, stepsDone } from "./rules";
import { leaveBy } from "./rules_limits";
import type { Said } from "./sealed_part";
import { remember, remembered, Store } from "./store";
import { shredEnded } from "./store_feed";
import { stageOf } from "./store_outbox";
import { openVisits, visitsOf } from "./store_visits";
import { oneAtATime, lockTab } from "./tabs";
import { FetchTransport, type Transport } from "./transport";
import { MOST_TRIES, Vault, waitFor, type Wrapped } from "./vault";
import { viewCase, viewVisit } from "./viewing";
import { viewPackets, viewStatus, viewVisits } from "./views";

export interface Options {
  name?: string;
  transport?: Transport;
  clock?: Clock;
  noise?: Noise;
  described?: Partial<Described>;
  archiveDays?: number;
  pinIterations?: number;
}
const LEAST_PIN = 6;
const REFUSED_MS = 60_000;
// What the day's list does not need comes when it is first asked for; the shell keeps all of it for use without a network.
const sealedPart = () => import("./sealed_part");
const recording = () => import("./recording");
const signing = () => import("./signing");
const judging = () => import("./judging");
const door = () => import("./rules_door");
const escrow = () => import("./escrow");

export class Device implements Face {
  private readonly vault: Vault;
  private readonly clock: Clock;
  private readonly noise: Noise;
  private readonly transport: Transport;
  private readonly name: string;
  private opening: Promise<Store> | null = null;
  private exchanging: Promise<Report> | null = null;
  private nextMs: number | null = null;
  private problem: Refusal | null = null;
  private readonly inTurn = oneAtATime();
  private readonly listeners = new Set<() => void>();

  constructor(private readonly options: Options = {}) {
    this.vault = new Vault(options.pinIterations);
    this.clock = options.clock ?? new PageClock();
    this.noise = options.noise ?? ((size) => crypto.getRandomValues(new Uint8Array(size)));
    this.transport = options.transport ?? new FetchTransport();
    this.name = options.name ?? "fairvisit";
  }

  private get mark(): string {
    return `${this.name}-enrolled`;
  }

  /** The store, opened once, and once more where the browser let go of it. */
  store(): Promise<Store> {
    const reopen = () => {
      this.opening = null;
    };
    this.opening ??= Store.open(this.name, this.vault, reopen).then((store) => {
      store.subscribe(() => this.tell());
      return store;
    });
    return this.opening;
  }

  async close(): Promise<void> {
    (await this.store()).close();
    this.opening = null;
  }

  async open(): Promise<{ stage: Stage; agentCode: string; isLocked: boolean; isSpent: boolean }> {
    const store = await this.store();
    if (!this.exchanging) await this.fitKey(store);
    const [stage, agent, isSpent] = await store.read(
      async (tx) =>
        [(await stageOf(tx)) as Stage, await remembered<Agent>(tx, "agent"), await isPinSpent(tx)] as const,
    );
    // A phone that was enrolled and knows nothing of it: the browser threw the store away. The mark outlives that.
    const mark = stage === "new" ? (globalThis.localStorage?.getItem(this.mark) ?? "") : "";
    return { stage, agentCode: agent?.code ?? mark, isLocked: this.vault.isLocked, isSpent };
  }

  /**
   * See to it that the key in hand is the store's: another tab may have wiped it since, or set it up anew. An exchange looks at its
   * own start and holds the lock from then on; while it wipes, its key is the one that is about to be the store's.
   */
  private async fitKey(store: Store): Promise<void> {
    const [wrapped, wipeKey] = await store.read((tx) =>
      Promise.all([remembered<Wrapped>(tx, "vault"), remembered<CryptoKey>(tx, "wipe_key")]),
    );
    // What a wipe left holds nothing of anybody, and needs no PIN.
    if (wipeKey) {
      if (this.vault.isLocked || !this.vault.isOf(undefined)) await this.vault.useKey(wipeKey);
    } else if (!this.vault.isOf(wrapped)) this.vault.lock();
  }

  async enrol(code: string, pin: string): Promise<Enrolment> {
    return this.doing(async (store) => {
      if (pin.length < LEAST_PIN) throw new Refusal("invalid", { pin: ["too-short"] });
      await this.openVault(store, pin);
      const [{ Channel }, { enrol, loadOrMakeKey }] = await Promise.all([import("./channel"), import("./enrolling")]);
      const pair = await loadOrMakeKey(store);
      const channel = new Channel(this.transport, pair.privateKey);
      const described = { kind: "phone", model: "web", app: "fairvisit-phone", ...this.options.described };
      const enrolment = await enrol(
        store,
        channel,
        pair.publicKey,
        code.trim(),
        described,
        this.clock.read(),
        this.noise,
      );
      if (enrolment.agent) globalThis.localStorage?.setItem(this.mark, enrolment.agent.code);
      await this.keepEscrow(store);
      return enrolment;
    });
  }

  /** Unlock with the PIN there is, or make a data key for a new one while nothing is encrypted yet. */
  private async openVault(store: Store, pin: string): Promise<void> {
    const stage = await store.read(stageOf);
    if (!["new", "awaiting_approval", "wiped"].includes(stage)) return this.unlockStore(store, pin);
    const wrapped = await this.vault.make(pin);
    await store.write(async (tx) => {
      await remember(tx, "vault", wrapped);
      if (stage === "wiped") await remember(tx, "stage", "new");
    });
  }

  unlock(pin: string): Promise<void> {
    return this.doing((store) => this.unlockStore(store, pin));
  }

  private async unlockStore(store: Store, pin: string): Promise<void> {
    const nowMs = this.clock.read().wallMs;
    const [counted, waitMs, isOver] = await store.write(async (tx) => {
      const known = await remembered<Wrapped>(tx, "vault");
      if (!known) throw new Refusal((await isPinSpent(tx)) ? "pin-spent" : "not-enrolled");
      // Without the office's copy of the key the last try would bury what was not sent: there it waits, and no more.
      const hasEscrow = (await remembered(tx, "escrow")) !== undefined;
      if (hasEscrow && known.failures >= MOST_TRIES) return [known, 0, true] as const; // cut off after the last one
      const { waitMs } = waitFor(known, nowMs);
      // A try is counted before it is made, so that no restart gives another one. A wait that a clock set back would
      // stretch begins anew.
      const failures = known.failures + (waitMs > 0 ? 0 : 1);
      const next = { ...known, failures, wait_from_ms: waitMs > 0 ? Math.min(known.wait_from_ms, nowMs) : nowMs };
      await remember(tx, "vault", next);
      return [next, waitMs, false] as const;
    });
    if (waitMs > 0) throw new Refusal("pin-wait", {}, "", { waitMs });
    if (isOver || !(await this.vault.unwrap(counted, pin))) {
      if (counted.failures >= MOST_TRIES && (await (await escrow()).giveUpPin(store))) throw new Refusal("pin-spent");
      throw new Refusal("pin-wrong", {}, "", { ...waitFor(counted, this.clock.read().wallMs) });
    }
    await store.put("vault", { ...counted, failures: 0 });
    await this.goOn(store);
  }

  /** Once unlocked: load what the first step needs, and close what a page that was killed left open. */
  private async goOn(store: Store): Promise<void> {
    void recording().catch(() => undefined); // so that the first step of the day does not wait for it
    if (await store.read((tx) => tx.objectStore("file").index("waits").count()))
      void this.files().then((files) => files.mend(), () => undefined).catch(() => undefined);
    this.tell();
  }

  escrow(): Promise<{ name: string; content: string } | null> {
    return this.doing(async (store) => {
      const [kept, agent] = [await store.get<Escrow>("escrow"), await store.get<Agent>("agent")];
      return kept ? { name: `key-${agent?.code ?? "agent"}.json`, content: kept.content } : null;
    });
  }

  recover(key: string, pin: string): Promise<void> {
    return this.doing(async (store) => {
      if (pin.length < LEAST_PIN) throw new Refusal("invalid", { pin: ["too-short"] });
      await (await escrow()).recover(store, key, pin);
      await this.goOn(store);
    });
  }

  /** See that the office's key in force can open the data key. What goes wrong here is tried again at the next exchange. */
  private async keepEscrow(store: Store): Promise<void> {
    const nowMs = await trueNow(store, this.clock.read());
    await escrow().then((part) => part.keepEscrow(store, nowMs)).catch(() => undefined);
  }

  lock(): void {
    this.vault.lock();
    this.tell();
  }

  packets(): Promise<PacketView[]> {
    return this.reading((store) => viewPackets(store, this.clock.read()));
  }

  mayRecord(kind: string, caseId: string | null, visitId: string | null, body: Body): Promise<Remark[]> {
    return this.reading(async (store) => {
      const nowMs = await trueNow(store, this.clock.read());
      return (await judging()).judgeDraft(store, { kind, body, caseId, visitId }, 0, nowMs, 1);
    });
  }

  record(
    kind: string,
    caseId: string | null = null,
    visitId: string | null = null,
    body: Body = {},
  ): Promise<Recorded> {
    // In the order in which they were asked for, even where nobody waits for one before the next.
    return this.inTurn(() =>
      this.reading(async (store) =>
        (await recording()).recordEvent(store, { kind, body, caseId, visitId }, this.clock.read(), this.noise),
      ),
    );
  }

  visit(caseId: string, visitId: string): Promise<VisitSoFar> {
    return this.reading(async (store) => {
      const seen = await viewVisit(store, caseId, visitId);
      return {
        events: seen.events,
        startedMs: seen.startedMs,
        isOpen: isOpen(seen),
        isEnded: isEnded(seen),
        isIdentityConfirmed: isIdentityConfirmed(seen),
        stepsDone: [...stepsDone(seen)],
      };
    });
  }

  leaveByMs(caseId: string, visitId: string): Promise<number | null> {
    return this.reading(async (store) => {
      const nowMs = await trueNow(store, this.clock.read());
      const [seen, now] = [await viewVisit(store, caseId, visitId), await viewCase(store, caseId, visitId, nowMs)];
      return seen.startedMs === null ? null : leaveBy(now.limits ?? {}, seen.startedMs);
    });
  }

  async hold(caseId: string, visitId: string | null, reason: string, scope = "", note = ""): Promise<Recorded> {
    const body = { reason, scope: scope || (await door()).scopeOf(reason), ...(note ? { note } : {}) };
    // A hold belongs to a visit: without one named, to the last of its case on this phone.
    const last = async (store: Store) => (await store.read((tx) => visitsOf(tx, caseId))).at(-1)?.visit_id;
    const named = visitId ?? (await this.reading(last));
    if (!named) throw new Refusal("conflict", {}, "not-started");
    return this.record("hold_placed", caseId, named, body);
  }

  triesLeft(caseId: string, visitId: string, method: string): Promise<number> {
    return this.reading(async (store) => {
      const { methodOf, triesLeft } = await door();
      return triesLeft(await viewVisit(store, caseId, visitId), methodOf(method));
    });
  }

  checkIdentity(caseId: string, visitId: string, method: string, said: Omit<Said, "method">): Promise<boolean> {
    return this.inTurn(() =>
      this.reading(async (store) =>
        (await sealedPart()).checkIdentity(
          store,
          caseId,
          visitId,
          { ...said, method: (await door()).methodOf(method) },
          this.clock.read(),
          this.noise,
        ),
      ),
    );
  }

  openSealed(caseId: string, visitId: string, method: string, said: Omit<Said, "method">): Promise<Sealed> {
    return this.inTurn(() =>
      this.reading(async (store) => {
        const content = await (
          await sealedPart()
        ).openPart(store, caseId, visitId, { ...said, method: (await door()).methodOf(method) }, this.clock.read(), this.noise);
        return { creditor: String(content["lender"]), currency: "", amount: 0, ...content };
      }),
    );
  }

  card(): Promise<string> {
    return this.doing(async (store) => {
      const { key, deviceId, agent } = await identity(store);
      const { addressOf, writeCard } = await import("./card");
      const visits = await store.read(openVisits);
      const at = atOf(this.clock.read());
      const code = await writeCard(key, deviceId, agent?.agent_id ?? "", at, visits.at(-1)?.case_id ?? null);
      return addressOf((await store.get<string>("public_url")) ?? globalThis.location?.origin ?? "", code);
    });
  }

  visitQr(caseId: string, visitId: string): Promise<string> {
    return this.doing(async (store) => {
      const { key, deviceId } = await identity(store);
      const { sign } = await signing();
      return sign({ typ: "visit", visit_id: visitId, case_id: caseId, device_id: deviceId }, key, deviceId);
    });
  }

  async joinCrew(qr: string, body: Body): Promise<Recorded> {
    // Whose signature it is only the server can tell; what it names is enough to record that one came along (E11).
    const claim = await this.doing(async () => (await signing()).claimOf(qr.trim()));
    if (claim["typ"] !== "visit") throw new Refusal("bad-signature");
    return this.record("crew_joined", String(claim["case_id"]), String(claim["visit_id"]), { ...body, qr: qr.trim() });
  }

  files(): Promise<FileRoom> {
    return this.reading(async (store) => {
      const { Files } = await import("./filing");
      const record = (draft: Draft) =>
        this.inTurn(() =>
          this.reading(async () => (await recording()).recordEvent(store, draft, this.clock.read(), this.noise)),
        );
      return new Files(store, record, this.clock, this.noise);
    });
  }

  exchange(): Promise<Report> {
    this.exchanging ??= this.doing((store) => this.exchangeOnce(store))
      .catch((error: unknown) => {
        this.nextMs = this.clock.read().wallMs + REFUSED_MS; // one that could not even begin re-arms itself as well (X4)
        throw error;
      })
      .finally(() => {
        this.exchanging = null;
        this.tell();
      });
    this.tell();
    return this.exchanging;
  }

  private async exchangeOnce(store: Store): Promise<Report> {
    const { key, deviceId } = await identity(store);
    const [{ Channel }, { converse }, { Talk }] = await Promise.all([
      import("./channel"),
      import("./exchange"),
      import("./talk"),
    ]);
    return lockTab(store, this.name, this.clock, async () => {
      await this.fitKey(store);
      const channel = new Channel(this.transport, key, deviceId, (await store.get<string>("nonce")) ?? "");
      const talk = new Talk(store, channel, this.clock, this.noise, this.options.archiveDays ?? 30);
      await converse(talk);
      await this.keepEscrow(store);
      this.nextMs = this.clock.read().wallMs + talk.report.nextMs;
      const { leaveForWorker } = await import("./background");
      await leaveForWorker(talk, await trueNow(store, this.clock.read())).catch(() => undefined); // it is sent from here, then
      this.problem = talk.report.error ?? talk.report.problems.at(-1)?.error ?? null;
      if ((await store.read(stageOf)) === "wiped") globalThis.localStorage?.removeItem(this.mark);
      return talk.report;
    });
  }

  status(): Promise<Status> {
    return this.doing(async (store) => {
      await this.shred(store);
      const storage = globalThis.navigator?.storage;
      const [isPersistent, estimate] = await Promise.all([
        storage?.persisted?.().catch(() => false),
        storage?.estimate?.().catch(() => null),
      ]);
      const freeBytes = estimate?.quota === undefined ? null : estimate.quota - (estimate.usage ?? 0);
      return {
        ...(await viewStatus(store, this.clock.read())),
        nextMs: this.nextMs,
        problem: this.problem,
        isExchanging: this.exchanging !== null,
        isPersistent: isPersistent ?? false,
        freeBytes,
      };
    });
  }

  myVisits(): Promise<VisitRecord[]> {
    return this.reading(viewVisits);
  }

  statement(day: string): Promise<string> {
    return this.doing(async (store) => {
      const { key, deviceId } = await identity(store);
      const [{ writeStatement }, { sign }] = await Promise.all([import("./statement"), signing()]);
      return sign(await writeStatement(store, day, this.clock.read()), key, deviceId);
    });
  }

  exportOutbox(): Promise<{ name: string; content: Blob; events: number }> {
    return this.reading(async (store) => {
      const { key, deviceId, agent } = await identity(store);
      const { exportOutbox } = await import("./outbox_export");
      const { content, events } = await exportOutbox(store, key, deviceId, await trueNow(store, this.clock.read()));
      return {
        name: `outbox-${agent?.code ?? "agent"}.json`,
        content: new Blob([content], { type: "application/json" }),
        events,
      };
    });
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }

  /** Shred the packets whose time here has ended (F3), and see whether the clock was set back. */
  private async shred(store: Store): Promise<void> {
    const now = this.clock.read();
    await Promise.all([watchClock(store, now), leaseTime(store, now).then((nowMs) => shredEnded(store, nowMs))]);
  }

  /** Do something with the unlocked store, once it is as it should be now. */
  private reading<T>(act: (store: Store) => Promise<T>): Promise<T> {
    return this.doing(async (store) => {
      await Promise.all([this.exchanging ? null : this.fitKey(store), this.shred(store)]);
      if (this.vault.isLocked) throw new Refusal("locked");
      return act(store);
    });
  }

  /** Whatever goes wrong leaves as a `Refusal`. */
  private async doing<T>(act: (store: Store) => Promise<T>): Promise<T> {
    try {
      return await act(await this.store());
    } catch (error) {
      throw refuse(error);
    }
  }
}
