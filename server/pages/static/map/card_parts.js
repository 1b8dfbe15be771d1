// The parts of a card, said and drawn the same on the map and in its copy.

import { element, icon } from "../common/dom.js";
import { data, dialled, isLate, moment, phoneShown, say, tone } from "../common/words.js";

/** A status as a word and a sign, in its colour. */
export function status(incident) {
  const { word, icon: sign } = data.statuses[incident.status];
  const late = isLate(incident);
  const made = element("span", "status", [icon(late ? "timer-off" : sign), late ? `${word} · ${say("overdue")}` : word]);
  made.dataset.tone = tone(incident);
  return made;
}

/** What is known, each fact under its word; in a list of its own, or in none where nothing is known. */
export function facts(pairs) {
  const rows = pairs
    .filter(([, value]) => value)
    .map(([name, value]) => element("div", "", [element("dt", "", say(name)), element("dd", "", value)]));
  return rows.length ? [element("dl", "facts", rows)] : [];
}

const time = (text) => (text ? element("time", "", moment(text), { datetime: text }) : null);

/** What an incident's card tells of it. */
export function incidentFacts(incident) {
  return facts([
    ["description", incident.description],
    ["address", incident.address],
    ["reported", time(incident.reportedAt)],
    [incident.resolvedAt ? "resolved" : "due", time(incident.resolvedAt ?? incident.dueAt)],
    ["trackingCode", incident.code],
  ]);
}

export const actions = (children) => element("div", "card-actions", children);

export function directions([longitude, latitude], className) {
  const href = `https://www.google.com/maps/dir/?api=1&destination=${latitude},${longitude}`;
  const hint = element("span", "visually-hidden", ` (${say("newTab")})`);
  const options = { href, target: "_blank", rel: "noopener noreferrer" };
  return element("a", className, [icon("navigation"), say("directions"), hint], options);
}

export function call(number, name = "", className = "button") {
  const phone = phoneShown(number);
  return element("a", className, [icon("phone"), element("span", "number", phone)], {
    href: `tel:${dialled(number)}`,
    "aria-label": say("callNumber", { phone: name ? `${name}, ${phone}` : phone }),
  });
}

export function button(className, children, act) {
  const made = element("button", className, children, { type: "button" });
  made.addEventListener("click", act);
  return made;
}

const ROLES = { LEADER: "leader", DEPUTY: "deputy" };

/** A team's published contacts, under their heading; nothing where there are none. */
export function contacts(people) {
  const rows = people.map((person) =>
    element("li", "person", [
      element("span", "person-name", [person.name, element("span", "item-more", say(ROLES[person.role] ?? "member"))]),
      person.phone ? call(person.phone, person.name) : null,
    ]),
  );
  return rows.length ? [element("h3", "", say("contacts")), element("ul", "people", rows)] : [];
}
