/** Where the app stands, as the address after `#`: the phone's own Back walks through it and never loses anything. */
import { useEffect, useState } from "preact/hooks";

const parts = () => location.hash.replace(/^#\/?/, "").split("/").map(plain);

/** A part of an address as plain text; as it stands where it is none. */
export function plain(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

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
  history.replaceState(history.state, "", href(...route));
  dispatchEvent(new Event("hashchange"));
}

/** Where the ‹ of a screen leads: up, whatever way one came. */
export function back(...up: string[]): void {
  if ((history.state as Walked | null)?.from === href(...up)) history.back();
  else goInstead(...up);
}

/** Each place remembers from where one came to it first, as long as the phone's own Back does. */
interface Walked { from: string }
addEventListener("hashchange", ({ oldURL }) => {
  if (oldURL && !history.state) history.replaceState({ from: `#${oldURL.split("#")[1] || "/"}` } satisfies Walked, "");
});
