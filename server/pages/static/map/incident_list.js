// The incidents in view as a list: what the map shows, in words.

import { status } from "./card_parts.js";
import { element, icon } from "../common/dom.js";
import { count, data, moment, say } from "../common/words.js";

const list = document.getElementById("incident-list");
const summary = document.getElementById("incident-summary");
const LISTED = 100;
const group = document.getElementById("group-incidents");

const areGathered = (found) => found.features.some((feature) => feature.properties.n > 1);

/** Whether the list is looked at, and can name one by one what the map gathers. */
export const isWanting = (found) => group.open && found.total <= LISTED && areGathered(found);

/** Call `opened` when the list is unfolded. */
export const start = (opened) => group.addEventListener("toggle", () => group.open && opened());

/**
 * Of each feature in `found` a row under its `name`, with the neighbourhood that `nameAt` knows for its position; `open` is
 * called with one that is activated, `key` tells them apart.
 */
export function tell(found, { key, name, nameAt, open }) {
  const clusters = found.features.filter((feature) => feature.properties.n > 1);
  const singles = found.features.filter((feature) => feature.properties.n === 1);
  summary.textContent = found.total
    ? [say("inView", { n: count(found.total) }), left(found)].filter(Boolean).join(". ")
    : say("noIncidents");
  singles.sort((one, other) => (one.properties.reportedAt < other.properties.reportedAt ? 1 : -1));
  clusters.sort((one, other) => other.properties.n - one.properties.n);
  const focused = list.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  list.replaceChildren(...[...singles, ...clusters].slice(0, LISTED).map((feature) => row(feature, key, name(feature), nameAt, open)));
  if (focused) list.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
}

/** What the list leaves out, and how to come by it. */
function left(found) {
  if (found.features.length > LISTED) return say("notAll", { n: count(LISTED) });
  return areGathered(found) ? say("tooMany") : "";
}

function row(feature, key, name, nameAt, open) {
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
  const where = nameAt(...feature.geometry.coordinates);
  const since = element("span", "item-more", [where, moment(incident.reportedAt)].filter(Boolean).join(" · "));
  return element("li", "", [icon(incident.icon), link, element("span", "item-more", status(incident)), since]);
}
