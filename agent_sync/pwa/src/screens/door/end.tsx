/** Check-out: one last position, how it ended, and what is not done. The app stops looking for positions with it. */
import { useEffect, useState } from "preact/hooks";
import type { Remark } from "../../face";
import { useFixes } from "../../fixes";
import { hush } from "../../listening";
import { far } from "../../moments";
import { Act, Calm, Link, Pick, Problem, Remarks, Screen, State } from "../../parts";
import { useAct, usePhone } from "../../phone";
import { back, go, goInstead, href } from "../../route";
import { isCompanion, isHalted, type StepKey } from "../../steps";
import { useDoor } from "./room";
import { Words } from "./say";

const REASONS = ["completed", "asked_to_leave", "abandoned"] as const;

/** The last step in hand: goodbye. */
export function Leave(_: { of: StepKey }) {
  const { t } = usePhone();
  const { packet, visitId } = useDoor();
  return (
    <>
      <Words of="leave" />
      <Act class="in-hand" onAct={() => go("door", packet.caseId, visitId, "end")}>{t.endVisit}</Act>
    </>
  );
}

export function End() {
  const { face, t } = usePhone();
  const { packet, visitId, visit, note } = useDoor();
  const watch = useFixes();
  const here = ["door", packet.caseId, visitId];
  const isSentAway = isHalted(visit, "asked_to_leave");
  const isDone = visit.events.some((each) => each.kind === "outcome_noted");
  const isAlong = isCompanion(visit);
  const isWithdrawn = packet.rev === 0;
  const [reason, setReason] = useState<string>(isWithdrawn ? "withdrawn" : isSentAway ? "asked_to_leave" : isDone || isAlong ? "completed" : "abandoned");
  const [remarks, setRemarks] = useState<Remark[]>([]);
  const { act, isBusy, refusal } = useAct();
  useEffect(() => void face.mayRecord("visit_ended", packet.caseId, visitId, { fixes: [], reason }).then(setRemarks, () => {}), [visit]);
  const end = () => void act(async () => {
    await hush().catch(() => {}); // first, so that what it names is part of the visit
    await note("visit_ended", { ...watch.finish(), reason });
    void face.exchange().catch(() => {});
  });
  const options = (isWithdrawn ? (["withdrawn", ...REASONS] as const) : REASONS).map((each): [string, string] => [each, t.cap(t.words.EndReason[each])]);
  return (
    <Screen title={t.endTitle} up={here} bar={<Act onAct={end} isBusy={isBusy}>{t.endConfirm}</Act>}>
      <Remarks of={isAlong ? [] : remarks} />
      {!isDone && !isWithdrawn && !isAlong && <Calm onAct={() => back(...here)}>{t.endSayIt}</Calm>}
      <Pick label={t.endReason} value={reason} options={options} onPick={setReason} />
      <div aria-live="polite">
        {watch.best ? <State of="good">{t.arriveFound(far(t, watch.best.radius_dm / 10))}</State> : watch.noFix && <State of="look">{watch.noFix === "denied" ? t.arriveDenied : t.arriveNone}</State>}
      </div>
      {watch.isWatching && <p class="quiet">{t.arriveLooking(watch.secondsLeft)}</p>}
      <Problem of={refusal} />
    </Screen>
  );
}

export function Ended() {
  const { t } = usePhone();
  const { packet, visitId } = useDoor();
  return (
    <Screen title={t.ended} up={[""]} bar={<Act onAct={() => goInstead("")}>{t.backToDay}</Act>}>
      <State of="good">{t.endedSafe}</State>
      <Link to={href("record", packet.caseId, visitId)}>{t.recordTitle}</Link>
      <p class="quiet">{t.afterNote}</p>
    </Screen>
  );
}
