/** Files in practice: pictures stay in this page's memory, and no sound is kept at all. */
import type { Body, FileRoom, HeldFile, Recorded } from "./face";

const held = new Map<string, HeldFile[]>();
let isWifiOnly = false;
type Note = (kind: string, caseId: string, visitId: string, body: Body) => Promise<Recorded>;

export const practiceFiles = (note: Note): FileRoom => ({
  list: async (_, visitId) => held.get(visitId) ?? [],
  add: async (caseId, visitId, role, _, thumb) => {
    const file: HeldFile = { fileId: crypto.randomUUID(), role, atMs: Date.now(), state: "on_phone", thumb };
    held.set(visitId, [...(held.get(visitId) ?? []), file]);
    await note("files_attached", caseId, visitId, { source: role });
  },
  beginSound: async (caseId, visitId) => {
    const about = { medium: "audio", source: "phone" };
    await note("recording_changed", caseId, visitId, { state: "started", ...about });
    return {
      add: async () => {},
      end: async (reason) => void (await note("recording_changed", caseId, visitId, { state: "stopped", ...about, ...(reason ? { reason } : {}) })),
    };
  },
  mend: async () => {},
  wifiOnly: async () => ({ isOn: isWifiOnly, isTold: false }),
  setWifiOnly: async (isOn) => { isWifiOnly = isOn; },
});
