// What stands on the map.

import { element, icon } from "../common/dom.js";
import { data } from "../common/words.js";

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
