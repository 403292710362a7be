/** Photos and signatures of a visit: taken beside any step, shown small, each with where it is. */
import { useEffect, useState } from "preact/hooks";
import type { HeldFile, Refusal } from "../../face";
import { bytes, clock } from "../../moments";
import { Link, Problem, State } from "../../parts";
import { makePhoto, markOf, takenAt } from "../../photographing";
import { useAct, usePhone } from "../../phone";
import { href } from "../../route";
import { useFileTexts } from "../../texts/files";
import { useDoor } from "./room";

const isHaltedAtAll = (events: { kind: string }[]) => events.some((each) => each.kind === "hold_placed");

/** Refusals of files have words of their own. */
export function FileProblem({ of }: { of: Refusal | null }) {
  const { t } = usePhone();
  const say = useFileTexts().problems[of?.code ?? ""];
  if (!say) return <Problem of={of} />;
  return <div role="alert" class="alert"><State of="stop">{say(bytes(t, Number(of!.facts.free ?? 0)))}</State></div>;
}

/** A row that opens the camera. What it gives is kept before anything is said. */
export function Photo() {
  const { face } = usePhone();
  const { packet, visitId, visit, reload } = useDoor();
  const f = useFileTexts();
  const { act, isBusy, refusal } = useAct();
  const [isKept, setKept] = useState(false);
  const take = (input: HTMLInputElement) => void act(async () => {
    const taken = input.files?.[0];
    if (!taken) return;
    setKept(false);
    const takenMs = takenAt(taken, Date.now());
    const { bytes: photo, thumb } = await makePhoto(taken, markOf(takenMs, packet.caseId, visitId));
    await (await face.files()).add(packet.caseId, visitId, "photo", photo, thumb, takenMs);
    setKept(true);
    await reload();
  }).finally(() => { input.value = ""; });
  if (isHaltedAtAll(visit.events)) return null;
  return (
    <>
      <label class="row camera">
        <svg class="icon" viewBox="0 0 20 20" aria-hidden="true"><path d="M3 6h3l1.5-2h5L14 6h3v10H3zM10 13.5a2.75 2.75 0 1 0 0-5.5 2.75 2.75 0 0 0 0 5.5" /></svg>
        <span>{f.photo}<small>{f.photoLead}</small></span>
        <input type="file" accept="image/*" capture="environment" aria-label={f.photo} disabled={isBusy} onChange={(event) => take(event.currentTarget)} />
      </label>
      <div aria-live="polite">{isBusy ? <p class="quiet">{f.keeping}</p> : isKept && <State of="good">{f.kept}</State>}</div>
      <FileProblem of={refusal} />
    </>
  );
}

/** What may be added beside a step, and what is there. */
export function FilesBeside() {
  const { packet, visitId, visit } = useDoor();
  const f = useFileTexts();
  const maySign = visit.isIdentityConfirmed && !isHaltedAtAll(visit.events);
  return (
    <>
      <Photo />
      {maySign && <Link to={href("door", packet.caseId, visitId, "sign")}>{f.signature}</Link>}
      <Held caseId={packet.caseId} visitId={visitId} />
    </>
  );
}

/** The files of a visit as they are held now. */
export function Held({ caseId, visitId }: { caseId: string; visitId: string }) {
  const { face, t } = usePhone();
  const f = useFileTexts();
  const [files, setFiles] = useState<HeldFile[]>([]);
  useEffect(() => {
    const look = () => void face.files().then((room) => room.list(caseId, visitId)).then(setFiles, () => {}); // locked: the gate shows
    look();
    return face.subscribe(look);
  }, [face, caseId, visitId]);
  if (!files.length) return null;
  return (
    <ul class="thumbs" aria-label={f.title}>
      {files.map((each) => (
        <li key={each.fileId}>
          {each.thumb ? <img src={each.thumb} alt="" /> : <span class="blank" />}
          <span>{f.roles[each.role]} {clock(t, each.atMs)}<small class={each.state === "verified" ? "good" : each.state === "again" ? "look" : ""}>{f.states[each.state]}</small></span>
        </li>
      ))}
    </ul>
  );
}

/** How many wait, and how they go: beside what is sent. */
export function FilesWaiting() {
  const { status } = usePhone();
  const f = useFileTexts();
  return <State of="wait">{f.waiting(status?.filesWaiting ?? 0)}</State>;
}
