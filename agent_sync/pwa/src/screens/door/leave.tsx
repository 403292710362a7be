/** The clock of the visit: by when it is to be over. */
import { useEffect, useState } from "preact/hooks";
import { clock } from "../../moments";
import { useNow, usePhone } from "../../phone";
import { useDoor } from "./room";

const SOON_MS = 5 * 60_000;

export function LeaveClock() {
  const { face, t } = usePhone();
  const { packet, visitId } = useDoor();
  const now = useNow(5_000);
  const [byMs, setByMs] = useState<number | null>(null);
  useEffect(() => void face.leaveByMs(packet.caseId, visitId).then(setByMs, () => {}), [packet, visitId]);
  if (byMs === null) return null;
  const left = byMs - now;
  const words = left <= 0 ? t.leaveNow : left <= SOON_MS ? t.leaveIn(Math.ceil(left / 60_000)) : t.leaveBy(clock(t, byMs));
  return <p class={`leave ${left <= 0 ? "stop" : left <= SOON_MS ? "look" : ""}`} role={left <= SOON_MS ? "status" : undefined}>{words}</p>;
}
