// What stands on the map.

import { element, icon } from "../common/dom.js";
import { count, data } from "../common/words.js";

const SVG = "http://www.w3.org/2000/svg";

/** The teardrop that stands on an incident's place, 34 by 42 pixels, its point at the bottom. */
export function drop() {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "drop");
  svg.setAttribute("viewBox", "0 0 34 42");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", "M17 41C13 33.500 2 27 2 16.500a15 15 0 0 1 30 0C32 27 21 33.500 17 41Z");
  svg.append(path);
  return svg;
}

/** A marker that only the pointer uses: by keyboard and to a screen reader the list says the same. */
export function marker(latlng, content, { size, anchor, className, title = "", ...options }) {
  const shape = element("div", "marker-content", [], { "aria-hidden": "true" });
  shape.append(...[content].flat());
  const drawn = L.divIcon({ html: shape, className, iconSize: size, iconAnchor: anchor });
  return L.marker(latlng, { icon: drawn, keyboard: false, title, ...options });
}

/** What tells one of the server's features from the others, as it is now. */
export const keyOf = ({ properties: { id, n, code, status, overdue } }) => (n > 1 ? `${id}:${n}` : `${code}:${status}:${overdue}`);

/** The ground on which those lie that a feature gathers. */
export const membersOf = ({ bbox: [west, south, east, north] }) => L.latLngBounds([south, west], [north, east]);

/** Bring what is gathered on some ground into view, a level nearer at least. */
export function openCluster(map, members) {
  const zoom = Math.max(map.getZoom() + 1, map.getBoundsZoom(members.pad(0.3)));
  map.setView(members.getCenter(), Math.min(map.getMaxZoom(), zoom));
}

/** The pin of `n` incidents, which a tap opens. */
export function clusterMarker(map, at, n, members, title) {
  const size = 34 + 6 * Math.min(3, Math.floor(Math.log10(n)));
  const pin = marker(at, element("span", "", count(n)), { size: [size, size], className: "cluster", title, zIndexOffset: 500 });
  pin.on("click", () => openCluster(map, members));
  return pin;
}

/** The pin of a feature of the server's that gathers several. */
export function cluster(map, feature, title) {
  const [longitude, latitude] = feature.geometry.coordinates;
  return clusterMarker(map, [latitude, longitude], feature.properties.n, membersOf(feature), title);
}

/** Keep on a layer what stays, take away what went, `make` what came: nothing flickers while panning. `drawn`: pins by key. */
export function update(layer, drawn, features, make) {
  const wanted = new Map(features.map((feature) => [keyOf(feature), feature]));
  for (const [key, pin] of drawn) {
    if (wanted.has(key)) continue;
    layer.removeLayer(pin);
    drawn.delete(key);
  }
  for (const [key, feature] of wanted) {
    if (drawn.has(key)) continue;
    const pin = make(feature);
    drawn.set(key, pin);
    layer.addLayer(pin);
  }
}

/** A place's marker: a rounded square with the icon of its kind. */
export function placeMarker({ geometry, properties }) {
  const { kind, name } = properties;
  const [longitude, latitude] = geometry.coordinates;
  const pin = marker([latitude, longitude], element("div", "place-shape", icon(data.places[kind].icon)), {
    size: [34, 34],
    className: "place",
    title: name,
    // The many cultural houses lie under the few offices.
    zIndexOffset: kind === "CULTURAL_HOUSE" ? 0 : 100,
  });
  pin.on("add", () => (pin.getElement().dataset.kind = kind));
  return pin;
}

/** Of each kind of place the layer group in which it is shown; `groups` by their keys. */
export function layersByKind(groups) {
  const pairs = Object.entries(data.groups).flatMap(([key, kinds]) => kinds.map((kind) => [kind, groups[key]]));
  return Object.fromEntries(pairs);
}
