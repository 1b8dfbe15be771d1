// The names of areas on the map, each where its ground is, as long as it has room there.

import { element } from "../common/dom.js";
import { model } from "./model.js";
import { boxOf, squareMetres } from "./shapes.js";

const LETTER = 7.5; // pixels, about
const WIDEST = 150; // as in css/boundaries.css, where longer names have two lines
const TALL = 40;

/** The middle of the largest polygon's ground; of its box, where that lies outside it. */
export function middle(boundary) {
  const [shell] = boundary.reduce((one, other) => (squareMetres([one]) >= squareMetres([other]) ? one : other));
  let [twice, x, y] = [0, 0, 0];
  const [west, south] = shell[0];
  for (let at = 1; at < shell.length; at += 1) {
    const [x1, y1, x2, y2] = [shell[at - 1][0] - west, shell[at - 1][1] - south, shell[at][0] - west, shell[at][1] - south];
    const part = x1 * y2 - x2 * y1;
    twice += part;
    x += (x1 + x2) * part;
    y += (y1 + y2) * part;
  }
  return [west + x / (3 * twice), south + y / (3 * twice)];
}

export class Labels {
  #map;
  #written = new Map();

  constructor(map) {
    this.#map = map;
    const pane = map.createPane("names");
    pane.style.zIndex = 550;
    pane.style.pointerEvents = "none";
    map.on("zoomend", () => {
      for (const key of this.#written.keys()) this.#room(key);
    });
  }

  clear() {
    for (const { marker } of this.#written.values()) marker.remove();
    this.#written.clear();
  }

  /** Write the name of an area, anew where it or its ground changed. */
  draw(key) {
    const before = this.#written.get(key);
    const area = model.area(key);
    if (before && area && before.boundary === area.boundary && before.name === area.name) return;
    before?.marker.remove();
    this.#written.delete(key);
    if (!area?.boundary?.length) return;
    const [x, y] = middle(area.boundary);
    const icon = L.divIcon({ html: element("span", "", area.name), className: "area-label", iconSize: [0, 0] });
    const marker = L.marker([y, x], { icon, interactive: false, keyboard: false, pane: "names", pmIgnore: true }).addTo(this.#map);
    this.#written.set(key, { marker, boundary: area.boundary, name: area.name, box: boxOf(area.boundary) });
    this.#room(key);
  }

  #room(key) {
    const { marker, box, name } = this.#written.get(key);
    const [west, south, east, north] = box;
    const zoom = this.#map.getZoom();
    const [low, high] = [this.#map.project([south, west], zoom), this.#map.project([north, east], zoom)];
    marker.getElement()?.classList.toggle("has-room", high.x - low.x >= Math.min(WIDEST, name.length * LETTER) + 12 && low.y - high.y >= TALL);
  }
}
