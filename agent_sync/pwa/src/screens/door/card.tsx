/** The credential card, full screen: who stands here, and a code that anybody can check. Awake while it is shown. */
import { useEffect, useState } from "preact/hooks";
import { lazy } from "../../lazy";
import { Act, Calm, Problem, Screen, State } from "../../parts";
import { useAct, usePhone } from "../../phone";
import { back, go } from "../../route";
import { isCompanion, type StepKey } from "../../steps";
import { Ever } from "./ever";
import { useDoor } from "./room";
import { useStep, Words } from "./say";

const Qr = lazy(() => import("../../qr").then((part) => part.Qr));
const RENEW_MS = 30_000;

export function CardStep(_: { of: StepKey }) {
  const { t } = usePhone();
  const { packet, visitId, visit, say } = useDoor();
  return (
    <>
      <Words of="card_shown" />
      <Act class="in-hand" onAct={() => go("door", packet.caseId, visitId, "card")}>{t.cardShow}</Act>
      {!isCompanion(visit) && <Calm onAct={() => say("nobody")}>{t.nobodyOpens}</Calm>}
    </>
  );
}

export function useAwake(): void {
  useEffect(() => {
    let lock: WakeLockSentinel | undefined;
    let isGone = false;
    void navigator.wakeLock?.request("screen").then((got) => { if (isGone) void got.release(); else lock = got; }, () => {});
    return () => {
      isGone = true;
      void lock?.release();
    };
  }, []);
}

export function Card() {
  const { face, t, status } = usePhone();
  const { packet, visitId, visit } = useDoor();
  const { act, record, isBusy, refusal } = useStep("card");
  const [code, setCode] = useState("");
  const [isMissing, setMissing] = useState(false);
  useAwake();
  useEffect(() => {
    const renew = () => void face.card().then(setCode, () => setMissing(true));
    renew();
    const timer = setInterval(renew, RENEW_MS);
    return () => clearInterval(timer);
  }, [face]);
  const up = ["door", packet.caseId, visitId];
  const isShown = visit.stepsDone.includes("card_shown");
  const agent = status?.agent;
  const seen = () => void act(async () => {
    if (!isShown) await record("given");
    back(...up);
  });
  return (
    <Screen title={agent?.name ?? ""} isPrivate up={up} bar={<><Act onAct={seen} isBusy={isBusy}>{t.cardSeen}</Act><Ever /></>}>
      {code ? <Qr text={code} label={t.cardShow} /> : isMissing && <State of="look">{t.cardNone}</State>}
      <p class="lead centre">{t.agentNo(agent?.code ?? "")}<br />{String(agent?.agency_name ?? agent?.agency ?? "")}</p>
      {code && <p class="quiet centre">{t.cardRenew}</p>}
      <Problem of={refusal} />
    </Screen>
  );
}

/** The lead's code over this visit, for a companion to scan. */
export function CrewCode() {
  const { face, t } = usePhone();
  const { packet, visitId } = useDoor();
  const [code, setCode] = useState("");
  const { act, refusal } = useAct();
  useAwake();
  useEffect(() => void act(async () => setCode(await face.visitQr(packet.caseId, visitId))), [face]);
  const up = ["door", packet.caseId, visitId];
  return (
    <Screen title={t.showQrForCrew} up={up} bar={<><Calm onAct={() => back(...up)}>{t.close}</Calm><Ever /></>}>
      <p>{t.crewQrLead}</p>
      {code && <Qr text={code} label={t.showQrForCrew} />}
      <Problem of={refusal} />
    </Screen>
  );
}
