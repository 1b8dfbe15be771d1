// The incidents in view as a list: what the map shows, in words.

import { status } from "./card_parts.js";
import { element, icon } from "../common/dom.js";
import { count, data, moment, say } from "../common/words.js";

const list = document.getElementById("incident-list");
const summary = document.getElementById("incident-summary");
const LISTED = 60;

/** Of each feature in `found` a row under its `name`; `open` is called with one that is activated, `key` tells them apart. */
export function tell(found, key, name, open) {
  const clusters = found.features.filter((feature) => feature.properties.n > 1);
  const singles = found.features.filter((feature) => feature.properties.n === 1);
  summary.textContent = found.total
    ? say("inView", { n: count(found.total) }) + (clusters.length ? `. ${say("tooMany")}` : "")
    : say("noIncidents");
  singles.sort((one, other) => (one.properties.reportedAt < other.properties.reportedAt ? 1 : -1));
  clusters.sort((one, other) => other.properties.n - one.properties.n);
  const focused = list.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  list.replaceChildren(...[...singles, ...clusters].slice(0, LISTED).map((feature) => row(feature, key, name(feature), open)));
  if (focused) list.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
}

function row(feature, key, name, open) {
  const incident = feature.properties;
  const many = incident.n > 1;
  const href = many ? "#ward_map" : `/r/${incident.code}?ward=${data.ward}`;
  const link = element("a", "item", name, { href });
  link.dataset.key = key(feature);
  link.addEventListener("click", (event) => {
    event.preventDefault();
    open(feature);
  });
  if (many) return element("li", "", [icon("layers"), link]);
  const since = element("span", "item-more", moment(incident.reportedAt));
  return element("li", "", [icon(incident.icon), link, element("span", "item-more", status(incident)), since]);
}
