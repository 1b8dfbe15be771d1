// Two states of the ward's ground drawn over each other: what was dashed, what is solid, ground that changed hands hatched.
// It lies above the drawing and takes no taps.

import { element } from "../common/dom.js";

const SVG = "http://www.w3.org/2000/svg";
const PANE = "comparing";
const HATCH = "comparing-hatch";
const STEP = 9; // pixels between two lines of the hatching

/** Leaflet's way of coordinates. */
const turned = (rings) => rings.map((ring) => ring.map(([longitude, latitude]) => [latitude, longitude]));

function hatching() {
  const defs = document.createElementNS(SVG, "defs");
  const pattern = document.createElementNS(SVG, "pattern");
  const given = { id: HATCH, width: STEP, height: STEP, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" };
  for (const [name, value] of Object.entries(given)) pattern.setAttribute(name, value);
  const line = document.createElementNS(SVG, "line");
  for (const [name, value] of Object.entries({ x1: 0, y1: 0, x2: 0, y2: STEP })) line.setAttribute(name, value);
  line.setAttribute("class", "comparing-line");
  pattern.append(line);
  defs.append(pattern);
  return defs;
}

export class Overlay {
  #map;
  #group = null;
  #renderer = null;

  constructor(map) {
    this.#map = map;
  }

  get isShown() {
    return this.#group !== null;
  }

  /** Show pairs [{ name, before, after }] of MultiPolygon coordinates, null where there was or is none. */
  show(pairs) {
    this.clear();
    const pane = this.#map.getPane(PANE) ?? this.#map.createPane(PANE);
    pane.classList.add("comparing-pane");
    this.#renderer ??= L.svg({ pane: PANE, padding: 0.5 });
    this.#group = L.featureGroup().addTo(this.#map);
    for (const { name, before, after } of pairs) {
      // Both outlines in one path that is filled where it is inside one and not the other: what changed hands.
      this.#add([...(before ?? []), ...(after ?? [])].flat(), "comparing-changed", { stroke: false, fill: true, fillColor: `url(#${HATCH})`, fillOpacity: 1 });
      if (before) for (const rings of before) this.#add(rings, "comparing-before");
      if (after) for (const rings of after) this.#add(rings, "comparing-after");
      if (!after) this.#label(name, before); // the map names what is there
    }
    const canvas = this.#renderer._container;
    if (canvas && !canvas.querySelector(`#${HATCH}`)) canvas.prepend(hatching());
  }

  #add(rings, className, more = {}) {
    const options = { className, fill: false, interactive: false, renderer: this.#renderer, pmIgnore: true, snapIgnore: true, smoothFactor: 0.5, ...more };
    this.#group.addLayer(L.polygon(turned(rings), options));
  }

  #label(name, boundary) {
    const largest = boundary.reduce((one, other) => (other[0].length > one[0].length ? other : one));
    const at = L.latLngBounds(turned(largest)[0]).getCenter();
    const label = element("span", "comparing-name", name);
    const icon = L.divIcon({ className: "comparing-label", html: label, iconSize: null });
    this.#group.addLayer(L.marker(at, { icon, interactive: false, keyboard: false, pane: PANE, pmIgnore: true, snapIgnore: true }));
  }

  /** Bring all that is shown into view, beside what lies over the map's right edge (`covered` pixels). */
  look(covered = 0) {
    const bounds = this.#group?.getBounds();
    if (!bounds?.isValid()) return;
    const isRoom = this.#map.getSize().x > covered + 240;
    const options = { paddingTopLeft: [24, 72], paddingBottomRight: [isRoom ? covered + 24 : 24, 24], maxZoom: 18 };
    this.#map.fitBounds(bounds, options);
  }

  clear() {
    this.#group?.remove();
    this.#group = null;
  }
}
