// The incidents of what the map shows: clusters made by the server and single ones, as the queue is asked for.

import { listQuery } from "./address.js";
import { fetched, shown, windowOf } from "../map/net.js";
import { cluster, drop, marker, update } from "../map/markers.js";
import { icon } from "../common/dom.js";
import { count, data, kindName, say, tone } from "../common/words.js";

const SOON = 300;

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
    const parameters = { ...windowOf(this.#map), ...Object.fromEntries(this.#query()) };
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
    update(this.#layer, this.#drawn, features, (feature) => {
      const { n } = feature.properties;
      return n > 1 ? cluster(this.#map, feature, say("cluster", { n: count(n) })) : this.#single(feature);
    });
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

