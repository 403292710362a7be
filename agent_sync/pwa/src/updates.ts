/** The service worker: the app opens without a network; a new version starts when no visit is open. */
let waiting: ServiceWorker | null = null;
const listeners = new Set<() => void>();
const HOUR_MS = 3_600_000;

export function watchUpdates(): void {
  if (!("serviceWorker" in navigator) || !import.meta.env.PROD) return;
  navigator.serviceWorker.register("/agent/sw.js", { scope: "/agent/", updateViaCache: "none" }).then((found) => {
    const look = () => {
      // The first worker waits for nobody: there is no older version that a visit could be open in.
      if (found.waiting && navigator.serviceWorker.controller) {
        waiting = found.waiting;
        listeners.forEach((listener) => listener());
      }
    };
    look();
    // A browser asks by itself only when a page is opened, and an app on the home screen may stay open for days.
    let askedMs = Date.now();
    document.addEventListener("visibilitychange", () => {
      if (document.hidden || Date.now() - askedMs < HOUR_MS) return;
      askedMs = Date.now();
      found.update().catch(() => {}); // without a network: the next time
    });
    found.addEventListener("updatefound", () => found.installing?.addEventListener("statechange", look));
  }, () => {}); // it then opens only with a network; /agent/check says so
  let isReloading = false;
  navigator.serviceWorker.addEventListener("controllerchange", () => {
    if (waiting && !isReloading) {
      isReloading = true;
      location.reload();
    }
  });
}

export const isUpdateReady = () => waiting !== null;

export function onUpdate(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Start the new version now; called only when no visit is open. */
export function startUpdate(): void {
  waiting?.postMessage("start");
}
