/** Set up: with the office's code, choose a PIN, wait for approval. */
import { useEffect, useState } from "preact/hooks";
import type { Known } from "../app";
import { checkPin } from "../entries";
import { Act, Calm, Field, Problem, Screen, State } from "../parts";
import { useAct, usePhone } from "../phone";
import { plain } from "../route";
import { Scan, canScan } from "./scanning";

const isIos = /iP(hone|ad|od)/.test(navigator.userAgent) && !matchMedia("(display-mode: standalone)").matches;
/** The code itself, from what a QR holds: the bare code, or an address that ends in it. */
const codeOf = (text: string) => plain(text.trim().replace(/^.*[#?&/](?:code=)?/, ""));

export function SetUp({ known }: { known: Known }) {
  const { isPractice, t } = usePhone();
  if (known.stage === "awaiting_approval" && asked) return <Waiting />;
  const practise = () => location.assign(`${location.pathname}?rehearse`);
  const told = known.stage === "wiped" ? t.stages.wiped : known.stage === "new" && known.agentCode ? t.problem("store-lost", {}) : "";
  return <Enrol told={told} onPractise={isPractice ? null : practise} />;
}

function Enrol({ told, onPractise }: { told: string | undefined; onPractise: (() => void) | null }) {
  const { t } = usePhone();
  const [code, setCode] = useState((new URLSearchParams(location.search).get("code") ?? "").trim());
  const [isScanning, setScanning] = useState(false);
  const [isChosen, setChosen] = useState(false);
  if (isChosen) return <ChoosePin code={code} onBack={() => setChosen(false)} />;
  const found = (text: string) => {
    setCode(codeOf(text));
    setScanning(false);
    setChosen(true);
  };
  return (
    <Screen title={t.enrolTitle}>
      {told && <State of="look">{told}</State>}
      <p>{t.enrolLead}</p>
      {isIos && <div class="alert"><State of="look">{t.iosTitle}</State><p>{t.iosLead}</p></div>}
      {isScanning && <Scan onFound={found} />}
      <form onSubmit={(event) => { event.preventDefault(); if (code) setChosen(true); }}>
        <Field label={t.enrolCode} value={code} autocomplete="off" autocapitalize="characters" spellcheck={false} required onText={(text) => setCode(text.trim())} />
        <Act type="submit">{t.enrolNext}</Act>
      </form>
      {canScan ? !isScanning && <Calm onAct={() => setScanning(true)}>{t.enrolScan}</Calm> : <p class="quiet">{t.enrolNoScan}</p>}
      {onPractise && <Calm onAct={onPractise}>{t.practise}</Calm>}
      <p><a href="/agent/check">{t.checkPhone}</a></p>
    </Screen>
  );
}

function ChoosePin({ code, onBack }: { code: string; onBack: () => void }) {
  const { face, t, reopen } = usePhone();
  const [pin, setPin] = useState("");
  const [again, setAgain] = useState("");
  const [wrong, setWrong] = useState<ReturnType<typeof checkPin>>({});
  const { act, isBusy, refusal } = useAct();
  const choose = (event: Event) => {
    event.preventDefault();
    const found = checkPin(pin, again);
    setWrong(found);
    if (!Object.keys(found).length)
      void act(async () => {
        asked = { code, pin };
        await face.enrol(code, pin);
        await navigator.storage?.persist?.().catch(() => false);
        await reopen();
      });
  };
  return (
    <Screen title={t.pinTitle}>
      <p>{t.pinLead}</p>
      <form onSubmit={choose}>
        <Field label={t.pinField} type="password" inputMode="numeric" autocomplete="new-password" name="pin" value={pin} onText={setPin} problem={wrong.pin && t[wrong.pin]} />
        <Field label={t.pinAgain} type="password" inputMode="numeric" autocomplete="new-password" name="again" value={again} onText={setAgain} problem={wrong.again && t[wrong.again]} />
        <Problem of={refusal} />
        <Act type="submit" isBusy={isBusy}>{isBusy ? t.working : t.pinDone}</Act>
      </form>
      <Calm onAct={onBack}>{t.back}</Calm>
    </Screen>
  );
}

// Code and PIN while the office looks at the phone: in memory only; opened again, both are entered again.
let asked: { code: string; pin: string } | null = null;

/** The office has yet to approve; asked again until it has. */
function Waiting() {
  const { face, t, reopen } = usePhone();
  const { act, refusal } = useAct();
  const again = () => void act(async () => {
    if (asked && (await face.enrol(asked.code, asked.pin)).isEnrolled) asked = null;
    await reopen();
  });
  useEffect(() => {
    const timer = setInterval(again, 15_000);
    return () => clearInterval(timer);
  }, []);
  return (
    <Screen title={t.waitTitle}>
      <State of="wait">{t.waitLead}</State>
      <Problem of={refusal} />
      <Calm onAct={again}>{t.tryAgain}</Calm>
    </Screen>
  );
}
