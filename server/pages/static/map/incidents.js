// Incidents of what the map shows: clusters made by the server, and single ones.

import * as filters from "./filters.js";
import * as incidentList from "./incident_list.js";
import { drop, marker } from "./markers.js";
import { fetched, shown } from "./net.js";
import { approach } from "./view.js";
import { element, icon } from "../common/dom.js";
import { count, data, kindName, say, tone } from "../common/words.js";

const NOTHING = { features: [], total: 0 };
const SINGLES_ZOOM = 17; // as in maps/window.py

/** What the map shows and the filters let through, as the server is asked for it. */
export function windowOf(map) {
  const bounds = map.getBounds();
  const side = (value, limit) => Math.max(-limit, Math.min(limit, value)).toFixed(6);
  const bbox = [
    side(bounds.getWest(), 180),
    side(bounds.getSouth(), 90),
    side(bounds.getEast(), 180),
    side(bounds.getNorth(), 90),
  ].join(",");
  return { zoom: String(Math.floor(map.getZoom())), bbox, ...filters.wanted() };
}

export class Incidents {
  #map;
  #layer;
  #drawn = new Map();
  #asked = null;
  #chosen = null;
  #found = NOTHING;
  #listed = NOTHING;
  #choose;
  #nameAt;
  #tellDrawn;

  /**
   * `choose` is called with the feature of one that is tapped, `drawn` when pins have come and gone; `nameAt` gives the
   * name of the neighbourhood that holds a position, null where none is known.
   */
  constructor(map, layer, { choose, nameAt, drawn }) {
    this.#map = map;
    this.#layer = layer;
    this.#choose = choose;
    this.#nameAt = nameAt;
    this.#tellDrawn = drawn;
    map.on("moveend", () => this.refresh());
    incidentList.start(() => incidentList.isWanting(this.#found) && this.refresh());
  }

  refresh() {
    if (!this.#map.hasLayer(this.#layer)) return Promise.resolve(false);
    this.#asked?.abort();
    const asked = (this.#asked = new AbortController());
    return shown("incidents", async () => {
      const found = filters.isNothing() ? NOTHING : await fetched("/map/incidents", windowOf(this.#map), asked.signal);
      if (this.#asked !== asked) return;
      this.#draw(found);
      const listed = incidentList.isWanting(found) ? await this.#each(asked.signal) : found;
      if (this.#asked !== asked) return;
      this.#listed = listed;
      this.#tell();
    });
  }

  /** What the map gathers at its zoom, one by one: for the list, which has no need to gather. */
  #each(signal) {
    return fetched("/map/incidents", { ...windowOf(this.#map), zoom: String(SINGLES_ZOOM) }, signal);
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
    this.#found = found;
    this.#title();
    this.#tellDrawn();
  }

  /** Say where each is: again when the neighbourhoods have come. */
  name() {
    this.#title();
    this.#tell();
  }

  #title() {
    for (const feature of this.#found.features)
      if (feature.properties.n > 1) this.#drawn.get(this.#key(feature))?.getElement()?.setAttribute("title", this.#name(feature));
  }

  #tell() {
    const open = (feature) => this.#activate(feature);
    incidentList.tell(this.#listed, { key: this.#key, name: this.#name, nameAt: this.#nameAt, open });
  }

  #name = ({ geometry, properties }) => {
    if (properties.n === 1) return kindName(properties);
    const name = this.#nameAt(...geometry.coordinates);
    return name ? say("clusterIn", { n: count(properties.n), name }) : say("cluster", { n: count(properties.n) });
  };

  #key = ({ properties: { id, n, code, status, overdue } }) => (n > 1 ? `${id}:${n}` : `${code}:${status}:${overdue}`);

  #activate(feature) {
    if (feature.properties.n > 1) {
      this.#open(feature);
      return;
    }
    const isDrawn = this.#drawn.has(this.#key(feature));
    if (!isDrawn) approach(this.#map, feature.geometry.coordinates, Math.max(SINGLES_ZOOM, this.#map.getZoom()));
    this.#choose(feature);
  }

  #cluster(feature) {
    const [longitude, latitude] = feature.geometry.coordinates;
    const { n } = feature.properties;
    const size = 34 + 6 * Math.min(3, Math.floor(Math.log10(n)));
    const pin = marker([latitude, longitude], element("span", "", count(n)), {
      size: [size, size],
      className: "cluster",
      title: this.#name(feature),
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
    pin.on("add", () => {
      const shape = pin.getElement();
      shape.dataset.tone = tone(incident);
      shape.classList.toggle("is-chosen", this.#key(feature) === this.#chosen);
    });
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

  /** Mark one as chosen, as long as its card is open; gives what takes the mark away. */
  mark(feature) {
    const key = this.#key(feature);
    this.#chosen = key;
    this.#drawn.get(key)?.getElement()?.classList.add("is-chosen");
    return () => {
      this.#drawn.get(key)?.getElement()?.classList.remove("is-chosen");
      this.#chosen = null;
    };
  }
}
