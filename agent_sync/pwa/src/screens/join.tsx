/** A companion joins the lead's visit by the code on the lead's phone, without a network. */
import { useState } from "preact/hooks";
import { useFixes } from "../fixes";
import { Act, Calm, Note, Problem, Screen, State } from "../parts";
import { useAct, usePhone } from "../phone";
import { goInstead } from "../route";
import { Scan, canScan } from "./scanning";

export function Join() {
  const { face, t } = usePhone();
  const watch = useFixes();
  const [code, setCode] = useState("");
  const [isScanning, setScanning] = useState(false);
  const { act, isBusy, refusal } = useAct();
  const join = (qr: string) => void act(async () => {
    setScanning(false);
    const recorded = await face.joinCrew(qr.trim(), watch.finish());
    goInstead("door", recorded.caseId ?? "", recorded.visitId ?? "");
  });
  return (
    <Screen title={t.joinTitle} up={["menu"]} bar={<Act onAct={() => join(code)} isBusy={isBusy} isOff={!code.trim()}>{t.join}</Act>}>
      <p>{t.joinLead}</p>
      {isScanning && <Scan onFound={join} />}
      {canScan ? !isScanning && <Calm onAct={() => setScanning(true)}>{t.joinScan}</Calm> : <State of="look">{t.enrolNoScan}</State>}
      <Note label={t.joinField} value={code} onText={setCode} />
      <Problem of={refusal} />
    </Screen>
  );
}
