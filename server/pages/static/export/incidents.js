// The incidents of a copied map: all of them are in the page, gathered by cells of the screen until they have room.

import * as card from "../map/card.js";
import { clusterMarker, drop, marker } from "../map/markers.js";
import { element, icon } from "../common/dom.js";
import { count, data, kindName, moment, say, tone } from "../common/words.js";
import { status } from "../map/card_parts.js";
import * as cards from "./cards.js";

const CELL = 72; // pixels
const LISTED = 60;

export class Incidents {
  #map;
  #layer;
  #features;
  #approach;
  #which = "open";
  #list = document.getElementById("incident-list");
  #summary = document.getElementById("incident-summary");
  #counter = document.querySelector('[data-layer="incidents"] [data-count]');

  /** `approach(position, zoom)` brings a position into view. */
  constructor(map, layer, features, approach) {
    this.#map = map;
    this.#layer = layer;
    this.#features = features;
    this.#approach = approach;
    map.on("moveend", () => this.#draw());
    this.#draw();
  }

  /** Those that are `open` or `done`, or `all`. */
  show(which) {
    this.#which = which;
    this.#draw();
  }

  #wanted() {
    if (this.#which === "all") return this.#features;
    const open = this.#which === "open";
    return this.#features.filter(({ properties }) => data.open.includes(properties.status) === open);
  }

  #draw() {
    const zoom = this.#map.getZoom();
    const around = this.#map.getBounds().pad(0.1);
    const cells = new Map();
    const seen = [];
    for (const feature of this.#wanted()) {
      const [longitude, latitude] = feature.geometry.coordinates;
      if (!around.contains([latitude, longitude])) continue;
      seen.push(feature);
      const { x, y } = this.#map.project([latitude, longitude], zoom);
      // At the last level nothing is nearer: everything shows by itself.
      const key = zoom >= this.#map.getMaxZoom() ? feature : `${Math.floor(x / CELL)}:${Math.floor(y / CELL)}`;
      if (!cells.has(key)) cells.set(key, []);
      cells.get(key).push(feature);
    }
    this.#layer.clearLayers();
    for (const cell of cells.values()) this.#layer.addLayer(cell.length > 1 ? this.#cluster(cell) : this.#single(cell[0]));
    this.#tell(seen);
  }

  #cluster(cell) {
    const box = L.latLngBounds(cell.map(({ geometry: { coordinates: [longitude, latitude] } }) => [latitude, longitude]));
    return clusterMarker(this.#map, box.getCenter(), cell.length, box, say("cluster", { n: count(cell.length) }));
  }

  #single(feature) {
    const [longitude, latitude] = feature.geometry.coordinates;
    const incident = feature.properties;
    const pin = marker([latitude, longitude], [drop(), icon(incident.icon)], {
      size: [34, 42],
      anchor: [17, 41],
      className: "incident",
      title: `${kindName(incident)} · ${data.statuses[incident.status].word}`,
      zIndexOffset: 600,
    });
    pin.on("add", () => (pin.getElement().dataset.tone = tone(incident)));
    pin.on("click", () => card.open(cards.incident(feature)));
    return pin;
  }

  #tell(seen) {
    this.#counter.textContent = count(this.#wanted().length);
    this.#summary.textContent = seen.length ? say("inView", { n: count(seen.length) }) : say("noIncidents");
    this.#list.replaceChildren(...seen.slice(0, LISTED).map((feature) => this.#row(feature)));
  }

  #row(feature) {
    const incident = feature.properties;
    const link = element("button", "item as-item", kindName(incident), { type: "button" });
    link.addEventListener("click", () => {
      this.#approach(feature.geometry.coordinates, Math.max(17, this.#map.getZoom()));
      card.open(cards.incident(feature));
    });
    const more = element("span", "item-more", [status(incident), ` ${moment(incident.reportedAt)} · ${incident.code}`]);
    return element("li", "", [icon(incident.icon), link, more]);
  }
}
