/** Where the app stands, as the address after `#`: the phone's own Back walks through it and never loses anything. */
import { useEffect, useState } from "preact/hooks";

const parts = () => location.hash.replace(/^#\/?/, "").split("/").map(decodeURIComponent);

export function useRoute(): string[] {
  const [route, setRoute] = useState(parts);
  useEffect(() => {
    const follow = () => setRoute(parts());
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);
  return route;
}

export const href = (...route: string[]) => `#/${route.map(encodeURIComponent).join("/")}`;

export function go(...route: string[]): void {
  location.hash = href(...route);
}

/** Go there instead of here: Back skips this place. */
export function goInstead(...route: string[]): void {
  location.replace(href(...route));
}

/** Where the ‹ of a screen leads: up, whatever way one came. */
export function back(...up: string[]): void {
  if (history.length > 1 && document.referrer !== location.href && sessionStorage.getItem("walked")) history.back();
  else goInstead(...up);
}

addEventListener("hashchange", () => sessionStorage.setItem("walked", "yes"));
