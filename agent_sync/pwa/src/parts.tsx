/** The few things all screens are made of. */
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import type { Refusal, Remark } from "./face";
import { moment } from "./moments";
import { usePhone } from "./phone";
import { back } from "./route";
import type { Texts } from "./texts/en";

const ICONS = {
  good: "M4 10.5l4 4 8-9",
  look: "M10 3l8 14H2zM10 8v4M10 14.5v.1",
  stop: "M5 5l10 10M15 5L5 15",
  wait: "M10 5v5l3 2M10 2a8 8 0 100 16 8 8 0 000-16",
  back: "M12.5 4l-6 6 6 6",
  on: "M7.5 4l6 6-6 6",
  search: "M9 3a6 6 0 100 12A6 6 0 009 3M13.5 13.5L18 18",
  menu: "M3 5h14M3 10h14M3 15h14",
  later: "M10 5a5 5 0 100 10 5 5 0 000-10",
  hand: "M10 5a5 5 0 100 10 5 5 0 000-10M10 9a1 1 0 100 2 1 1 0 000-2",
  ask: "M7 7a3 3 0 116 .5c0 2-3 2-3 4M10 15v.1",
};
export type Mark = keyof typeof ICONS;

export const Icon = ({ of }: { of: Mark }) => (
  <svg class={`icon i-${of}`} viewBox="0 0 20 20" aria-hidden="true"><path d={ICONS[of]} /></svg>
);

/** A state: an icon and words; never colour alone. */
export const State = ({ of, children, class: more = "" }: { of: Mark; children: ComponentChildren; class?: string }) => (
  <p class={`state ${of} ${more}`}><Icon of={of} /><span>{children}</span></p>
);

interface ScreenProps { title: string; isPrivate?: boolean; up?: string[]; side?: ComponentChildren; children: ComponentChildren; bar?: ComponentChildren }

/** One screen: a header that stays, its content, and a bar that never moves. A browser keeps titles in the clear: a private one is not told. */
export function Screen({ title, isPrivate, up, side, children, bar }: ScreenProps) {
  const { t, isPractice } = usePhone();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = isPrivate ? "Fairvisit" : `${title} · Fairvisit`;
  }, [title, isPrivate]);
  useEffect(() => {
    scrollTo(0, 0);
    (document.querySelector<HTMLElement>("main [autofocus]") ?? heading.current)?.focus({ preventScroll: true });
  }, []);
  return (
    <div class={bar ? "screen barred" : "screen"}>
      <header>
        {up && <button type="button" class="bare" aria-label={t.back} onClick={() => back(...up)}><Icon of="back" /></button>}
        <h1 ref={heading} tabIndex={-1}><bdi>{title}</bdi></h1>
        {side}
      </header>
      {isPractice && <p class="practice">{t.practice}</p>}
      <main>{children}</main>
      {bar && <div class="bar">{bar}</div>}
    </div>
  );
}

interface ActProps { children: ComponentChildren; onAct?: () => void; isBusy?: boolean; isOff?: boolean; type?: "button" | "submit"; class?: string }

/** The one large button of a step. */
export const Act = ({ children, onAct, isBusy, isOff, type = "button", class: more = "" }: ActProps) => (
  <button type={type} class={`act ${more}`} onClick={onAct} aria-disabled={isBusy} disabled={isOff}>{children}</button>
);

export const Calm = (props: ActProps) => <Act {...props} class={`calm ${props.class ?? ""}`} />;

interface FieldProps {
  label: string; value: string; onText: (text: string) => void; problem?: string | undefined; name?: string;
  type?: "text" | "password" | "tel" | "date" | "time"; inputMode?: "numeric" | "decimal"; autocomplete?: "off" | "new-password" | "current-password";
  autocapitalize?: "characters"; spellcheck?: boolean; required?: boolean; autofocus?: boolean; maxLength?: number; min?: string;
}

export function Field({ label, problem, onText, ...more }: FieldProps) {
  const name = useId();
  return (
    <div class="field">
      <label for={name}>{label}</label>
      <input id={name} autocomplete="off" {...(more as { type?: "text" })} aria-invalid={problem ? true : undefined} aria-describedby={problem ? `${name}-problem` : undefined}
        onInput={(event) => onText(event.currentTarget.value)} />
      {problem && <p id={`${name}-problem`} class="state stop"><Icon of="stop" /><span>{problem}</span></p>}
    </div>
  );
}

interface NoteProps { label: string; value: string; onText: (text: string) => void; most?: number }

/** Words of one's own, no longer than the wire takes them. */
export function Note({ label, value, onText, most = 2000 }: NoteProps) {
  const name = useId();
  return (
    <div class="field">
      <label for={name}>{label}</label>
      <textarea id={name} autocomplete="off" rows={3} maxLength={most} value={value} onInput={(event) => onText(event.currentTarget.value)} />
    </div>
  );
}

interface PickProps { label: string; value: string; options: [string, string][]; onPick: (value: string) => void; isTight?: boolean }

/** One of several, as large rows. */
export function Pick({ label, value, options, onPick, isTight }: PickProps) {
  return (
    <fieldset class={isTight ? "picks tight" : "picks"}>
      <legend>{label}</legend>
      {options.map(([each, words]) => (
        <label key={each} class="pick">
          <input type="radio" name={label} value={each} checked={value === each} onChange={() => onPick(each)} />
          <span>{words}</span>
        </label>
      ))}
    </fieldset>
  );
}

export function Problem({ of }: { of: Refusal | null }) {
  const { t } = usePhone();
  if (!of) return null;
  const facts = inWords(t, of.facts);
  // Where a rule stopped it, the rule's own sentence says more than the code.
  return <div role="alert" class="alert"><State of="stop">{of.rule ? t.remark(of.rule, facts) : t.problem(of.code, facts)}</State></div>;
}

/** Facts as sentences take them: moments as people say them. */
const inWords = (t: Texts, facts: Remark["facts"]) => (facts.opens_ms ? { ...facts, opens: moment(t, Number(facts.opens_ms), Date.now()) } : facts);

export function Remarks({ of }: { of: Remark[] }) {
  const { t } = usePhone();
  const told = ({ code, facts }: Remark) => t.remark(code, inWords(t, facts));
  return <>{of.map((each) => <State key={each.code} of={each.level === "block" ? "stop" : "look"}>{told(each)}</State>)}</>;
}

/** Call a number; in practice, or where none is set, nobody is called. */
export function Dial({ number, children, onAct }: { number: string; children: ComponentChildren; onAct?: () => void }) {
  const { isPractice } = usePhone();
  return isPractice || !number ? <Act class="danger" {...(onAct ? { onAct } : {})}>{children}</Act> : <a class="act danger" href={`tel:${number}`} onClick={onAct}>{children}</a>;
}

export const Row = ({ name, children }: { name: string; children: ComponentChildren }) => (
  <div class="pair"><dt>{name}</dt><dd>{children}</dd></div>
);

export const Link = ({ to, children, mark }: { to: string; children: ComponentChildren; mark?: Mark }) => (
  <a class="row" href={to}>{mark && <Icon of={mark} />}<span>{children}</span><Icon of="on" /></a>
);

export const Empty = ({ title, children }: { title: string; children: ComponentChildren }) => (
  <div class="empty"><h2>{title}</h2><p>{children}</p></div>
);
