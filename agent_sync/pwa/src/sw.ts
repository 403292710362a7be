/**
 * The service worker: keeps the shell of the app, so that it opens without a network. Answers of the server are never
 * kept. A new version waits until the page says that no visit is open. Where the browser has Background Sync, it sends
 * what the page left for it (background.ts), which it cannot read.
 */
interface Life extends Event { waitUntil(what: Promise<unknown>): void }
interface Asked extends Life { request: Request; respondWith(answer: Promise<Response>): void }
interface Worker {
  addEventListener(kind: "install" | "activate", listener: (event: Life) => void): void;
  addEventListener(kind: "fetch", listener: (event: Asked) => void): void;
  addEventListener(kind: "message", listener: (event: MessageEvent) => void): void;
  addEventListener(kind: "sync", listener: (event: Life & { tag: string }) => void): void;
  clients: { claim(): Promise<void>; matchAll(): Promise<{ postMessage(message: string): void }[]> };
  skipWaiting(): Promise<void>;
}

const worker = self as unknown as Worker;
const SHELL = "__SHELL__" as unknown as string[]; // the build writes the list here
const NAME = "fairvisit-shell-__VERSION____MAP__"; // the build writes the version here, the server which street map it is
const BASE = new URL("./", location.href).href;

worker.addEventListener("install", (event) => {
  event.waitUntil(caches.open(NAME).then((cache) => cache.addAll(SHELL.map((file) => new Request(file, { cache: "no-cache" })))));
});

worker.addEventListener("activate", (event) => {
  const drop = async () => {
    for (const name of await caches.keys()) if (name.startsWith("fairvisit-shell-") && name !== NAME) await caches.delete(name);
    await worker.clients.claim();
  };
  event.waitUntil(drop());
});

worker.addEventListener("message", (event) => {
  if (event.data === "start") void worker.skipWaiting();
});

// Both are written in background.ts, too: this is one file without imports.
const READY = "fairvisit-ready";
const SEALED = "/sync/v1/sealed";

worker.addEventListener("sync", (event) => {
  if (event.tag !== "fairvisit-send") return;
  // A page that exchanges now is waited for: what it sends itself lies ready no more.
  event.waitUntil(navigator.locks ? navigator.locks.request("fairvisit-exchange", sendReady) : sendReady());
});

/** Send what lies ready; what the server answered, whatever it is, is not sent again. Rejects where to try later. */
async function sendReady(): Promise<void> {
  const cache = await caches.open(READY);
  const ready = await cache.match(SEALED);
  if (!ready) return;
  const headers = { "Content-Type": "application/json", Authorization: ready.headers.get("Authorization") ?? "" };
  const how = { method: "POST", headers, redirect: "manual", credentials: "omit" } as const;
  const answer = await fetch(SEALED, { ...how, body: await ready.arrayBuffer() });
  const isHeard = answer.headers.get("Fairvisit") === "1" && answer.status < 500 && answer.status !== 429;
  if (!isHeard) throw new Error(`answered ${answer.status}`);
  await cache.delete(SEALED);
  for (const page of await worker.clients.matchAll()) page.postMessage("sent");
}

worker.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = request.url.split(/[?#]/)[0]!;
  if (request.method !== "GET" || !url.startsWith(BASE)) return;
  const answer = async () => {
    const cache = await caches.open(NAME);
    const key = request.mode === "navigate" && !url.endsWith("/check") ? BASE : url;
    return (await cache.match(key, { ignoreSearch: true })) ?? fetch(request);
  };
  event.respondWith(answer());
});
