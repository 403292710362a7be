/**
 * The door: steps fold when done, the step in hand is the only large button, Halt and End visit never move.
 *
 * Where a visit stands is worked out from its events alone (`steps.ts`): opening it again goes on there.
 */
import { useEffect, useMemo, useState } from "preact/hooks";
import type { PacketView, Sealed, VisitSoFar } from "../face";
import { Screen } from "../parts";
import { usePhone } from "../phone";
import { goInstead } from "../route";
import { Script } from "../script";
import { isHalted, type Said, whoIs } from "../steps";
import { Arrive } from "./door/arrive";
import { Card, CrewCode } from "./door/card";
import { End, Ended } from "./door/end";
import { Ever } from "./door/ever";
import { Halt, Safe } from "./door/halt";
import { LeaveClock } from "./door/leave";
import { forgetSealed, forgetWho, isShutNow, keepSealed, keepWho, readWho, Room, type DoorRoom, sealedOf } from "./door/room";
import { Sign } from "./door/sign";
import { Steps } from "./door/steps";
import { Gone } from "./case";

interface Props { caseId: string; visitId: string | undefined; over: string }

export function Door({ caseId, visitId, over }: Props) {
  const { packets } = usePhone();
  const packet = packets?.find((each) => each.caseId === caseId);
  // A case that is withdrawn while somebody stands at its door: the visit is still there, and can be ended.
  const [kept, setKept] = useState<PacketView | null>(null);
  useEffect(() => { if (packet) setKept(packet); }, [packet]);
  const shown = packet ?? kept ?? (visitId && packets ? bare(caseId) : null);
  if (!packets) return null;
  if (!shown) return <Gone />;
  if (!visitId) return <Arrive packet={shown} onStarted={(started) => goInstead("door", caseId, started)} />;
  return <Inside packet={shown} visitId={visitId} over={over} />;
}

const bare = (caseId: string): PacketView => ({
  caseId, rev: 0, role: "lead", open: {}, isSealed: false, isReadable: false, holds: [], remarks: [], ways: [], asks: [],
  opensMs: null, closesMs: null, isAppointed: false,
});

function Inside({ packet, visitId, over }: { packet: PacketView; visitId: string; over: string }) {
  const { face, t, settings, status } = usePhone();
  const { caseId } = packet;
  const [visit, setVisit] = useState<VisitSoFar | null>(null);
  const [said, setSaid] = useState<Said | null>(() => readWho(visitId));
  const [known, setOpened] = useState<Sealed | null>(() => sealedOf(visitId));
  const isShut = isShutNow(status);
  const sealed = isShut ? null : known;
  useEffect(() => { if (isShut) setOpened(null); }, [isShut]);
  const reload = async () => {
    const read = await face.visit(caseId, visitId);
    if (read.isEnded) {
      forgetWho(visitId);
      forgetSealed();
    }
    setVisit(read);
  };
  useEffect(() => {
    void reload().catch(() => {}); // locked meanwhile: the gate shows
    return face.subscribe(() => void reload().catch(() => {}));
  }, [face, caseId, visitId]);
  const script = useMemo(() => new Script(packet, settings.language, sealed), [packet, settings.language, sealed]);
  if (!visit) return null;
  const room: DoorRoom = {
    packet, visitId, visit, script, sealed, reload,
    who: whoIs(visit, said),
    say: (who) => {
      keepWho(visitId, who);
      setSaid(who);
    },
    setSealed: (content) => {
      keepSealed(visitId, content);
      setOpened(content);
    },
    note: async (kind, body) => {
      await face.record(kind, caseId, visitId, body);
      await reload();
    },
    haltHardship: async () => {
      if (!isHalted(visit, "hardship")) await face.hold(caseId, visitId, "hardship");
    },
  };
  const shown = () => {
    if (visit.isEnded) return over === "safe" ? <Safe /> : <Ended />;
    if (over === "card") return <Card />;
    if (over === "crew") return <CrewCode />;
    if (over === "halt") return <Halt />;
    if (over === "end") return <End />;
    if (over === "sign") return <Sign />;
    return <Screen title={t.visitTitle} up={[""]} side={<LeaveClock />} bar={<Ever />}><Steps said={said} /></Screen>;
  };
  return <Room.Provider value={room}>{shown()}</Room.Provider>;
}
