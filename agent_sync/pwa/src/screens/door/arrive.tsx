/** Check-in: the best of several positions, 30 s at most, never a condition. The app then stops looking at once. */
import { useEffect, useState } from "preact/hooks";
import type { PacketView, Remark } from "../../face";
import { useFixes } from "../../fixes";
import { far, metresBetween } from "../../moments";
import { opened, spotOf } from "../../opened";
import { Act, Note, Problem, Remarks, Screen, State } from "../../parts";
import { useAct, usePhone } from "../../phone";

export function Arrive({ packet, onStarted }: { packet: PacketView; onStarted: (visitId: string) => void }) {
  const { face, t } = usePhone();
  const watch = useFixes();
  const [remarks, setRemarks] = useState<Remark[]>([]);
  const [why, setWhy] = useState("");
  const { act, isBusy, refusal } = useAct();
  useEffect(() => void face.mayRecord("visit_started", packet.caseId, null, { fixes: [] }).then(setRemarks, () => {}), [packet]);
  const blocks = remarks.filter((each) => each.level === "block");
  const { place } = opened(packet);
  const spot = spotOf(packet);
  const start = () => void act(async () => {
    const placed = watch.finish();
    const body = {
      ...placed, ...(blocks.length ? { override_reason: why.trim() } : {}),
    };
    const recorded = await face.record("visit_started", packet.caseId, null, body);
    onStarted(recorded.visitId!);
  });
  const words = blocks.length ? t.overrideStart : watch.best ? t.arriveHere : t.arriveWithout;
  return (
    <Screen title={t.stepNames.arrive ?? ""} up={["case", packet.caseId]}
      bar={<Act onAct={start} isBusy={isBusy} isOff={blocks.length > 0 && !why.trim()}>{words}</Act>}>
      <p class="lead">{place.address}</p>
      {blocks.length > 0 && <h2>{t.overrideTitle}</h2>}
      <Remarks of={remarks} />
      {blocks.length > 0 && <><Note label={t.overrideField} value={why} onText={setWhy} most={400} /><p class="quiet">{t.overrideLead}</p></>}
      <div aria-live="polite">
        {watch.best && <State of="good">{t.arriveFound(far(t, watch.best.radius_dm / 10))}</State>}
        {watch.best && spot && <p>{t.away(far(t, metresBetween(watch.best, spot)))}</p>}
        {!watch.best && watch.noFix && <State of="look">{watch.noFix === "denied" ? t.arriveDenied : t.arriveNone}</State>}
      </div>
      {watch.isWatching && <p class="quiet">{t.arriveLooking(watch.secondsLeft)}</p>}
      <p class="quiet">{t.arriveLead}</p>
      <Problem of={refusal} />
    </Screen>
  );
}
