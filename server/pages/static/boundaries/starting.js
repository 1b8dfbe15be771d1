// A first partition to begin from: asked of the server, looked at on the map, taken as a draft in one step of undo.

import { ask } from "../common/asking.js";
import { element, icon } from "../common/dom.js";
import { data, say } from "../common/words.js";
import { latLngs, map } from "./editor_map.js";
import { sized } from "./list.js";
import { model } from "./model.js";
import * as panels from "./panels.js";
import * as telling from "./telling.js";

const SECONDS = 30;
const LEAST = 100; // square metres: less is a sliver
const MOST_LABELS = 60; // more would cover the ground they name
const PANE = "starting";

const part = (id) => document.getElementById(id);
const form = part("starting-form");
const problem = part("starting-problem");

const offer = element("button", "button starting-offer", [], { type: "button", "data-panel": "starting" });
let proposed = null; // the areas on show
let asked = 0; // counts what was asked and dropped: an answer that comes later is nobody's
let group = null;
let renderer = null;

/** Before panels.start(), which makes the offer open the panel. */
export function start() {
  offer.hidden = true;
  part("undrawn-acts").append(offer);
  form.addEventListener("change", choose);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void look();
  });
  part("starting-take").addEventListener("click", take);
  part("starting-drop").addEventListener("click", () => {
    clear();
    telling.tell(say("proposalDropped"));
    part("starting-try").focus();
  });
  document.addEventListener("panel", ({ detail }) => {
    if (detail.before === "starting") clear();
    if (detail.name === "starting") ready();
  });
  map.on("zoomend", fit);
  model.on("base", follow);
  model.on("change", follow);
  choose();
}

// --- what there is to divide

/** Whether shapes were drawn, redrawn or given up that are not saved: the server does not know of them. */
function isDrawnOver() {
  const areas = model.areas();
  const left = new Set(areas.map(({ key }) => key));
  return areas.some(({ state }) => state !== "kept") || model.changes().some((key) => !left.has(key));
}

/** Whatever changes, offer what can be offered; what was proposed on other ground is gone. */
function follow() {
  const isEmpty = !model.areas().length;
  const words = say(isEmpty ? "startFromNothing" : "divideRest");
  offer.classList.toggle("primary", isEmpty);
  offer.replaceChildren(icon("square-dashed"), element("span", "", words));
  offer.hidden = model.undrawnSquareMetres < LEAST || isDrawnOver();
  part("starting-title").textContent = words;
  if (proposed) {
    clear();
    complain(say("proposalStale"));
  }
  if (panels.opened() === "starting") ready();
}

function ready() {
  const isOver = isDrawnOver();
  part("starting-try").disabled = isOver;
  if (isOver) complain(say("proposalDirty"));
  else if (problem.textContent === say("proposalDirty")) complain("");
}

function choose() {
  part("starting-count").hidden = form.elements.by.value !== "EQUAL_AREAS";
  clear();
}

// --- looking at it

async function look() {
  clear();
  const mine = asked;
  const by = form.elements.by.value;
  const parts = by === "EQUAL_AREAS" ? Math.trunc(Number(form.elements.parts.value)) : null;
  form.setAttribute("aria-busy", "true");
  telling.tell(say("dividing"));
  try {
    const { proposePartition: answer } = await ask("propose", { ward: data.ward, by, parts }, SECONDS);
    if (mine !== asked || panels.opened() !== "starting") return;
    if (answer.areas) show(answer.areas);
    else complain((answer.problems ?? [answer]).map(({ message }) => message).join(" "));
  } catch (error) {
    console.debug(error);
    if (mine === asked) complain(say("proposalFailed"));
  } finally {
    if (mine === asked) form.removeAttribute("aria-busy");
  }
}

function show(areas) {
  proposed = areas;
  const sizes = areas.map(({ areaSquareMetres }) => areaSquareMetres);
  const range = { least: sized(Math.min(...sizes)), most: sized(Math.max(...sizes)) };
  part("starting-sum").replaceChildren(
    element("strong", "", say("proposed", { n: areas.length })),
    element("span", "quiet", say("proposedSize", range)),
  );
  const rows = areas.map(({ name, areaSquareMetres }) =>
    element("li", "", [element("span", "", name), element("span", "quiet number", sized(areaSquareMetres))]),
  );
  part("starting-list").replaceChildren(...rows);
  part("starting-result").hidden = false;
  part("starting-note").hidden = false;
  draw(areas);
  part("starting-result").scrollIntoView({ block: "nearest" });
}

function draw(areas) {
  const pane = map.getPane(PANE) ?? map.createPane(PANE);
  pane.classList.add("starting-pane");
  renderer ??= L.svg({ pane: PANE, padding: 0.5 });
  group = L.featureGroup().addTo(map);
  for (const { name, boundary } of areas) {
    const shape = latLngs(boundary.coordinates);
    const options = { className: "starting-part", renderer, interactive: false, pmIgnore: true, snapIgnore: true, smoothFactor: 0.8 };
    group.addLayer(L.polygon(shape, options));
    if (areas.length <= MOST_LABELS) group.addLayer(label(name, shape));
  }
  // Beside the panel and below the line that tells what to do.
  const beside = [part("starting-panel").offsetWidth + 40, 24];
  map.fitBounds(group.getBounds(), { paddingTopLeft: [24, 72], paddingBottomRight: beside, animate: false });
  fit();
}

/** Names that are wider than their ground at this zoom would cover their neighbours'. */
function fit() {
  for (const mark of group?.getLayers() ?? []) {
    const text = mark.getElement?.()?.querySelector?.(".starting-name");
    if (!text) continue;
    const [west, east] = [mark.ground.getWest(), mark.ground.getEast()].map((longitude) => map.latLngToLayerPoint([0, longitude]).x);
    text.classList.toggle("is-cramped", text.offsetWidth > east - west);
  }
}

function label(name, shape) {
  const largest = shape.reduce((one, other) => (other[0].length > one[0].length ? other : one));
  const middle = L.PolyUtil.polygonCenter(largest[0], map.options.crs);
  const html = element("span", "starting-name", name);
  const mark = L.divIcon({ className: "starting-label", html, iconSize: null });
  const made = L.marker(middle, { icon: mark, pane: PANE, interactive: false, keyboard: false, pmIgnore: true, snapIgnore: true });
  made.ground = L.latLngBounds(largest[0]);
  return made;
}

function clear() {
  asked += 1;
  proposed = null;
  group?.remove();
  group = null;
  form.removeAttribute("aria-busy");
  complain("");
  part("starting-result").hidden = true;
  part("starting-note").hidden = true;
}

const complain = (text) => telling.complain(problem, text);

// --- taking it

function take() {
  const areas = proposed;
  clear();
  model.apply(say("proposalStep"), { draw: areas.map(({ name, boundary }) => ({ name, boundary })) });
  panels.open(null);
  telling.tell(say("proposalTaken", { n: areas.length }));
  document.querySelector("#area-list button")?.focus();
}
