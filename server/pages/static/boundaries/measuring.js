// The tool that measures: a way as it is clicked, and the ground it would enclose. What is measured is nobody's draft.

import { say } from "../common/words.js";
import { map, position } from "./editor_map.js";
import * as geoman from "./geoman.js";
import { metresAlong } from "./lengths.js";
import { area, length } from "./measured.js";
import { squareMetres } from "./shapes.js";
import { guide, tell } from "./telling.js";
import * as tools from "./tools.js";

let working = null;
let last = null;

const isOn = () => tools.inUse() === "measure";

/** The words for a way; three positions and more enclose ground. */
function told(way) {
  const parts = { length: length(metresAlong(way)) };
  if (way.length < 3) return say("measuredWay", parts);
  return say("measuredArea", { ...parts, area: area(squareMetres([[[...way, way[0]]]])), round: length(metresAlong([...way, way[0]])) });
}

const wayOf = (layer) => layer.getLatLngs().flat(2).map(position);

function follow({ latlng }) {
  if (!isOn() || !working) return;
  const way = wayOf(working);
  if (way.length) guide(told([...way, position(latlng)]));
}

function placed() {
  if (!isOn() || !working) return;
  const way = wayOf(working);
  if (way.length > 1) tell(told(way));
}

function begun({ workingLayer }) {
  if (!isOn()) return;
  working = workingLayer;
  working.on("pm:vertexadded", placed);
  last?.remove();
  last = null;
}

function ended({ layer }) {
  if (!isOn()) return;
  const way = wayOf(layer);
  working = null;
  last = L.polyline(layer.getLatLngs(), { className: "measured-way", interactive: false, pmIgnore: true, snapIgnore: true }).addTo(map);
  layer.remove();
  const words = told(way);
  // Another way may be begun at once; the figures stay until then.
  geoman.draw("Line", geoman.targets(), { allowSelfIntersection: true });
  guide(words);
  tell(words);
}

const tool = {
  guide: () => say("guideMeasure"),
  start: () => geoman.draw("Line", geoman.targets(), { allowSelfIntersection: true }),
  stop() {
    working = null;
    last?.remove();
    last = null;
    geoman.stop();
  },
};

export function start() {
  map.on("pm:drawstart", begun);
  map.on("pm:create", ended);
  map.on("mousemove", follow);
  tools.add("measure", tool);
}
