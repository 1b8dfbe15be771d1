// Opening the card of one thing on the map, and marking that thing.

import * as address from "./address.js";
import { areaAt, mark as markArea } from "./boundaries.js";
import * as card from "./card.js";
import * as cards from "./cards.js";
import * as list from "./list.js";
import { distanceTo } from "./nearby.js";
import { shown as loading } from "./net.js";
import { mark as markPlace } from "./places.js";
import { reportAt } from "./reporting.js";
import { openShare } from "./share.js";
import * as sheet from "./sheet.js";
import { approach, closeTo } from "./view.js";
import { ask } from "../common/asking.js";
import { data } from "../common/words.js";

export class Choosing {
  #map;
  #pins;
  #areas;
  #incidents;
  #ready = false;
  #early = null;
  #doing = { choose: (kind, id) => this.choose(kind, id, true), share: openShare };

  /** `pins` and `areas` give what is drawn, by id. */
  constructor(map, pins, areas) {
    this.#map = map;
    this.#pins = pins;
    this.#areas = areas;
    card.start(address.closed);
    address.start((chosen) => (chosen ? this.choose(chosen.kind, chosen.id, true) : card.hide()));
    map.on("click", card.close);
    map.on("contextmenu", ({ latlng }) => this.#spot([latlng.lng, latlng.lat]));
  }

  set incidents(incidents) {
    this.#incidents = incidents;
  }

  /** Places and neighbourhoods have come: what was chosen before, by hand or by the address, can be shown. */
  ready() {
    this.#ready = true;
    const asked = this.#early ?? (address.shown.card && [address.shown.card.kind, address.shown.card.id, !address.shown.view]);
    if (asked) this.choose(...asked);
  }

  /** Open the card of a place, a neighbourhood or an incident; `fly` brings it into view. */
  choose(kind, id, fly = false) {
    if (kind === "incident") this.#byCode(id, fly);
    else if (!this.#ready) this.#early = [kind, id, fly];
    else if (kind === "place" && this.#pins().has(id)) this.#place(id, fly);
    else if (kind === "neighbourhood" && this.#areas().has(id)) this.#neighbourhood(id, fly);
  }

  #show(kind, id, made, left) {
    card.open(made, left);
    address.opened({ kind, id });
    if (sheet.isPhone()) sheet.setHeight("peek");
  }

  #place(id, fly) {
    const { feature, pin } = this.#pins().get(id);
    if (fly) approach(this.#map, feature.geometry.coordinates, Math.max(16, this.#map.getZoom()));
    const made = cards.place(feature, distanceTo(feature.geometry.coordinates), this.#doing);
    this.#show("place", id, made, () => {
      markPlace(pin, false);
      list.mark(id, false);
    });
    markPlace(pin, true);
    list.mark(id, true);
  }

  #neighbourhood(id, fly) {
    const { feature, area } = this.#areas().get(id);
    if (fly) approach(this.#map, feature.properties.label.coordinates, closeTo(this.#map, area.getBounds()));
    const houses = [...this.#pins().values()]
      .map((one) => one.feature)
      .filter(({ properties }) => properties.kind === "CULTURAL_HOUSE" && properties.neighbourhoodId === id);
    const made = cards.neighbourhood(feature, houses, this.#doing);
    this.#show("neighbourhood", id, made.card, () => {
      markArea(area, false);
      list.mark(id, false);
    });
    markArea(area, true);
    list.mark(id, true);
    const variables = { id: `Neighbourhood:${data.ward}:${id}`, open: data.open };
    loading("card", async () => {
      const { node } = await ask("neighbourhood", variables);
      if (node) cards.neighbourhoodMore(made.more, node);
    });
  }

  /** An incident that the map has already drawn, or that was asked for by its code. */
  incident(feature, photos = null) {
    const made = cards.incident(feature);
    const { code } = feature.properties;
    this.#show("incident", code, made.card, this.#incidents.mark(feature));
    if (photos) cards.incidentMore(made.more, photos);
    else
      loading("card", async () => {
        const { incident } = await ask("incident", { code });
        if (incident) cards.incidentMore(made.more, incident.photos);
      });
  }

  #byCode(code, fly) {
    loading("card", async () => {
      const { incident } = await ask("incident", { code });
      if (!incident) {
        address.keep({ card: null });
        return;
      }
      const { category, location, photos, trackingCode, ...told } = incident;
      const { code: kind, ...named } = category;
      const properties = { ...told, ...named, category: kind, code: trackingCode, n: 1 };
      if (fly) approach(this.#map, location.coordinates, Math.max(17, this.#map.getZoom()));
      this.incident({ type: "Feature", geometry: location, properties }, photos);
    });
  }

  #spot(position) {
    if (data.embedded) return;
    const around = areaAt(this.#areas(), ...position);
    const pin = L.circleMarker([position[1], position[0]], { radius: 9, className: "spot", interactive: false });
    card.open(cards.spot(position, around, reportAt(position), this.#doing), () => pin.remove());
    pin.addTo(this.#map);
    if (sheet.isPhone()) sheet.setHeight("peek");
  }
}
