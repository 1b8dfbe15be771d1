// What a draft changes, line by line, as the save dialog says it.

import { element, icon } from "../common/dom.js";
import { say } from "../common/words.js";
import { sized } from "./list.js";
import { middle } from "./labels.js";
import { model } from "./model.js";
import { names } from "./notices.js";
import { holds } from "./shapes.js";

/** An area as a difference: with its sign. */
export function difference(squareMetres) {
  const sign = squareMetres < 0 ? "−" : "+";
  return Math.abs(squareMetres) < 0.5 ? say("sameSize") : `${sign}${sized(Math.abs(squareMetres))}`;
}

const line = (sign, kind, name, more = "") =>
  element("li", "change", [icon(sign), element("span", "change-kind", say(kind)), element("strong", "", name), element("span", "quiet number", more)]);

function redrawn(area) {
  const before = model.base(area.id).areaSquareMetres ?? 0;
  const now = area.areaSquareMetres;
  const sizes = Math.abs(now - before) < 0.5 ? sized(now) : say("fromTo", { before: sized(before), now: sized(now) });
  return line("square-pen", "redrawn", area.name, `${sizes} (${difference(now - before)})`);
}

/** What the draft gives up and has the ground of a shape, if anything. */
export function givenUpBelow(boundary) {
  const lies = (one) => one.boundary && (holds(one.boundary, middle(boundary)) || holds(boundary, middle(one.boundary)));
  return model.removed().find(lies) ?? null;
}

/** The names of what is new, by the name of what is given up below it. */
function newOnOld(areas) {
  const found = new Map();
  for (const { state, id, name, boundary } of areas) {
    const old = state === "drawn" && id === null && givenUpBelow(boundary)?.name;
    if (old) found.set(old, [...(found.get(old) ?? []), name]);
  }
  return found;
}

/** Everything that the draft itself changes. */
export function lines() {
  const areas = model.areas();
  const left = new Set(areas.map(({ key }) => key));
  return [
    ...areas.filter(({ state }) => state === "drawn").map((area) => line("circle-plus", "drawn", area.name, sized(area.areaSquareMetres))),
    ...areas.filter(({ state }) => state === "redrawn").map(redrawn),
    ...model
      .changes()
      .filter((key) => !left.has(key))
      .map((id) => line("circle-x", "givenUp", model.base(id).name, sized(model.base(id).areaSquareMetres ?? 0))),
    ...areas
      .filter(({ renamed }) => renamed)
      .map((area) => line("pencil", "renamed", model.base(area.id).name, `→ ${area.name}`)),
    ...[...newOnOld(areas)].map(([old, drawn]) => {
      const text = say("newOnOld", { name: names.format(drawn), old });
      return element("li", "change-warning", [icon("triangle-alert"), element("span", "", text)]);
    }),
  ];
}

/** What comes along with it, as the server's check tells: shared vertices, slivers, the outline. */
export function consequences({ areas, slivers, driftSquareMetres }) {
  const noded = areas.filter((area) => area.noded).map(({ name }) => name);
  const said = [];
  if (noded.length) said.push(say("noded", { what: names.format(noded) }));
  if (slivers.length) {
    const sum = slivers.reduce((all, { squareMetres }) => all + squareMetres, 0);
    said.push(say("slivers", { n: slivers.length, area: sized(sum) }));
  }
  if (driftSquareMetres >= 0.05) said.push(say("drift", { area: sized(driftSquareMetres) }));
  if (model.undrawnSquareMetres >= 1) said.push(say("leftUndrawn", { area: sized(model.undrawnSquareMetres) }));
  return said.map((text) => element("li", "quiet", text));
}
