/**
 * Today's places; each leads to its case. On a street map where the office set one and it can be had, else as a sketch:
 * no tiles, no streets, nobody asked.
 */
import { useState } from "preact/hooks";
import { lazy } from "../lazy";
import { usePhone } from "../phone";
import { href } from "../route";
import type { Spot } from "../moments";
import { opened, spotOf } from "../opened";
import type { Stop } from "./day";

const SIZE = 328;
const EDGE = 28;
const LEAST_E7 = 20_000; // about 200 m: nearer than that, places are not pulled apart

export interface Placed { stop: Stop; spot: Spot }
export interface MapProps { known: Placed[]; here: Spot | null }

const StreetMap = lazy(() => import("./street_map").then((part) => part.StreetMap));
const marked = document.querySelector<HTMLMetaElement>("meta[name=tiles]");
// Where the page was not served by the app's own server, the place left for the address is not filled in.
const street = marked?.content.startsWith("http") ? { tiles: marked.content, credit: marked.dataset.credit ?? "" } : null;

export function Places({ stops, here }: { stops: Stop[]; here: Spot | null }) {
  const { t } = usePhone();
  const [isMissing, setMissing] = useState(false);
  const known = stops.flatMap((stop) => {
    const spot = spotOf(stop.packet);
    return spot ? [{ stop, spot }] : [];
  });
  if (!known.length) return <p class="quiet">{t.mapNone}</p>;
  if (street && !isMissing) return <StreetMap {...street} known={known} here={here} onMissing={() => setMissing(true)} />;
  return <Sketch known={known} here={here} />;
}

export const sayPlace = (stop: Stop) => `${opened(stop.packet).place.address}, ${stop.words}`;

function Sketch({ known, here }: MapProps) {
  const { t } = usePhone();
  const all = [...known.map((each) => each.spot), ...(here ? [here] : [])];
  const lats = all.map((each) => each.lat_e7);
  const lons = all.map((each) => each.lon_e7);
  const middle = (values: number[]) => (Math.min(...values) + Math.max(...values)) / 2;
  const [lat, lon] = [middle(lats), middle(lons)];
  const narrow = Math.cos((lat / 1e7) * (Math.PI / 180));
  const width = Math.max(LEAST_E7, Math.max(...lats) - Math.min(...lats), (Math.max(...lons) - Math.min(...lons)) * narrow);
  const scale = (SIZE - 2 * EDGE) / width;
  const at = (spot: Spot): [number, number] => [SIZE / 2 + (spot.lon_e7 - lon) * narrow * scale, SIZE / 2 - (spot.lat_e7 - lat) * scale];
  const metres = niceLength((width * 0.0111) / 3);
  const bar = (metres / 0.0111) * scale;
  return (
    <figure class="sketch">
      <svg viewBox={`0 0 ${SIZE} ${SIZE}`} role="group" aria-label={t.dayMap}>
        <path class="grid" d={`M${SIZE / 2} 0V${SIZE}M0 ${SIZE / 2}H${SIZE}`} />
        <path class="north" d={`M${SIZE - 16} 26V10m-5 5l5-5 5 5`} />
        {known.map(({ stop, spot }) => {
          const [x, y] = at(spot);
          return (
            <a key={stop.packet.caseId} href={href("case", stop.packet.caseId)} aria-label={sayPlace(stop)}>
              <circle class="touch" cx={x} cy={y} r="24" />
              <circle class={`place ${stop.mark}`} cx={x} cy={y} r="13" />
              <text x={x} y={y + 5} text-anchor="middle">{stop.number || "✓"}</text>
            </a>
          );
        })}
        {here && <g class="here"><circle cx={at(here)[0]} cy={at(here)[1]} r="7" /><text x={at(here)[0] + 12} y={at(here)[1] + 5}>{t.mapYou}</text></g>}
        <path class="north" d={`M12 ${SIZE - 12}v-6m0 3h${bar}m0-3v6`} />
        <text class="scale" x={20 + bar} y={SIZE - 10}>{metres < 1000 ? t.metres(metres) : t.kilometres(String(metres / 1000))}</text>
      </svg>
      <figcaption class="quiet">{t.mapNote}</figcaption>
    </figure>
  );
}

function niceLength(metres: number): number {
  const power = 10 ** Math.floor(Math.log10(metres));
  return ([5, 2, 1].find((each) => each * power <= metres) ?? 1) * power;
}
