/** Questions of reviewers, as tasks; an answer is an event like any other. */
import { useState } from "preact/hooks";
import type { Question } from "../face";
import { moment } from "../moments";
import { Act, Empty, Note, Problem, Screen } from "../parts";
import { useAct, usePhone } from "../phone";

export function Questions() {
  const { t, status } = usePhone();
  if (!status) return null;
  return (
    <Screen title={t.questionsTitle} up={[""]}>
      {!status.questions.length && <Empty title={t.questionsEmpty}>{t.questionsNone}</Empty>}
      {status.questions.map((each) => <Asked key={each.decisionId} of={each} />)}
    </Screen>
  );
}

export function Asked({ of }: { of: Question }) {
  const { face, t, visits, refresh } = usePhone();
  const [answer, setAnswer] = useState("");
  const { act, isBusy, refusal } = useAct();
  const visit = visits.find((each) => each.visitId === of.visitId);
  const save = () => void act(async () => {
    await face.record("question_answered", of.caseId, of.visitId, { decision_id: of.decisionId, answer: answer.trim() });
    await refresh();
  });
  return (
    <section>
      <p class="quiet">{visit?.address}{visit ? ` · ${moment(t, visit.startedMs, Date.now())}` : ""}</p>
      <p class="lead">{of.question}</p>
      <Note label={t.answerField} value={answer} onText={setAnswer} />
      <Problem of={refusal} />
      <Act onAct={save} isBusy={isBusy} isOff={!answer.trim()}>{t.answerSave}</Act>
    </section>
  );
}
