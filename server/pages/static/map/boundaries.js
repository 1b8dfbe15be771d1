// The ward's outline and its neighbourhoods.

import { element } from "../common/dom.js";
import { fetched } from "./net.js";

const WORLD = [[-89, -179], [-89, 179], [89, 179], [89, -179]];
const flip = (ring) => ring.map(([longitude, latitude]) => [latitude, longitude]);

/** The ward's ground, a veil over what is not the ward, and the outline on top. */
export async function drawWard(map, hasBase) {
  const { features } = await fetched("/map/ward.geojson");
  const outlines = features[0].geometry.coordinates.map((polygon) => flip(polygon[0]));
  const holes = features[0].geometry.coordinates.flatMap((polygon) => polygon.slice(1).map(flip));
  const pane = map.createPane("ward");
  pane.style.zIndex = 350;
  pane.style.pointerEvents = "none";
  const options = { pane: "ward", interactive: false };
  if (hasBase) L.polygon([WORLD, ...outlines, ...holes], { ...options, className: "ward-veil" }).addTo(map);
  else L.polygon([...outlines, ...holes], { ...options, className: "ward-ground" }).addTo(map);
  const edge = map.createPane("ward-edge");
  edge.style.zIndex = 420;
  edge.style.pointerEvents = "none";
  L.polygon([...outlines, ...holes], { interactive: false, pane: "ward-edge", className: "ward-edge" }).addTo(map);
}

/** The neighbourhoods, each with its name at its middle; `choose` is called with one that is tapped. */
export async function drawNeighbourhoods(map, layer, choose) {
  const { features } = await fetched("/map/neighbourhoods.geojson");
  const names = map.getPane("names") ?? map.createPane("names");
  names.style.zIndex = 550; // below every marker
  names.style.pointerEvents = "none";
  const drawn = new Map();
  layer.clearLayers();
  for (const feature of features) {
    const area = L.geoJSON(feature, { style: { className: "neighbourhood" } });
    area.on("click", (event) => {
      L.DomEvent.stopPropagation(event);
      choose("neighbourhood", feature.properties.id);
    });
    const [longitude, latitude] = feature.properties.label.coordinates;
    const name = element("span", "", feature.properties.name);
    const label = L.divIcon({ html: name, className: "neighbourhood-label", iconSize: [0, 0] });
    const written = L.marker([latitude, longitude], { icon: label, interactive: false, keyboard: false, pane: "names" });
    layer.addLayer(area).addLayer(written);
    drawn.set(feature.properties.id, { feature, area, written });
  }
  return drawn;
}

const LABELLED_FROM = 15;
const LABEL_WIDTH = 110;
const PLACES = { "": 0, "is-below": 30, "is-above": -30 }; // pixels down from the middle, as in css/map.css

/**
 * Write the names that have room in their own ground at this zoom. `spots` are where pins stand; a name steps below or
 * above one that stands on it, and is left out where pins stand there too.
 */
export function labelWhereRoom(map, drawn, spots) {
  const zoom = map.getZoom();
  const taken = spots.map((spot) => map.project(spot, zoom));
  for (const { area, written } of drawn.values()) {
    const sign = written.getElement();
    if (!sign) continue;
    const bounds = area.getBounds();
    const width = map.project(bounds.getNorthEast(), zoom).x - map.project(bounds.getSouthWest(), zoom).x;
    const at = map.project(written.getLatLng(), zoom);
    const { offsetWidth: wide, offsetHeight: tall } = sign.firstElementChild;
    const isFree = (down) =>
      !taken.some(({ x, y }) => Math.abs(x - at.x) < wide / 2 + 17 && Math.abs(y - at.y - down) < tall / 2 + 17);
    const place = Object.keys(PLACES).find((name) => isFree(PLACES[name]));
    sign.classList.toggle("has-room", zoom >= LABELLED_FROM && width >= LABEL_WIDTH && place !== undefined);
    for (const name of ["is-below", "is-above"]) sign.classList.toggle(name, place === name);
  }
}

export function mark(area, chosen) {
  area.eachLayer((shape) => shape.getElement()?.classList.toggle("is-chosen", chosen));
  if (chosen) area.bringToFront();
}

function within(ring, x, y) {
  let inside = false;
  for (let at = 0, before = ring.length - 1; at < ring.length; before = at, at += 1) {
    const [x1, y1] = ring[at];
    const [x2, y2] = ring[before];
    if (y1 > y !== y2 > y && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1) inside = !inside;
  }
  return inside;
}

/** The feature, among those drawn, whose ground holds a position. */
export function areaAt(drawn, longitude, latitude) {
  const holds = (polygon) => within(polygon[0], longitude, latitude) && !polygon.slice(1).some((hole) => within(hole, longitude, latitude));
  for (const { feature, area } of drawn.values())
    if (area.getBounds().contains([latitude, longitude]) && feature.geometry.coordinates.some(holds)) return feature;
  return null;
}

export const nameAt = (drawn, longitude, latitude) => areaAt(drawn, longitude, latitude)?.properties.name ?? null;
