/**
 * The best of several positions, within 30 s. Watching ends by itself once it is exact enough, when it is told to, and
 * when the screen goes: no trail is kept.
 */
import { useEffect, useRef, useState } from "preact/hooks";

export const MOST_S = 30;
const EXACT_M = 10;
const MOST_FIXES = 5;

export interface Fix { lat_e7: number; lon_e7: number; radius_dm: number; datum: "wgs84"; age_ms: number }
interface Heard extends Fix { atMs: number }
export type NoFix = "denied" | "unavailable" | "timeout";

export interface Watch {
  best: Fix | null;
  secondsLeft: number;
  isWatching: boolean;
  noFix: NoFix | null;
  /** Stop watching and give what an event says of the place. */
  finish: () => { fixes: Fix[]; no_fix_reason?: NoFix };
}

/** Watch while the screen is shown. */
export function useFixes(): Watch {
  const heard = useRef<Heard[]>([]);
  const stop = useRef<() => void>(() => {});
  const [, redraw] = useState(0);
  const [noFix, setNoFix] = useState<NoFix | null>(null);
  const [secondsLeft, setSecondsLeft] = useState(MOST_S);
  const [isWatching, setWatching] = useState(true);

  useEffect(() => {
    if (!("geolocation" in navigator)) {
      setNoFix("unavailable");
      setWatching(false);
      return;
    }
    const startMs = Date.now();
    const hear = (position: GeolocationPosition) => {
      const { latitude, longitude, accuracy } = position.coords;
      heard.current.push({
        lat_e7: Math.round(latitude * 1e7), lon_e7: Math.round(longitude * 1e7),
        radius_dm: Math.round(accuracy * 10), datum: "wgs84", age_ms: 0, atMs: position.timestamp,
      });
      setNoFix(null);
      redraw(heard.current.length);
      if (accuracy <= EXACT_M && heard.current.length > 2) stop.current();
    };
    const fail = (error: GeolocationPositionError) => {
      if (heard.current.length) return;
      setNoFix(error.code === 1 ? "denied" : error.code === 3 ? "timeout" : "unavailable");
      if (error.code === 1) stop.current();
    };
    const watch = navigator.geolocation.watchPosition(hear, fail, { enableHighAccuracy: true, maximumAge: 0, timeout: MOST_S * 1000 });
    const tick = setInterval(() => {
      const left = MOST_S - Math.floor((Date.now() - startMs) / 1000);
      setSecondsLeft(Math.max(0, left));
      if (left <= 0) {
        if (!heard.current.length) setNoFix((known) => known ?? "timeout");
        stop.current();
      }
    }, 500);
    stop.current = () => {
      navigator.geolocation.clearWatch(watch);
      clearInterval(tick);
      setWatching(false);
    };
    return () => stop.current();
  }, []);

  const best = heard.current.reduce<Heard | null>((kept, each) => (!kept || each.radius_dm < kept.radius_dm ? each : kept), null);
  const finish = () => {
    stop.current();
    const kept = [...heard.current].sort((one, other) => one.radius_dm - other.radius_dm).slice(0, MOST_FIXES);
    const fixes = kept.map(({ atMs, ...fix }) => ({ ...fix, age_ms: Math.max(0, Math.round(Date.now() - atMs)) }));
    return fixes.length ? { fixes } : { fixes, no_fix_reason: noFix ?? "timeout" };
  };
  return { best, secondsLeft, isWatching, noFix, finish };
}

/** One position, asked for by a touch: for distances, kept in memory only. */
export function whereNow(): Promise<{ lat_e7: number; lon_e7: number } | null> {
  return new Promise((resolve) => {
    if (!("geolocation" in navigator)) return resolve(null);
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => resolve({ lat_e7: Math.round(coords.latitude * 1e7), lon_e7: Math.round(coords.longitude * 1e7) }),
      () => resolve(null),
      { enableHighAccuracy: false, maximumAge: 60_000, timeout: 10_000 },
    );
  });
}
