/** `/agent/check`: looks in 10 s at whether this phone can do the work, says what is missing and what to do. */
import "./look.css";
import { type ComponentChildren, render } from "preact";
import { useEffect, useState } from "preact/hooks";
import { readSettings, wear } from "./settings";
import { loadTexts } from "./texts";
import { checkTexts, type Said } from "./texts/check";
import type { Texts } from "./texts/en";

type Answer = "good" | "look" | "stop";
const WAIT_MS = 8_000;
const LEAST_BYTES = 200e6;
const MOST_OFF_MS = 5 * 60_000;
const ICONS = { good: "M4 10.5l4 4 8-9", look: "M10 3l8 14H2zM10 8v4M10 14.5v.1", stop: "M5 5l10 10M15 5L5 15", wait: "M10 5v5l3 2M10 2a8 8 0 100 16 8 8 0 000-16" };

const within = <T,>(what: Promise<T>, otherwise: T): Promise<T> =>
  Promise.race([what.catch(() => otherwise), new Promise<T>((resolve) => setTimeout(() => resolve(otherwise), WAIT_MS))]);

function canStore(): Promise<Answer> {
  return new Promise((resolve) => {
    const asked = indexedDB.open("fairvisit-check", 1);
    asked.onerror = () => resolve("stop");
    asked.onupgradeneeded = () => asked.result.createObjectStore("any");
    asked.onsuccess = () => {
      const write = asked.result.transaction("any", "readwrite", { durability: "strict" });
      write.objectStore("any").put(1, 1);
      write.oncomplete = () => {
        asked.result.close();
        indexedDB.deleteDatabase("fairvisit-check");
        resolve("good");
      };
      write.onerror = () => resolve("stop");
    };
  });
}

async function canKeepKeys(): Promise<Answer> {
  const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]);
  await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, pair.privateKey, new Uint8Array(1));
  return "good";
}

async function clockAnswer(): Promise<Answer> {
  const answer = await fetch("/agent/check", { method: "HEAD", cache: "no-store" });
  const server = Date.parse(answer.headers.get("Date") ?? "");
  return Number.isNaN(server) || Math.abs(server - Date.now()) < MOST_OFF_MS ? "good" : "look";
}

const placeAnswer = () => new Promise<Answer>((resolve) => {
  if (!("geolocation" in navigator)) return resolve("look");
  navigator.geolocation.getCurrentPosition(() => resolve("good"), () => resolve("look"), { timeout: WAIT_MS, maximumAge: 60_000 });
});

const has = (is: boolean): Promise<Answer> => Promise.resolve(is ? "good" : "look");
const CHECKS: [string, () => Promise<Answer>, Answer][] = [
  ["secure", () => Promise.resolve(isSecureContext ? "good" : "stop"), "stop"],
  ["store", canStore, "stop"],
  ["keys", canKeepKeys, "stop"],
  ["shell", () => Promise.resolve("serviceWorker" in navigator && "caches" in window ? "good" : "look"), "look"],
  ["kept", async () => ((await navigator.storage?.persisted?.()) ? "good" : "look"), "look"],
  ["space", async () => {
    const { quota = 0, usage = 0 } = (await navigator.storage?.estimate?.()) ?? {};
    return quota - usage > LEAST_BYTES ? "good" : "look";
  }, "look"],
  ["place", placeAnswer, "look"],
  ["clock", clockAnswer, "good"],
  ["scan", () => has("mediaDevices" in navigator), "look"],
  ["awake", () => has("wakeLock" in navigator), "look"],
  ["pack", () => has("CompressionStream" in window), "look"],
  ["background", () => has("SyncManager" in window), "look"],
  ["locks", () => has("locks" in navigator), "look"],
];

function Check({ t, c }: { t: Texts; c: Said }) {
  const [answers, setAnswers] = useState<Record<string, Answer>>({});
  useEffect(() => {
    for (const [name, look, otherwise] of CHECKS)
      void within(Promise.resolve().then(look), otherwise).then((answer) => setAnswers((known) => ({ ...known, [name]: answer })));
  }, []);
  const all = Object.values(answers);
  const isDone = all.length === CHECKS.length;
  const worst: Answer = all.includes("stop") ? "stop" : all.includes("look") ? "look" : "good";
  const sum = c[worst];
  return (
    <main class="still">
      <h1>{c.title}</h1>
      <div role="status"><Line of={isDone ? worst : "wait"}>{isDone ? sum : c.checking}</Line></div>
      <ul class="rows">
        {CHECKS.map(([name]) => {
          const [title, cure] = c.rows[name] ?? [name, ""];
          const answer = answers[name];
          return <li key={name}><Line of={answer ?? "wait"}><b>{title}</b>{answer && answer !== "good" && <><br />{cure}</>}</Line></li>;
        })}
      </ul>
      <a class="act calm" href="/agent/">{t.goOn}</a>
    </main>
  );
}

const Line = ({ of, children }: { of: Answer | "wait"; children: ComponentChildren }) => (
  <p class={`state ${of}`}><svg class="icon" viewBox="0 0 20 20" aria-hidden="true"><path d={ICONS[of]} /></svg><span>{children}</span></p>
);

async function start(): Promise<void> {
  const settings = readSettings();
  const t = await loadTexts(settings.language);
  wear(settings, t.tag, t.direction);
  const c = checkTexts[settings.language];
  document.title = c.title;
  const root = document.getElementById("app")!;
  root.replaceChildren();
  render(<Check t={t} c={c} />, root);
}

void start();
