// The map beside the queue: the ward, its neighbourhoods, the incidents that the queue is asked for, and the crews.

import * as crews from "./crews.js";
import { Incidents } from "./incidents.js";
import * as boundaries from "../map/boundaries.js";
import { marker } from "../map/markers.js";
import { shown } from "../map/net.js";
import { element, icon } from "../common/dom.js";
import { data, kindName, say } from "../common/words.js";

const STREET = 17;
const card = document.getElementById("pin-card");
const part = (name) => document.getElementById(`pin-${name}`);

export class DeskMap {
  #map = window.staff_map;
  #bounds = L.latLngBounds(data.bounds);
  #areas = new Map();
  #crews = L.layerGroup();
  #crewPins = new Map(); // by all that they show: one that is pressed stays the same
  #ring = null;
  #chosen = null;
  #told;
  #fitted = false;

  /** `told`: { choose(feature), over(code), out(), pickCrew(crewId), assign(), open(code), dropped() }. */
  constructor(told) {
    this.#told = told;
    const map = this.#map;
    map.attributionControl.setPrefix(false);
    if (data.ground) shown("ground", async () => (await import("../common/ground.js")).addGround(map, data.ground));
    else map.attributionControl.remove();
    this.#crews.addTo(map);
    this.incidents = new Incidents(map, { ...told, choose: (feature) => this.choose(feature) });
    const acts = { in: () => map.zoomIn(), out: () => map.zoomOut(), whole: () => this.whole() };
    for (const button of document.querySelectorAll("[data-act]")) button.addEventListener("click", acts[button.dataset.act]);
    map.on("click", () => this.drop());
    map.on("zoomend", () => this.#label());
    part("assign").addEventListener("click", () => told.assign());
    part("open").addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      told.open(this.#chosen.code);
    });
    part("close").addEventListener("click", () => this.drop());
    new ResizeObserver(() => this.#resized()).observe(map.getContainer());
  }

  /** Draw all there is; gives when it has come or failed to. */
  draw() {
    this.#resized();
    return Promise.all([
      shown("ward", () => boundaries.drawWard(this.#map, data.ground !== null)),
      shown("neighbourhoods", async () => {
        this.#areas = await boundaries.drawNeighbourhoods(this.#map, L.layerGroup().addTo(this.#map), () => this.drop());
        this.#label();
      }),
      this.incidents.refresh(),
      this.drawCrews(),
    ]);
  }

  #label() {
    boundaries.labelWhereRoom(this.#map, this.#areas, []);
  }

  #resized() {
    if (!this.#map.getContainer().offsetWidth) return;
    this.#map.invalidateSize({ animate: false, pan: false });
    if (this.#fitted) return;
    this.#fitted = true;
    this.whole();
    this.#map.setMaxBounds(this.#bounds.pad(1));
    this.#map.setMinZoom(Math.max(9, this.#map.getZoom() - 1));
  }

  whole() {
    this.#map.fitBounds(this.#bounds, { padding: [16, 16], animate: false });
  }

  /** Where each crew on duty is, or starts from, where it has not told. */
  drawCrews() {
    const wanted = new Map(crews.all().filter(({ at, onDuty }) => at && onDuty).map((crew) => [JSON.stringify(crew), crew]));
    for (const [key, pin] of this.#crewPins) {
      if (wanted.has(key)) continue;
      this.#crews.removeLayer(pin);
      this.#crewPins.delete(key);
    }
    for (const [key, crew] of wanted) {
      if (this.#crewPins.has(key)) continue;
      const [longitude, latitude] = crew.at;
      const name = say(crew.isSeen ? "crewPin" : "crewBase", crew);
      const shape = [icon("truck"), element("span", "", `${crew.held}/${crew.capacity}`)];
      const pin = marker([latitude, longitude], shape, {
        size: [76, 30],
        className: "crew-pin",
        title: name,
        zIndexOffset: 700,
      });
      pin.on("add", () => {
        pin.getElement().dataset.load = crew.load;
        pin.getElement().dataset.place = crew.isSeen ? "seen" : "base";
        pin.getElement().dataset.crew = crew.id;
      });
      pin.on("click", () => this.#told.pickCrew(crew.id));
      this.#crewPins.set(key, pin);
      this.#crews.addLayer(pin);
    }
  }

  // --- one of them

  get chosen() {
    return this.#chosen;
  }

  /** A pin was clicked: its card comes up, and the queue shows its row. */
  choose({ properties, geometry }) {
    const { code, id, category, address, description, status } = properties;
    this.#chosen = { code, id: `Incident:${data.ward}:${id}`, kind: category, name: kindName(properties), at: geometry.coordinates };
    this.incidents.mark(code);
    part("title").textContent = kindName(properties);
    part("where").textContent = address || description || "";
    const isListed = this.#told.choose(code);
    part("more").textContent = [code, data.statuses[status].word, isListed ? null : say("notListed")].filter(Boolean).join(" · ");
    const isOpen = data.open.includes(status);
    part("assign").hidden = !isOpen;
    part("hint").textContent = isOpen ? say("pickCrew") : "";
    card.hidden = false;
  }

  drop() {
    if (!this.#chosen) return false;
    this.#chosen = null;
    this.incidents.mark(null);
    card.hidden = true;
    this.#told.dropped();
    return true;
  }

  /** Show where a row's incident is, by a ring; without moving the map. */
  light(row) {
    this.#ring?.remove();
    this.#ring = null;
    if (!row) return;
    const at = [Number(row.dataset.latitude), Number(row.dataset.longitude)];
    this.#ring = L.circleMarker(at, { radius: 22, className: "ring", interactive: false }).addTo(this.#map);
    this.#ring.bringToFront();
  }

  /** Bring a row's incident into view, near enough to tell its street. */
  approach(row) {
    const at = [Number(row.dataset.latitude), Number(row.dataset.longitude)];
    if (!this.#map.getBounds().pad(-0.1).contains(at)) this.#map.setView(at, Math.max(this.#map.getZoom(), STREET - 2), { animate: false });
  }
}
