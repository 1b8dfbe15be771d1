// Files in and out. One is read by the server as a draft, looked through here, and taken in one step of undo; what holds
// is given out by the server, and the draft in hand is written here, so that work need never be lost.

import { element, icon } from "../common/dom.js";
import { data, say } from "../common/words.js";
import { latLngs, map } from "./editor_map.js";
import { sized } from "./list.js";
import { besidePanel } from "./panels.js";
import { length } from "./measured.js";
import { model } from "./model.js";
import * as naming from "./naming.js";
import { multiPolygon, tidy } from "./shapes.js";
import * as telling from "./telling.js";

const SECONDS = 120;
const MOST_BYTES = 20_000_000;
const PANE = "importing";
const SIGNS = { NEW: "circle-plus", REPLACES: "square-pen", UNCHANGED: "check", REFUSED: "ban" };
const WORDS = { NEW: "importNew", REPLACES: "importReplaces", UNCHANGED: "importUnchanged", REFUSED: "importRefused" };
const QUESTIONS = ["crs", "layer", "encoding"];

const part = (id) => document.getElementById(id);
const form = part("import-form");
let found = null; // the features of the file on show
let group = null;
let asked = 0;

// --- reading

const complain = (text) => telling.complain(part("import-problem"), text);

/** Another file leaves no answers behind that were about the last one. */
function forget() {
  clear();
  complain("");
  for (const name of QUESTIONS) {
    part(`import-${name}`).closest(".field").hidden = true;
    part(`import-${name}`).value = "";
  }
  part("import-nameField").closest(".field").hidden = true;
  part("import-nameField").replaceChildren();
}

async function read(event) {
  event?.preventDefault();
  clear();
  complain("");
  const [file] = part("import-file").files;
  if (!file) return missing();
  if (file.size > MOST_BYTES) return complain(say("importLarge", { most: MOST_BYTES / 1_000_000 }));
  const mine = asked;
  form.setAttribute("aria-busy", "true");
  part("import-read").disabled = true;
  telling.tell(say("importReading"));
  try {
    const address = `/staff/boundaries/import?ward=${encodeURIComponent(data.ward)}`;
    const response = await fetch(address, { method: "POST", body: sent(file), signal: AbortSignal.timeout(SECONDS * 1000) });
    const told = await response.json();
    if (mine !== asked) return;
    if (response.ok) show(told);
    else answer(told.error ?? { message: say("importFailed") });
  } catch (error) {
    console.debug(error);
    if (mine === asked) complain(say("importFailed"));
  } finally {
    form.removeAttribute("aria-busy");
    part("import-read").disabled = false;
  }
}

function missing() {
  complain(say("importNone"));
  part("import-file").focus();
}

function sent(file) {
  const body = new FormData();
  body.append("file", file, file.name);
  for (const name of [...QUESTIONS, "nameField"]) if (part(`import-${name}`).value) body.append(name, part(`import-${name}`).value);
  if (!part("import-snap").checked) body.append("snap", "0");
  return body;
}

/** What is wrong; where one answer would do, its question is shown. */
function answer({ message, parameter, choices = [], suggested = "" }) {
  complain(suggested ? `${message} ${say("importSuggested", { system: part("import-crs").querySelector(`[value="${suggested}"]`)?.textContent ?? suggested })}` : message);
  if (!QUESTIONS.includes(parameter)) return;
  const select = part(`import-${parameter}`);
  if (parameter === "layer") select.replaceChildren(...choices.map((name) => element("option", "", name, { value: name })));
  else select.value = suggested || select.value;
  select.closest(".field").hidden = false;
  select.focus();
}

// --- looking through it

const isTakeable = ({ state }) => state === "NEW" || state === "REPLACES";
const isGrave = ({ troubles }) => troubles.some(({ kind }) => kind === "OVERLAP" || kind === "OUTSIDE");

function show(drawing) {
  found = drawing.features;
  const counts = Object.fromEntries(Object.keys(SIGNS).map((state) => [state, found.filter((one) => one.state === state).length]));
  part("import-sum").textContent = say("importSum", { n: found.length, new: counts.NEW, replaces: counts.REPLACES, unchanged: counts.UNCHANGED, refused: counts.REFUSED });
  const gaps = drawing.spots.filter(({ kind }) => kind === "GAP");
  const free = gaps.reduce((sum, { squareMetres }) => sum + squareMetres, 0);
  const notes = [say("importFormat", { format: drawing.format }), ...drawing.notes];
  if (gaps.length) notes.push(say("importGaps", { n: gaps.length, area: sized(free) }));
  part("import-notes").replaceChildren(...notes.map((note) => element("li", "", note)));
  chooseName(drawing);
  const order = ["REFUSED", "NEW", "REPLACES", "UNCHANGED"];
  const sorted = [...found].sort((one, other) => order.indexOf(one.state) - order.indexOf(other.state) || one.number - other.number);
  part("import-list").replaceChildren(...sorted.map(row));
  part("import-result").hidden = false;
  part("import-all").closest("label").hidden = !found.some(isTakeable);
  count();
  draw(drawing);
  telling.tell(part("import-sum").textContent);
  part("import-result-title").focus();
  part("import-result").scrollIntoView({ block: "start" });
}

function chooseName({ fields, nameField }) {
  const select = part("import-nameField");
  select.replaceChildren(...fields.map((name) => element("option", "", name, { value: name })));
  if (nameField) select.value = nameField;
  else select.prepend(element("option", "", say("importNoName"), { value: "", selected: "" }));
  select.closest(".field").hidden = fields.length < 2;
}

function row(one) {
  const name = one.name ?? one.label;
  const moved = one.moved?.vertices && say("importMoved", { n: one.moved.vertices, far: length(one.moved.metres) });
  const differs = one.state === "REPLACES" && one.differsSquareMetres ? say("importDiffers", { area: sized(one.differsSquareMetres) }) : null;
  const renamed = one.state === "REPLACES" && one.name && one.name !== one.storedName ? say("importRenames", { name: one.storedName }) : null;
  const remarks = [differs, renamed, moved].filter(Boolean);
  const texts = [
    element("span", "import-name", [element("strong", "", name), element("span", "quiet number", one.squareMetres === null ? "" : sized(one.squareMetres))]),
    element("span", "import-state", [icon(SIGNS[one.state]), element("span", "", say(WORDS[one.state])), element("span", "quiet", say("importNumber", { n: one.number }))]),
    ...remarks.map((text) => element("span", "import-remark", text)),
    ...one.troubles.map(({ message }) => element("span", "import-remark import-trouble", message)),
  ];
  const item = { "data-state": one.state };
  if (!isTakeable(one)) return element("li", "", element("div", "import-row", element("span", "import-texts", texts)), item);
  const box = element("input", "", [], { type: "checkbox", "data-number": String(one.number) });
  box.checked = !isGrave(one);
  box.addEventListener("change", count);
  return element("li", "", element("label", "import-row", [box, element("span", "import-texts", texts)]), item);
}

const boxes = () => [...part("import-list").querySelectorAll("input[type=checkbox]")];
const taken = () => new Set(boxes().filter(({ checked }) => checked).map(({ dataset }) => Number(dataset.number)));

function count() {
  const all = boxes();
  const n = all.filter(({ checked }) => checked).length;
  part("import-all").checked = n > 0 && n === all.length;
  part("import-all").indeterminate = n > 0 && n < all.length;
  part("import-take").disabled = n === 0;
  part("import-take").lastElementChild.textContent = say("importTake", { n });
}

function draw({ features, spots }) {
  const pane = map.getPane(PANE) ?? map.createPane(PANE);
  pane.classList.add("underlay-pane");
  const renderer = L.svg({ pane: PANE, padding: 0.3 });
  const usual = { renderer, pane: PANE, interactive: false, pmIgnore: true, snapIgnore: true };
  group = L.featureGroup().addTo(map);
  for (const { boundary, state } of features)
    if (boundary && state !== "UNCHANGED")
      group.addLayer(L.polygon(latLngs(boundary.coordinates), { ...usual, className: state === "REFUSED" ? "import-line import-refused" : "import-line" }));
  for (const { geometry } of spots)
    if (/Polygon$/.test(geometry.type)) {
      const polygons = geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates;
      group.addLayer(L.polygon(latLngs(polygons), { ...usual, className: "import-spot" }));
    }
  if (group.getLayers().length) map.fitBounds(group.getBounds(), { ...besidePanel(), maxZoom: 19, animate: false });
}

function clear() {
  asked += 1;
  found = null;
  group?.remove();
  group = null;
  part("import-result").hidden = true;
  part("import-list").replaceChildren();
}

// --- taking it

/** What was chosen becomes one step of the draft. */
function take() {
  const numbers = taken();
  const chosen = found.filter(({ number }) => numbers.has(number));
  const draws = [];
  const redraw = [];
  const rename = [];
  for (const { neighbourhoodId, boundary, name, storedName } of chosen) {
    const area = neighbourhoodId && model.area(neighbourhoodId);
    if (!area) draws.push({ name, boundary: tidy(boundary.coordinates) });
    else {
      redraw.push({ key: area.key, boundary: tidy(boundary.coordinates) });
      if (name && name !== storedName) rename.push({ key: area.key, name });
    }
  }
  const names = naming.nextNames(draws.filter(({ name }) => !name).length);
  for (const one of draws) one.name ??= names.shift();
  const [file] = part("import-file").files;
  const keys = model.apply(say("stepImport", { file: file?.name ?? "" }), { draw: draws, redraw, rename });
  const n = chosen.length;
  clear();
  model.select([...keys, ...redraw.map(({ key }) => key)].slice(0, 1));
  part("import-done").textContent = say("importDone", { n });
  telling.tell(say("importDone", { n }));
  part("import-file").focus();
}

// --- giving out

/** The draft in hand as GeoJSON: a file that can be read again here, whatever becomes of this browser. */
function give() {
  const features = model.areas().filter(({ boundary }) => boundary).map(({ id, name, boundary, state }) => ({
    type: "Feature",
    ...(id ? { id: id.split(":").at(-1) } : {}),
    geometry: multiPolygon(boundary),
    properties: { ward: data.ward, name, state },
  }));
  const text = JSON.stringify({ type: "FeatureCollection", features });
  const link = element("a", "", [], { download: `ban-nhap-${data.ward}-${new Date().toISOString().slice(0, 10)}.geojson` });
  link.href = URL.createObjectURL(new Blob([text], { type: "application/geo+json" }));
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  telling.tell(say("draftGiven", { n: features.length }));
}

export function start() {
  part("import-file").addEventListener("change", () => {
    part("import-done").textContent = "";
    part("import-name").textContent = part("import-file").files[0]?.name ?? "";
    forget();
  });
  form.addEventListener("submit", read);
  part("import-nameField").addEventListener("change", () => read());
  part("import-all").addEventListener("change", ({ target }) => {
    for (const box of boxes()) box.checked = target.checked;
    count();
  });
  part("import-take").addEventListener("click", take);
  part("import-drop").addEventListener("click", () => {
    clear();
    part("import-file").focus();
  });
  part("export-draft").addEventListener("click", give);
  document.addEventListener("panel", ({ detail }) => {
    if (detail.before === "files") clear();
  });
  model.on("base", clear);
}
