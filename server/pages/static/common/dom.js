// Elements and icons. Text only ever enters the page as text.

import { data } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";
const known = new Set(data.icons);

/** An element with a class, children (nodes or text) and attributes. */
export function element(name, className = "", children = [], attributes = {}) {
  const made = document.createElement(name);
  if (className) made.className = className;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...[children].flat().filter((child) => child !== null && child !== undefined));
  return made;
}

/** An icon of the design system; one it does not have is shown as a pin. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${data.sprite}#${known.has(name) ? name : "map-pin"}`);
  svg.append(use);
  return svg;
}
