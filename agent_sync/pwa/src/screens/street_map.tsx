/** Today's places on a street map: pictures from the server that the office set, fetched only while this is shown. */
import "leaflet/dist/leaflet.css";
import "./street_map.css";
import { divIcon, type Map as Leaflet, layerGroup, type LayerGroup, map, marker, control, tileLayer } from "leaflet";
import { useEffect, useRef } from "preact/hooks";
import type { Spot } from "../moments";
import { usePhone } from "../phone";
import { href } from "../route";
import { type MapProps, type Placed, sayPlace } from "./map";

const NEAREST = 19; // zoom, as tiles count it
const FIRST_NEAREST = 16;
const WAIT_MS = 8_000; // without a single picture, the sketch is better

interface Props extends MapProps { tiles: string; credit: string; onMissing: () => void }

export function StreetMap({ tiles, credit, known, here, onMissing }: Props) {
  const { t } = usePhone();
  const box = useRef<HTMLDivElement>(null);
  const drawn = useRef<{ leaflet: Leaflet; pins: LayerGroup } | null>(null);
  useEffect(() => {
    const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const leaflet = map(box.current!, { attributionControl: false, zoomControl: false, zoomAnimation: !isStill, fadeAnimation: !isStill });
    control.zoom({ zoomInTitle: t.mapNearer, zoomOutTitle: t.mapFarther }).addTo(leaflet);
    let isSeen = false;
    const timer = setTimeout(() => isSeen || onMissing(), WAIT_MS);
    const pictures = tileLayer(tiles, { maxZoom: NEAREST });
    pictures.on("tileload", () => { isSeen = true; });
    pictures.on("load", () => isSeen || onMissing()); // all were asked for, and none came
    leaflet.fitBounds(known.map((each) => degrees(each.spot)), { padding: [32, 32], maxZoom: FIRST_NEAREST });
    pictures.addTo(leaflet);
    drawn.current = { leaflet, pins: layerGroup().addTo(leaflet) };
    return () => {
      clearTimeout(timer);
      leaflet.remove();
      drawn.current = null;
    };
  }, [tiles]);
  useEffect(() => {
    const { pins } = drawn.current!;
    pins.clearLayers();
    for (const each of known) pins.addLayer(pin(pinOf(each), each.spot));
    if (here) pins.addLayer(pin(youOf(t.mapYou), here));
  }, [known, here]);
  return (
    <figure class="street-map">
      <div ref={box} role="group" aria-label={t.dayMap} />
      <figcaption class="quiet">{credit}</figcaption>
    </figure>
  );
}

const degrees = ({ lat_e7, lon_e7 }: Spot): [number, number] => [lat_e7 / 1e7, lon_e7 / 1e7];
const pin = (html: HTMLElement, spot: Spot) => marker(degrees(spot), { icon: divIcon({ html, className: "pin", iconSize: [48, 48] }), interactive: false, keyboard: false });

function pinOf({ stop }: Placed): HTMLElement {
  const link = document.createElement("a");
  link.href = href("case", stop.packet.caseId);
  link.className = stop.mark;
  link.setAttribute("aria-label", sayPlace(stop));
  link.append(Object.assign(document.createElement("span"), { textContent: stop.number || "✓" }));
  return link;
}

const youOf = (words: string) => Object.assign(document.createElement("b"), { textContent: words });
