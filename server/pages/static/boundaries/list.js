// The list beside the map says what the map shows: each area, its size, how it stands, what is wrong with it.

import { element, icon } from "../common/dom.js";
import { data, fold, say } from "../common/words.js";
import { model } from "./model.js";

const list = document.getElementById("area-list");
const undrawn = document.getElementById("undrawn");
const gone = document.getElementById("given-up");
const draft = document.getElementById("draft-state");
const search = document.getElementById("area-search");
const answer = document.getElementById("area-found");

const MANY = 10; // more are searched

const HECTARE = 10_000;
const SIGNS = { kept: "check", redrawn: "square-pen", drawn: "circle-plus" };
const language = data.language === "vi" ? "vi-VN" : "en-GB";
const written = (value, digits) => new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(value);

/** An area as people say it: square metres up to a hectare, then hectares. */
export function sized(squareMetres) {
  return squareMetres < HECTARE
    ? say("squareMetres", { n: written(squareMetres, squareMetres < 10 ? 1 : 0) })
    : say("hectares", { n: written(squareMetres / HECTARE, 2) });
}

const rows = new Map();

function stateMark(area) {
  const word = area.boundary ? say(area.state) : say("shapeless");
  const renamed = area.renamed ? ` · ${say("renamed")}` : "";
  return element("span", "area-state", [icon(area.boundary ? SIGNS[area.state] : "info"), `${word}${renamed}`], { "data-state": area.state });
}

function fill(row, area) {
  const button = row.firstElementChild;
  button.setAttribute("aria-pressed", String(model.selected.includes(area.key)));
  button.replaceChildren(
    element("span", "area-name", area.name),
    element("span", "area-size number", area.boundary ? sized(area.areaSquareMetres) : "—"),
    stateMark(area),
  );
}

function rowOf(area) {
  const button = element("button", "area", [], { type: "button", "data-key": area.key });
  button.addEventListener("click", (event) => chooses(area.key, event));
  const row = element("li", "", [button]);
  rows.set(area.key, row);
  return row;
}

let chooses = (key) => model.select([key]);
/** What a click on a row does: `listener(key, event)`. */
export function onRow(listener) {
  chooses = listener;
}

/** What the draft gives up, with the way back. */
function drawGone() {
  const removed = model.removed();
  gone.hidden = !removed.length;
  gone.replaceChildren(
    ...removed.map(({ id, name, boundary }) => {
      const label = say("stepTakeBack", { name });
      const back = element("button", "button", [icon("undo-2"), say("takeBack")], { type: "button", "aria-label": label });
      back.addEventListener("click", () => {
        model.apply(label, { draw: [{ key: id, name, boundary }] });
        model.select([id]);
        rows.get(id)?.firstElementChild.focus();
      });
      const mark = element("span", "area-state", [icon("circle-x"), say("remove")]);
      return element("li", "gone-area", [element("span", "gone-text", [element("s", "area-name", name), mark]), boundary ? back : null].filter(Boolean));
    }),
  );
}

/** Rows in the order of their names; those that are there already are moved, never made anew. */
function draw(changed = null) {
  const areas = model.areas();
  const keys = new Set(areas.map(({ key }) => key));
  for (const [key, row] of rows) {
    if (keys.has(key)) continue;
    row.remove();
    rows.delete(key);
  }
  for (const [at, area] of areas.entries()) {
    const isNew = !rows.has(area.key);
    const row = rows.get(area.key) ?? rowOf(area);
    if (list.children[at] !== row) list.insertBefore(row, list.children[at] ?? null);
    if (isNew || !changed || changed.includes(area.key)) fill(row, area);
  }
  find();
  drawGone();
  const left = model.undrawnSquareMetres;
  undrawn.textContent = left < 1 ? say("wholeDrawn") : say("undrawn", { area: sized(left) });
  const changes = model.changes().length;
  draft.dataset.tone = changes ? "draft" : "clean";
  draft.replaceChildren(icon(changes ? "square-pen" : "check"), changes ? say("draft", { n: changes }) : say("clean"));
}

/** Only the rows that are asked for, by their names without diacritics; and what is chosen, wherever it was chosen. */
function find() {
  const wanted = fold(search.value.trim());
  search.closest(".area-search").hidden = rows.size <= MANY && !wanted;
  const selected = new Set(model.selected);
  let found = 0;
  for (const [key, row] of rows) {
    const isFound = fold(model.area(key)?.name ?? "").includes(wanted);
    row.hidden = !isFound && !selected.has(key);
    if (isFound) found += 1;
  }
  const words = wanted ? say(found ? "areasFound" : "areasNone", { n: found, all: rows.size }) : "";
  if (answer.textContent !== words) answer.textContent = words;
}

/** Enter takes the first that is found, Escape ends the search. */
function searchBy(event) {
  if (event.isComposing || (event.key !== "Enter" && event.key !== "Escape")) return;
  if (event.key === "Escape") {
    if (!search.value) return;
    event.stopPropagation();
    search.value = "";
    find();
  } else {
    event.preventDefault();
    const wanted = fold(search.value.trim());
    const first = model.areas().find(({ name }) => fold(name).includes(wanted));
    if (wanted && first) chooses(first.key, event);
  }
}

export function start() {
  search.addEventListener("input", find);
  search.addEventListener("keydown", searchBy);
  model.on("base", () => draw());
  model.on("change", ({ keys }) => draw(keys));
  model.on("problems", () => {
    const wrong = new Set(model.problems.flatMap(({ keys }) => keys));
    for (const [key, row] of rows) row.firstElementChild.toggleAttribute("data-wrong", wrong.has(key));
  });
  model.on("select", () => {
    find();
    const selected = new Set(model.selected);
    for (const [key, row] of rows) row.firstElementChild.setAttribute("aria-pressed", String(selected.has(key)));
    rows.get(model.selected.at(-1))?.scrollIntoView({ block: "nearest" });
  });
}
