/** What is said at the door: the text to read out, and how the person took it. */
import { useEffect, useState } from "preact/hooks";
import { money } from "../../moments";
import { opened } from "../../opened";
import { Act, Calm, Problem, Row, State } from "../../parts";
import { useAct, usePhone } from "../../phone";
import { lenderOf } from "../../script";
import { type StepKey, WIRE } from "../../steps";
import { CodeForm, FactsForm, type Said } from "./identity";
import { useDoor } from "./room";

/** The words of one step or saying, to be read out. */
export function Words({ of }: { of: string }) {
  const { t } = usePhone();
  const { script } = useDoor();
  const lines = script.say(of);
  if (!lines.length) return <p class="quiet">{t.noText}</p>;
  return <blockquote aria-label={t.sayThis}>{lines.map((each) => <p key={each.words} lang={each.language === "und" ? undefined : each.language}>{each.words}</p>)}</blockquote>;
}

export function useStep(key: StepKey) {
  const { note, script } = useDoor();
  const act = useAct();
  const step = WIRE[key] ?? key;
  const record = (response: string) => note("step_done", { step, text_version: script.version(step), response });
  return { ...act, record, done: (response: string) => void act.act(() => record(response)), step };
}

/** A step of which something is read out: said, or they would not hear it. */
export function Say({ of }: { of: StepKey }) {
  const { t } = usePhone();
  const { done, isBusy, refusal, step } = useStep(of);
  return (
    <>
      <Words of={step} />
      <Problem of={refusal} />
      <Act class="in-hand" onAct={() => done("given")} isBusy={isBusy}>{t.said}</Act>
      <Calm onAct={() => done("refused")}>{t.theyRefused}</Calm>
      <Calm onAct={() => done("not_applicable")}>{t.notNeeded}</Calm>
    </>
  );
}

export function Notice({ of }: { of: StepKey }) {
  const { t } = usePhone();
  const { packet } = useDoor();
  const { done, isBusy, refusal, step } = useStep(of);
  const forbidden = Object.entries(opened(packet).limits.recording ?? {}).filter(([, duty]) => duty === "forbidden");
  return (
    <>
      <Words of={step} />
      {forbidden.map(([medium]) => <State key={medium} of="stop">{t.recordForbidden(t.cap(t.words.RecordingMedium[medium as "audio"]))}</State>)}
      <Problem of={refusal} />
      <Act class="in-hand" onAct={() => done("given")} isBusy={isBusy}>{t.agree}</Act>
      <Calm onAct={() => done("refused")}>{t.refuse}</Calm>
      <Calm onAct={() => done("not_applicable")}>{t.notNeeded}</Calm>
    </>
  );
}

/** Who is there: said before anything about it may be. */
export function WhoStep() {
  const { t } = usePhone();
  const { packet, say, note } = useDoor();
  const [isOther, setOther] = useState(false);
  const { act, isBusy, refusal } = useAct();
  useEffect(() => scrollTo(0, 0), [isOther]);
  const decline = () => void act(async () => {
    await note("identity_checked", { identity: "declined" });
    say("declined");
  });
  if (isOther)
    return (
      <>
        <p>{t.otherWho}</p>
        <Act class="choice" onAct={() => say("other_adult")}>{t.otherAdult}</Act>
        <Act class="choice" onAct={() => say("only_minor")}>{t.otherMinor}</Act>
        <Calm onAct={() => setOther(false)}>{t.back}</Calm>
      </>
    );
  return (
    <>
      <p>{t.whoLead(opened(packet).person.name)}</p>
      <Problem of={refusal} />
      <Act class="choice" onAct={() => say("person")}>{t.who.person}</Act>
      <Act class="choice" onAct={() => setOther(true)}>{t.who.other}</Act>
      <Act class="choice" onAct={() => say("nobody")}>{t.who.nobody}</Act>
      <Act class="choice" onAct={decline} isBusy={isBusy}>{t.who.declined}</Act>
      <State of="look">{t.nothingYet}</State>
    </>
  );
}

/** Somebody else, or somebody who will not say: words that tell nothing, then the outcome. */
export function Neutral() {
  const { t } = usePhone();
  const { who } = useDoor();
  const isOther = who === "other_adult" || who === "only_minor";
  return (
    <>
      <Words of={isOther ? "someone_else" : "declined"} />
      <State of="look">{t.neutralLead}</State>
    </>
  );
}

export function Hardship({ of }: { of: StepKey }) {
  const { t } = usePhone();
  const { haltHardship } = useDoor();
  const { act, done, record, isBusy, refusal, step } = useStep(of);
  // The halt first: whatever stops this in between, no hardship is said that halts nothing.
  const halt = () => void act(async () => {
    await haltHardship();
    await record("given");
  });
  return (
    <>
      <Words of={step} />
      <Problem of={refusal} />
      <Act class="in-hand" onAct={() => done("given")} isBusy={isBusy}>{t.hardshipNo}</Act>
      <Calm onAct={halt}>{t.hardshipYes}</Calm>
      <Calm onAct={() => done("refused")}>{t.theyRefused}</Calm>
      <p class="quiet">{t.hardshipLead}</p>
    </>
  );
}

export function Payment({ of }: { of: StepKey }) {
  const { t } = usePhone();
  const { done, isBusy, refusal, step } = useStep(of);
  return (
    <>
      <Words of={step} />
      <Problem of={refusal} />
      <Act class="in-hand" onAct={() => done("given")} isBusy={isBusy}>{t.paymentGiven}</Act>
      <Calm onAct={() => done("refused")}>{t.paymentRefused}</Calm>
      <Calm onAct={() => done("not_applicable")}>{t.paymentNone}</Calm>
    </>
  );
}

interface Content { currency: string; reference: string; product?: string; amount: number; overdue?: number; days_past_due?: number; options?: string[] }

/** The sealed part, folded: the screen may be seen by others. */
export function SealedFold() {
  const { face, t } = usePhone();
  const { packet, visit, visitId, sealed, setSealed, reload } = useDoor();
  const { act, isBusy, refusal } = useAct();
  const method = visit.events.filter((each) => each.kind === "identity_checked").pop()?.body.method;
  if (!packet.isSealed) return null;
  if (!sealed) {
    const open = (said: Said) => void act(async () => {
      setSealed(await face.openSealed(packet.caseId, visitId, String(method), said));
      await reload();
    });
    const way = method === "letter_code" ? <CodeForm onSaid={open} isBusy={isBusy} /> : method === "two_facts" ? <FactsForm onSaid={open} isBusy={isBusy} />
      : packet.ways.includes("document") ? <Calm onAct={() => open({})} isBusy={isBusy}>{t.sealedOpen}</Calm> : null;
    return way && <details class="sealed"><summary>{t.sealedOpen}</summary><p class="quiet">{t.sealedClosed}</p>{way}<Problem of={refusal} /></details>;
  }
  const { currency, reference, product, amount, overdue, days_past_due: days, options } = sealed as unknown as Content;
  return (
    <details class="sealed">
      <summary>{t.sealedTitle}</summary>
      <dl>
        <Row name={t.lender}><b>{lenderOf(sealed)}</b></Row>
        {reference && <Row name={t.reference}>{reference}</Row>}
        {product && <Row name={t.product}>{product}</Row>}
        <Row name={t.amount}><b>{money(t, amount, currency)}</b></Row>
        {overdue !== undefined && <Row name={t.overdue}>{money(t, overdue, currency)}</Row>}
        {days !== undefined && <Row name={t.daysPast}>{t.days(days)}</Row>}
      </dl>
      {options !== undefined && <><b>{t.optionsTitle}</b><ul>{options.map((each) => <li key={each}>{each}</li>)}</ul></>}
    </details>
  );
}
