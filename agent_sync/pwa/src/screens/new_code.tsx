/** A new code for a phone that is set up already: the PIN stays, what is on the phone stays. */
import { useState } from "preact/hooks";
import { Act, Calm, Field, Problem, Screen } from "../parts";
import { lasting } from "../moments";
import { useAct, usePhone } from "../phone";

export function NewCode({ up, onDone }: { up: string[]; onDone: () => void }) {
  const { face, t, reopen } = usePhone();
  const [code, setCode] = useState("");
  const [pin, setPin] = useState("");
  const { act, isBusy, refusal } = useAct();
  const isPin = refusal?.code === "pin-wrong" || refusal?.code === "pin-wait";
  const wait = Number(refusal?.facts.waitMs ?? 0);
  const told = wait ? t.pinWait(lasting(t, wait)) : t.pinWrong(Number(refusal?.facts.triesLeft ?? 0), "");
  const enter = (event: Event) => {
    event.preventDefault();
    void act(async () => {
      await face.enrol(code, pin);
      await reopen();
      void face.exchange().catch(() => {});
      onDone();
    });
  };
  return (
    <Screen title={t.newCode} {...(up.length ? { up } : {})}>
      <p>{t.newCodeLead}</p>
      <form onSubmit={enter}>
        <Field label={t.enrolCode} value={code} autocomplete="off" autocapitalize="characters" spellcheck={false} required onText={(text) => setCode(text.trim())} />
        <Field label={t.pinField} type="password" inputMode="numeric" autocomplete="current-password" required value={pin} onText={setPin} problem={isPin ? told : undefined} />
        {refusal && !isPin && <Problem of={refusal} />}
        <Act type="submit" isBusy={isBusy}>{isBusy ? t.working : t.save}</Act>
      </form>
      {!up.length && <Calm onAct={onDone}>{t.back}</Calm>}
    </Screen>
  );
}
