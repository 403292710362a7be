/** The service worker: the app opens without a network; a new version starts when no visit is open. */
let waiting: ServiceWorker | null = null;
const listeners = new Set<() => void>();

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
