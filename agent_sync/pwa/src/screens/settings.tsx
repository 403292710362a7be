/** Settings: language, text size, lock, storage, the way out for what was not sent, and what this is. */
import { useEffect, useState } from "preact/hooks";
import type { Language } from "../face";
import { numberOf } from "../entries";
import { bytes } from "../moments";
import { Act, Calm, Field, Link, Pick, Problem, Row, Screen, State } from "../parts";
import { useAct, usePhone } from "../phone";
import { href } from "../route";
import { saveFile } from "../saving";
import { useFileTexts } from "../texts/files";
import { Update } from "./update";

const LANGUAGES: [Language, string][] = [["en", "English"], ["zh", "简体中文"]];

export function SettingsPage() {
  const { t, settings, set, status } = usePhone();
  return (
    <Screen title={t.settings} up={["menu"]}>
      <Update />
      <Pick label={t.language} value={settings.language} options={LANGUAGES} onPick={(language) => set({ language: language as Language })} isTight />
      <Pick label={t.textSize} value={settings.size} options={Object.entries(t.sizes)} onPick={(size) => set({ size })} isTight />
      <Pick label={t.lockAfter} value={String(settings.lockMinutes)} options={[2, 5, 15].map((each) => [String(each), t.lockMinutes(each)])} onPick={(each) => set({ lockMinutes: Number(each) })} isTight />
      <ByWifi />
      <Emergency />
      <Storage />
      <Export />
      <h2>{t.about}</h2>
      <dl>
        <Row name={t.aboutAgent}>{status?.agent ? `${status.agent.code} · ${status.agent.name}` : ""}</Row>
        <Row name={t.aboutDevice}><span class="long">{status?.deviceId}</span></Row>
      </dl>
      <Link to={href("code")}>{t.newCode}</Link>
      <Link to="/agent/check">{t.checkPhone}</Link>
    </Screen>
  );
}

/** The number that danger calls; what cannot be called is told, and not taken. */
function Emergency() {
  const { t, settings, set } = usePhone();
  const [typed, setTyped] = useState(settings.emergency);
  const take = (text: string) => {
    setTyped(text);
    const number = numberOf(text);
    if (number !== null) set({ emergency: number });
  };
  return <Field label={t.emergency} type="tel" value={typed} onText={take} problem={numberOf(typed) === null ? t.emergencyWrong : undefined} />;
}

/** Whether photos and recordings wait for Wi-Fi; where the browser does not tell, it says so. */
function ByWifi() {
  const { face } = usePhone();
  const f = useFileTexts();
  const [known, setKnown] = useState<{ isOn: boolean; isTold: boolean } | null>(null);
  const look = () => void face.files().then((room) => room.wifiOnly()).then(setKnown, () => {});
  useEffect(look, [face]);
  if (!known) return null;
  const pick = (value: string) => void face.files().then((room) => room.setWifiOnly(value === "wifi")).then(look, () => {});
  return (
    <>
      <Pick label={f.wifiOnly} value={known.isOn ? "wifi" : "always"} options={Object.entries(f.wifi)} onPick={pick} isTight />
      {!known.isTold && <p class="quiet">{f.wifiUntold}</p>}
    </>
  );
}

function Storage() {
  const { t, status, refresh } = usePhone();
  const [isRefused, setRefused] = useState(false);
  if (!status) return null;
  const ask = async () => {
    setRefused(!(await navigator.storage?.persist?.().catch(() => false)));
    await refresh();
  };
  return (
    <>
      <h2>{t.storage}</h2>
      <State of={status.isPersistent ? "good" : "look"}>{status.isPersistent ? t.storageKept : t.notPersistent}</State>
      {status.freeBytes !== null && <p class="quiet">{t.free(bytes(t, status.freeBytes))}</p>}
      {!status.isPersistent && isRefused && <div role="status"><State of="look">{t.storageRefused}</State></div>}
      {!status.isPersistent && <Calm onAct={() => void ask()}>{t.storageAsk}</Calm>}
    </>
  );
}

function Export() {
  const { face, t } = usePhone();
  const [done, setDone] = useState("");
  const { act, isBusy, refusal } = useAct();
  const make = () => void act(async () => {
    const { name, content, events } = await face.exportOutbox();
    saveFile(name, content);
    setDone(t.exported(events, name));
  });
  return (
    <>
      <h2>{t.exportTitle}</h2>
      <p class="quiet">{t.exportLead}</p>
      <Problem of={refusal} />
      {done ? <div role="status"><State of="good">{done}</State></div> : <Act class="calm" onAct={make} isBusy={isBusy}>{t.exportAct}</Act>}
    </>
  );
}
