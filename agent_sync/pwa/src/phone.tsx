/** What every screen may ask for: the face, the words, the settings, and what is known now. */
import { createContext, type ComponentChildren } from "preact";
import { useCallback, useContext, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { type Face, type PacketView, Refusal, type Status, type VisitRecord } from "./face";
import { type Settings, saveSettings, wear } from "./settings";
import type { Texts } from "./texts/en";

export interface Phone {
  face: Face;
  t: Texts;
  settings: Settings;
  set: (changed: Partial<Settings>) => void;
  isPractice: boolean;
  packets: PacketView[] | null;
  status: Status | null;
  visits: VisitRecord[];
  /** Read everything again. */
  refresh: () => Promise<void>;
  /** Look again whether it is locked, enrolled, gone. */
  reopen: () => Promise<void>;
}

const Shared = createContext<Phone | null>(null);

export function usePhone(): Phone {
  const phone = useContext(Shared);
  if (!phone) throw new Error("outside the phone");
  return phone;
}

const SOON_MS = 60;

interface Props {
  face: Face; isPractice: boolean; texts: Texts; settings: Settings; onSettings: (settings: Settings) => void;
  reopen: () => Promise<void>; isIn: boolean; children: ComponentChildren;
}

export function PhoneRoom({ face, isPractice, texts, settings, onSettings, reopen, isIn, children }: Props) {
  const [packets, setPackets] = useState<PacketView[] | null>(null);
  const [status, setStatus] = useState<Status | null>(null);
  const [visits, setVisits] = useState<VisitRecord[]>([]);

  const refresh = useCallback(async () => {
    const [newPackets, newStatus, newVisits] = await Promise.all([face.packets(), face.status(), face.myVisits()]);
    setPackets(newPackets);
    setStatus(newStatus);
    setVisits(newVisits);
  }, [face]);

  useEffect(() => {
    if (!isIn) return;
    let timer = 0;
    let tookMs = 0;
    const again = async () => {
      const beganMs = performance.now();
      await refresh().catch(() => reopen());
      tookMs = performance.now() - beganMs;
    };
    // A day of a thousand doors takes its time to read: the longer it takes, the less often.
    const soon = () => {
      clearTimeout(timer);
      timer = window.setTimeout(() => void again(), Math.max(SOON_MS, 3 * tookMs));
    };
    void again();
    const stop = face.subscribe(soon);
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [face, isIn]);

  const phone = useMemo<Phone>(
    () => ({
      face, t: texts, settings, isPractice, packets, status, visits, refresh, reopen,
      set: (changed) => {
        const next = { ...settings, ...changed };
        saveSettings(next);
        wear(next, texts.tag, texts.direction);
        onSettings(next);
      },
    }),
    [face, texts, settings, isPractice, packets, status, visits],
  );
  return <Shared.Provider value={phone}>{children}</Shared.Provider>;
}

/** An act that takes a moment: busy while it runs, and the refusal it met. One at a time. */
export function useAct() {
  const [isBusy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const running = useRef(false);
  const act = async (what: () => Promise<void>): Promise<void> => {
    if (running.current) return;
    running.current = true;
    setBusy(true);
    setRefusal(null);
    try {
      await what();
    } catch (error) {
      setRefusal(error instanceof Refusal ? error : new Refusal("internal", {}, "", { told: String(error) }));
    } finally {
      running.current = false;
      setBusy(false);
    }
  };
  return { act, isBusy, refusal, clear: () => setRefusal(null) };
}

/** The time, told again every so often. */
export function useNow(everyMs: number): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}
