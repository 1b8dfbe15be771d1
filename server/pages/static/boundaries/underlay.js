// A file to trace under what is drawn. It stays in this page: nothing is sent, nothing is kept.

import { element, icon } from "../common/dom.js";
import { say } from "../common/words.js";
import { latLng, map } from "./editor_map.js";
import * as geoman from "./geoman.js";
import { sized } from "./list.js";
import { model } from "./model.js";
import * as naming from "./naming.js";
import * as panels from "./panels.js";
import { boxOf, squareMetres, tidy } from "./shapes.js";
import * as telling from "./telling.js";
import { MOST_BYTES, read } from "./traced.js";

const PANE = "underlay";
const MOST_ROWS = 100;
const MOST_LABELS = 80;

const part = (id) => document.getElementById(id);
let features = [];
let group = null;
let marked = null;
let renderer = null;

const flip = (positions) => positions.map(([x, y]) => [y, x]);

/** What one may snap to: rings, lines there and back again, points; as shapes with a key that no area has. */
function targets() {
  if (!features.length || !part("underlay-snap").checked) return [];
  return features.flatMap((one) => one.targets);
}

function targetsOf({ number, polygons, lines, points }) {
  const ways = lines.filter((line) => line.length > 1).map((line) => [[...line, ...line.slice(0, -1).reverse()]]);
  const shapes = [...polygons, ...ways, ...points.map((point) => [[point, point]])];
  return shapes.map((polygon, at) => ({ key: `underlay-${number}-${at}`, boundary: [polygon] }));
}

function draw() {
  clear();
  const pane = map.getPane(PANE) ?? map.createPane(PANE);
  pane.classList.add("underlay-pane");
  renderer ??= L.svg({ pane: PANE, padding: 0.3 });
  fade();
  const usual = { renderer, interactive: false, pmIgnore: true, snapIgnore: true, smoothFactor: 1, pane: PANE };
  group = L.featureGroup().addTo(map);
  for (const { polygons, lines, points } of features) {
    for (const polygon of polygons) group.addLayer(L.polygon(polygon.map(flip), { ...usual, className: "underlay-line" }));
    for (const line of lines) group.addLayer(L.polyline(flip(line), { ...usual, className: "underlay-line" }));
    for (const point of points) group.addLayer(L.circleMarker(latLng(point), { ...usual, radius: 5, className: "underlay-point" }));
  }
  if (features.length <= MOST_LABELS) for (const one of features) if (one.name && one.polygons.length) group.addLayer(label(one));
}

function label({ name, polygons }) {
  const largest = polygons.reduce((one, other) => (other[0].length > one[0].length ? other : one));
  const middle = L.PolyUtil.polygonCenter(flip(largest[0]), map.options.crs);
  // An element, never a text of HTML: a name is somebody's.
  const mark = L.divIcon({ className: "underlay-label", html: element("span", "", name), iconSize: null });
  return L.marker(middle, { icon: mark, pane: PANE, interactive: false, keyboard: false, pmIgnore: true, snapIgnore: true });
}

function clear() {
  group?.remove();
  marked?.remove();
  group = marked = null;
}

function fade() {
  const pane = map.getPane(PANE);
  if (pane) pane.style.opacity = String(Number(part("underlay-opacity").value) / 100);
}

// --- the list: what of it can become a neighbourhood

function rows() {
  const list = features.filter(({ polygons }) => polygons.length);
  part("underlay-list").replaceChildren(...list.slice(0, MOST_ROWS).map(row));
  part("underlay-more").hidden = list.length <= MOST_ROWS;
  part("underlay-more").textContent = say("underlayMore", { n: MOST_ROWS, all: list.length });
}

const titleOf = ({ name, number }) => name || say("underlayNameless", { n: number });

function row(one) {
  const button = element("button", "button", [icon("circle-plus"), element("span", "", say("underlayTake"))], {
    type: "button",
    "aria-label": say("underlayTakeNamed", { name: titleOf(one) }),
  });
  button.addEventListener("click", () => take(one));
  for (const name of ["focus", "pointerenter"]) button.addEventListener(name, () => mark(one));
  for (const name of ["blur", "pointerleave"]) button.addEventListener(name, () => mark(null));
  const size = sized(squareMetres(one.polygons));
  return element("li", "", [
    element("span", "underlay-name", [element("strong", "", titleOf(one)), element("span", "quiet number", size)]),
    button,
  ]);
}

function mark(one) {
  marked?.remove();
  marked = one && L.polygon(one.polygons.map((polygon) => polygon.map(flip)), { renderer, pane: PANE, className: "underlay-marked", interactive: false, pmIgnore: true, snapIgnore: true }).addTo(map);
}

/** One step of the draft: the area as it was traced. */
function take(one) {
  const boundary = tidy(one.polygons);
  const [next] = naming.nextNames(1);
  const name = naming.faultIn([one.name]) ? next : one.name;
  const [key] = model.apply(say("stepTake", { name }), { draw: [{ name, boundary }] });
  model.select([key]);
  telling.tell(say("didTake", { name, area: sized(squareMetres(model.area(key).boundary)) }));
}

// --- choosing the file

function complain(text) {
  telling.complain(part("underlay-problem"), text);
  part("underlay-file").setAttribute("aria-invalid", String(Boolean(text)));
}

async function choose() {
  const [file] = part("underlay-file").files;
  if (!file) return;
  complain("");
  try {
    if (file.size > MOST_BYTES) throw new Error(say("underlayLarge", { most: MOST_BYTES / 1_000_000 }));
    const found = read(await file.text(), file.name);
    features = found.features.map((one) => ({ ...one, targets: targetsOf(one) }));
    draw();
    rows();
    const left = found.left ? say("underlayLeft", { n: found.left }) : "";
    const words = [say("underlayRead", { n: features.length, file: file.name }), left].join(" ").trim();
    part("underlay-state").textContent = words;
    part("underlay-tools").hidden = false;
    approach();
  } catch (error) {
    remove();
    complain(error.message);
  }
}

function approach() {
  const box = boxOf(features.flatMap(({ targets: shapes }) => shapes.flatMap(({ boundary }) => boundary)));
  if (!box.every(Number.isFinite)) return;
  const bounds = L.latLngBounds([box[1], box[0]], [box[3], box[2]]);
  if (!map.getBounds().intersects(bounds)) complain(say("underlayElsewhere"));
  map.fitBounds(bounds, { ...panels.besidePanel(), maxZoom: 19, animate: false });
}

function remove() {
  features = [];
  clear();
  part("underlay-list").replaceChildren();
  part("underlay-tools").hidden = true;
  part("underlay-state").textContent = "";
}

export function start() {
  geoman.alsoSnapTo(targets);
  part("underlay-file").addEventListener("change", choose);
  part("underlay-opacity").addEventListener("input", fade);
  part("underlay-whole").addEventListener("click", approach);
  part("underlay-remove").addEventListener("click", () => {
    remove();
    complain("");
    part("underlay-file").value = "";
    part("underlay-file").focus();
  });
  document.addEventListener("panel", ({ detail }) => detail.before === "underlay" && mark(null));
}
