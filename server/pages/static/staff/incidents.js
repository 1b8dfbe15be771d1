// The incidents of what the map shows: clusters made by the server and single ones, as the queue is asked for.

import { listQuery } from "./address.js";
import { fetched, shown } from "../map/net.js";
import { drop, marker } from "../map/markers.js";
import { element, icon } from "../common/dom.js";
import { count, data, isLate, kindName, say } from "../common/words.js";

const SOON = 300;
const tone = (incident) => (isLate(incident) ? "late" : data.tones[incident.status]);
const keyOf = ({ properties: { id, n, code, status, overdue } }) => (n > 1 ? `${id}:${n}` : `${code}:${status}:${overdue}`);

export class Incidents {
  #map;
  #layer = L.layerGroup();
  #drawn = new Map();
  #asked = null;
  #waiting = null;
  #chosen = null;
  #told;

  /** `told`: { choose(feature), over(code), out() } for what the pointer does with a single one. */
  constructor(map, told) {
    this.#map = map;
    this.#told = told;
    this.#layer.addTo(map);
    map.on("moveend", () => this.refresh());
  }

  refresh() {
    const box = this.#map.getContainer();
    if (!box.offsetWidth) return Promise.resolve(false); // the map is not shown
    this.#asked?.abort();
    const asked = (this.#asked = new AbortController());
    const bounds = this.#map.getBounds();
    const side = (value, limit) => Math.max(-limit, Math.min(limit, value)).toFixed(6);
    const bbox = [
      side(bounds.getWest(), 180),
      side(bounds.getSouth(), 90),
      side(bounds.getEast(), 180),
      side(bounds.getNorth(), 90),
    ].join(",");
    const parameters = { zoom: String(Math.floor(this.#map.getZoom())), bbox, ...Object.fromEntries(this.#query()) };
    return shown("incidents", async () => {
      const found = await fetched("/staff/map", parameters, asked.signal);
      if (this.#asked === asked) this.#draw(found.features);
    });
  }

  refreshSoon() {
    this.#waiting ??= setTimeout(() => {
      this.#waiting = null;
      void this.refresh();
    }, SOON);
  }

  /** Kinds may be given several times: here they are one word. */
  #query() {
    const query = listQuery();
    const kinds = query.getAll("kind");
    if (kinds.length > 1) query.set("kind", kinds.join(","));
    return query;
  }

  #draw(features) {
    const wanted = new Map(features.map((feature) => [keyOf(feature), feature]));
    for (const [key, pin] of this.#drawn) {
      if (wanted.has(key)) continue;
      this.#layer.removeLayer(pin);
      this.#drawn.delete(key);
    }
    for (const [key, feature] of wanted) {
      if (this.#drawn.has(key)) continue;
      const pin = feature.properties.n > 1 ? this.#cluster(feature) : this.#single(feature);
      this.#drawn.set(key, pin);
      this.#layer.addLayer(pin);
    }
  }

  #cluster(feature) {
    const [longitude, latitude] = feature.geometry.coordinates;
    const { n } = feature.properties;
    const size = 34 + 6 * Math.min(3, Math.floor(Math.log10(n)));
    const pin = marker([latitude, longitude], element("span", "", count(n)), {
      size: [size, size],
      className: "cluster",
      title: say("cluster", { n: count(n) }),
      zIndexOffset: 500,
    });
    pin.on("click", () => {
      const [west, south, east, north] = feature.bbox;
      const members = L.latLngBounds([south, west], [north, east]);
      const zoom = Math.max(this.#map.getZoom() + 1, this.#map.getBoundsZoom(members.pad(0.3)));
      this.#map.setView(members.getCenter(), Math.min(this.#map.getMaxZoom(), zoom));
    });
    return pin;
  }

  #single(feature) {
    const [longitude, latitude] = feature.geometry.coordinates;
    const incident = feature.properties;
    const pin = marker([latitude, longitude], [drop(), icon(incident.icon)], {
      size: [34, 42],
      anchor: [17, 41],
      className: "incident",
      title: `${kindName(incident)} · ${data.statuses[incident.status].word} · ${incident.code}`,
      zIndexOffset: 600,
    });
    pin.on("add", () => {
      const shape = pin.getElement();
      shape.dataset.tone = tone(incident);
      shape.dataset.code = incident.code;
      shape.classList.toggle("is-chosen", incident.code === this.#chosen);
    });
    pin.on("click", () => this.#told.choose(feature));
    pin.on("mouseover", () => this.#told.over(incident.code));
    pin.on("mouseout", () => this.#told.out());
    return pin;
  }

  /** Mark the pin of this tracking code, and no other. */
  mark(code) {
    this.#chosen = code;
    for (const pin of this.#drawn.values()) {
      const shape = pin.getElement();
      if (shape?.dataset.code) shape.classList.toggle("is-chosen", shape.dataset.code === code);
    }
  }
}

