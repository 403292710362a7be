/** What an agent has set on this phone: language, size, lock. Nothing personal; it lies in localStorage. */
import type { Language } from "./face";

export interface Settings {
  language: Language;
  size: string; // percent
  emergency: string;
  lockMinutes: number;
  recorder: string; // the number on the recorder that is worn
}

const KEY = "fairvisit.settings";

export function readSettings(): Settings {
  const language: Language = navigator.language.startsWith("zh") ? "zh" : "en";
  const start: Settings = { language, size: "100", emergency: language === "zh" ? "110" : "112", lockMinutes: 5, recorder: "" };
  try {
    return { ...start, ...JSON.parse(localStorage.getItem(KEY) ?? "{}") };
  } catch {
    return start;
  }
}

export function saveSettings(settings: Settings): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(settings));
  } catch {
    // they hold until the app is closed
  }
}

/** Put size, language and direction on the page. */
export function wear(settings: Settings, tag: string, direction: string): void {
  const root = document.documentElement;
  root.lang = tag;
  root.dir = direction;
  root.style.fontSize = `${(17 * Number(settings.size)) / 100}px`;
}
