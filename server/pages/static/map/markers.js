// What stands on the map.

import { element } from "../common/dom.js";

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
