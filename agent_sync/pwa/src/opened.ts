/** A packet's open part by its own names: what the wire calls things, typed as far as the screens read it. */
import type { PacketView } from "./face";

export interface Text { key: string; version: string; language: string; text: string }
export interface Opened {
  person: { name: string; language?: string; contacts?: Record<string, string> };
  place: { address: string; area?: string; postal_code?: string; lat_e7?: number; lon_e7?: number; precision?: string };
  crew: { agent_id: string; name: string; role: string }[];
  limits: {
    intervals?: { starts: string; ends: string }[]; steps?: string[]; crew_min?: number;
    longest_stay_ms?: number; recording?: Record<string, string>;
  };
  appointments?: { appointment_id: string; starts: string; ends: string; made_by: string }[];
  texts?: Text[];
  lease_until?: string;
}

const NOTHING: Opened = { person: { name: "" }, place: { address: "" }, crew: [], limits: {} };

export function opened(packet: PacketView): Opened {
  return { ...NOTHING, ...(packet.open as Partial<Opened>) };
}

export function spotOf(packet: PacketView) {
  const { lat_e7, lon_e7 } = opened(packet).place;
  return lat_e7 === undefined || lon_e7 === undefined ? null : { lat_e7, lon_e7 };
}
