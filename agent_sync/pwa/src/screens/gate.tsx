/** Before the day: unlock, or set up first (enrol.tsx). */
import { useState } from "preact/hooks";
import type { Known } from "../app";
import { lazy } from "../lazy";
import { lasting } from "../moments";
import { Act, Calm, Field, Problem, Screen } from "../parts";
import { useAct, usePhone } from "../phone";

const SetUp = lazy(() => import("./enrol").then((part) => part.SetUp));
const Recover = lazy(() => import("./recover").then((part) => part.Recover));
const NewCode = lazy(() => import("./new_code").then((part) => part.NewCode));

const FEW_TRIES = 3;

/** What is shown while nobody is in. */
export function Gate({ known }: { known: Known }) {
  const [isNew, setNew] = useState(false);
  if (known.isLocked && !["new", "wiped", "awaiting_approval"].includes(known.stage) && !isNew)
    return known.isSpent ? <Recover isSpent /> : <Unlock agentCode={known.agentCode} onNewCode={() => setNew(true)} />;
  if (isNew) return <NewCode up={[]} onDone={() => setNew(false)} />;
  return <SetUp known={known} />;
}

function Unlock({ agentCode, onNewCode }: { agentCode: string; onNewCode: () => void }) {
  const { face, t, isPractice, reopen } = usePhone();
  const [pin, setPin] = useState("");
  const [isForgotten, setForgotten] = useState(false);
  const { act, isBusy, refusal } = useAct();
  const wait = Number(refusal?.facts.waitMs ?? 0);
  const tries = Number(refusal?.facts.triesLeft ?? 0);
  const atLast = tries > 0 && tries <= FEW_TRIES && !isPractice ? ` ${t.pinAtLast}` : "";
  const said = { "pin-wrong": t.pinWrong(tries, wait ? lasting(t, wait) : "") + atLast, "pin-wait": t.pinWait(lasting(t, wait)) };
  const problem = refusal ? said[refusal.code as keyof typeof said] : undefined;
  const unlock = (event: Event) => {
    event.preventDefault();
    void act(async () => {
      await face.unlock(pin).finally(reopen); // after the last try another screen says how to go on
    }).then(() => setPin(""));
  };
  if (isForgotten) return <Recover onBack={() => setForgotten(false)} />;
  return (
    <Screen title={t.unlockTitle}>
      <p>{t.unlockOf(agentCode)}</p>
      <form onSubmit={unlock}>
        <Field label={t.pinField} type="password" inputMode="numeric" autocomplete="current-password" value={pin} onText={setPin} problem={problem} autofocus />
        {refusal && !problem && <Problem of={refusal} />}
        <Act type="submit" isBusy={isBusy}>{isBusy ? t.working : t.unlock}</Act>
      </form>
      <Calm onAct={() => setForgotten(true)}>{t.unlockForgot}</Calm>
      <Calm onAct={onNewCode}>{t.newCode}</Calm>
    </Screen>
  );
}
