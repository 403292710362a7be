/** The day: today's places in planned order, with the time in which each may be visited, and what waits beside them. */
import { lazy } from "../lazy";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { PacketView } from "../face";
import { whereNow } from "../fixes";
import { lawful } from "../lawful";
import { clock, far, isSameDay, metresBetween, type Spot } from "../moments";
import { opened, spotOf } from "../opened";
import { Act, Empty, Icon, Link, Problem, Screen, State } from "../parts";
import { useAct, useNow, usePhone } from "../phone";
import { href } from "../route";
import { SendingDot } from "./sending";
import { Update } from "./update";

const Places = lazy(() => import("./map").then((part) => part.Places));
const FIRST = 60; // rows drawn at once; more as one scrolls
const PULL_PX = 70; // pulled down so far, it exchanges

export interface Stop { packet: PacketView; number: string; words: string; mark: "good" | "wait" | "stop"; far: string }

export function Day({ isMap }: { isMap: boolean }) {
  const { face, t, packets, status, visits } = usePhone();
  const now = useNow(20_000);
  const [asked, setAsked] = useState<string | null>(null);
  const [here, setHere] = useState<Spot | null>(null);
  const [isFinding, setFinding] = useState(false);
  const { act, refusal } = useAct();
  const look = () => void act(async () => {
    const { error } = await face.exchange();
    if (error) throw error;
  });
  usePull(look);

  const visited = useMemo(() => new Map(visits.filter((each) => isSameDay(each.startedMs, now)).map((each) => [each.caseId, each])), [visits, now]);
  const stops = useMemo(() => {
    let number = 0;
    const known = (packets ?? []).map((packet) => ({ packet, made: visited.get(packet.caseId), ...lawful(t, packet, now) }));
    // In the order in which they came; what cannot be visited today stands below, what was visited between.
    const rank = (each: (typeof known)[number]) => (each.made && !each.made.isOpen ? 1 : each.isToday ? 0 : 2);
    return known.sort((one, other) => rank(one) - rank(other)).map(({ packet, made, words, mark, isToday }): Stop => {
      const spot = spotOf(packet);
      return {
        packet, mark: made && !made.isOpen && !packet.holds.length ? "good" : mark,
        words: made && !made.isOpen ? [t.visitedAt(clock(t, made.startedMs)), ...(packet.holds.length ? [words] : [])].join(" · ") : words,
        number: made && !made.isOpen ? "" : isToday ? String(++number) : "–",
        far: here && spot ? far(t, metresBetween(here, spot)) : "",
      };
    });
  }, [packets, visited, now, t, here]);
  if (packets === null || status === null) return <Screen title={t.today}><p class="quiet" role="status">{t.working}</p></Screen>;

  const wanted = (asked ?? "").trim().toLowerCase();
  const shown = wanted ? stops.filter(({ packet }) => `${opened(packet).place.address} ${opened(packet).person.name}`.toLowerCase().includes(wanted)) : stops;
  const measure = async () => {
    setFinding(true);
    setHere(await whereNow());
    setFinding(false);
  };
  return (
    <Screen title={`${t.today} ${packets.length}`} side={<><SendingDot /><a class="bare" href={href("menu")} aria-label={t.menu}><Icon of="menu" /></a></>}>
      <Update />
      <Waiting now={now} />
      <Problem of={refusal} />
      {packets.length > 0 && (
        <nav class="tabs" aria-label={t.today}>
          <a href={href("")} aria-current={isMap ? undefined : "page"}>{t.dayList}</a>
          <a href={href("map")} aria-current={isMap ? "page" : undefined}>{t.dayMap}</a>
          <button type="button" class="bare" aria-label={t.search} aria-expanded={asked !== null} onClick={() => setAsked(asked === null ? "" : null)}><Icon of="search" /></button>
        </nav>
      )}
      {asked !== null && (
        <div class="field"><label for="search">{t.searchField}</label>
          <input id="search" type="search" autocomplete="off" value={asked} onInput={(event) => setAsked(event.currentTarget.value)} /></div>
      )}
      {wanted && !shown.length && <p class="quiet" role="status">{t.noMatch(asked ?? "")}</p>}
      {!packets.length && <><Empty title={t.dayEmpty}>{t.dayEmptyLead}</Empty><Act onAct={look}>{t.fetchNow}</Act></>}
      {isMap ? <Places stops={shown} here={here} /> : <List stops={shown} />}
      {packets.length > 0 && !here && <button type="button" class="plain" onClick={() => void measure()} disabled={isFinding}>{isFinding ? t.measuring : t.measure}</button>}
    </Screen>
  );
}

/** What waits above the list: an open visit, questions, what the office says. */
function Waiting({ now }: { now: number }) {
  const { t, packets, status, visits } = usePhone();
  if (!status) return null;
  const address = (caseId: string) => visits.find((each) => each.caseId === caseId)?.address ?? opened(packets?.find((each) => each.caseId === caseId) ?? ({ open: {} } as PacketView)).place.address;
  const stage = t.stages[status.stage] ?? t.pullStages[status.pullStage];
  return (
    <>
      {status.openVisits.map((each) => (
        <a key={each.visitId} class="go-on" href={href("door", each.caseId, each.visitId)}><Icon of="hand" /><span><b>{t.openVisit}</b><br />{t.goOnWith(address(each.caseId) || t.caseTitle)}</span><Icon of="on" /></a>
      ))}
      {stage && <State of="look">{stage}</State>}
      {stage && status.pullStage === "reauth-required" && <Link to={href("code")}>{t.newCode}</Link>}
      {Math.abs(status.clockOffMs) > 300_000 && <State of="look">{t.clockOff(t.minutes(Math.round(Math.abs(status.clockOffMs) / 60_000)))}</State>}
      {status.questions.length > 0 && <Link to={href("questions")} mark="ask">{t.questionsWait(status.questions.length)}</Link>}
      {status.notices.map((each, at) => <details key={`${at}-${now > 0}`}><summary>{String(each.title)}</summary><p>{String(each.text)}</p></details>)}
    </>
  );
}

function List({ stops }: { stops: Stop[] }) {
  const { t } = usePhone();
  const [most, setMost] = useState(FIRST);
  const end = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (!end.current) return;
    const watch = new IntersectionObserver(([seen]) => seen?.isIntersecting && setMost((count) => count + FIRST), { rootMargin: "600px" });
    watch.observe(end.current);
    return () => watch.disconnect();
  }, [most, stops.length]);
  return (
    <ol class="stops">
      {stops.slice(0, most).map(({ packet, number, words, mark, far: distance }) => (
        <li key={packet.caseId}>
          <a href={href("case", packet.caseId)}>
            <span class="number" aria-hidden="true">{number || <Icon of="good" />}</span>
            <span><b><bdi>{opened(packet).place.address || t.caseTitle}</bdi></b>
              <span class={`words ${mark}`}>{words}{packet.role === "companion" ? ` · ${t.companionOf}` : ""}{distance ? ` · ${distance}` : ""}</span></span>
          </a>
        </li>
      ))}
      {stops.length > most && <li ref={end} />}
    </ol>
  );
}

/** Pull the list down to exchange. */
function usePull(onPull: () => void): void {
  const latest = useRef(onPull);
  latest.current = onPull;
  useEffect(() => {
    let from: number | null = null;
    const start = (event: TouchEvent) => { from = scrollY === 0 ? event.touches[0]?.clientY ?? null : null; };
    const end = (event: TouchEvent) => {
      if (from !== null && scrollY === 0 && (event.changedTouches[0]?.clientY ?? 0) - from > PULL_PX) latest.current();
      from = null;
    };
    addEventListener("touchstart", start, { passive: true });
    addEventListener("touchend", end, { passive: true });
    return () => {
      removeEventListener("touchstart", start);
      removeEventListener("touchend", end);
    };
  }, []);
}
