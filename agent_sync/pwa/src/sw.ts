/**
 * The service worker: keeps the shell of the app, so that it opens without a network. Answers of the server are never
 * kept. A new version waits until the page says that no visit is open.
 */
interface Life extends Event { waitUntil(what: Promise<unknown>): void }
interface Asked extends Life { request: Request; respondWith(answer: Promise<Response>): void }
interface Worker {
  addEventListener(kind: "install" | "activate", listener: (event: Life) => void): void;
  addEventListener(kind: "fetch", listener: (event: Asked) => void): void;
  addEventListener(kind: "message", listener: (event: MessageEvent) => void): void;
  clients: { claim(): Promise<void> };
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
