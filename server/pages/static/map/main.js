// The digital map's page: joins the map that Folium made with the list, the card and the sheet.

import * as boundaries from "./boundaries.js";
import * as card from "./card.js";
import { Incidents } from "./incidents.js";
import * as list from "./list.js";
import { shown } from "./net.js";
import * as places from "./places.js";
import * as sheet from "./sheet.js";
import { data } from "../common/words.js";

const map = window.ward_map;
const bounds = L.latLngBounds(data.bounds);

const groups = Object.fromEntries(
  ["neighbourhoods", ...Object.keys(data.groups), "incidents"].map((key) => [key, L.layerGroup().addTo(map)]),
);
let areas = new Map();
let pins = new Map();
let ready = false; // whether places and neighbourhoods have come, or have failed to
let early = null; // what was chosen before that


/** Pixels of the map that the sheet and the controls leave free. */
function whole() {
  const top = sheet.isPhone() ? 76 : 24;
  map.fitBounds(bounds, {
    paddingTopLeft: [16, top],
    paddingBottomRight: [sheet.isPhone() ? 60 : 16, sheet.covered() + 16],
    animate: false,
  });
}

/** Bring a position to where neither the sheet nor the card hides it. */
function approach([longitude, latitude], zoom = map.getZoom()) {
  const phone = sheet.isPhone();
  const shift = phone ? L.point(0, innerHeight * 0.2) : L.point(-180, 0);
  const point = map.project([latitude, longitude], zoom).add(shift);
  map.setView(map.unproject(point, zoom), zoom);
}

/** The level at which some ground nearly fills half the screen, whole so that tiles stay sharp. */
function closeTo(ground) {
  return Math.max(14, Math.min(17, Math.floor(map.getBoundsZoom(ground.pad(0.15)))));
}

/** Open the card of a place or a neighbourhood, from the list (`fly`) or from the map. */
function choose(id, fly = false) {
  if (!ready) {
    early = [id, fly];
    return;
  }
  const place = pins.get(id);
  const area = areas.get(id);
  if (place) {
    const { feature, pin } = place;
    if (fly) approach(feature.geometry.coordinates, Math.max(16, map.getZoom()));
    card.showPlace(feature, () => {
      places.mark(pin, false);
      list.mark(id, false);
    });
    places.mark(pin, true);
  } else if (area) {
    const { feature, area: shape } = area;
    if (fly) approach(feature.properties.label.coordinates, closeTo(shape.getBounds()));
    const houses = [...pins.values()]
      .map((one) => one.feature)
      .filter(({ properties }) => properties.kind === "CULTURAL_HOUSE" && properties.neighbourhoodId === id);
    card.showNeighbourhood(feature, houses, (house) => choose(house, true), () => {
      boundaries.mark(shape, false);
      list.mark(id, false);
    });
    boundaries.mark(shape, true);
  } else return;
  list.mark(id, true);
  if (sheet.isPhone()) sheet.setHeight("peek");
}

function scale() {
  const zoom = map.getZoom();
  map.getContainer().dataset.scale = zoom < 14 ? "far" : zoom < 15 ? "mid" : "near";
  boundaries.labelWhereRoom(map, areas, pins);
  for (const [act, end] of [["in", map.getMaxZoom()], ["out", map.getMinZoom()]])
    document.querySelector(`[data-act="${act}"]`).disabled = zoom === end;
}

function controls(incidents) {
  const acts = { in: () => map.zoomIn(), out: () => map.zoomOut(), whole };
  for (const button of document.querySelectorAll("[data-act]"))
    button.addEventListener("click", acts[button.dataset.act]);
  for (const box of document.querySelectorAll("[data-switch]"))
    box.addEventListener("change", () => {
      const layer = groups[box.dataset.switch];
      if (box.checked) layer.addTo(map);
      else layer.remove();
      if (box.dataset.switch === "incidents" && box.checked) incidents.refresh();
      if (box.dataset.switch === "neighbourhoods") boundaries.labelWhereRoom(map, areas, pins);
    });
  for (const choice of document.querySelectorAll('[name="incidents"]'))
    choice.addEventListener("change", () => {
      incidents.which = choice.value;
      incidents.refresh();
    });
  document.getElementById("report").addEventListener("click", (event) => {
    event.preventDefault();
    card.showCalls(document.getElementById("bao-su-co"));
  });
  document.querySelector(".skip").addEventListener("click", (event) => {
    event.preventDefault();
    map.getContainer().focus();
  });
}

function start() {
  map.attributionControl.setPrefix(false);
  if (!data.hasBase) map.attributionControl.remove();
  map.setMaxBounds(bounds.pad(0.6));
  sheet.start();
  whole();
  map.setMinZoom(Math.max(9, map.getZoom() - 1));
  map.on("zoomend", scale);
  map.on("click", card.hide);
  scale();
  list.start((id) => choose(id, true));

  const incidents = new Incidents(map, groups.incidents, () => {
    if (sheet.isPhone()) sheet.setHeight("peek");
  });
  controls(incidents);
  shown("ward", () => boundaries.drawWard(map, data.hasBase));
  const neighbourhoodsCome = shown("neighbourhoods", async () => {
    areas = await boundaries.drawNeighbourhoods(map, groups.neighbourhoods, choose);
    boundaries.labelWhereRoom(map, areas, pins);
  });
  const placesCome = shown("places", async () => {
    pins = await places.drawPlaces(groups, choose);
    boundaries.labelWhereRoom(map, areas, pins);
  });
  Promise.all([neighbourhoodsCome, placesCome]).then(() => {
    ready = true;
    if (early) choose(...early);
  });
  incidents.refresh();
  addEventListener("online", () => incidents.refresh());
  document.addEventListener("visibilitychange", () => document.hidden || incidents.refresh());
}

start();
