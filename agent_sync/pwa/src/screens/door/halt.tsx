/** Halt: one touch leaves a person in peace. "I am in danger" calls for help first and records while the phone rings. */
import { useState } from "preact/hooks";
import { Act, Calm, Problem, Screen, State } from "../../parts";
import { useAct, usePhone } from "../../phone";
import { back, goInstead } from "../../route";
import { useDoor } from "./room";
import { Words } from "./say";

const OF_CASE = ["wrong_person", "dispute"];
const REASONS = [
  "asked_to_leave", "refusal", "distress", "minor", "illness", "bereavement", "wrong_person", "dispute", "representative", "hardship", "complaint",
];

export function Halt() {
  const { face, t, settings } = usePhone();
  const { packet, visitId, visit, reload } = useDoor();
  const [done, setDone] = useState("");
  const { act, isBusy, refusal } = useAct();
  const here = ["door", packet.caseId, visitId];
  const hold = (reason: string) => void act(async () => {
    await face.hold(packet.caseId, visitId, reason);
    await reload();
    setDone(reason);
  });
  const flee = () => void act(async () => {
    // The call goes out by the link itself; what is recorded needs no more of anybody.
    await face.hold(packet.caseId, visitId, "danger").catch(() => {});
    if (!visit.events.some((each) => each.kind === "outcome_noted"))
      await face.record("outcome_noted", packet.caseId, visitId, { contact_result: "unsafe", disposition: "none" }).catch(() => {});
    await face.record("visit_ended", packet.caseId, visitId, { fixes: [], no_fix_reason: "unavailable", reason: "danger" });
    void face.exchange().catch(() => {});
    goInstead(...here, "safe");
  });
  if (done)
    return (
      <Screen title={t.haltTitle} up={here} bar={<Act onAct={() => goInstead(...here, "end")}>{t.endVisit}</Act>}>
        <div role="status"><State of="good">{t.haltDone(t.words.HoldReason[done as "illness"])}</State></div>
        <p class="lead">{t.haltLeave}</p>
        <Words of="leave" />
      </Screen>
    );
  return (
    <Screen title={t.haltTitle} up={here} bar={<Calm onAct={() => back(...here)}>{t.cancel}</Calm>}>
      <a class="act danger" href={`tel:${settings.emergency}`} onClick={flee}>{t.danger}</a>
      <p class="quiet">{t.dangerLead(settings.emergency)}</p>
      <Problem of={refusal} />
      <p>{t.haltLead}</p>
      <div class="grid" role="group" aria-label={t.haltTitle}>
        {REASONS.map((each) => (
          <button key={each} type="button" class="tap" aria-disabled={isBusy} onClick={() => hold(each)}>
            {t.cap(t.words.HoldReason[each as "illness"])}<small>{OF_CASE.includes(each) ? t.haltScopeCase : t.haltScopePerson}</small>
          </button>
        ))}
      </div>
    </Screen>
  );
}

/** After danger: nothing is asked here. */
export function Safe() {
  const { t, settings } = usePhone();
  return (
    <Screen title={t.ended} up={[""]} bar={<Calm onAct={() => goInstead("")}>{t.backToDay}</Calm>}>
      <p class="lead">{t.dangerCalled}</p>
      <a class="act danger" href={`tel:${settings.emergency}`}>{t.dangerCall(settings.emergency)}</a>
      <p class="quiet">{t.endedSafe}</p>
    </Screen>
  );
}
