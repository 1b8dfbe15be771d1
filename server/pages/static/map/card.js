// The card: what one thing on the map is, and what to do about it.

import { element, icon } from "../common/dom.js";
import { data, isLate, kindName, moment, say, tone } from "../common/words.js";

const card = document.getElementById("card");
let opener = null;
let onClose = null;

/** Show a card; `closed` is called when it goes. The focus moves into it, and back again. */
function open({ sign, kind, title, body }, closed = null) {
  const from = document.activeElement;
  const reopened = !card.hidden;
  leave();
  if (!reopened || !card.contains(from)) opener = from;
  const close = element("button", "map-button card-close", icon("x"), { type: "button", "aria-label": say("close") });
  close.addEventListener("click", hide);
  card.replaceChildren(
    element("div", "card-inner", [
      element("div", "card-head", [element("div", "card-kind", [icon(sign), element("span", "", kind)]), close]),
      element("h2", "", title, { id: "card-title" }),
      ...body,
    ]),
  );
  onClose = closed;
  card.hidden = false;
  card.scrollTop = 0;
  card.focus({ preventScroll: true });
}

function leave() {
  const closed = onClose;
  onClose = null;
  closed?.();
}

export function hide() {
  if (card.hidden) return;
  const inside = card.contains(document.activeElement);
  card.hidden = true;
  leave();
  if (inside && opener?.isConnected) opener.focus({ preventScroll: true });
}

export const isOpen = () => !card.hidden;
export const height = () => (card.hidden ? 0 : card.offsetHeight);

addEventListener("keydown", (event) => {
  if (event.key === "Escape") hide();
});

function facts(pairs) {
  const rows = pairs
    .filter(([, value]) => value)
    .map(([name, value]) => element("div", "", [element("dt", "", say(name)), element("dd", "", value)]));
  return rows.length ? [element("dl", "facts", rows)] : [];
}

function directions([longitude, latitude], className) {
  const href = `https://www.google.com/maps/dir/?api=1&destination=${latitude},${longitude}`;
  const hint = element("span", "visually-hidden", ` (${say("newTab")})`);
  return element("a", className, [icon("navigation"), say("directions"), hint], {
    href,
    target: "_blank",
    rel: "noopener noreferrer",
  });
}

function call(phone) {
  const number = phone.replace(/[^\d+]/g, "");
  const label = say("callNumber", { phone });
  return element("a", "button", [icon("phone"), element("span", "number", phone)], {
    href: `tel:${number}`,
    "aria-label": label,
  });
}

export function showPlace(feature, closed) {
  const place = feature.properties;
  const { word, icon: sign } = data.places[place.kind];
  const actions = [directions(feature.geometry.coordinates, "button primary")];
  if (place.phone) actions.push(call(place.phone));
  const body = [
    ...facts([
      ["address", place.address],
      ["hours", place.openingHours],
      ["neighbourhood", place.neighbourhood],
    ]),
    element("div", "card-actions", actions),
  ];
  open({ sign, kind: word, title: place.name, body }, closed);
}

/** A status as a word and a sign, in its colour. */
export function status(incident) {
  const { word, icon: sign } = data.statuses[incident.status];
  const late = isLate(incident);
  const made = element("span", "status", [icon(late ? "timer-off" : sign), late ? `${word} · ${say("overdue")}` : word]);
  made.dataset.tone = tone(incident);
  return made;
}

const time = (text) => (text ? element("time", "", moment(text), { datetime: text }) : null);

export function showIncident(feature, closed) {
  const incident = feature.properties;
  const body = [
    status(incident),
    ...facts([
      ["description", incident.description],
      ["address", incident.address],
      ["reported", time(incident.reportedAt)],
      [incident.resolvedAt ? "resolved" : "due", time(incident.resolvedAt ?? incident.dueAt)],
      ["trackingCode", incident.code],
    ]),
    element("div", "card-actions", [directions(feature.geometry.coordinates, "button")]),
  ];
  open({ sign: incident.icon, kind: say("incident"), title: kindName(incident), body }, closed);
}

/** `houses` are the neighbourhood's cultural houses; `choose` opens one. */
export function showNeighbourhood(feature, houses, choose, closed) {
  const { name, team } = feature.properties;
  const links = houses.map((house) => {
    const link = element("button", "button wide", [icon("house-heart"), house.properties.name], { type: "button" });
    link.addEventListener("click", () => choose(house.properties.id));
    return link;
  });
  const body = [...facts([["team", team]]), element("div", "card-actions", links)];
  open({ sign: "map", kind: say("neighbourhood"), title: name, body }, closed);
}

/** The numbers to call, as the page carries them for those without JavaScript. */
export function showCalls(section) {
  const copy = section.cloneNode(true);
  copy.removeAttribute("id");
  const heading = copy.querySelector("h2");
  const title = heading.textContent;
  heading.remove();
  open({ sign: "megaphone", kind: say("callKind"), title, body: [copy] });
}
