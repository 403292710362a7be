/** Correcting is a new event: what was recorded stays, and what it should have been is added with a reason. */
import { useEffect, useState } from "preact/hooks";
import type { Body, VisitSoFar } from "../face";
import { clock } from "../moments";
import { Act, Note, Pick, Problem, Row, Screen, State } from "../parts";
import { useAct, usePhone } from "../phone";
import { back } from "../route";
import { isHalted, whoIs } from "../steps";
import { pairsOf, pairWords } from "./door/outcome";
import { Gone } from "./case";
import { sayEvent } from "./record";

export function Correct({ caseId, visitId, eventId }: { caseId: string; visitId: string; eventId: string }) {
  const { face, t } = usePhone();
  const [visit, setVisit] = useState<VisitSoFar | null>(null);
  const [reason, setReason] = useState("");
  const [body, setBody] = useState<Body | null>(null);
  const { act, isBusy, refusal } = useAct();
  useEffect(() => void face.visit(caseId, visitId).then(setVisit, () => {}), []);
  if (!visit) return null;
  const event = visit.events.find((each) => "eventId" in each && each.eventId === eventId);
  if (!event) return <Gone />;
  const up = visit.isEnded ? ["record", caseId, visitId] : ["door", caseId, visitId];
  const options = optionsOf(t, event, visit);
  const chosen = options.findIndex(([each]) => JSON.stringify(each) === JSON.stringify(pick(body ?? event.body, each)));
  const save = () => void act(async () => {
    // The halt first, as at the door: no hardship is said that halts nothing.
    if (body?.disposition === "hardship" && !isHalted(visit, "hardship")) await face.hold(caseId, visitId, "hardship");
    await face.record("event_corrected", caseId, visitId, { event_id: eventId, reason: reason.trim(), body: body ?? event.body });
    back(...up);
  });
  return (
    <Screen title={t.correctTitle} up={up} bar={<Act onAct={save} isBusy={isBusy} isOff={!reason.trim()}>{t.correctSave}</Act>}>
      <State of="wait">{t.correctLead}</State>
      <dl><Row name={clock(t, Date.parse(event.wall))}>{t.cap(sayEvent(t, event))}</Row></dl>
      {options.length > 0 && (
        <Pick label={t.correctShould} value={String(chosen)} options={options.map(([, words], at) => [String(at), words])}
          onPick={(at) => setBody(mended(event.body, options[Number(at)]![0]))} />
      )}
      <Note label={t.correctReason} value={reason} onText={setReason} />
      <Problem of={refusal} />
    </Screen>
  );
}

const pick = (body: Body, like: Body): Body => Object.fromEntries(Object.keys(like).map((name) => [name, body[name]]));

/** What it should have been; a promise goes with an outcome that is none any more. */
function mended(body: Body, change: Body): Body {
  const { promise, ...rest } = body;
  const next = { ...rest, ...change };
  return promise !== undefined && next.disposition === "promise" ? { ...next, promise } : next;
}

type Option = [change: Body, words: string];

function optionsOf(t: ReturnType<typeof usePhone>["t"], event: { kind: string; body: Body }, visit: VisitSoFar): Option[] {
  if (event.kind === "step_done") return Object.entries(t.words.StepResponse).map(([response, words]): Option => [{ response }, t.cap(words)]);
  if (event.kind === "identity_checked") return Object.entries(t.words.Identity).map(([identity, words]): Option => [{ identity }, t.cap(words)]);
  if (event.kind !== "outcome_noted") return [];
  const who = whoIs(visit, null);
  return pairsOf(who, visit.isIdentityConfirmed)
    .filter(([, disposition]) => disposition !== "promise" || event.body.disposition === "promise")
    .map((pair): Option => [{ contact_result: pair[0], disposition: pair[1] }, pairWords(t, pair, who)]);
}
