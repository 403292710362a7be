/** What came of it: two touches, and what a promise or an appointment needs. Only what can have happened is offered. */
import { useEffect, useState } from "preact/hooks";
import { amountOf, checkMeeting, checkPromise, type Meeting, type Promised, type Wrong } from "../../entries";
import { localDay, money, unitsOf, wall } from "../../moments";
import { Act, Field, Note, Problem, State } from "../../parts";
import { useAct, usePhone } from "../../phone";
import { isHalted, last, type StepKey, type Who } from "../../steps";
import type { Texts } from "../../texts/en";
import { POSSIBLE_PAIRS } from "../../vocabulary";
import { Photo } from "./files";
import { useDoor } from "./room";
import { Neutral } from "./say";

const DAY_MS = 86_400_000;
type Pair = [contact: string, disposition: string];

/** What can have come of it, by who was met: the pairs of `schemas/vocabulary.py`. */
export function pairsOf(who: Who | null, isConfirmed: boolean): Pair[] {
  if (who === "person" && isConfirmed) return POSSIBLE_PAIRS.person!.map((each): Pair => ["person", each]);
  if (who === "person" || who === "declined") return [["person", "none"], ["person", "refuses"]];
  if (who === "other_adult") return [["other_adult", "none"], ["other_adult", "represented"], ["moved", "none"], ["deceased", "none"]];
  if (who === "only_minor") return [["only_minor", "none"], ["moved", "none"]];
  return [["nobody", "none"], ["no_access", "none"], ["not_found", "none"], ["moved", "none"], ["unsafe", "none"]];
}

export function pairWords(t: Texts, [contact, disposition]: Pair, who: Who | null): string {
  if (disposition !== "none") return t.cap(t.words.Disposition[disposition as "promise"]);
  if (contact === "person" || contact === who) return contact === "nobody" ? t.cap(t.words.ContactResult.nobody) : t.outcomeNothing;
  return t.cap(t.words.ContactResult[contact as "moved"]);
}

export function Outcome(_: { of: StepKey }) {
  const { t } = usePhone();
  const { visit, who, sealed, note, haltHardship } = useDoor();
  const isConfirmed = visit.isIdentityConfirmed;
  const pairs = pairsOf(who, isConfirmed);
  const [chosen, setChosen] = useState<Pair | null>(pairs.find(([, each]) => each === "hardship" && isHalted(visit, each)) ?? null);
  const [text, setText] = useState("");
  const [typed, setPromise] = useState<Promised>({ amount: "", currency: "", due: "" });
  const promise = { ...typed, currency: sealed?.currency || typed.currency };
  const [meeting, setMeeting] = useState<Meeting>(() => tomorrow());
  const [wrong, setWrong] = useState<Wrong<keyof Promised | keyof Meeting>>({});
  const { act, isBusy, refusal } = useAct();
  const agreed = last(visit, "appointment_agreed");
  const kind = chosen?.[1];
  useEffect(() => scrollTo(0, 0), [kind]);
  const save = () => {
    if (!chosen) return;
    const found = kind === "promise" ? checkPromise(promise, Date.now()) : kind === "appointment" && !agreed ? checkMeeting(meeting, Date.now()) : {};
    setWrong(found);
    if (Object.keys(found).length) return;
    void act(async () => {
      if (kind === "hardship") await haltHardship();
      if (kind === "appointment" && !agreed) await note("appointment_agreed", appointment(meeting));
      await note("outcome_noted", {
        contact_result: chosen[0], disposition: chosen[1],
        ...(kind === "promise" ? { promise: { ...promise, amount: amountOf(promise.amount, promise.currency) } } : {}),
        ...(text.trim() ? { note: text.trim() } : {}),
      });
    });
  };
  return (
    <>
      {who !== "nobody" && !isConfirmed && <Neutral />}
      <div class="grid" role="group" aria-label={t.stepNames.outcome}>
        {(chosen ? [chosen] : pairs).map((pair) => (
          <button key={pair.join()} type="button" class="tap" aria-pressed={chosen?.join() === pair.join()} onClick={() => setChosen(chosen ? null : pair)}>
            {pairWords(t, pair, who)}{chosen && <small>{t.change}</small>}
          </button>
        ))}
      </div>
      {kind === "promise" && <PromiseForm of={promise} set={setPromise} wrong={wrong} />}
      {kind === "appointment" && (agreed ? <State of="good">{t.appointmentAgreed(String(agreed.body.starts).slice(0, 16).replace("T", " "))}</State> : <MeetingForm of={meeting} set={setMeeting} wrong={wrong} />)}
      {kind === "hardship" && <p class="quiet">{t.hardshipLead}</p>}
      {chosen && <Note label={`${t.outcomeNote} (${t.optional})`} value={text} onText={setText} />}
      {chosen && <Photo />}
      <Problem of={refusal} />
      {chosen && <Act class="in-hand" onAct={save} isBusy={isBusy}>{t.outcomeSave}</Act>}
    </>
  );
}

interface FormProps<Entry> { of: Entry; set: (entry: Entry) => void; wrong: Wrong<keyof Entry & string> }

function PromiseForm({ of, set, wrong }: FormProps<Promised>) {
  const { t } = usePhone();
  const { sealed } = useDoor();
  const owed = Number(sealed?.overdue ?? sealed?.amount ?? 0);
  const minor = amountOf(of.amount, of.currency);
  const fill = (owing: number) => set({ ...of, amount: String(owing / unitsOf(of.currency)) });
  const say = (name: keyof Promised) => wrong[name] && t[wrong[name]];
  const quick = (days: number): [string, string] => {
    const at = Date.now() + days * DAY_MS;
    return [localDay(at), new Intl.DateTimeFormat(t.tag, { day: "numeric", month: "short" }).format(at)];
  };
  return (
    <fieldset class="inset">
      <legend>{t.promiseTitle}</legend>
      <Field label={t.promiseAmount(of.currency)} inputMode="decimal" autocomplete="off" value={of.amount} onText={(amount) => set({ ...of, amount })} problem={say("amount")} />
      {minor !== null && minor > 0 && of.currency && <p role="status">{t.promiseIs(money(t, minor, of.currency))}</p>}
      {owed > 0 && <div class="quick"><button type="button" class="small" onClick={() => fill(owed)}>{money(t, owed, of.currency)}</button><button type="button" class="small" onClick={() => fill(Math.round(owed / 2))}>{t.promiseHalf}</button></div>}
      {!sealed && <Field label={t.currency} maxLength={3} value={of.currency} onText={(text) => set({ ...of, currency: text.toUpperCase() })} problem={say("currency")} />}
      <Field label={t.promiseBy} type="date" min={localDay(Date.now())} value={of.due} onText={(due) => set({ ...of, due })} problem={say("due")} />
      <div class="quick">{[7, 14, 30].map(quick).map(([day, words]) => <button key={day} type="button" class="small" aria-pressed={of.due === day} onClick={() => set({ ...of, due: day })}>{words}</button>)}</div>
    </fieldset>
  );
}

const tomorrow = (): Meeting => ({ day: localDay(Date.now() + DAY_MS), from: "17:00", to: "18:00" });

function appointment({ day, from, to }: Meeting) {
  const at = (time: string) => wall(new Date(`${day}T${time}`).getTime());
  return { appointment_id: crypto.randomUUID(), starts: at(from), ends: at(to), made_by: "person" };
}

function MeetingForm({ of, set, wrong }: FormProps<Meeting>) {
  const { t } = usePhone();
  const say = (name: keyof Meeting) => wrong[name] && t[wrong[name]];
  return (
    <fieldset class="inset">
      <legend>{t.appointmentTitle}</legend>
      <Field label={t.appointmentDay} type="date" min={localDay(Date.now())} value={of.day} onText={(day) => set({ ...of, day })} problem={say("day")} />
      <div class="halves">
        <Field label={t.appointmentFrom} type="time" value={of.from} onText={(from) => set({ ...of, from })} problem={say("from")} />
        <Field label={t.appointmentTo} type="time" value={of.to} onText={(to) => set({ ...of, to })} problem={say("to")} />
      </div>
    </fieldset>
  );
}
