/** Proposals: how the person is reached, and where the door is. The office decides; nothing is changed here. */
import { useState } from "preact/hooks";
import { useFixes } from "../fixes";
import { far } from "../moments";
import { opened } from "../opened";
import { Act, Calm, Note, Problem, Row, Screen, State } from "../parts";
import { useAct, usePhone } from "../phone";
import { back } from "../route";
import { Gone } from "./case";

const FIELDS = ["phone", "phone_2", "email", "address", "postal_code", "employer", "language", "note"];

export function Propose({ caseId, visitId }: { caseId: string; visitId: string | undefined }) {
  const { face, t, packets } = usePhone();
  const packet = packets?.find((each) => each.caseId === caseId);
  const [field, setField] = useState("phone");
  const [text, setText] = useState("");
  const [isSaved, setSaved] = useState(false);
  const [isPlacing, setPlacing] = useState(false);
  const { act, isBusy, refusal } = useAct();
  const up = visitId ? ["door", caseId, visitId] : ["case", caseId];
  if (!packet) return packets ? <Gone /> : null;
  const { person, place } = opened(packet);
  const now = field === "address" ? place.address : field === "postal_code" ? place.postal_code : field === "language" ? person.language : person.contacts?.[field];
  const propose = (of: string, to: string, base: string | undefined) => void act(async () => {
    const change = { field: of, new: to, ...(base === undefined ? {} : { base }) };
    await face.record("contact_proposed", caseId, visitId ?? null, { changes: [change] });
    setSaved(true);
  });
  if (isSaved) return <Screen title={t.proposeTitle} up={up}><div role="status"><State of="good">{t.proposeSent}</State></div><Act onAct={() => back(...up)}>{t.goOn}</Act></Screen>;
  if (isPlacing) return <DoorPlace onPlaced={(words) => propose("note", words, undefined)} isBusy={isBusy} onBack={() => setPlacing(false)} up={up} />;
  return (
    <Screen title={t.proposeTitle} up={up}>
      <p>{t.proposeLead}</p>
      <div class="field">
        <label for="field">{t.proposeField}</label>
        <select id="field" value={field} onChange={(event) => setField(event.currentTarget.value)}>
          {FIELDS.map((each) => <option key={each} value={each}>{t.fields[each]}</option>)}
        </select>
      </div>
      {now && <dl><Row name={t.proposeNow}>{now}</Row></dl>}
      <Note label={t.proposeNew} value={text} onText={setText} most={400} />
      <Problem of={refusal} />
      <Act onAct={() => propose(field, text.trim(), now)} isBusy={isBusy} isOff={!text.trim()}>{t.save}</Act>
      <Calm onAct={() => setPlacing(true)}>{t.proposePlace}</Calm>
      <p class="quiet">{t.proposePlaceLead}</p>
    </Screen>
  );
}

/** The wire has no field for a door's position yet: it travels as a note that names degrees and radius. */
function DoorPlace({ onPlaced, isBusy, onBack, up }: { onPlaced: (words: string) => void; isBusy: boolean; onBack: () => void; up: string[] }) {
  const { t } = usePhone();
  const watch = useFixes();
  const save = () => {
    const [fix] = watch.finish().fixes;
    if (fix) onPlaced(`door: ${fix.lat_e7 / 1e7},${fix.lon_e7 / 1e7},${Math.round(fix.radius_dm / 10)} m`);
  };
  return (
    <Screen title={t.proposePlace} up={up} bar={<Act onAct={save} isBusy={isBusy} isOff={!watch.best}>{t.save}</Act>}>
      <p>{t.proposePlaceLead}</p>
      {watch.best ? <State of="good">{t.arriveFound(far(t, watch.best.radius_dm / 10))}</State> : watch.noFix && <State of="look">{watch.noFix === "denied" ? t.arriveDenied : t.arriveNone}</State>}
      {watch.isWatching && <p class="quiet">{t.arriveLooking(watch.secondsLeft)}</p>}
      <Calm onAct={onBack}>{t.back}</Calm>
    </Screen>
  );
}
