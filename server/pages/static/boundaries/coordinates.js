// The coordinate table, the way of the keyboard: the chosen area's vertices one by one, and typed or pasted lines of which a
// new area is made, by which the chosen one is split, or which go round a hole in it. A vertex that areas share changes in all of them, as on the map.

import { element, icon } from "../common/dom.js";
import { data, say } from "../common/words.js";
import { cutOut, splitBy } from "./drawing.js";
import { latLng, latLngs, map } from "./editor_map.js";
import { metresAlong } from "./lengths.js";
import { area as shownArea, length as shownLength } from "./measured.js";
import { model } from "./model.js";
import * as naming from "./naming.js";
import * as panels from "./panels.js";
import { zone } from "./projecting.js";
import { isSame, onGrid, squareMetres, tidy } from "./shapes.js";
import * as telling from "./telling.js";
import * as tools from "./tools.js";
import { pair, rows as pasted } from "./typed.js";
import { alongEdge, hasVertex, inserted, moved, sharing, without } from "./vertices.js";

const PAGE = 100;
const WORLD = "wgs84";

const part = (id) => document.getElementById(id);
let way = null; // to VN-2000 and back; null for WGS 84
let page = 0;
let mark = null;
let preview = null;
let typed = []; // the positions that are typed, in WGS 84

const isMetric = () => part("coordinates-system").value !== WORLD;
const isOpen = () => panels.opened() === "coordinates";

/** The area whose vertices are shown. */
function chosen() {
  const [key] = model.selected;
  const area = key && model.selected.length === 1 ? model.area(key) : null;
  return area?.boundary?.length ? area : null;
}

// --- between what is shown and what is kept

/** [first column, second column]: X (north) and Y (east) as surveyors here write them, or longitude and latitude. */
function written(position) {
  if (!way) return position.map((value) => value.toFixed(7).replace(".", mode()));
  const [east, north] = way.fromWgs84(position);
  return [north, east].map((value) => value.toFixed(3).replace(".", mode()));
}

const mode = () => (data.language === "vi" ? "," : ".");
const toWorld = (found) => onGrid(way ? way.toWgs84(found) : found);

async function changeSystem() {
  part("coordinates-problem").hidden = true;
  const code = part("coordinates-system").value;
  try {
    way = code === WORLD ? null : await zone(Number(code));
  } catch {
    part("coordinates-system").value = WORLD;
    way = null;
    complain(say("systemFailed"));
  }
  page = 0;
  show();
  readTyped();
}

// --- the table

function ringsOf(area) {
  return area.boundary.flatMap((polygon, number) =>
    polygon.map((ring, within) => ({
      ring,
      name: say(within ? "ringHole" : area.boundary.length > 1 ? "ringOuterOf" : "ringOuter", { n: within || number + 1, part: number + 1 }),
    })),
  );
}

function shownRing() {
  const area = chosen();
  const rings = area ? ringsOf(area) : [];
  return rings[Number(part("coordinates-ring").value)] ?? rings[0] ?? null;
}

function show() {
  if (!isOpen()) return;
  const area = chosen();
  part("coordinates-none").hidden = Boolean(area);
  part("coordinates-some").hidden = !area;
  if (!area) {
    mark?.remove();
    mark = null;
    return;
  }
  const rings = ringsOf(area);
  const select = part("coordinates-ring");
  const before = Math.min(Number(select.value) || 0, rings.length - 1);
  select.replaceChildren(...rings.map(({ name, ring }, at) => element("option", "", say("ringVertices", { name, n: ring.length - 1 }), { value: String(at) })));
  select.value = String(before);
  select.closest(".field").hidden = rings.length < 2;
  const { ring } = rings[before];
  const count = ring.length - 1;
  page = Math.max(0, Math.min(page, Math.ceil(count / PAGE) - 1));
  part("coordinates-name").textContent = area.name;
  const round = shownLength(metresAlong(ring));
  part("coordinates-size").textContent = say("coordinatesSize", { area: shownArea(area.areaSquareMetres), round, n: count });
  const [first, second] = isMetric() ? ["columnX", "columnY"] : ["columnLongitude", "columnLatitude"];
  part("coordinates-first").textContent = say(first);
  part("coordinates-second").textContent = say(second);
  const from = page * PAGE;
  drawRows(ring.slice(from, Math.min(from + PAGE, count)), from, `${area.key} ${before} ${from} ${count} ${part("coordinates-system").value}`);
  part("coordinates-pages").hidden = count <= PAGE;
  part("coordinates-page").textContent = say("coordinatesPage", { from: from + 1, to: Math.min(from + PAGE, count), n: count });
  part("coordinates-before").disabled = page === 0;
  part("coordinates-after").disabled = from + PAGE >= count;
}

let drawn = ""; // which rows are there: others are made anew, the same ones only filled, so that nobody is interrupted

function drawRows(positions, from, name) {
  const body = part("coordinates-rows");
  if (name !== drawn) {
    body.replaceChildren(...positions.map((_, at) => row(from + at)));
    drawn = name;
  }
  const areas = model.areas().filter(({ boundary }) => boundary);
  for (const [at, position] of positions.entries()) fill(body.children[at], position, areas);
}

/** What a row says; what somebody is typing stays. */
function fill(made, position, areas) {
  const isFixed = hasVertex(model.outline, position);
  const shared = sharing(areas, position).length - 1;
  made.toggleAttribute("data-fixed", isFixed);
  made.toggleAttribute("data-shared", !isFixed && shared > 0);
  made.firstElementChild.title = isFixed ? say("vertexFixed") : shared > 0 ? say("vertexSharedBy", { n: shared }) : "";
  const texts = written(position);
  const titles = isMetric() ? ["cellX", "cellY"] : ["cellLongitude", "cellLatitude"];
  for (const [column, input] of made.querySelectorAll("input").entries()) {
    if (input.value === (input.dataset.shown ?? "")) input.value = texts[column];
    input.dataset.shown = texts[column];
    input.readOnly = isFixed;
    input.setAttribute("aria-label", say("cell", { n: Number(input.dataset.at) + 1, column: say(titles[column]) }));
  }
  made.querySelector("[data-delete]").disabled = isFixed;
}

function row(at) {
  const inputs = [0, 1].map((column) => {
    const input = element("input", "input number", [], { type: "text", inputmode: "decimal", autocomplete: "off", "data-at": String(at), "data-column": String(column) });
    input.addEventListener("focus", () => point(shownRing().ring[at]));
    input.addEventListener("keydown", ({ key }) => key === "Enter" && change(at));
    return input;
  });
  const act = (sign, words, call, attributes = {}) => {
    const button = element("button", "button", [icon(sign)], { type: "button", "aria-label": words, title: words, ...attributes });
    button.addEventListener("click", call);
    return button;
  };
  const cells = [
    element("th", "number", String(at + 1), { scope: "row" }),
    ...inputs.map((input) => element("td", "", input)),
    element("td", "coordinate-acts", [
      act("plus", say("insertAfter", { n: at + 1 }), () => insert(at)),
      act("trash", say("deleteVertex", { n: at + 1 }), () => remove(at), { "data-delete": "" }),
    ]),
  ];
  const made = element("tr", "", cells);
  // Both numbers of a vertex are one step.
  made.addEventListener("focusout", ({ relatedTarget }) => made.isConnected && !inputs.includes(relatedTarget) && change(at));
  return made;
}

const cell = (at, column) => part("coordinates-rows").querySelector(`input[data-at="${at}"][data-column="${column}"]`);

function point(position) {
  mark ??= L.circleMarker([0, 0], { pane: "snapping", interactive: false, pmIgnore: true, radius: 9, className: "coordinate-mark" });
  mark.setLatLng(latLng(position)).addTo(map);
  if (!map.getBounds().contains(latLng(position))) map.panTo(latLng(position), { animate: false });
}

function complain(text, input = null) {
  telling.complain(part("coordinates-problem"), text);
  for (const one of part("coordinates-rows").querySelectorAll("[aria-invalid]")) one.removeAttribute("aria-invalid");
  input?.setAttribute("aria-invalid", "true");
}

// --- changing it

function change(at) {
  const ring = shownRing()?.ring;
  const [first, second] = [cell(at, 0), cell(at, 1)];
  if (!ring?.[at] || !first || !isOpen()) return;
  if (first.value === first.dataset.shown && second.value === second.dataset.shown) return complain("");
  const found = pair(first.value, second.value, isMetric());
  if (!found) return complain(say(isMetric() ? "notVn2000" : "notDegrees", { n: at + 1 }), second.value === second.dataset.shown ? first : second);
  const to = toWorld(found);
  const from = ring[at];
  for (const input of [first, second]) input.dataset.shown = input.value;
  if (isSame(from, to)) {
    complain("");
    return show();
  }
  const holders = sharing(model.areas().filter(({ boundary }) => boundary), from);
  const redraw = holders.map(({ key, boundary }) => ({ key, boundary: moved(boundary, from, to) }));
  if (redraw.some(({ boundary }) => !boundary)) return complain(say("vertexNeeded"), first);
  complain("");
  model.apply(say("stepMove"), { redraw });
  point(to);
  telling.tell(say("didMove", { n: holders.length }));
}

/** Whether nothing is left in a row that is no position. */
const isSettled = (at) => cell(at, 0).value === cell(at, 0).dataset.shown && cell(at, 1).value === cell(at, 1).dataset.shown;

function insert(at) {
  const { ring } = shownRing();
  if (!isSettled(at)) return;
  const [one, other] = [ring[at], ring[at + 1]];
  const middle = onGrid([(one[0] + other[0]) / 2, (one[1] + other[1]) / 2]);
  if (isSame(middle, one) || isSame(middle, other)) return complain(say("tooClose"));
  const holders = alongEdge(model.areas().filter(({ boundary }) => boundary), one, other);
  complain("");
  model.apply(say("stepInsert"), { redraw: holders.map(({ key, boundary }) => ({ key, boundary: inserted(boundary, one, other, middle) })) });
  telling.tell(say("didInsert", { n: holders.length }));
  if (at + 1 >= (page + 1) * PAGE) {
    page += 1;
    show();
  }
  cell(at + 1, 0)?.focus();
  cell(at + 1, 0)?.select();
}

function remove(at) {
  const { ring } = shownRing();
  const vertex = ring[at];
  const holders = sharing(model.areas().filter(({ boundary }) => boundary), vertex);
  const redraw = holders.map(({ key, boundary }) => ({ key, boundary: without(boundary, vertex) }));
  if (redraw.some(({ boundary }) => !boundary)) return complain(say("vertexNeeded"));
  complain("");
  model.apply(say("stepDelete"), { redraw });
  telling.tell(say("didDelete", { n: holders.length }));
  (cell(at, 0) ?? cell(at - 1, 0))?.focus();
}

// --- a new area, a split or a hole from lines

const use = () => part("coordinates-use").value;
const LEAST = { draw: 3, split: 2, hole: 3 };

/** What the lines are for decides what is asked beside them. */
function changeUse() {
  part("coordinates-new-named").hidden = use() !== "draw";
  for (const words of document.querySelectorAll("#coordinates-new [data-use]")) words.hidden = words.dataset.use !== use();
  readTyped();
}

function drawTyped() {
  const style = { interactive: false, pmIgnore: true, snapIgnore: true };
  if (use() === "split") return L.polyline(typed.map(latLng), { ...style, className: "drawn-line" });
  return L.polygon([[typed.map(latLng)]], { ...style, className: "drawn-shape" });
}

/** Read what is typed; says how much ground or how long it is, or which line is no position. Gives whether it can be used. */
function readTyped() {
  preview?.remove();
  preview = null;
  const text = part("coordinates-lines").value;
  const { positions, wrong } = pasted(text, isMetric());
  typed = positions.map(toWorld);
  const isLine = use() === "split";
  if (!isLine && typed.length > 1 && isSame(typed[0], typed.at(-1))) typed.pop();
  const bad = wrong[0] && say("lineWrong", wrong[0]);
  const isEnough = typed.length >= LEAST[use()];
  part("coordinates-lines").setAttribute("aria-invalid", String(Boolean(bad)));
  const state = part("coordinates-typed");
  state.dataset.tone = bad ? "late" : "";
  state.textContent = bad || (text.trim() ? (isEnough ? read() : few()) : "");
  if (isEnough) preview = drawTyped().addTo(map);
  return isEnough && !bad;
}

const few = () => say(use() === "split" ? "lineFew" : "linesFew", { n: typed.length });

function read() {
  if (use() === "split") return say("lineRead", { n: typed.length, length: shownLength(metresAlong(typed)) });
  return say("linesRead", { n: typed.length, area: shownArea(squareMetres(ground())), round: shownLength(metresAlong([...typed, typed[0]])) });
}

const ground = () => tidy([[[...typed, typed[0]]]]);

function refuse(text, at) {
  const state = part("coordinates-typed");
  state.dataset.tone = "late";
  state.textContent = text;
  part(at).focus();
}

async function add(event) {
  event.preventDefault();
  if (!readTyped()) return refuse(part("coordinates-typed").textContent || few(), "coordinates-lines");
  if (use() === "draw") return addNew(ground());
  const area = chosen();
  if (!area) return refuse(say("useChosen"), "coordinates-use");
  const { revision } = model;
  tools.use("choose");
  const wrong = use() === "split" ? await splitBy(area, { type: "LineString", coordinates: typed }) : await cutOut(area, ground()[0]?.[0] ?? []);
  telling.guide(tools.guideOf(tools.inUse()));
  if (wrong) return refuse(wrong, "coordinates-lines");
  if (model.revision !== revision) empty();
  part("coordinates-lines").focus();
}

function empty() {
  part("coordinates-lines").value = "";
  readTyped();
  [part("coordinates-new-name").value] = naming.nextNames(1);
}

function addNew(boundary) {
  if (!boundary.length) return refuse(few(), "coordinates-lines");
  const name = part("coordinates-new-name").value.trim();
  const fault = naming.faultIn([name]);
  if (fault) return refuse(fault[1], "coordinates-new-name");
  const [key] = model.apply(say("stepDraw", { name }), { draw: [{ name, boundary }] });
  empty();
  model.select([key]);
  telling.tell(say("didDraw", { name, area: shownArea(squareMetres(boundary)) }));
  map.fitBounds(L.latLngBounds(latLngs(boundary).flat(2)), { ...panels.besidePanel(), maxZoom: 19, animate: false });
}

function opened({ detail }) {
  if (detail.name === "coordinates") {
    if (!part("coordinates-new-name").value) [part("coordinates-new-name").value] = naming.nextNames(1);
    show();
  }
  if (detail.before !== "coordinates") return;
  mark?.remove();
  preview?.remove();
  mark = preview = null;
}

export function start() {
  part("coordinates-system").addEventListener("change", changeSystem);
  part("coordinates-ring").addEventListener("change", () => {
    page = 0;
    show();
  });
  const turn = (by) => () => {
    page += by;
    show();
  };
  part("coordinates-before").addEventListener("click", turn(-1));
  part("coordinates-after").addEventListener("click", turn(1));
  part("coordinates-lines").addEventListener("input", readTyped);
  part("coordinates-use").addEventListener("change", changeUse);
  part("coordinates-new").addEventListener("submit", add);
  document.addEventListener("panel", opened);
  model.on("select", () => {
    page = 0;
    show();
  });
  for (const name of ["change", "base"]) model.on(name, show);
}
