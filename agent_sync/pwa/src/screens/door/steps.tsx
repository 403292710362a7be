/** The steps of a visit: done ones fold to a line, the one in hand is open, the others wait below it. */
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Body } from "../../face";
import { clock, far } from "../../moments";
import { opened } from "../../opened";
import { Icon, Link } from "../../parts";
import { usePhone } from "../../phone";
import { href } from "../../route";
import { isWhoOpen, last, planDoor, type Said, type StepKey, type Who, WIRE } from "../../steps";
import { CardStep } from "./card";
import { Identity } from "./identity";
import { Leave } from "./end";
import { Outcome } from "./outcome";
import { FilesBeside } from "./files";
import { Recording } from "./recording";
import { useDoor } from "./room";
import { Hardship, Notice, Payment, Say, SealedFold, WhoStep } from "./say";

const PARTS: Record<StepKey, ComponentType<{ of: StepKey }>> = {
  arrive: () => null, card: CardStep, notice: Notice, who: WhoStep, identity: Identity, principal: Say,
  purpose: Say, options: Say, hardship: Hardship, outcome: Outcome, payment: Payment, leave: Leave, end: Leave,
};
const MOST_FOLDED = 2; // done steps shown line by line; more fold into one

export function Steps({ said }: { said: Said | null }) {
  const { t } = usePhone();
  const { packet, visit, visitId, sealed } = useDoor();
  const [isOpen, setOpen] = useState(false);
  const steps = planDoor(packet, visit, said);
  const done = steps.filter((each) => each.state === "done");
  const hand = steps.find((each) => each.state === "hand");
  const Part = hand ? PARTS[hand.key] : null;
  useEffect(() => scrollTo(0, 0), [hand?.key]);
  const shown = isOpen || done.length <= MOST_FOLDED ? done : done.slice(-1);
  return (
    <>
      <p class="lead"><bdi>{opened(packet).place.address || t.timeEnded}</bdi></p>
      <ol class="steps">
        {shown.length < done.length && (
          <li><button type="button" class="folded" aria-expanded={false} onClick={() => setOpen(true)}><Icon of="good" /><span>{t.doneSteps(done.length - 1)}</span><Icon of="on" /></button></li>
        )}
        {shown.map((each) => <Done key={each.key} of={each.key} isTold={isOpen} />)}
        {hand && Part && (
          <li class="hand" aria-current="step">
            <h2><Icon of="hand" />{t.stepNames[hand.key]}</h2>
            <Recording />
            {visit.isIdentityConfirmed && (sealed || ["principal", "purpose", "options", "outcome"].includes(hand.key)) && <SealedFold key={hand.key} />}
            <Part key={hand.key} of={hand.key} />
          </li>
        )}
        {steps.filter((each) => each.state === "later").map((each) => (
          <li key={each.key} class="later"><Icon of="later" /><span>{t.stepNames[each.key]}</span></li>
        ))}
      </ol>
      <nav class="also" aria-label={t.alsoNote}>
        {packet.role === "lead" && <Link to={href("door", packet.caseId, visitId, "crew")}>{t.showQrForCrew}</Link>}
        <Link to={href("propose", packet.caseId, visitId)}>{t.addNote}</Link>
        <FilesBeside />
      </nav>
    </>
  );
}

/** A done step as one line; touching it leads to correcting it, or asks again who is there while nothing recorded says it. */
function Done({ of, isTold }: { of: StepKey; isTold: boolean }) {
  const { t } = usePhone();
  const { packet, visit, visitId, who, say } = useDoor();
  const event = eventOf(of, visit.events);
  const line = () => {
    if (of === "arrive" && event) {
      const best = (event.body.fixes as { radius_dm: number }[] | undefined)?.reduce((least, each) => Math.min(least, each.radius_dm), Infinity) ?? Infinity;
      return t.arrived(clock(t, Date.parse(event.wall)), Number.isFinite(best) ? far(t, best / 10) : "");
    }
    if (of === "who" && who) return who === "declined" ? identityWords(t, last(visit, "identity_checked")?.body) : whoWords(t, who);
    if (of === "identity") return identityWords(t, event?.body);
    if (of === "outcome" && event) {
      const { contact_result: contact, disposition } = event.body as Record<string, string>;
      const words = disposition === "none" ? t.words.ContactResult[contact as "nobody"] : t.words.Disposition[disposition as "none"];
      return `${t.stepNames.outcome}${t.colon}${words}`;
    }
    const refused = event?.body.response === "refused" ? ` · ${t.words.StepResponse.refused}` : "";
    return `${t.stepNames[of]}${refused}`;
  };
  const id = event && "eventId" in event ? String(event.eventId) : "";
  const isCorrected = visit.events.some((each) => each.kind === "event_corrected" && each.body.event_id === id);
  if (of === "who" && isWhoOpen(visit))
    return <li><button type="button" class="folded" onClick={() => say("")}><Icon of="good" /><span>{line()}</span><small>{t.change}</small></button></li>;
  if (!id) return <li class="done"><Icon of="good" /><span>{line()}</span></li>;
  return <li><a class="folded" href={href("correct", packet.caseId, visitId, id)} aria-label={`${line()}${t.colon}${t.correct}`}><Icon of="good" /><span>{line()}{isCorrected && ` · ${t.corrected}`}</span>{isTold && <small>{t.correct}</small>}</a></li>;
}

type Event = { kind: string; body: Body; wall: string };

function eventOf(key: StepKey, events: Event[]): Event | undefined {
  const kind = { arrive: "visit_started", identity: "identity_checked", outcome: "outcome_noted" }[key as "arrive"];
  if (kind) return last({ events } as never, kind) ?? (key === "arrive" ? events[0] : undefined);
  return events.filter((each) => each.kind === "step_done" && each.body.step === WIRE[key]).pop();
}

const whoWords = (t: ReturnType<typeof usePhone>["t"], who: Who) =>
  t.cap(who === "other_adult" || who === "only_minor" ? t.words.ContactResult[who] : t.who[who] ?? "");

function identityWords(t: ReturnType<typeof usePhone>["t"], body: Body | undefined): string {
  const said = { confirmed: t.confirmed, failed: t.failed, unsure: t.unsure, declined: t.declined }[String(body?.identity) as "failed"];
  return said ?? t.failed;
}

