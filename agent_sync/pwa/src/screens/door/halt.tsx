/** Halt: one touch leaves a person in peace. "I am in danger" calls for help first and records while the phone rings. */
import { useState } from "preact/hooks";
import { hush } from "../../listening";
import { Act, Calm, Dial, Problem, Screen, State } from "../../parts";
import { useAct, usePhone } from "../../phone";
import { back, goInstead } from "../../route";
import { scopeOf } from "../../rules_door";
import { HoldReason } from "../../vocabulary";
import { useDoor } from "./room";
import { Words } from "./say";

// Danger has a button of its own.
const REASONS = HoldReason.filter((each) => each !== "danger");

export function Halt() {
  const { face, t, settings } = usePhone();
  const { packet, visitId, visit, reload } = useDoor();
  const [done, setDone] = useState("");
  const { act, isBusy, refusal } = useAct();
  const here = ["door", packet.caseId, visitId];
  const hold = (reason: string) => void act(async () => {
    await face.hold(packet.caseId, visitId, reason);
    await hush().catch(() => {});
    await reload();
    setDone(reason);
  });
  const flee = () => void act(async () => {
    // The call goes out by the link itself; what is recorded needs no more of anybody.
    await face.hold(packet.caseId, visitId, "danger").catch(() => {});
    await hush().catch(() => {});
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
      <Dial number={settings.emergency} onAct={flee}>{t.danger}</Dial>
      <p class="quiet">{settings.emergency ? t.dangerLead(settings.emergency) : t.dangerNoNumber}</p>
      <Problem of={refusal} />
      <p>{t.haltLead}</p>
      {(["person", "case"] as const).map((scope) => (
        <fieldset key={scope}>
          <legend>{scope === "case" ? t.haltScopeCase : t.haltScopePerson}</legend>
          <div class="grid">
            {REASONS.filter((each) => scopeOf(each) === scope).map((each) => <button key={each} type="button" class="tap" aria-disabled={isBusy} onClick={() => hold(each)}>{t.cap(t.words.HoldReason[each])}</button>)}
          </div>
        </fieldset>
      ))}
    </Screen>
  );
}

/** After danger: nothing is asked here. */
export function Safe() {
  const { t, settings } = usePhone();
  return (
    <Screen title={t.ended} up={[""]} bar={<Calm onAct={() => goInstead("")}>{t.backToDay}</Calm>}>
      <p class="lead">{t.dangerCalled}</p>
      {settings.emergency && <Dial number={settings.emergency}>{t.dangerCall(settings.emergency)}</Dial>}
      <p class="quiet">{t.endedSafe}</p>
    </Screen>
  );
}
