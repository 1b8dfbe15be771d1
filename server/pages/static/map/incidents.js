// Incidents of what the map shows: clusters made by the server, and single ones.

import * as filters from "./filters.js";
import * as incidentList from "./incident_list.js";
import { cluster, drop, keyOf, marker, membersOf, openCluster, update } from "./markers.js";
import { fetched, shown, windowOf } from "./net.js";
import { approach } from "./view.js";
import { icon } from "../common/dom.js";
import { count, data, kindName, say, tone } from "../common/words.js";

const NOTHING = { features: [], total: 0 };
const SINGLES_ZOOM = 17; // as in maps/window.py

/** What the map shows and the filters let through, as the server is asked for it. */
export const wantedOf = (map) => ({ ...windowOf(map), ...filters.wanted() });

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
      const found = filters.isNothing() ? NOTHING : await fetched("/map/incidents", wantedOf(this.#map), asked.signal);
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
    return fetched("/map/incidents", { ...wantedOf(this.#map), zoom: String(SINGLES_ZOOM) }, signal);
  }

  #draw(found) {
    const taken = new Map();
    update(this.#layer, this.#drawn, found.features, (feature) =>
      feature.properties.n > 1 ? cluster(this.#map, feature, this.#name(feature)) : this.#single(feature, taken),
    );
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
      if (feature.properties.n > 1) this.#drawn.get(keyOf(feature))?.getElement()?.setAttribute("title", this.#name(feature));
  }

  #tell() {
    const open = (feature) => this.#activate(feature);
    incidentList.tell(this.#listed, { key: keyOf, name: this.#name, nameAt: this.#nameAt, open });
  }

  #name = ({ geometry, properties }) => {
    if (properties.n === 1) return kindName(properties);
    const name = this.#nameAt(...geometry.coordinates);
    return name ? say("clusterIn", { n: count(properties.n), name }) : say("cluster", { n: count(properties.n) });
  };

  #activate(feature) {
    if (feature.properties.n > 1) {
      openCluster(this.#map, membersOf(feature));
      return;
    }
    const isDrawn = this.#drawn.has(keyOf(feature));
    if (!isDrawn) approach(this.#map, feature.geometry.coordinates, Math.max(SINGLES_ZOOM, this.#map.getZoom()));
    this.#choose(feature);
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
      shape.classList.toggle("is-chosen", keyOf(feature) === this.#chosen);
    });
    pin.on("click", () => this.#choose(feature));
    return pin;
  }

  /** Mark one as chosen, as long as its card is open; gives what takes the mark away. */
  mark(feature) {
    const key = keyOf(feature);
    this.#chosen = key;
    this.#drawn.get(key)?.getElement()?.classList.add("is-chosen");
    return () => {
      this.#drawn.get(key)?.getElement()?.classList.remove("is-chosen");
      this.#chosen = null;
    };
  }
}
