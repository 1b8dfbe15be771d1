// Incidents of what the map shows: clusters made by the server, and single ones; and the list that says the same.

import { showIncident, status } from "./card.js";
import { element, icon } from "../common/dom.js";
import { drop, marker } from "./markers.js";
import { geojson, shown } from "./net.js";
import { count, data, kindName, moment, say, tone } from "../common/words.js";

const list = document.getElementById("incident-list");
const summary = document.getElementById("incident-summary");
const counter = document.querySelector('[data-layer="incidents"] [data-count]');
const DONE = Object.keys(data.statuses).filter((name) => !data.open.includes(name));
const STATUSES = { open: data.open, done: DONE, all: [] };
const LISTED = 60;

export class Incidents {
  #map;
  #layer;
  #drawn = new Map();
  #asked = null;
  #chosen = null;
  #beforeChoosing;

  /** `beforeChoosing` is called with an incident's position before its card opens. */
  constructor(map, layer, beforeChoosing) {
    this.#map = map;
    this.#layer = layer;
    this.#beforeChoosing = beforeChoosing;
    this.which = "open";
    map.on("moveend", () => this.refresh());
  }

  refresh() {
    if (!this.#map.hasLayer(this.#layer)) return Promise.resolve(false);
    this.#asked?.abort();
    const asked = (this.#asked = new AbortController());
    return shown("incidents", async () => {
      const found = await geojson("/map/incidents", this.#window(), asked.signal);
      if (this.#asked === asked) this.#draw(found);
    });
  }

  #window() {
    const bounds = this.#map.getBounds();
    const side = (value, limit) => Math.max(-limit, Math.min(limit, value)).toFixed(6);
    const bbox = [
      side(bounds.getWest(), 180),
      side(bounds.getSouth(), 90),
      side(bounds.getEast(), 180),
      side(bounds.getNorth(), 90),
    ].join(",");
    const statuses = STATUSES[this.which].join(",");
    return { zoom: String(Math.floor(this.#map.getZoom())), bbox, ...(statuses && { status: statuses }) };
  }

  /** Keep what stays, take away what went, add what came: nothing flickers while panning. */
  #draw(found) {
    const wanted = new Map(found.features.map((feature) => [this.#key(feature), feature]));
    for (const [key, pin] of this.#drawn) {
      if (wanted.has(key)) continue;
      this.#layer.removeLayer(pin);
      this.#drawn.delete(key);
    }
    const taken = new Map();
    for (const [key, feature] of wanted) {
      if (this.#drawn.has(key)) continue;
      const pin = feature.properties.n > 1 ? this.#cluster(feature) : this.#single(feature, taken);
      this.#drawn.set(key, pin);
      this.#layer.addLayer(pin);
    }
    this.#tell(found);
  }

  #key({ properties }) {
    return properties.n > 1
      ? `${properties.id}:${properties.n}`
      : `${properties.id}:${properties.status}:${properties.overdue}`;
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
    pin.on("click", () => this.#open(feature));
    return pin;
  }

  /** Incidents on the very same spot fan out a little, so that each can be tapped. */
  #single(feature, taken) {
    const [longitude, latitude] = feature.geometry.coordinates;
    const spot = `${longitude.toFixed(5)},${latitude.toFixed(5)}`;
    const before = taken.get(spot) ?? 0;
    taken.set(spot, before + 1);
    const incident = feature.properties;
    const pin = marker([latitude, longitude], [drop(), icon(incident.icon)], {
      size: [34, 42],
      anchor: [17 - 12 * (before % 5), 41 - 8 * Math.floor(before / 5)],
      className: "incident",
      title: `${kindName(incident)} · ${data.statuses[incident.status].word}`,
      zIndexOffset: 600,
    });
    pin.on("add", () => (pin.getElement().dataset.tone = tone(incident)));
    pin.on("click", () => this.#choose(feature));
    return pin;
  }

  /** A cluster opens by bringing its members' box into view. */
  #open(feature) {
    const [west, south, east, north] = feature.bbox;
    const members = L.latLngBounds([south, west], [north, east]);
    const zoom = Math.min(this.#map.getMaxZoom(), Math.max(this.#map.getZoom() + 1, this.#map.getBoundsZoom(members.pad(0.3))));
    this.#map.setView(members.getCenter(), zoom);
  }

  #choose(feature) {
    const key = this.#key(feature);
    this.#beforeChoosing(feature.geometry.coordinates);
    this.#chosen = key;
    showIncident(feature, () => {
      this.#drawn.get(key)?.getElement()?.classList.remove("is-chosen");
      this.#chosen = null;
    });
    this.#drawn.get(key)?.getElement()?.classList.add("is-chosen");
  }

  #tell(found) {
    const clusters = found.features.filter((feature) => feature.properties.n > 1);
    const singles = found.features.filter((feature) => feature.properties.n === 1);
    counter.textContent = count(found.total);
    summary.textContent = found.total
      ? say("inView", { n: count(found.total) }) + (clusters.length ? `. ${say("tooMany")}` : "")
      : say("noIncidents");
    singles.sort((one, other) => (one.properties.reportedAt < other.properties.reportedAt ? 1 : -1));
    clusters.sort((one, other) => other.properties.n - one.properties.n);
    const focused = list.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    list.replaceChildren(...[...singles, ...clusters].slice(0, LISTED).map((feature) => this.#row(feature)));
    if (focused) list.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  }

  #row(feature) {
    const incident = feature.properties;
    const many = incident.n > 1;
    const name = many ? say("cluster", { n: count(incident.n) }) : kindName(incident);
    const link = element("a", "item", name, { href: "#ward_map" });
    link.dataset.key = this.#key(feature);
    link.addEventListener("click", (event) => {
      event.preventDefault();
      if (many) this.#open(feature);
      else this.#choose(feature);
    });
    if (many) return element("li", "", [icon("layers"), link]);
    const more = element("span", "item-more", moment(incident.reportedAt));
    return element("li", "", [icon(incident.icon), link, element("span", "item-more", status(incident)), more]);
  }
}
