// What stands in a card of a copied map: what the copy knows, and no way to where it cannot lead.

import { icon } from "../common/dom.js";
import { data, kindName, say } from "../common/words.js";
import { actions, button, call, contacts, directions, facts, incidentFacts, status } from "../map/card_parts.js";

export function place(feature) {
  const { kind, name, address, openingHours, neighbourhood, phone } = feature.properties;
  const { word, icon: sign } = data.places[kind];
  const known = facts([["address", address], ["hours", openingHours], ["neighbourhood", neighbourhood]]);
  const ways = actions([directions(feature.geometry.coordinates, "button primary"), phone ? call(phone, "", "button primary") : null]);
  return { sign, kind: word, title: name, body: [...known, ways] };
}

/** `houses` are its cultural houses; `choose` opens one. */
export function neighbourhood(feature, houses, choose) {
  const { id, name, team } = feature.properties;
  const links = houses.map((house) =>
    button("button wide", [icon("house-heart"), house.properties.name], () => choose(house.properties.id)),
  );
  const body = [...facts([["team", team]]), ...contacts(data.contacts[id] ?? []), actions(links)];
  return { sign: "map", kind: say("neighbourhood"), title: name, body };
}

export function incident(feature) {
  const shown = feature.properties;
  const body = [status(shown), ...incidentFacts(shown), actions(directions(feature.geometry.coordinates, "button"))];
  return { sign: shown.icon, kind: say("incident"), title: kindName(shown), body };
}
