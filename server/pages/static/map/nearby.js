// "Gần tôi": the phone's position, asked for by a tap only, used on this phone only, and never sent anywhere.

import { areaAt } from "./boundaries.js";
import { actions, button, call, directions } from "./card_parts.js";
import { raise, raiseFor } from "./sheet.js";
import { approach } from "./view.js";
import { element, icon } from "../common/dom.js";
import { data, say } from "../common/words.js";

const near = document.getElementById("near");
const opener = document.getElementById("nearby");
const NEAREST = [data.groups["cultural-houses"], data.groups.offices, data.groups.health];
const PATIENCE = { enableHighAccuracy: true, timeout: 15000, maximumAge: 60000 };
const whole = new Intl.NumberFormat(data.language === "vi" ? "vi-VN" : "en-GB", { maximumFractionDigits: 1 });

let position = null; // [longitude, latitude], or null while it is not known
let exact = 0; // metres
let drawn = null;

const latlng = ([longitude, latitude]) => L.latLng(latitude, longitude);
const metres = (coordinates) => latlng(coordinates).distanceTo(latlng(position));

/** A distance as people say it: 350 m, 1,2 km. */
function length(far) {
  return far < 950 ? `${Math.max(10, Math.round(far / 10) * 10)} m` : `${whole.format(far / 1000)} km`;
}

/** How far something is from where the reader stands; null while that is not known. */
export const distanceTo = (coordinates) => (position ? length(metres(coordinates)) : null);

function panel(...children) {
  const stop = button("link as-link", say("nearStop"), off);
  const head = element("div", "near-head", [icon("locate-fixed"), element("h2", "", say("near")), stop]);
  near.replaceChildren(head, ...children, element("p", "quiet", say("nearPrivate")));
  near.hidden = false;
  raiseFor(near.offsetHeight);
}

const told = (key) => element("p", "", say(key), { role: "status" });

function off() {
  position = null;
  drawn?.remove();
  drawn = null;
  near.hidden = true;
  sort(null);
  opener.removeAttribute("aria-pressed");
  opener.focus();
}

/** Rows of places, the nearest first and each with its distance; without `pins` as they were before. */
function sort(pins) {
  for (const list of document.querySelectorAll(".group .items:not(#incident-list)")) {
    const rows = [...list.children];
    for (const [at, row] of rows.entries()) row.place ??= at;
    for (const row of rows) {
      row.querySelector(".item-distance")?.remove();
      const pin = pins?.get(row.querySelector(".item").id);
      row.far = pin ? metres(pin.feature.geometry.coordinates) : null;
      if (pin) row.append(element("span", "item-more item-distance", say("away", { distance: length(row.far) })));
    }
    list.append(...rows.sort((one, other) => (pins ? one.far - other.far : 0) || one.place - other.place));
  }
}

/** Lists of one row: the nearest cultural house, by which people here find their way, and the nearest of other kinds. */
function nearest(pins, choose) {
  const found = NEAREST.flatMap((kinds) => {
    const [first] = [...pins.values()]
      .map(({ feature }) => [metres(feature.geometry.coordinates), feature])
      .filter(([, { properties }]) => kinds.includes(properties.kind))
      .sort(([one], [other]) => one - other);
    return first ? [first] : [];
  });
  const rows = found.map(([far, { properties: { id, kind, name, phone }, geometry }]) => {
    const link = element("a", "item", name, { href: `#${id}` });
    link.addEventListener("click", (event) => {
      event.preventDefault();
      choose("place", id);
    });
    const more = say("nearest", { kind: data.places[kind].word, distance: length(far) });
    const row = element("li", "", [icon(data.places[kind].icon), link, element("span", "item-more", more)]);
    if (kind === "CULTURAL_HOUSE") row.append(actions([phone ? call(phone, name) : null, directions(geometry.coordinates, "button")]));
    return row;
  });
  return rows.map((row) => element("ul", "items", row));
}

function where(areas, choose) {
  if (!areas.size) return null; // not come yet: nobody is told to be outside
  const around = areaAt(areas, ...position);
  if (around) {
    const { id, name } = around.properties;
    return element("p", "near-where", [
      `${say("youAreIn")} `,
      button("link as-link", name, () => choose("neighbourhood", id)),
    ]);
  }
  const far = latlng(position).distanceTo(L.latLngBounds(data.bounds).getCenter());
  return element("p", "near-where", say("youAreOutside", { distance: length(far) }));
}

/**
 * `pins` and `areas` give what is drawn, by id; `choose` opens a card. Gives what tells anew when more of it has come:
 * over a slow line the position is known first.
 */
export function start(map, pins, areas, choose) {
  const pane = map.createPane("me");
  pane.style.zIndex = 650; // above every marker
  pane.style.pointerEvents = "none";
  const telling = () => {
    const [first, ...others] = nearest(pins(), choose);
    const how = element("p", "quiet", say("accurate", { distance: length(exact) }), { role: "status" });
    sort(pins());
    return [first, where(areas(), choose), ...others, how].filter(Boolean);
  };
  // The panel stays where its reader has it, and its first and last lines with the focus that they may have.
  const tellAnew = () => {
    const had = near.contains(document.activeElement);
    for (const one of [...near.children].slice(1, -1)) one.remove();
    near.firstElementChild.after(...telling());
    if (had && !near.contains(document.activeElement)) near.focus({ preventScroll: true });
  };
  const found = ({ coords: { longitude, latitude, accuracy } }) => {
    position = [longitude, latitude];
    exact = accuracy;
    drawn?.remove();
    drawn = L.layerGroup([
      L.circle([latitude, longitude], { radius: accuracy, className: "me-around", interactive: false }),
      L.circleMarker([latitude, longitude], { pane: "me", radius: 8, className: "me", interactive: false }),
    ]).addTo(map);
    panel(...telling());
    document.getElementById("panel-body").scrollTop = 0;
    opener.setAttribute("aria-pressed", "true");
    if (L.latLngBounds(data.bounds).pad(0.3).contains([latitude, longitude]))
      approach(map, position, Math.max(15, map.getZoom()));
    near.focus({ preventScroll: true });
  };
  const failed = ({ code }) => panel(told(code === 1 ? "nearDenied" : "nearUnknown"));
  opener.addEventListener("click", () => {
    raise("half");
    document.getElementById("panel-body").scrollTop = 0;
    if (!navigator.geolocation) {
      panel(told("nearNone"));
      return;
    }
    panel(told("nearSearching"));
    navigator.geolocation.getCurrentPosition(found, failed, PATIENCE);
  });
  return () => position && tellAnew();
}
