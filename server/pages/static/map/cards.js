// What stands in a card: of a place, a neighbourhood, an incident, a spot on the ground.

import { element, icon } from "../common/dom.js";
import { count, data, kindName, say } from "../common/words.js";
import { actions, button, call, contacts, directions, facts, incidentFacts, status } from "./card_parts.js";

const shared = (act) => button("button", [icon("share-2"), say("share")], act);

/** `doing`: `choose(kind, id)` opens another card, `share()` the dialog. */
export function place(feature, distance, doing) {
  const shown = feature.properties;
  const { word, icon: sign } = data.places[shown.kind];
  const around = shown.neighbourhoodId
    ? button("link as-link", shown.neighbourhood, () => doing.choose("neighbourhood", shown.neighbourhoodId))
    : null;
  const body = [
    ...facts([
      ["distance", distance],
      ["address", shown.address],
      ["hours", shown.openingHours],
      ["neighbourhood", around],
    ]),
    actions([
      directions(feature.geometry.coordinates, "button primary"),
      shown.phone ? call(shown.phone, "", "button primary") : null,
      shared(doing.share),
    ]),
  ];
  return { sign, kind: word, title: shown.name, body };
}

/** `houses` are the neighbourhood's cultural houses. What is not known yet is filled in by `neighbourhoodMore`. */
export function neighbourhood(feature, houses, doing) {
  const { name, team } = feature.properties;
  const links = houses.map((house) =>
    button("button wide", [icon("house-heart"), house.properties.name], () => doing.choose("place", house.properties.id)),
  );
  const more = element("div", "card-more", element("p", "quiet", say("loadingMore")));
  const body = [...facts([["team", team]]), more, actions([...links, shared(doing.share)])];
  return { card: { sign: "map", kind: say("neighbourhood"), title: name, body }, more };
}

/** Contacts that their owners allowed to publish, and how much is open. `found` is what `/graphql` answered. */
export function neighbourhoodMore(more, found) {
  const people = (found.team?.members ?? []).filter((member) => member.name);
  const open = found.incidents.totalCount;
  more.replaceChildren(
    element("p", "", say(open ? "openHere" : "noneOpenHere", { n: count(open) })),
    ...(people.length ? contacts(people) : [element("p", "quiet", say("noContacts"))]),
  );
}

export function incident(feature) {
  const shown = feature.properties;
  const more = element("div", "card-more");
  const body = [
    status(shown),
    more,
    ...incidentFacts(shown),
    actions([
      element("a", "button primary", [icon("arrow-right"), say("progress")], {
        href: `/r/${shown.code}?ward=${data.ward}`,
        ...(data.embedded && { target: "_blank", rel: "noopener" }),
      }),
      directions(feature.geometry.coordinates, "button"),
    ]),
  ];
  return { card: { sign: shown.icon, kind: say("incident"), title: kindName(shown), body }, more };
}

/** The photos that the ward has published. */
export function incidentMore(more, photos) {
  const figures = photos.map((photo, at) => {
    const picture = element("img", "", [], {
      src: photo.thumbnailUrl,
      alt: say("photo", { n: count(at + 1) }),
      width: photo.width,
      height: photo.height,
      loading: "lazy",
    });
    return element("a", "", picture, { href: photo.url });
  });
  more.replaceChildren(...(figures.length ? [element("div", "card-photos", figures)] : []));
}

/** A spot that was pressed long, or by the right button. */
export function spot([longitude, latitude], around, href, doing) {
  const within = around
    ? button("link as-link", around.properties.name, () => doing.choose("neighbourhood", around.properties.id))
    : null;
  const body = [
    ...facts([
      ["neighbourhood", within],
      ["position", `${latitude.toFixed(5)}, ${longitude.toFixed(5)}`],
    ]),
    actions([element("a", "button primary wide", [icon("megaphone"), say("reportHere")], { href })]),
  ];
  return { sign: "map-pin", kind: say("spot"), title: say("spotTitle"), body };
}
