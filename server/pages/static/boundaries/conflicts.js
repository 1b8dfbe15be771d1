// Somebody else saved while this draft was being drawn. What they changed and the draft did not is taken over at once;
// where both changed one neighbourhood, both are shown and each is decided: theirs dashed, ours solid. Where both gave the
// same ground away, but to different neighbourhoods, those are decided as one.

import { ask } from "../common/asking.js";
import { element } from "../common/dom.js";
import { clock, data, say } from "../common/words.js";
import { map } from "./editor_map.js";
import { sized } from "./list.js";
import { model } from "./model.js";
import { hide, names, show } from "./notices.js";
import { Overlay } from "./overlay.js";
import { tell } from "./telling.js";

const overlay = new Overlay(map);
const listeners = new Set();

let latest = null; // what holds, as it was last read
let open = []; // lists of keys, each to be decided as one
let doubled = []; // ground that both gave away: [{ ours: key, theirs: id, squareMetres }]
let seen = null; // the first of those that are looked at alone
let authors = new Map(); // who saved a neighbourhood last: { author, at }

/** What holds as it was last read. */
export const standing = () => latest;
/** Whether what to do with an area is to be decided. */
export const isUndecided = (key) => open.flat().includes(key);
/** How many choices are to be made before anything can be saved. */
export const undecided = () => open.length;
export const onDecided = (listener) => listeners.add(listener);

/** What holds is `base`, and there is no draft beside it. */
export function begin(base) {
  latest = base;
  model.load(base);
  settle({ conflicts: [], doubled: [] });
}

/** Take what holds now into the draft. Gives what Model.rebase gives. */
export function meet(base) {
  latest = base;
  const found = model.rebase(base);
  settle(found);
  return found;
}

/** Note who saved what: changes as the API tells them, newest first. */
export function note(changes) {
  authors = new Map();
  for (const { at, author, neighbourhoods } of changes)
    for (const { id } of neighbourhoods) if (!authors.has(id)) authors.set(id, { author, at });
}

function settle(found) {
  doubled = found.doubled;
  open = bundled(found.conflicts);
  seen = null;
  draw();
  for (const listener of listeners) listener();
  if (open.some((keys) => !authorOf(keys))) void learn();
}

/** The keys in lists, together where ground lies double between them. */
function bundled(keys) {
  return doubled.reduce((lists, { ours, theirs }) => {
    const [met, apart] = [[], []];
    for (const list of lists) (list.includes(ours) || list.includes(theirs) ? met : apart).push(list);
    return [met.flat(), ...apart];
  }, keys.map((key) => [key]));
}

const authorOf = (keys) => keys.map((key) => authors.get(key)).find(Boolean);

async function learn() {
  try {
    note((await ask("changes", { code: data.ward, first: 20, after: null })).ward.boundaryChanges.nodes);
    // The same cards, with names: whoever is at one of their buttons stays there.
    const buttons = () => [...document.querySelectorAll('[data-notice="conflicts"] button')];
    const at = buttons().indexOf(document.activeElement);
    draw();
    buttons()[at]?.focus();
  } catch {
    // Without a name it is somebody else.
  }
}

const theirsOf = (id) => latest.neighbourhoods.find((one) => one.id === id) ?? null;
const ground = (one) => (one?.boundary ? (one.boundary.coordinates ?? one.boundary) : null);
const nameOf = (id) => (model.area(id) ?? theirsOf(id) ?? model.base(id))?.name ?? "";

function draw() {
  if (!open.length) {
    hide("conflicts");
    overlay.clear();
    return;
  }
  const shown = seen ? open.find(([first]) => first === seen) : open.flat();
  overlay.show(shown.map((id) => ({ name: nameOf(id), before: ground(theirsOf(id)), after: model.area(id)?.boundary ?? null })));
  const legend = element("p", "comparing-legend", [
    element("span", "comparing-key", [], { "data-line": "before" }),
    say("theirsDashed"),
    element("span", "comparing-key", [], { "data-line": "after" }),
    say("oursSolid"),
  ]);
  const cards = element("ul", "conflicts", open.map(card));
  const title = doubled.length ? "conflictPlaces" : "conflictsTitle";
  show("conflicts", say(title, { n: open.length }), { sign: "triangle-alert", tone: "warning", more: [legend, ...atOnce(), cards] });
}

/** Neighbourhoods that lie beside each other share the border that both moved: they are best decided alike. */
function atOnce() {
  if (open.length < 2) return [];
  const act = (choice, words) => {
    const button = element("button", "button", say(words, { n: open.length }), { type: "button" });
    button.addEventListener("click", () => decide(open.flat(), choice));
    return button;
  };
  const acts = element("div", "draft-acts", [act("ours", "keepAllOurs"), act("theirs", "takeAllTheirs")]);
  return [element("p", "quiet", say("decideAlike")), acts];
}

function card(keys) {
  const [id] = keys;
  const { author, at } = authorOf(keys) ?? {};
  const who = author ?? say("somebody");
  const name = names.format(keys.map(nameOf));
  const theirs = theirsOf(id);
  const ours = model.area(id);
  const twice = doubled.filter((one) => keys.includes(one.ours));
  const sizes = [
    say("conflictTheirs", { who, time: at ? clock(at) : "", what: sizeOf(theirs?.areaSquareMetres ?? null, theirs?.name) }),
    say("conflictOurs", { what: sizeOf(ours?.areaSquareMetres ?? null, ours?.name) }),
  ];
  const said = twice.length ? twice.map((one) => grounds(one, who)) : sizes;
  const lines = [element("strong", "", name), ...said.map((line) => element("span", "quiet", line))];
  const act = (word, choice, label) => {
    const button = element("button", "button", word, { type: "button", "aria-label": label });
    button.addEventListener("click", () => decide(keys, choice));
    return button;
  };
  const see = element("button", "button", say("see"), { type: "button", "aria-pressed": String(id === seen), "aria-label": say("seeArea", { name }) });
  see.addEventListener("click", () => look(id));
  const acts = element("div", "draft-acts", [
    see,
    act(say("keepOurs"), "ours", say("keepOursOf", { name })),
    act(say("takeTheirs"), "theirs", say("takeTheirsOf", { name })),
  ]);
  return element("li", "conflict", [...lines, acts], { "data-id": id });
}

/** Who gave ground that lies double to whom. */
function grounds({ ours, theirs, squareMetres }, who) {
  return say("conflictGround", { who, area: sized(squareMetres), ours: nameOf(ours), theirs: theirsOf(theirs).name });
}

const sizeOf = (area, name) => (area === null ? say("gone") : `${name}, ${sized(area)}`);

/** Show the two of one choice alone, or of all again. */
function look(id) {
  seen = seen === id ? null : id;
  draw();
  model.select(seen ? open.find(([first]) => first === seen) : []);
  overlay.look();
  document.querySelector(`.conflict[data-id="${CSS.escape(id)}"] [aria-pressed]`)?.focus();
}

/** Ours goes on top of theirs either way: theirs is then a step that can be undone. */
function decide(ids, choice) {
  const name = names.format(ids.map(nameOf));
  const found = model.rebase(latest, Object.fromEntries(ids.map((id) => [id, "ours"])));
  const label = say(choice === "ours" ? "keptOurs" : "tookTheirs", { name });
  if (choice === "theirs") takeTheirs(label, ids);
  settle(found);
  tell(label);
}

function takeTheirs(label, ids) {
  const step = { draw: [], redraw: [], remove: [], rename: [] };
  for (const id of ids) {
    const theirs = theirsOf(id);
    if (!theirs) step.remove.push(id);
    else if (model.area(id)) {
      step.redraw.push({ key: id, boundary: theirs.boundary });
      step.rename.push({ key: id, name: theirs.name });
    } else step.draw.push({ key: id, name: theirs.name, boundary: theirs.boundary });
  }
  model.apply(label, step);
}

/** Say that others saved: `changes` newest first, of which `taken` came into what is shown. */
export function tellOthers(changes, taken) {
  for (const { author, neighbourhoods } of [...changes].reverse()) {
    const what = names.format(neighbourhoods.map(({ name }) => name));
    const text = say("otherSaved", { who: author ?? say("somebody"), what });
    const isMerged = model.isDirty && !open.length && neighbourhoods.some(({ id }) => taken.includes(id));
    show("others", isMerged ? `${text} ${say("otherMerged")}` : text, { sign: "users", closes: true });
  }
}
