/** What the parts of the door share: the case, the visit as it is recorded, and the one way to record. */
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Body, PacketView, Sealed, Status, VisitSoFar } from "../../face";
import type { Script } from "../../script";
import type { Said, Who } from "../../steps";

export interface DoorRoom {
  packet: PacketView;
  visitId: string;
  visit: VisitSoFar;
  who: Who | null;
  /** Say who is there, or "" to be asked again: kept beside the events until identity or the outcome says it. */
  say: (who: Said) => void;
  script: Script;
  sealed: Sealed | null;
  setSealed: (sealed: Sealed) => void;
  /** Record, wait until it is durable, then read the visit again: only then does the screen move on. */
  note: (kind: string, body: Body) => Promise<void>;
  /** What must come before anything that says they are in hardship: the halt, once. */
  haltHardship: () => Promise<void>;
  reload: () => Promise<void>;
}

export const Room = createContext<DoorRoom | null>(null);

export function useDoor(): DoorRoom {
  const room = useContext(Room);
  if (!room) throw new Error("outside the door");
  return room;
}

// Opened sealed parts, in memory only: gone when the app locks or closes, the visit ends, or packets are shut.
const sealedParts = new Map<string, Sealed>();
export const sealedOf = (visitId: string) => sealedParts.get(visitId) ?? null;
export const keepSealed = (visitId: string, sealed: Sealed) => void sealedParts.set(visitId, sealed);
export const forgetSealed = () => sealedParts.clear();
/** Whether nothing that was opened may stay: the office has the phone cleared, or its clock was set back. */
export const isShutNow = (status: Status | null) => status?.stage === "wiping" || status?.stage === "clock_locked";

const WHO = "fairvisit.who.";
export const readWho = (visitId: string) => localStorage.getItem(WHO + visitId) as Said | null;
export const keepWho = (visitId: string, who: Said) => localStorage.setItem(WHO + visitId, who);
export const forgetWho = (visitId: string) => localStorage.removeItem(WHO + visitId);
