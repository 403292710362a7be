/** Which screen is shown: the gate before a PIN, then what the address after `#` says. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { Face, Stage } from "./face";
import { PhoneRoom, usePhone } from "./phone";
import { idleMs, useRhythm } from "./rhythm";
import { go, useRoute } from "./route";
import { lazy } from "./lazy";
import { Case } from "./screens/case";
import { Day } from "./screens/day";
import { forgetSealed, isShutNow } from "./screens/door/room";
import { Sending } from "./screens/sending";
import { type Settings, wear } from "./settings";
import { loadTexts } from "./texts";
import type { Texts } from "./texts/en";
import { isUpdateReady, startUpdate } from "./updates";

// The day comes at the start; the gate, the door and the rest are loaded when they are opened, from this phone.
const Gate = lazy(() => import("./screens/gate").then((part) => part.Gate));
const Door = lazy(() => import("./screens/door").then((part) => part.Door));
const More = lazy(() => import("./screens/more").then((part) => part.More));

interface Props { face: Face; isPractice: boolean; first: Settings; firstTexts: Texts }
export interface Known { stage: Stage; agentCode: string; isLocked: boolean; isSpent: boolean }

export function App({ face, isPractice, first, firstTexts }: Props) {
  const [settings, setSettings] = useState(first);
  const [texts, setTexts] = useState(firstTexts);
  const [known, setKnown] = useState<Known | null>(null);
  const reopen = async () => setKnown(await face.open());
  useEffect(() => {
    void reopen();
    wear(settings, texts.tag, texts.direction);
  }, []);
  const change = (next: Settings) => {
    setSettings(next);
    if (next.language !== settings.language)
      void loadTexts(next.language).then((loaded) => {
        wear(next, loaded.tag, loaded.direction);
        setTexts(loaded);
      });
  };
  const isIn = known !== null && !known.isLocked && !["new", "awaiting_approval", "wiped"].includes(known.stage);
  useEffect(() => { if (!isIn) forgetSealed(); }, [isIn]);
  if (!known) return null;
  return (
    <PhoneRoom face={face} isPractice={isPractice} texts={texts} settings={settings} onSettings={change} reopen={reopen} isIn={isIn}>
      {isIn ? <Inside /> : <Gate known={known} />}
    </PhoneRoom>
  );
}

function Inside() {
  const { face, status, settings, isPractice, reopen } = usePhone();
  const route = useRoute();
  const isFirst = useRef(true);
  useRhythm(face, status, !isPractice);
  useLock(settings.lockMinutes, () => {
    face.lock();
    if (isUpdateReady() && status?.openVisits.length === 0) startUpdate();
    void reopen();
  });
  useEffect(() => {
    // Opened again in the middle of a visit: go on there.
    if (!isFirst.current || !status) return;
    isFirst.current = false;
    const visit = status.openVisits[0];
    if (visit && (route[0] ?? "") === "") go("door", visit.caseId, visit.visitId);
  }, [status]);
  const isShut = isShutNow(status);
  useEffect(() => { if (isShut) forgetSealed(); }, [isShut]);
  const [name = "", one = "", two, three] = route;
  if (name === "door") return <Door key={`${one}/${two ?? ""}`} caseId={one} visitId={two} over={three ?? ""} />;
  if (name === "case") return <Case caseId={one} />;
  if (name === "sending") return <Sending />;
  if (name !== "" && name !== "map") return <More route={route} />;
  return <Day isMap={name === "map"} />;
}

/** Lock after so many minutes in which nobody touched the phone, hidden or not. */
function useLock(minutes: number, lock: () => void): void {
  const latest = useRef(lock);
  latest.current = lock;
  useEffect(() => {
    const read = () => ({ wallMs: Date.now(), monoMs: performance.now() });
    let touched = read();
    const touch = () => { touched = read(); };
    const look = () => { if (idleMs(touched, read()) > minutes * 60_000) latest.current(); };
    const timer = setInterval(look, 5_000);
    const kinds = ["pointerdown", "keydown", "scroll"];
    kinds.forEach((kind) => addEventListener(kind, touch, { passive: true, capture: true }));
    document.addEventListener("visibilitychange", look);
    return () => {
      clearInterval(timer);
      kinds.forEach((kind) => removeEventListener(kind, touch, { capture: true }));
      document.removeEventListener("visibilitychange", look);
    };
  }, [minutes]);
}
