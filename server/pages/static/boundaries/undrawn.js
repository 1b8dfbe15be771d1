// Ground that nobody has drawn, piece by piece: each leads to its place, however small, and goes to a neighbour.

import { element, icon } from "../common/dom.js";
import { say } from "../common/words.js";
import { latLng, latLngs, map } from "./editor_map.js";
import { sized } from "./list.js";
import { length as shownLength } from "./measured.js";
import { model } from "./model.js";
import * as panels from "./panels.js";
import { joined, pieces } from "./pieces.js";
import { tell } from "./telling.js";

const MOST = 50;
const CLOSE = 21;
const PANE = "undrawn";
const PLAIN = 40; // pixels: what is larger is seen without a ring
const NAMED = 2; // neighbours that a row names

const part = (id) => document.getElementById(id);
const button = part("show-undrawn");
const list = part("undrawn-list");

let found = []; // the pieces on show, the largest first
let chosen = null; // the number of the one that is looked at
let shown = ""; // what the list says
let group = null;
let waiting = 0;

const isOpen = () => panels.opened() === "undrawn";

/** Look again once all of this moment is done. */
function soon() {
  button.hidden = model.undrawnSquareMetres < 1;
  clearTimeout(waiting);
  if (isOpen()) waiting = setTimeout(draw);
}

function draw() {
  if (!isOpen()) return;
  const isWrong = model.problems.length > 0;
  const areas = model.areas().filter(({ boundary }) => boundary?.length);
  const all = isWrong ? [] : pieces(model.outline, areas);
  found = all.slice(0, MOST);
  if (chosen !== null && chosen >= found.length) chosen = found.length ? found.length - 1 : null;
  const none = model.undrawnSquareMetres < 1 ? "wholeDrawn" : "undrawnRounded";
  const sum = { n: all.length, area: sized(all.reduce((total, one) => total + one.squareMetres, 0)) };
  part("undrawn-state").textContent = isWrong ? say("undrawnWrong") : all.length ? say("undrawnSum", sum) : say(none);
  part("undrawn-more").hidden = all.length <= MOST;
  part("undrawn-more").textContent = say("undrawnMore", { n: all.length - found.length });
  const now = JSON.stringify([found, chosen, found.map(({ beside }) => beside.map(({ key }) => nameOf(key)))]);
  if (now === shown) return; // nobody who chooses a neighbour is interrupted
  shown = now;
  write();
}

function write() {
  const at = [...list.children].findIndex((one) => one.contains(document.activeElement));
  list.replaceChildren(...found.map(row));
  if (at >= 0) focusOn(at);
  mark();
}

function focusOn(at) {
  const one = list.children[Math.min(at, list.children.length - 1)];
  (one?.firstElementChild ?? part("undrawn-state")).focus();
}

const nameOf = (key) => model.area(key)?.name ?? "";

function row({ squareMetres, beside }, at) {
  const names = beside.slice(0, NAMED).map(({ key }) => nameOf(key)).join(", ");
  const more = beside.length > NAMED ? say("undrawnOthers", { n: beside.length - NAMED }) : "";
  const look = element("button", "piece", [
    element("span", "piece-name", say("piece", { n: at + 1 })),
    element("span", "piece-size number", sized(squareMetres)),
    element("span", "quiet", beside.length ? `${say("undrawnBeside", { names })}${more}` : say("undrawnAlone")),
  ], { type: "button", "aria-pressed": String(at === chosen) });
  look.addEventListener("click", () => choose(at));
  return element("li", "", [look, at === chosen && beside.length ? giving(at) : null].filter(Boolean));
}

/** To whom a piece may go: whoever has the longest edge on it comes first. */
function giving(at) {
  const { squareMetres, beside } = found[at];
  const options = beside.map(({ key, metres }) =>
    element("option", "", say("undrawnTaker", { name: nameOf(key), length: shownLength(metres) }), { value: key }),
  );
  const select = element("select", "input", options, { id: "undrawn-taker" });
  const submit = element("button", "button primary", [icon("combine"), element("span", "", say("undrawnGive", { area: sized(squareMetres) }))], { type: "submit" });
  const form = element("form", "piece-give", [element("label", "", say("undrawnTo"), { for: select.id }), select, submit]);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    give(at, select.value);
  });
  return form;
}

function choose(at) {
  chosen = at;
  shown = "";
  write();
  list.children[at].scrollIntoView({ block: "nearest" });
  map.fitBounds(boundsOf(found[at]), { ...panels.besidePanel(), maxZoom: CLOSE, animate: false });
}

const boundsOf = ({ boundary }) => L.latLngBounds(latLngs(boundary).flat(2));

/** Every piece on show, with a ring around what would be too small to see. */
function mark() {
  group.clearLayers();
  for (const [at, piece] of found.entries()) {
    const name = at === chosen ? "undrawn-piece is-chosen" : "undrawn-piece";
    const style = { interactive: false, pmIgnore: true, snapIgnore: true, pane: PANE };
    group.addLayer(L.polygon(latLngs(piece.boundary), { ...style, className: name, smoothFactor: 0 }));
    const bounds = boundsOf(piece);
    const [low, high] = [bounds.getSouthWest(), bounds.getNorthEast()].map((corner) => map.latLngToLayerPoint(corner));
    if (Math.max(high.x - low.x, low.y - high.y) > PLAIN) continue;
    const middle = bounds.getCenter();
    group.addLayer(L.circleMarker(latLng([middle.lng, middle.lat]), { ...style, className: name.replace("piece", "ring"), radius: at === chosen ? 18 : 11 }));
  }
}

function give(at, key) {
  const { boundary, squareMetres } = found[at];
  const area = model.area(key);
  if (!area) return;
  const words = { area: sized(squareMetres), name: area.name };
  model.apply(say("stepGive", words), { redraw: [{ key, boundary: joined(area.boundary, boundary) }] });
  tell(say("didGive", words));
  draw();
}

/** Before panels.start(), which makes the button open the panel. */
export function start() {
  map.createPane(PANE).style.zIndex = 615;
  map.getPane(PANE).style.pointerEvents = "none";
  group = L.layerGroup().addTo(map);
  document.addEventListener("panel", ({ detail }) => {
    if (detail.name === "undrawn") draw();
    if (detail.before !== "undrawn") return;
    chosen = null;
    found = [];
    shown = "";
    list.replaceChildren();
    group.clearLayers();
  });
  map.on("zoomend", () => isOpen() && mark());
  for (const name of ["base", "change", "problems"]) model.on(name, soon);
}
