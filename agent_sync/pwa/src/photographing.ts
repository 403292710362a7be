/**
 * A picture as the office gets it: scaled, drawn anew, so that nothing of what the camera wrote beside it is left (no
 * position, no device, no time of its own), with time and case written on it.
 *
 * Nothing becomes a Blob: a browser may put those on the disk in the clear.
 */
import type { Bytes } from "./bytes";
import { Refusal } from "./face";
import { wall } from "./moments";

const LONGEST = 1600; // px
const SMALL = 160;
const QUALITY = 0.82;

export interface Picture { bytes: Bytes; thumb: string }

/** What is written on a picture: when, and of which case and visit, by the ends of their numbers. */
export const markOf = (atMs: number, caseId: string, visitId: string) =>
  `${wall(atMs).slice(0, 19).replace("T", " ")} ${wall(atMs).slice(-6)} · ${caseId.slice(-8)} · ${visitId.slice(-8)}`;

/** When a picture was taken: as its file says, which for one from the camera is when it was written; never later than now. */
export const takenAt = (taken: Blob, nowMs: number) =>
  taken instanceof File && taken.lastModified > 0 ? Math.min(taken.lastModified, nowMs) : nowMs;

/** Make a photo of what the camera gave; rejects `not-a-picture`. */
export async function makePhoto(taken: Blob, mark: string): Promise<Picture> {
  const image = new Image();
  image.src = URL.createObjectURL(taken);
  try {
    await image.decode();
    const { naturalWidth: width, naturalHeight: height } = image;
    const scale = Math.min(1, LONGEST / Math.max(width, height));
    const canvas = makeCanvas(width * scale, height * scale);
    canvas.getContext("2d")!.drawImage(image, 0, 0, canvas.width, canvas.height); // upright, as it was held
    return finish(canvas, mark, "image/jpeg");
  } catch {
    throw new Refusal("not-a-picture");
  } finally {
    URL.revokeObjectURL(image.src);
  }
}

/** Make a signature's picture of what was drawn: ink on white, with its mark below. */
export function makeSignature(drawn: HTMLCanvasElement, mark: string): Picture {
  const canvas = makeCanvas(drawn.width, drawn.height + Math.round(drawn.width / 16));
  canvas.getContext("2d")!.drawImage(drawn, 0, 0);
  return finish(canvas, mark, "image/png");
}

function makeCanvas(width: number, height: number): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [Math.max(1, Math.round(width)), Math.max(1, Math.round(height))];
  const context = canvas.getContext("2d")!;
  context.fillStyle = "#fff"; // what is transparent would turn black
  context.fillRect(0, 0, canvas.width, canvas.height);
  return canvas;
}

function finish(canvas: HTMLCanvasElement, mark: string, type: string): Picture {
  const context = canvas.getContext("2d")!;
  let size = Math.max(12, Math.round(canvas.width / 32));
  const font = () => { context.font = `${size}px monospace`; };
  for (font(); size > 6 && context.measureText(mark).width > canvas.width * 0.96; font()) size -= 1;
  const high = Math.round(size * 1.6);
  context.fillStyle = "#000";
  context.fillRect(0, canvas.height - high, canvas.width, high);
  context.fillStyle = "#fff";
  context.textBaseline = "middle";
  context.fillText(mark, canvas.width * 0.02, canvas.height - high / 2);
  const scale = Math.min(1, SMALL / Math.max(canvas.width, canvas.height));
  const small = makeCanvas(canvas.width * scale, canvas.height * scale);
  small.getContext("2d")!.drawImage(canvas, 0, 0, small.width, small.height);
  const plain = atob(canvas.toDataURL(type, QUALITY).split(",")[1]!);
  return { bytes: Uint8Array.from(plain, (letter) => letter.charCodeAt(0)), thumb: small.toDataURL("image/jpeg", 0.7) };
}
