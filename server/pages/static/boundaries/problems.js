// What stands against the draft: drawn in red on the map, told in words above the list; each leads to its place.

import { element, icon } from "../common/dom.js";
import { say } from "../common/words.js";
import { latLng, map } from "./editor_map.js";
import { model } from "./model.js";

const place = document.getElementById("faults");
const CLOSE = 18;
let drawn = null;

const isPoint = ({ type }) => type === "Point" || type === "MultiPoint";

function approach(problem) {
  if (problem.keys.length) model.select(problem.keys);
  if (!problem.geometry) return;
  const bounds = L.geoJSON(problem.geometry).getBounds();
  if (bounds.isValid()) map.fitBounds(bounds, { padding: [80, 80], maxZoom: CLOSE, animate: false });
}

function row(problem) {
  const button = element("button", "fault", [icon("triangle-alert"), element("span", "", problem.message)], { type: "button", "data-kind": problem.kind });
  button.addEventListener("click", () => approach(problem));
  return element("li", "", [button]);
}

function draw() {
  drawn.clearLayers();
  for (const { geometry } of model.problems) {
    if (!geometry) continue;
    const style = { className: "fault-shape", interactive: false, pmIgnore: true, pane: "faults" };
    const shape = L.geoJSON(geometry, { ...style, style: () => style, pointToLayer: (_, at) => L.circleMarker(at, { ...style, radius: 9 }) });
    drawn.addLayer(shape);
    const bounds = shape.getBounds();
    // A ring around what would be too small to see.
    if (bounds.isValid() && !isPoint(geometry)) drawn.addLayer(L.circleMarker(latLng([bounds.getCenter().lng, bounds.getCenter().lat]), { ...style, className: "fault-ring", radius: 16 }));
  }
  const found = model.problems;
  place.hidden = !found.length;
  const head = element("h3", "", [icon("triangle-alert"), element("span", "", say("faultCount", { n: found.length }))]);
  place.replaceChildren(...(found.length ? [head, element("ul", "", found.map(row))] : []));
}

export function start() {
  map.createPane("faults").style.zIndex = 620;
  map.getPane("faults").style.pointerEvents = "none";
  drawn = L.layerGroup().addTo(map);
  model.on("problems", draw);
  place.hidden = true;
}
