/** The state of sending: one dot and two words in the same place on every day; behind it, the whole story. */
import { useState } from "preact/hooks";
import type { Status } from "../face";
import { lazy } from "../lazy";
import { bytes, lasting, moment } from "../moments";
import { Act, Icon, Problem, Row, Screen, State } from "../parts";
import { useAct, useNow, usePhone } from "../phone";
import { href } from "../route";
import type { Texts } from "../texts/en";

const FilesWaiting = lazy(() => import("./door/files").then((part) => part.FilesWaiting));
const LOW_BYTES = 200e6;

export function twoWords(t: Texts, status: Status): ["good" | "look" | "wait", string] {
  if (status.isExchanging) return ["wait", t.isSending];
  if (status.unsent) return ["wait", t.toSend(status.unsent)];
  if (status.lost) return ["look", t.someLost(status.lost)];
  if (status.parked.length) return ["look", t.setAside(status.parked.length)];
  if (status.filesWaiting) return ["wait", t.filesToSend(status.filesWaiting)];
  return ["good", t.allSent];
}

export function SendingDot() {
  const { t, status } = usePhone();
  if (!status) return null;
  const [mark, words] = twoWords(t, status);
  return <a class={`dot ${mark}`} href={href("sending")}><span aria-hidden="true" class="spot" /><span>{words}</span></a>;
}

export function Sending() {
  const { face, t, status, refresh } = usePhone();
  const now = useNow(10_000);
  const { act, isBusy, refusal } = useAct();
  const [done, setDone] = useState("");
  if (!status) return null;
  const send = () => void act(async () => {
    setDone("");
    const report = await face.exchange();
    await refresh();
    if (report.error) throw report.error;
    if (report.problems[0]) throw report.problems[0].error;
    const count = (name: string) => report.counts[name] ?? 0;
    setDone(t.sentNow(count("accepted") + count("duplicate") + count("parked") + count("id_reuse"), count("items_put") + count("items_removed")));
  });
  return (
    <Screen title={t.sendingTitle} up={[""]}>
      <State of={status.unsent ? "wait" : "good"}>{status.unsent ? t.sendingSafe(status.unsentVisits, status.unsent) : status.lost || status.filesWaiting ? t.sendingRestSafe : t.sendingAllSafe}</State>
      {status.filesWaiting > 0 && <FilesWaiting />}
      <Problem of={refusal} />
      {done && <p role="status">{done}</p>}
      {!refusal && <Problem of={status.problem} />}
      {status.failures > 0 && <State of="look">{t.failedTries(status.failures)}</State>}
      <Act onAct={send} isBusy={isBusy || status.isExchanging}>{isBusy || status.isExchanging ? t.sendingNow : t.sendNow}</Act>
      <dl>
        <Row name={t.onPhone}>{status.unsent}</Row>
        <Row name={t.received}>{status.received}</Row>
        {status.filesWaiting > 0 && <Row name={t.filesWaiting}>{status.filesWaiting}</Row>}
        <Row name={t.lastContact}>{status.lastContactMs === null ? t.never : moment(t, status.lastContactMs, now)}</Row>
        <Row name={t.nextTry}>{status.nextMs === null || status.nextMs <= now ? t.nextTryNow : t.inTime(lasting(t, status.nextMs - now))}</Row>
      </dl>
      {status.lost > 0 && <><State of="stop">{t.lost}: {status.lost}</State><p>{t.lostLead}</p></>}
      <SetAside status={status} />
      {!status.isPersistent && <State of="look">{t.notPersistent}</State>}
      {status.freeBytes !== null && status.freeBytes < LOW_BYTES && <State of="look">{t.lowSpace(bytes(t, status.freeBytes))}</State>}
      <a class="row" href={href("settings")}><span>{t.exportTitle}</span><Icon of="on" /></a>
    </Screen>
  );
}

function SetAside({ status }: { status: Status }) {
  const { t, visits } = usePhone();
  if (!status.parked.length) return null;
  return (
    <section>
      <h2>{t.parkedTitle}</h2>
      <p class="quiet">{t.parkedLead}</p>
      <ul class="rows">
        {status.parked.map((each) => (
          <li key={each.eventId}><b>{t.cap(t.words.EventKind[each.kind as "visit_started"] ?? each.kind)}</b><br />
            {visits.find((visit) => visit.caseId === each.caseId)?.address} <span class="look">{t.words.ParkReason[each.reason as "invalid"] ?? each.reason}</span></li>
        ))}
      </ul>
    </section>
  );
}

