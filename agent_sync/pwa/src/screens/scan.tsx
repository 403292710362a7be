/** Reads a QR by the browser's own BarcodeDetector, where it has one. */
import { useEffect, useRef, useState } from "preact/hooks";
import { State } from "../parts";
import { usePhone } from "../phone";

interface Detector { detect: (from: HTMLVideoElement) => Promise<{ rawValue: string }[]> }
const Detectors = (globalThis as { BarcodeDetector?: new (how: { formats: string[] }) => Detector }).BarcodeDetector;
export const canScan = Detectors !== undefined && "mediaDevices" in navigator;
const EVERY_MS = 250;

export function Scan({ onFound }: { onFound: (text: string) => void }) {
  const { t } = usePhone();
  const video = useRef<HTMLVideoElement>(null);
  const [isRefused, setRefused] = useState(false);
  useEffect(() => {
    let stream: MediaStream | null = null;
    let timer = 0;
    const look = async () => {
      const found = await new Detectors!({ formats: ["qr_code"] }).detect(video.current!).catch(() => []);
      if (found[0]) onFound(found[0].rawValue);
      else timer = window.setTimeout(look, EVERY_MS);
    };
    const start = async () => {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      if (!video.current) return;
      video.current.srcObject = stream;
      await video.current.play();
      await look();
    };
    start().catch(() => setRefused(true));
    return () => {
      clearTimeout(timer);
      stream?.getTracks().forEach((track) => track.stop());
    };
  }, []);
  if (isRefused) return <State of="look">{t.enrolNoCamera}</State>;
  return <><video ref={video} class="scan" playsInline muted /><p>{t.enrolScanning}</p></>;
}
