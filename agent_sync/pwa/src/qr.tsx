/** A QR code as SVG, drawn where it is needed; loaded apart. */
import { correction, generate } from "lean-qr";

const QUIET = 2; // modules around the code: fewer than paper wants, enough for a screen

export function Qr({ text, label }: { text: string; label: string }) {
  const code = generate(text, { maxCorrectionLevel: correction.L });
  const size = code.size + 2 * QUIET;
  let path = "";
  for (let y = 0; y < code.size; y++) for (let x = 0; x < code.size; x++) if (code.get(x, y)) path += `M${x + QUIET} ${y + QUIET}h1v1h-1z`;
  return (
    <svg class="qr" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label} shape-rendering="crispEdges">
      <rect width={size} height={size} fill="#fff" /><path d={path} fill="#000" />
    </svg>
  );
}
