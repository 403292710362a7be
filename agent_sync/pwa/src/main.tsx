/** Where the app starts: which face (this phone's, or practice), which language, then the screens. */
import "./look.css";
import { render } from "preact";
import { App } from "./app";
import type { Face } from "./face";
import { readSettings } from "./settings";
import { loadTexts } from "./texts";
import { watchUpdates } from "./updates";

export const isPractice = new URLSearchParams(location.search).has("rehearse");

async function findFace(): Promise<Face> {
  if (isPractice) return new (await import("./rehearsal")).Rehearsal(() => readSettings().language);
  const [load] = Object.values(import.meta.glob<{ Device: new () => Face }>("./device.ts"));
  if (!load) {
    location.replace("?rehearse"); // a build without the device core can only practise
    return new Promise(() => {});
  }
  return new (await load()).Device();
}

async function start(): Promise<void> {
  const settings = readSettings();
  const [face, texts] = await Promise.all([findFace(), loadTexts(settings.language)]);
  const root = document.getElementById("app")!;
  root.replaceChildren();
  render(<App face={face} isPractice={isPractice} first={settings} firstTexts={texts} />, root);
  watchUpdates();
}

void start();
