/** A case before the door: where, whom to ask for, when, how to behave. Never why. */
import type { PacketView } from "../face";
import { clock, isSameDay, moment } from "../moments";
import { lawful } from "../lawful";
import { opened, spotOf } from "../opened";
import { Act, Calm, Empty, Link, Remarks, Row, Screen, State } from "../parts";
import { useNow, usePhone } from "../phone";
import { go, href } from "../route";
import type { Texts } from "../texts/en";

export function Case({ caseId }: { caseId: string }) {
  const { t, packets, status, visits } = usePhone();
  const now = useNow(20_000);
  const packet = packets?.find((each) => each.caseId === caseId);
  if (!packets || !status) return null;
  if (!packet) return <Gone />;
  const { person, place, crew, limits, appointments } = opened(packet);
  const open = status.openVisits.find((each) => each.caseId === caseId);
  const isVisited = visits.some((each) => each.caseId === caseId && isSameDay(each.startedMs, now));
  const isBarred = packet.remarks.some((each) => each.level === "block");
  const { words, mark } = lawful(t, packet, now);
  const name = (of: Record<string, string>, value: string) => of[value] ?? value;
  const isAlong = packet.role === "companion" && !open;
  const start = (
    <Act class={(isBarred || isAlong) && !open ? "calm" : ""} onAct={() => go("door", caseId, ...(open ? [open.visitId] : []))}>
      {open ? t.goOn : isBarred ? t.overrideGo : isVisited ? t.startAgain : t.start}
    </Act>
  );
  return (
    <Screen title={place.address || t.caseTitle} isPrivate up={[""]} bar={packet.isReadable && (isAlong ? <Act onAct={() => go("join")}>{t.joinVisit}</Act> : start)}>
      {!isBarred && <State of={mark}>{words}</State>}
      <Remarks of={packet.remarks} />
      {packet.isReadable && (
        <>
          <dl>
            <Row name={t.askFor}><b><bdi>{person.name}</bdi></b></Row>
            {person.language && <Row name={t.speaks}>{languageName(t, person.language)}</Row>}
            {Object.entries(person.contacts ?? {}).map(([kind, value]) => (
              <Row key={kind} name={name(t.fields, kind)}>{kind.startsWith("phone") ? <a dir="ltr" href={`tel:${value.replace(/[^+\d]/g, "")}`}>{value}</a> : value}</Row>
            ))}
            {limits.intervals && limits.intervals.length > 0 && <Row name={t.lawful}>{limits.intervals.slice(0, 4).map((each) => <div key={each.starts}>{span(t, each, now)}</div>)}</Row>}
            {appointments?.map((each) => <Row key={each.appointment_id} name={t.appointments}>{span(t, each, now)}</Row>)}
            {crew.length > 1 && <Row name={t.crewIs}>{crew.map((each) => <div key={each.agent_id}>{each.name} ({name(t.words.Role, each.role)})</div>)}</Row>}
            {Object.entries(limits.recording ?? {}).map(([medium, duty]) => <Row key={medium} name={t.cap(name(t.words.RecordingMedium, medium))}>{name(t.duty, duty)}</Row>)}
          </dl>
          <Way packet={packet} />
          <p class="quiet">{packet.role === "companion" ? t.companionHint : t.sealedHint}</p>
          <Link to={href("propose", caseId)}>{t.proposeTitle}</Link>
          {isAlong && start}
        </>
      )}
    </Screen>
  );
}

/** Hand over to the phone's own navigation; iPhones do not know geo: addresses. */
function Way({ packet }: { packet: PacketView }) {
  const { t } = usePhone();
  const spot = spotOf(packet);
  const { place } = opened(packet);
  const at = spot ? `${spot.lat_e7 / 1e7},${spot.lon_e7 / 1e7}` : "";
  const asked = encodeURIComponent(place.address);
  const isApple = /iP(hone|ad|od)/.test(navigator.userAgent);
  const to = isApple ? `maps://?daddr=${at || asked}` : spot ? `geo:${at}?q=${at}(${asked})` : `geo:0,0?q=${asked}`;
  return (
    <>
      <a class="act calm" href={to}>{t.navigate}</a>
      <p class="quiet">{spot ? t.placeKnown(t.words.Precision[(place.precision ?? "door") as "door"] ?? "") : t.placeUnknown}</p>
    </>
  );
}

const span = (t: Texts, { starts, ends }: { starts: string; ends: string }, now: number) =>
  `${moment(t, Date.parse(starts), now)}–${clock(t, Date.parse(ends))}`;

function languageName(t: Texts, tag: string): string {
  try {
    return new Intl.DisplayNames(t.tag, { type: "language" }).of(tag) ?? tag;
  } catch {
    return tag;
  }
}

export function Gone() {
  const { t } = usePhone();
  return (
    <Screen title={t.caseTitle} up={[""]}>
      <Empty title={t.timeEnded}>{t.dayEmptyLead}</Empty>
      <Calm onAct={() => go("")}>{t.backToDay}</Calm>
    </Screen>
  );
}
