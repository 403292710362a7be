/** When the phone exchanges by itself: opened, seen again, network back, due. The face itself lets only one run. */
import { useEffect } from "preact/hooks";
import type { Face, Status } from "./face";

const LEAST_MS = 5_000;
const AGAIN_MS = 3_000;

export function useRhythm(face: Face, status: Status | null, isOn: boolean): void {
  const nextMs = status?.nextMs ?? null;
  useEffect(() => {
    if (!isOn) return;
    let timer = 0;
    // A network that is said to be back often is not yet, or a try from before is still failing: once more, soon.
    const send = async (isLast: boolean) => {
      clearTimeout(timer);
      const isOk = await face.exchange().then((report) => report.isOk, () => false); // what it met stands in the status
      if (!isOk && !isLast) timer = window.setTimeout(() => void send(true), AGAIN_MS);
    };
    const regain = () => void send(false);
    const seen = () => document.visibilityState === "visible" && regain();
    regain();
    addEventListener("online", regain);
    document.addEventListener("visibilitychange", seen);
    return () => {
      clearTimeout(timer);
      removeEventListener("online", regain);
      document.removeEventListener("visibilitychange", seen);
    };
  }, [face, isOn]);
  useEffect(() => {
    if (!isOn || nextMs === null) return;
    const timer = setTimeout(() => void face.exchange().catch(() => {}), Math.max(LEAST_MS, nextMs - Date.now()));
    return () => clearTimeout(timer);
  }, [face, isOn, nextMs]);
}
