/** When the phone acts by itself: exchanges when opened, seen again, network back, due; locks when nobody touches it. */
import { useEffect } from "preact/hooks";
import type { Face, Status } from "./face";

const LEAST_MS = 5_000;
const AGAIN_MS = 3_000;

export function useRhythm(face: Face, status: Status | null, isOn: boolean): void {
  const nextMs = status?.nextMs ?? null;
  useEffect(() => (isOn ? sendByItself(face) : undefined), [face, isOn]);
  useEffect(() => {
    if (!isOn || nextMs === null) return;
    const timer = setTimeout(() => void face.exchange().catch(() => {}), Math.max(LEAST_MS, nextMs - Date.now()));
    return () => clearTimeout(timer);
  }, [face, isOn, nextMs]);
}

/** Exchange now, when the network is back, and when the app is seen again; gives the way to stop. The face lets only one run. */
export function sendByItself(face: Face): () => void {
  let timer = 0;
  let notBeforeMs = 0;
  const send = async (isLast: boolean) => {
    clearTimeout(timer);
    if (Date.now() < notBeforeMs) return;
    const report = await face.exchange().catch(() => null); // what it met stands in the status
    if (!report?.error) return;
    // A network that is said to be back often is not yet, or a try from before is still failing: once more, soon. What
    // the server itself refused waits for the time it is due (X4).
    if (report.error.code !== "no-network") notBeforeMs = Date.now() + report.nextMs;
    else if (!isLast) timer = window.setTimeout(() => void send(true), AGAIN_MS);
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
}

export interface Moment { wallMs: number; monoMs: number }

/** How long since: by the clock that says more, as one may be set back and the other stops while the phone sleeps. */
export const idleMs = (touched: Moment, now: Moment) => Math.max(now.wallMs - touched.wallMs, now.monoMs - touched.monoMs);
