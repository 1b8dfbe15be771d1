// The digital map's page: joins the map that Folium made with the list, the card and the sheet.

import { keep, shown as asked } from "./address.js";
import * as boundaries from "./boundaries.js";
import { Choosing } from "./choosing.js";
import * as filters from "./filters.js";
import { Heat } from "./heat.js";
import { Incidents } from "./incidents.js";
import * as list from "./list.js";
import * as nearby from "./nearby.js";
import { shown } from "./net.js";
import * as places from "./places.js";
import * as reporting from "./reporting.js";
import * as search from "./search.js";
import * as share from "./share.js";
import * as sheet from "./sheet.js";
import * as view from "./view.js";
import { data } from "../common/words.js";

const map = window.ward_map;
const groups = Object.fromEntries(
  ["neighbourhoods", ...Object.keys(data.groups), "incidents"].map((key) => [key, L.layerGroup()]),
);
let areas = new Map();
let pins = new Map();

/** Names keep clear of the pins of what is switched on. */
function label() {
  const standing = [...pins.values()].map(({ pin }) => pin).filter((pin) => map.hasLayer(pin));
  const all = [...standing, ...(map.hasLayer(groups.incidents) ? groups.incidents.getLayers() : [])];
  boundaries.labelWhereRoom(map, areas, all.map((pin) => pin.getLatLng()));
}

/** The layers' switches: what is off is in the address, and may come from there. */
function layers(incidents) {
  for (const [key, layer] of Object.entries(groups)) {
    const box = document.querySelector(`[data-switch="${key}"]`);
    box.checked = !asked.off.includes(key);
    if (box.checked) layer.addTo(map);
    box.addEventListener("change", () => {
      keep({ off: box.checked ? asked.off.filter((one) => one !== key) : [...asked.off, key] });
      if (box.checked) layer.addTo(map);
      else layer.remove();
      if (key === "incidents" && box.checked) incidents.refresh();
      label();
    });
  }
}

/** Draw what the server sends. Gives when all of it has come, or has failed to. */
function draw(choosing, incidents, heat, tellNear) {
  const choose = (kind, id) => choosing.choose(kind, id);
  const neighbourhoodsCome = shown("neighbourhoods", async () => {
    areas = await boundaries.drawNeighbourhoods(map, groups.neighbourhoods, choose);
    incidents.name();
    label();
  });
  const placesCome = shown("places", async () => {
    pins = await places.drawPlaces(groups, choose);
    label();
  });
  const both = Promise.all([neighbourhoodsCome, placesCome]).then(() => {
    choosing.ready();
    tellNear();
    if (asked.heat) return heat.refresh();
  });
  return Promise.all([shown("ward", () => boundaries.drawWard(map, data.ground !== null)), both, incidents.refresh()]);
}

function start() {
  map.attributionControl.setPrefix(false);
  if (data.ground) shown("ground", async () => (await import("../common/ground.js")).addGround(map, data.ground));
  else map.attributionControl.remove();
  sheet.start();
  view.start(map);
  map.on("zoomend", label);

  const choosing = new Choosing(map, () => pins, () => areas);
  const incidents = new Incidents(map, groups.incidents, {
    choose: (feature) => choosing.incident(feature),
    nameAt: (longitude, latitude) => boundaries.nameAt(areas, longitude, latitude),
    drawn: label,
  });
  choosing.incidents = incidents;
  const heat = new Heat(map, () => areas);
  const choose = (kind, id) => choosing.choose(kind, id, true);
  layers(incidents);
  filters.start(() => {
    incidents.refresh();
    heat.refresh();
  });
  list.start(choose);
  search.start(choose);
  const tellNear = nearby.start(map, () => pins, () => areas, choose);
  share.start();
  reporting.start(map);
  document.querySelector(".skip").addEventListener("click", (event) => {
    event.preventDefault();
    map.getContainer().focus();
  });
  draw(choosing, incidents, heat, tellNear).then(() => performance.mark("map-usable"));
  addEventListener("online", () => incidents.refresh());
  document.addEventListener("visibilitychange", () => document.hidden || incidents.refresh());
}

start();
