/** Reads a QR through the camera, without Google services and without a network (reading_codes.ts). */
import { useEffect, useRef, useState } from "preact/hooks";
import { State } from "../parts";
import { usePhone } from "../phone";
import { watchForCode } from "../reading_codes";

const CAMERA = { facingMode: "environment", width: { ideal: 1280 }, height: { ideal: 720 } }; // a visit's code is dense

export function Scan({ onFound }: { onFound: (text: string) => void }) {
  const { t } = usePhone();
  const video = useRef<HTMLVideoElement>(null);
  const [isRefused, setRefused] = useState(false);
  useEffect(() => {
    let stream: MediaStream | null = null;
    let isGone = false;
    let stop = () => {};
    const start = async () => {
      stream = await navigator.mediaDevices.getUserMedia({ video: CAMERA });
      if (isGone || !video.current) return end();
      video.current.srcObject = stream;
      await video.current.play();
      if (!isGone) stop = watchForCode(video.current, onFound, () => setRefused(true));
    };
    const end = () => {
      isGone = true;
      stop();
      stream?.getTracks().forEach((track) => track.stop());
    };
    start().catch(() => isGone || setRefused(true));
    return end;
  }, []);
  if (isRefused) return <State of="look">{t.enrolNoCamera}</State>;
  return <><video ref={video} class="scan" playsInline muted /><p>{t.enrolScanning}</p></>;
}
