/**
 * The phone as a recorder of sound: one recording at a time, as long as the visit's limits allow it.
 *
 * It ends with the visit, at a halt, where they refuse after all, and where the microphone is taken away. It goes on
 * while the phone is locked.
 */
import { type Face, Refusal, type Sound, type VisitSoFar } from "./face";

const PIECE_MS = 4_000; // what a page that is killed may lose
const BITS = 24_000; // a second; speech needs no more
const TYPES = ["audio/webm", "audio/mp4", "audio/ogg"];

export const canListen = "MediaRecorder" in globalThis && "mediaDevices" in navigator;
let running: { visitId: string; end: (reason?: string) => Promise<void> } | null = null;

export const isListening = (visitId: string) => running?.visitId === visitId;

/** Begin to record; rejects with the rule that forbids it, before the microphone is opened. In practice nothing is heard. */
export async function listen(face: Face, caseId: string, visitId: string, isPractice: boolean): Promise<void> {
  await hush();
  const first = (await face.mayRecord("recording_changed", caseId, visitId, { state: "started", medium: "audio" })).find((each) => each.level === "block");
  if (first) throw new Refusal("conflict", {}, first.code, first.facts);
  const files = await face.files();
  if (isPractice) return keep(face, caseId, visitId, (await files.beginSound(caseId, visitId, "")).end);
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true }).catch(() => null);
  if (!stream) throw new Refusal("no-microphone");
  const close = () => stream.getTracks().forEach((track) => track.stop());
  const type = TYPES.find((each) => MediaRecorder.isTypeSupported(each));
  let sound: Sound;
  try {
    sound = await files.beginSound(caseId, visitId, type ?? "audio/webm");
  } catch (error) {
    close();
    throw error;
  }
  const recorder = new MediaRecorder(stream, { ...(type ? { mimeType: type } : {}), audioBitsPerSecond: BITS });
  let stored: Promise<unknown> = Promise.resolve();
  const stopped = new Promise<void>((resolve) => { recorder.onstop = () => resolve(); });
  recorder.ondataavailable = ({ data }) => {
    if (!data.size) return;
    stored = stored.then(async () => sound.add(new Uint8Array(await data.arrayBuffer())));
    stored.catch(() => void hush("no space left")); // what was stored before is safe
  };
  keep(face, caseId, visitId, async (reason) => {
    if (recorder.state !== "inactive") recorder.stop();
    close();
    await stopped;
    await stored.catch(() => undefined);
    await sound.end(reason);
  });
  recorder.addEventListener("stop", () => void hush("the microphone was taken away").catch(() => {}));
  recorder.start(PIECE_MS);
}

/** Stop what runs, and wait until it is kept and named. */
export async function hush(reason = ""): Promise<void> {
  const ending = running;
  running = null;
  await ending?.end(reason);
}

function keep(face: Face, caseId: string, visitId: string, end: (reason?: string) => Promise<void>): void {
  const look = async () => {
    const visit = await face.visit(caseId, visitId).catch(() => null); // locked: it goes on
    if (visit && mustStop(visit)) await hush().catch(() => {});
  };
  const stop = face.subscribe(() => void look());
  running = {
    visitId,
    end: (reason) => {
      stop();
      return end(reason);
    },
  };
}

/** The visit is over or halted, they refuse, or somebody noted that it stopped. */
export function mustStop(visit: VisitSoFar): boolean {
  const from = visit.events.map(({ kind, body }) => kind === "recording_changed" && body["state"] === "started").lastIndexOf(true);
  return visit.isEnded || visit.events.slice(from).some(({ kind, body }) =>
    kind === "hold_placed" || (kind === "recording_changed" && body["medium"] === "audio" && body["state"] === "stopped")
    || (kind === "step_done" && body["step"] === "recording_notice" && body["response"] === "refused"));
}
