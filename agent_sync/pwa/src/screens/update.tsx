/** A new version waits until no visit is open; then a touch starts it, or the next lock does. */
import { useEffect, useState } from "preact/hooks";
import { Calm, State } from "../parts";
import { usePhone } from "../phone";
import { isUpdateReady, onUpdate, startUpdate } from "../updates";

export function Update() {
  const { t, status } = usePhone();
  const [isReady, setReady] = useState(isUpdateReady);
  useEffect(() => onUpdate(() => setReady(true)), []);
  if (!isReady) return null;
  return <><State of="look">{t.updateReady}</State>{status?.openVisits.length === 0 && <Calm onAct={startUpdate}>{t.updateNow}</Calm>}</>;
}
