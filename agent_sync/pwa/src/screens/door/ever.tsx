/** Halt and End visit: always there, always in the same place. */
import { usePhone } from "../../phone";
import { go } from "../../route";
import { useDoor } from "./room";

export function Ever() {
  const { t } = usePhone();
  const { packet, visitId } = useDoor();
  const here = ["door", packet.caseId, visitId];
  return (
    <div class="ever">
      <button type="button" class="act calm stop" onClick={() => go(...here, "halt")}>{t.halt}</button>
      <button type="button" class="act calm" onClick={() => go(...here, "end")}>{t.endVisit}</button>
    </div>
  );
}
