/** Is it the person: by the letter's code, two facts, a document, or not at all. Nothing is disclosed by asking. */
import { useEffect, useState } from "preact/hooks";
import { Act, Calm, Field, Pick, Problem, State } from "../../parts";
import { useAct, usePhone } from "../../phone";
import type { StepKey } from "../../steps";
import { useDoor } from "./room";
import { Words } from "./say";

export interface Said { secret?: string; answers?: string[] }
interface FormProps { onSaid: (said: Said) => void; isBusy: boolean }
const GUESSED = ["letter_code", "two_facts"];
const NONE = "none";

export function Identity(_: { of: StepKey }) {
  const { face, t } = usePhone();
  const { packet, visitId, visit, note, reload, say, setSealed } = useDoor();
  const [way, setWay] = useState("");
  const [left, setLeft] = useState<Record<string, number>>({});
  const [missed, setMissed] = useState("");
  const { act, isBusy, refusal } = useAct();
  useEffect(() => {
    void Promise.all(GUESSED.map(async (each) => [each, await face.triesLeft(packet.caseId, visitId, each)])).then(
      (pairs) => setLeft(Object.fromEntries(pairs)), () => {},
    );
  }, [visit]);
  useEffect(() => scrollTo(0, 0), [way]);
  const ways = packet.ways.filter((each) => GUESSED.includes(each));
  const close = (identity: string) => void act(async () => {
    await note("identity_checked", { identity });
    say("declined");
  });
  const check = (said: Said) => void act(async () => {
    setMissed("");
    if (await face.checkIdentity(packet.caseId, visitId, way, said)) return open(way, said);
    setMissed(t.didNotFit(await face.triesLeft(packet.caseId, visitId, way)));
    setWay("");
    await reload();
  });
  // What stops the sealed part from opening does not stop the visit: it can be opened once more from the next step.
  const open = async (method: string, said: Said) => {
    if (packet.isSealed) await face.openSealed(packet.caseId, visitId, method, said).then(setSealed, () => {});
    await reload();
  };
  // A document is the agent's word: its kind is recorded, and it opens what a packet lets it open.
  const see = (kind: string) => void act(async () => {
    await note("identity_checked", { identity: "confirmed", method: "document_seen", document_kind: kind });
    if (packet.ways.includes("document")) await open("document_seen", {});
  });
  const belongsToOther = (kind: string) => void act(async () => {
    await note("identity_checked", { identity: "failed", method: "document_seen", document_kind: kind });
    setWay("");
    setMissed(t.failed);
  });
  if (way === "letter_code") return <><CodeForm onSaid={check} isBusy={isBusy} /><Problem of={refusal} /><Calm onAct={() => setWay("")}>{t.back}</Calm></>;
  if (way === "two_facts") return <><FactsForm onSaid={check} isBusy={isBusy} /><Problem of={refusal} /><Calm onAct={() => setWay("")}>{t.back}</Calm></>;
  if (way === "document")
    return <><DocumentForm onSeen={see} isBusy={isBusy} onOther={belongsToOther} /><Problem of={refusal} /><Calm onAct={() => setWay("")}>{t.back}</Calm></>;
  return (
    <>
      <Words of="identity" />
      {missed && <div role="alert"><State of="stop">{missed}</State></div>}
      {ways.map((each) => (
        <Act key={each} class="choice" isOff={left[each] === 0} onAct={() => setWay(each)}>{t.ways[each]}<small>{left[each] === 0 ? t.triesNone : left[each] !== undefined && t.triesLeft(left[each])}</small></Act>
      ))}
      <Act class="choice" onAct={() => setWay("document")}>{t.ways.document}</Act>
      <Problem of={refusal} />
      <Calm onAct={() => close("declined")}>{t.theyDecline}</Calm>
      <Calm onAct={() => close("unsure")}>{t.iAmUnsure}</Calm>
      <p class="quiet">{t.identityFull}</p>
    </>
  );
}

export function CodeForm({ onSaid, isBusy }: FormProps) {
  const { t } = usePhone();
  const [secret, setSecret] = useState("");
  return (
    <form onSubmit={(event) => { event.preventDefault(); if (secret.trim()) onSaid({ secret: secret.trim() }); }}>
      <Field label={t.codeField} value={secret} onText={setSecret} autocomplete="off" autocapitalize="characters" spellcheck={false} required />
      <Act type="submit" isBusy={isBusy}>{isBusy ? t.working : t.check}</Act>
    </form>
  );
}

export function FactsForm({ onSaid, isBusy }: FormProps) {
  const { t } = usePhone();
  const { packet } = useDoor();
  const [answers, setAnswers] = useState<string[]>([]);
  const isAnswered = packet.asks.every((_, at) => answers[at]);
  return (
    <form onSubmit={(event) => { event.preventDefault(); if (isAnswered) onSaid({ answers }); }}>
      {packet.asks.map((ask, at) => {
        const fact = String(ask.fact ?? ask.kind);
        const choices = [...((ask.choices as string[] | undefined) ?? []), NONE];
        return (
          <Pick key={fact} label={t.cap(t.words.FactKind[fact as "birth_year"] ?? fact)} value={answers[at] ?? ""} isTight
            options={choices.map((each) => [each, each === NONE ? t.noneOfThese : each])}
            onPick={(value) => setAnswers(packet.asks.map((_, other) => (other === at ? value : answers[other] ?? "")))} />
        );
      })}
      <Act type="submit" isBusy={isBusy} isOff={!isAnswered}>{isBusy ? t.working : t.check}</Act>
    </form>
  );
}

function DocumentForm({ onSeen, isBusy, onOther }: { onSeen: (kind: string) => void; isBusy: boolean; onOther: (kind: string) => void }) {
  const { t } = usePhone();
  const [kind, setKind] = useState("passport");
  return (
    <>
      <Pick label={t.documentWhich} value={kind} options={Object.entries(t.documents)} onPick={setKind} isTight />
      <p class="quiet">{t.documentLead}</p>
      <Act class="in-hand" onAct={() => onSeen(kind)} isBusy={isBusy}>{t.documentIs}</Act>
      <Calm onAct={() => onOther(kind)}>{t.documentIsNot}</Calm>
    </>
  );
}
