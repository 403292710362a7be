/** What records now, and what may: this phone's microphone, or another device that the agent names. */
import { useState } from "preact/hooks";
import { canListen, hush, isListening, listen } from "../../listening";
import { opened } from "../../opened";
import { Act, Calm, Field } from "../../parts";
import { useAct, usePhone } from "../../phone";
import { mustAskInside } from "../../rules_door";
import { recordingNow } from "../../steps";
import { useFileTexts } from "../../texts/files";
import { ENTERING_HOME } from "../../vocabulary";
import { FileProblem } from "./files";
import { useDoor } from "./room";
import { useStep, Words } from "./say";

export function Recording() {
  const { face, t, isPractice, settings, set } = usePhone();
  const f = useFileTexts();
  const { packet, visit, visitId, note, reload } = useDoor();
  const { act, isBusy, refusal } = useAct();
  const [isOff, setOff] = useState(false);
  const [other, setOther] = useState(""); // the medium whose recorder is being named
  const answer = visit.events.filter((each) => each.kind === "step_done" && each.body.step === "recording_notice").pop()?.body.response;
  const running = recordingNow(visit);
  const isHalted = visit.events.some((each) => each.kind === "hold_placed");
  const name = (medium: string) => t.words.RecordingMedium[medium as "audio"];
  const startHere = () => void act(async () => {
    await listen(face, packet.caseId, visitId, isPractice);
    await reload();
  });
  const startOther = () => void act(async () => {
    const serial = settings.recorder.trim();
    await note("recording_changed", { state: "started", medium: other, source: "body_recorder", ...(serial ? { serial } : {}) });
    setOther("");
  });
  const stop = (medium: string) => void act(async () => {
    if (medium === "audio" && isListening(visitId)) await hush();
    else await note("recording_changed", { state: "stopped", medium });
    await reload();
  });
  // The microphone first; then whatever else is said to run, on this page or beside it.
  const goInside = () => void act(async () => {
    if (isListening(visitId)) await hush(ENTERING_HOME);
    for (const medium of recordingNow(await face.visit(packet.caseId, visitId)))
      await note("recording_changed", { state: "stopped", medium, reason: ENTERING_HOME });
    setOther("");
    await reload();
  });
  const { record, step } = useStep("notice");
  const agree = () => void act(async () => {
    await record("given");
    setOff(false);
  });
  const mustAsk = mustAskInside(visit);
  const possible = Object.entries(opened(packet).limits.recording ?? {})
    .filter(([medium, duty]) => !running.includes(medium) && (duty === "duty" || (duty === "only_with_consent" && answer === "given")))
    .map(([medium]) => medium);
  // Asked once; again only where the app was closed while it recorded, and inside once they agree to it.
  const last = visit.events.filter((each) => each.kind === "recording_changed").pop()?.body;
  const wasAsked = mustAsk || isOff || isHalted || (last !== undefined && !(last.state === "stopped" && last.reason));
  return (
    <>
      {running.map((medium) => (
        <div key={medium} class="strip look"><span>{t.recordRuns(name(medium))}</span><button type="button" class="small" disabled={isBusy} onClick={() => stop(medium)}>{medium === "audio" && isListening(visitId) ? f.stopHere : t.recordStopAct}</button></div>
      ))}
      {running.length > 0 && <div class="strip"><button type="button" class="small" disabled={isBusy} onClick={goInside}>{f.goInside}</button></div>}
      {mustAsk && !isHalted && !running.length && (
        <details class="sealed" open>
          <summary>{f.insideLead}</summary>
          <Words of={step} />
          <Calm onAct={agree} isBusy={isBusy}>{f.agreeInside}</Calm>
        </details>
      )}
      {answer !== undefined && !wasAsked && !other && possible.map((medium) => (
        <div key={medium} class="strip">
          {medium === "audio" && canListen && <button type="button" class="small" disabled={isBusy} onClick={startHere}>{f.recordHere}</button>}
          <button type="button" class="small" onClick={() => setOther(medium)}>{f.otherRecorder(t.cap(name(medium)))}</button>
          <button type="button" class="small" onClick={() => setOff(true)}>{t.recordStop(t.cap(name(medium)))}</button>
        </div>
      ))}
      {other && (
        <fieldset class="inset">
          <legend>{t.cap(name(other))}</legend>
          <Field label={`${f.serial} (${t.optional})`} value={settings.recorder} maxLength={80} onText={(recorder) => set({ recorder })} />
          <Act class="calm" onAct={startOther} isBusy={isBusy}>{f.recordsNow}</Act>
          <Calm onAct={() => setOther("")}>{t.cancel}</Calm>
        </fieldset>
      )}
      <FileProblem of={refusal} />
    </>
  );
}
