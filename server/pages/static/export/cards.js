// What stands in a card of a copied map: what the copy knows, and no way to where it cannot lead.

import { element, icon } from "../common/dom.js";
import { data, isLate, kindName, moment, say, tone } from "../common/words.js";

export function status(incident) {
  const { word, icon: sign } = data.statuses[incident.status];
  const late = isLate(incident);
  const made = element("span", "status", [icon(late ? "timer-off" : sign), late ? `${word} · ${say("overdue")}` : word]);
  made.dataset.tone = tone(incident);
  return made;
}

function facts(pairs) {
  const rows = pairs
    .filter(([, value]) => value)
    .map(([name, value]) => element("div", "", [element("dt", "", say(name)), element("dd", "", value)]));
  return rows.length ? [element("dl", "facts", rows)] : [];
}

function directions([longitude, latitude], className) {
  const href = `https://www.google.com/maps/dir/?api=1&destination=${latitude},${longitude}`;
  const hint = element("span", "visually-hidden", ` (${say("newTab")})`);
  return element("a", className, [icon("navigation"), say("directions"), hint], { href, target: "_blank", rel: "noopener noreferrer" });
}

function call(phone, name = "") {
  return element("a", "button", [icon("phone"), element("span", "number", phone)], {
    href: `tel:${phone.replace(/[^\d+]/g, "")}`,
    "aria-label": say("callNumber", { phone: name ? `${name}, ${phone}` : phone }),
  });
}

export function place(feature) {
  const { kind, name, address, openingHours, neighbourhood, phone } = feature.properties;
  const { word, icon: sign } = data.places[kind];
  const actions = [directions(feature.geometry.coordinates, "button primary"), phone ? call(phone) : null];
  const known = facts([["address", address], ["hours", openingHours], ["neighbourhood", neighbourhood]]);
  return { sign, kind: word, title: name, body: [...known, element("div", "card-actions", actions)] };
}

/** `houses` are its cultural houses; `choose` opens one. */
export function neighbourhood(feature, houses, choose) {
  const { id, name, team } = feature.properties;
  const people = (data.contacts[id] ?? []).map((person) =>
    element("li", "person", [
      element("span", "person-name", [person.name, element("span", "item-more", say(`role${person.role}`))]),
      person.phone ? call(person.phone, person.name) : null,
    ]),
  );
  const links = houses.map((house) => {
    const link = element("button", "button wide", [icon("house-heart"), house.properties.name], { type: "button" });
    link.addEventListener("click", () => choose(house.properties.id));
    return link;
  });
  const contacts = people.length ? [element("h3", "", say("contacts")), element("ul", "people", people)] : [];
  const body = [...facts([["team", team]]), ...contacts, element("div", "card-actions", links)];
  return { sign: "map", kind: say("neighbourhood"), title: name, body };
}

const time = (text) => (text ? element("time", "", moment(text), { datetime: text }) : null);

export function incident(feature) {
  const shown = feature.properties;
  const body = [
    status(shown),
    ...facts([
      ["description", shown.description],
      ["address", shown.address],
      ["reported", time(shown.reportedAt)],
      [shown.resolvedAt ? "resolved" : "due", time(shown.resolvedAt ?? shown.dueAt)],
      ["trackingCode", shown.code],
    ]),
    element("div", "card-actions", directions(feature.geometry.coordinates, "button")),
  ];
  return { sign: shown.icon, kind: say("incident"), title: kindName(shown), body };
}
