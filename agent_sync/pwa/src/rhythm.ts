/**
 * When the phone acts by itself: exchanges when opened, seen again, left, network back, due; locks when nobody touches it.
 */
import { useEffect, useRef } from "preact/hooks";
import type { Face, Status } from "./face";

const LEAST_MS = 5_000;
const AGAIN_MS = 3_000;
const UNTOLD_MS = 60_000; // where no exchange said when the next is due: another tab was at it

export function useRhythm(face: Face, status: Status | null, isOn: boolean): void {
  const nextMs = status?.nextMs ?? null;
  const unsent = useRef(0);
  unsent.current = status?.unsent ?? 0;
  useEffect(() => (isOn ? sendByItself(face, () => unsent.current > 0) : undefined), [face, isOn]);
  useEffect(() => {
    if (isOn) return armTimer(face, nextMs);
  }, [face, isOn, nextMs]);
}

/**
 * Exchange when it is due, and gives the way to stop. An exchange that was made tells when the next is due; one that
 * could not be made, since another tab sends, tells nothing: so it is tried again, or nobody would once that tab is gone.
 */
export function armTimer(face: Pick<Face, "exchange">, nextMs: number | null): () => void {
  let timer: ReturnType<typeof setTimeout>;
  const arm = (ms: number) => {
    timer = setTimeout(() => void face.exchange().catch(() => arm(UNTOLD_MS)), ms);
  };
  arm(nextMs === null ? UNTOLD_MS : Math.max(LEAST_MS, nextMs - Date.now()));
  return () => clearTimeout(timer);
}

/** Exchange now, when the network is back, when the app is seen again or left; gives the way to stop. The face lets only one run. */
export function sendByItself(face: Pick<Face, "exchange">, hasUnsent: () => boolean): () => void {
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
  // Seen again; or about to be gone with something unsent: it is sent now, or left for the worker.
  const seen = () => void ((document.visibilityState === "visible" || hasUnsent()) && regain());
  const worker = navigator.serviceWorker; // it says so when it has sent something: its receipts wait
  regain();
  addEventListener("online", regain);
  document.addEventListener("visibilitychange", seen);
  worker?.addEventListener("message", regain);
  return () => {
    clearTimeout(timer);
    removeEventListener("online", regain);
    document.removeEventListener("visibilitychange", seen);
    worker?.removeEventListener("message", regain);
  };
}

export interface Moment { wallMs: number; monoMs: number }

/** How long since: by the clock that says more, as one may be set back and the other stops while the phone sleeps. */
export const idleMs = (touched: Moment, now: Moment) => Math.max(now.wallMs - touched.wallMs, now.monoMs - touched.monoMs);
