/** The way back in where the PIN is forgotten or used up: the office opens its copy of the key, and a new PIN is chosen. */
import { useEffect, useState } from "preact/hooks";
import { checkPin } from "../entries";
import { Act, Calm, Field, Problem, Screen, State } from "../parts";
import { useAct, usePhone } from "../phone";
import { saveFile } from "../saving";
import { useRecoverTexts } from "../texts/recovering";

interface Kept { name: string; content: string }

export function Recover({ isSpent = false, onBack }: { isSpent?: boolean; onBack?: () => void }) {
  const { face, t } = usePhone();
  const r = useRecoverTexts();
  const [kept, setKept] = useState<Kept | null | undefined>();
  useEffect(() => void face.escrow().then(setKept, () => setKept(null)), [face]);
  if (kept === undefined) return null;
  return (
    <Screen title={isSpent ? t.unlockTitle : t.unlockForgot}>
      {isSpent && <State of="stop">{t.problem("pin-spent", {})}</State>}
      {kept ? <><p>{r.lead}</p><Give of={kept} /><Enter /></> : <p>{r.none}</p>}
      <p class="quiet">{r.anew}</p>
      {onBack && <Calm onAct={onBack}>{t.back}</Calm>}
    </Screen>
  );
}

/** The file that only the office can open. */
function Give({ of: { name, content } }: { of: Kept }) {
  const { t } = usePhone();
  const r = useRecoverTexts();
  const [done, setDone] = useState("");
  const save = () => {
    saveFile(name, new Blob([content], { type: "application/json" }));
    setDone(r.saved(name));
  };
  const copy = () => void navigator.clipboard?.writeText(content).then(() => setDone(t.copied), () => {});
  return (
    <>
      <h2>{r.give}</h2>
      <p class="quiet">{r.giveLead}</p>
      {done && <div role="status"><State of="good">{done}</State></div>}
      <Calm onAct={save}>{r.save}</Calm>
      <Calm onAct={copy}>{t.copy}</Calm>
    </>
  );
}

/** The key that the office gave, and the PIN from now on. */
function Enter() {
  const { face, t, reopen } = usePhone();
  const r = useRecoverTexts();
  const [key, setKey] = useState("");
  const [pin, setPin] = useState("");
  const [again, setAgain] = useState("");
  const [wrong, setWrong] = useState<ReturnType<typeof checkPin>>({});
  const { act, isBusy, refusal } = useAct();
  const isKeyWrong = refusal?.fields.key !== undefined;
  const open = (event: Event) => {
    event.preventDefault();
    const found = checkPin(pin, again);
    setWrong(found);
    if (!Object.keys(found).length)
      void act(async () => {
        await face.recover(key, pin);
        await reopen();
      });
  };
  return (
    <form onSubmit={open}>
      <h2>{r.enter}</h2>
      <Field label={r.key} value={key} spellcheck={false} required onText={setKey} problem={isKeyWrong ? r.keyWrong : undefined} />
      <Field label={t.pinField} type="password" inputMode="numeric" autocomplete="new-password" name="pin" value={pin} onText={setPin} problem={wrong.pin && t[wrong.pin]} />
      <Field label={t.pinAgain} type="password" inputMode="numeric" autocomplete="new-password" name="again" value={again} onText={setAgain} problem={wrong.again && t[wrong.again]} />
      {!isKeyWrong && <Problem of={refusal} />}
      <Act type="submit" isBusy={isBusy}>{isBusy ? t.working : r.open}</Act>
    </form>
  );
}
