/** My record: each visit, whether it arrived, what the office decided and noticed, and the right to disagree. */
import { useEffect, useState } from "preact/hooks";
import type { VisitRecord, VisitSoFar } from "../face";
import { clock, localDay, moment } from "../moments";
import { Act, Calm, Empty, Icon, Link, type Mark, Note, Problem, Row, Screen, State } from "../parts";
import { useAct, usePhone } from "../phone";
import { href } from "../route";
import { Gone } from "./case";
import { Held } from "./door/files";
import { Asked } from "./questions";

const MARKS: Record<string, Mark> = { approved: "good", returned: "look", rejected: "stop", amended: "look" };
const FIRST = 40;

export function MyRecord() {
  const { t, visits } = usePhone();
  const [most, setMost] = useState(FIRST);
  const now = Date.now();
  return (
    <Screen title={t.recordTitle} up={["menu"]}>
      {!visits.length && <Empty title={t.recordTitle}>{t.recordNone}</Empty>}
      <ul class="stops">
        {visits.slice(0, most).map((each) => (
          <li key={each.visitId}>
            <a href={href("record", each.caseId, each.visitId)}>
              <span class="number"><Icon of={markOf(each)} /></span>
              <span><b>{each.address || t.caseTitle}</b><span class={`words ${markOf(each)}`}>{moment(t, each.startedMs, now)} · {wordsOf(t, each)}</span></span>
            </a>
          </li>
        ))}
      </ul>
      {visits.length > most && <Calm onAct={() => setMost(most + FIRST)}>{t.more}</Calm>}
      <Statement />
    </Screen>
  );
}

const markOf = (visit: VisitRecord): Mark => (visit.sending === "parked" && !visit.decision ? "look" : MARKS[visit.decision] ?? "wait");
const wordsOf = (t: ReturnType<typeof usePhone>["t"], visit: VisitRecord) =>
  visit.isOpen ? t.stillOpen : visit.decision ? t.decisions[visit.decision] : t.sendings[visit.sending];

export function VisitPage({ caseId, visitId }: { caseId: string; visitId: string }) {
  const { face, t, visits, status } = usePhone();
  const visit = visits.find((each) => each.caseId === caseId && each.visitId === visitId);
  const [told, setTold] = useState<VisitSoFar | null>(null);
  useEffect(() => void face.visit(caseId, visitId).then(setTold, () => {}), [visits]);
  if (!visit || !status) return <Gone />;
  const question = status.questions.find((each) => each.visitId === visitId);
  return (
    <Screen title={visit.address || t.visitTitle} isPrivate up={["record"]}>
      <State of={markOf(visit)}>{visit.decision ? t.cap(t.decisions[visit.decision] ?? "") : t.decisions[""]}</State>
      <dl>
        <Row name={t.visitTitle}>{moment(t, visit.startedMs, Date.now())}</Row>
        <Row name={t.sendingTitle}>{t.sendings[visit.sending]}</Row>
        {visit.filesWaiting > 0 && <Row name={t.filesWaiting}>{visit.filesWaiting}</Row>}
        {visit.reason && <Row name={t.reasonIs}>{visit.reason}</Row>}
      </dl>
      {visit.isOpen && <Link to={href("door", caseId, visitId)}>{t.goOn}</Link>}
      {question && <Asked of={question} />}
      {visit.findings.length > 0 && <h2>{t.findingsTitle}</h2>}
      {visit.findings.map((each) => <Finding key={each.findingId} of={each} visit={visit} />)}
      <ol class="steps">
        {told?.events.map((each) => {
          const line = `${clock(t, Date.parse(each.wall))}  ${t.cap(sayEvent(t, each))}`;
          const id = "eventId" in each ? String(each.eventId) : "";
          const isFixable = id && each.kind in { step_done: 1, identity_checked: 1, outcome_noted: 1, visit_started: 1 };
          return <li key={id || line}>{isFixable ? <a class="folded" href={href("correct", caseId, visitId, id)}><span>{line}</span><small>{t.correct}</small></a> : <span class="done"><span>{line}</span></span>}</li>;
        })}
      </ol>
      <Held caseId={caseId} visitId={visitId} />
    </Screen>
  );
}

/** One event in a few words. */
export function sayEvent(t: ReturnType<typeof usePhone>["t"], { kind, body }: { kind: string; body: Record<string, unknown> }): string {
  const w = t.words;
  const of = (list: Record<string, string>, value: unknown) => (value === undefined || value === "none" ? "" : list[String(value)] ?? "");
  const more = [
    of(w.Step, body.step), body.response === "given" ? "" : of(w.StepResponse, body.response), of(w.Identity, body.identity), of(w.IdentityMethod, body.method),
    of(w.ContactResult, body.contact_result), of(w.Disposition, body.disposition), of(w.RecordingMedium, body.medium), of(w.RecordingState, body.state),
    of(kind === "hold_placed" ? w.HoldReason : w.EndReason, kind === "hold_placed" || kind === "visit_ended" ? body.reason : undefined),
  ].filter(Boolean);
  if (kind === "step_done") return t.list(more);
  return [of(w.EventKind, kind) || kind, ...(more.length ? [t.list(more)] : [])].join(t.colon);
}

function Finding({ of, visit }: { of: VisitRecord["findings"][number]; visit: VisitRecord }) {
  const { face, t } = usePhone();
  const [reason, setReason] = useState("");
  const [stage, setStage] = useState<"read" | "write" | "saved">("read");
  const { act, isBusy, refusal } = useAct();
  const contest = () => void act(async () => {
    await face.record("finding_contested", visit.caseId, visit.visitId, { finding_id: of.findingId, reason: reason.trim() });
    setStage("saved");
  });
  return (
    <section>
      <State of="look">{of.sentence}</State>
      {stage === "read" && <Calm onAct={() => setStage("write")}>{t.disagree}</Calm>}
      {stage === "write" && <><Note label={t.disagreeField} value={reason} onText={setReason} /><Problem of={refusal} /><Act onAct={contest} isBusy={isBusy} isOff={!reason.trim()}>{t.disagreeSave}</Act></>}
      {stage === "saved" && <div role="status"><State of="good">{t.disagreed}</State></div>}
    </section>
  );
}

/** The signed account of today, to be kept by the agent. */
function Statement() {
  const { face, t } = usePhone();
  const [signed, setSigned] = useState("");
  const [isCopied, setCopied] = useState(false);
  const { act, isBusy, refusal } = useAct();
  const make = () => void act(async () => setSigned(await face.statement(localDay(Date.now()))));
  const copy = () => void navigator.clipboard?.writeText(signed).then(() => setCopied(true), () => {});
  return (
    <section>
      <h2>{t.statement}</h2>
      <p class="quiet">{t.statementLead}</p>
      <Problem of={refusal} />
      {signed ? <><p class="signed" tabIndex={0}>{signed}</p><Calm onAct={copy}>{isCopied ? t.copied : t.copy}</Calm></> : <Calm onAct={make} isBusy={isBusy}>{t.make}</Calm>}
    </section>
  );
}
