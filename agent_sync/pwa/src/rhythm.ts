/** When the phone exchanges by itself: opened, seen again, network back, due. The face itself lets only one run. */
import { useEffect } from "preact/hooks";
import type { Face, Status } from "./face";

const LEAST_MS = 5_000;

export function useRhythm(face: Face, status: Status | null, isOn: boolean): void {
  const nextMs = status?.nextMs ?? null;
  useEffect(() => {
    if (!isOn) return;
    const send = () => void face.exchange().catch(() => {}); // what it met stands in the status
    const seen = () => document.visibilityState === "visible" && send();
    send();
    addEventListener("online", send);
    document.addEventListener("visibilitychange", seen);
    return () => {
      removeEventListener("online", send);
      document.removeEventListener("visibilitychange", seen);
    };
  }, [face, isOn]);
  useEffect(() => {
    if (!isOn || nextMs === null) return;
    const timer = setTimeout(() => void face.exchange().catch(() => {}), Math.max(LEAST_MS, nextMs - Date.now()));
    return () => clearTimeout(timer);
  }, [face, isOn, nextMs]);
}
