/**
 * Who reads a QR off a picture: the browser's BarcodeDetector, or a library where it has none.
 *
 * On Android the browser's own asks Google Play services; where they are missing it knows no format, or fails when asked.
 * The library (`qr`) has the same face and is loaded only then.
 */
export interface Detector {
  detect: (from: HTMLVideoElement) => Promise<{ rawValue: string }[]>;
}
type Detectors = (new (how: { formats: string[] }) => Detector) & { getSupportedFormats: () => Promise<string[]> };
const QR = "qr_code";

/** A reader; after a failure of the browser's own, ask with *mayUseOwn* false. */
export async function findDetector(mayUseOwn: boolean): Promise<Detector> {
  const own = (globalThis as { BarcodeDetector?: Detectors }).BarcodeDetector;
  const formats = (mayUseOwn && (await own?.getSupportedFormats().catch(() => []))) || [];
  const Chosen = own && formats.includes(QR) ? own : (await import("qr/decode.js")).BarcodeDetector;
  return new Chosen({ formats: [QR] });
}

/** Look at a video, again and again, until a code is read; gives the way to stop. */
export function watchForCode(video: HTMLVideoElement, onFound: (text: string) => void, onFail: () => void): () => void {
  let timer = 0;
  let isOver = false;
  let detector: Detector | null = null;
  let mayUseOwn = true;
  const look = async () => {
    const beganMs = performance.now();
    try {
      detector ??= await findDetector(mayUseOwn);
      const [found] = await detector.detect(video);
      if (isOver) return;
      if (found?.rawValue) return onFound(found.rawValue);
    } catch {
      if (isOver) return;
      if (!mayUseOwn && !detector) return onFail(); // the library could not be loaded
      if (video.readyState >= HAS_PICTURE) [detector, mayUseOwn] = [null, false];
    }
    // A slow phone rests three times as long as it looked, so that the page stays alive.
    timer = window.setTimeout(look, Math.max(EVERY_MS, 3 * (performance.now() - beganMs)));
  };
  void look();
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}

const EVERY_MS = 250;
const HAS_PICTURE = 2; // HTMLMediaElement.HAVE_CURRENT_DATA
