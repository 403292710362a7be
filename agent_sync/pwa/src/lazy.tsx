/** A part of the app that is loaded when it is first shown. */
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { usePhone } from "./phone";

export function lazy<P extends object>(load: () => Promise<ComponentType<P>>): ComponentType<P> {
  let Loaded: ComponentType<P> | null = null;
  return function Lazy(props: P) {
    const [state, setState] = useState<"loading" | "here" | "missing">(Loaded ? "here" : "loading");
    useEffect(() => {
      if (!Loaded) void load().then((found) => { Loaded = found; setState("here"); }, () => setState("missing"));
    }, []);
    if (Loaded) return <Loaded {...props} />;
    return state === "missing" ? <Missing /> : null;
  };
}

/** A part that could not be loaded: only before the app was kept on this phone, without a network. */
function Missing() {
  const { t } = usePhone();
  return <main><p role="alert">{t.problem("no-network", {})}</p><button type="button" class="act calm" onClick={() => location.reload()}>{t.tryAgain}</button></main>;
}
