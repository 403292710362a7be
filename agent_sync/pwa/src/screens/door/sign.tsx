/** A field to sign in with a finger or a pen. Nobody has to: going back saves nothing. */
import { useEffect, useRef, useState } from "preact/hooks";
import { opened } from "../../opened";
import { Act, Calm, Screen } from "../../parts";
import { makeSignature, markOf } from "../../photographing";
import { useAct, usePhone } from "../../phone";
import { back } from "../../route";
import { useFileTexts } from "../../texts/files";
import { FileProblem } from "./files";
import { useDoor } from "./room";

const [WIDE, HIGH, PEN] = [960, 480, 5]; // px of the picture

export function Sign() {
  const { face, t } = usePhone();
  const { packet, visitId, reload } = useDoor();
  const f = useFileTexts();
  const field = useRef<HTMLCanvasElement>(null);
  const [isDrawn, setDrawn] = useState(false);
  const { act, isBusy, refusal } = useAct();
  const up = ["door", packet.caseId, visitId];
  const clear = () => {
    const context = field.current!.getContext("2d")!;
    context.fillStyle = "#fff";
    context.fillRect(0, 0, WIDE, HIGH);
    setDrawn(false);
  };
  useEffect(clear, []);
  const draw = (event: PointerEvent) => {
    const canvas = field.current!;
    if (event.type === "pointerdown") canvas.setPointerCapture(event.pointerId);
    else if (!canvas.hasPointerCapture(event.pointerId)) return;
    const { left, top, width } = canvas.getBoundingClientRect();
    const place = (coalesced: PointerEvent): [number, number] => [((coalesced.clientX - left) * WIDE) / width, ((coalesced.clientY - top) * WIDE) / width];
    const context = canvas.getContext("2d")!;
    [context.strokeStyle, context.lineWidth, context.lineCap, context.lineJoin] = ["#111", PEN, "round", "round"];
    if (event.type === "pointerdown") {
      context.beginPath();
      context.moveTo(...place(event));
    }
    for (const each of [...(event.getCoalescedEvents?.() ?? []), event]) context.lineTo(...place(each));
    context.stroke();
    setDrawn(true);
  };
  const save = () => void act(async () => {
    const { bytes, thumb } = makeSignature(field.current!, markOf(Date.now(), packet.caseId, visitId));
    await (await face.files()).add(packet.caseId, visitId, "signature", bytes, thumb);
    await reload();
    back(...up);
  });
  return (
    <Screen title={f.signature} up={up} bar={<Act onAct={save} isBusy={isBusy} isOff={!isDrawn}>{t.save}</Act>}>
      <p>{f.signLead(opened(packet).person.name)}</p>
      <canvas ref={field} class="sign" width={WIDE} height={HIGH} role="img" aria-label={f.signField}
        onPointerDown={draw} onPointerMove={draw} />
      <p class="sr" role="status">{isDrawn ? f.signed : ""}</p>
      <FileProblem of={refusal} />
      <Calm onAct={clear} isOff={!isDrawn}>{f.clear}</Calm>
      <p class="quiet">{f.signNone}</p>
    </Screen>
  );
}
