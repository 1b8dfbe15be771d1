// What was saved, by whom and why; two moments drawn over each other; and the way back, as a draft like any other.

import { ask } from "../common/asking.js";
import { element, icon } from "../common/dom.js";
import { data, moment, say } from "../common/words.js";
import { difference } from "./changes.js";
import { map } from "./editor_map.js";
import { sized } from "./list.js";
import { isSameGround } from "./merging.js";
import { model } from "./model.js";
import { names, show } from "./notices.js";
import { Overlay } from "./overlay.js";
import { opened } from "./panels.js";
import { squareMetres } from "./shapes.js";
import { tell } from "./telling.js";

const SECONDS = 30; // a whole ward's boundaries
const PAGE = 20;
const ZONE = "+07:00"; // what is typed is Vietnam's time, wherever the reader is

const part = (id) => document.getElementById(id);
const overlay = new Overlay(map);
const result = part("comparing");

let after = null;
let asked = 0;
let isRead = false;

export function begin() {
  document.addEventListener("panel", ({ detail }) => {
    if (detail.name === "history" && !isRead) void read();
    if (detail.before === "history") leave();
  });
  document.addEventListener("boundaries-saved", () => {
    isRead = false;
    if (opened() === "history") void read();
  });
  part("history-more").addEventListener("click", () => void read(after));
  part("comparing-form").addEventListener("submit", (event) => {
    event.preventDefault();
    void compareDates();
  });
  part("comparing-leave").addEventListener("click", leave);
}

// --- the list of saves

async function read(from = null) {
  const list = part("history-list");
  const state = part("history-state");
  const more = part("history-more");
  try {
    const { nodes, pageInfo } = (await ask("changes", { code: data.ward, first: PAGE, after: from })).ward.boundaryChanges;
    const rows = nodes.map(row);
    if (from) list.append(...rows);
    else list.replaceChildren(...rows);
    if (from) rows[0]?.querySelector("button").focus();
    after = pageInfo.endCursor;
    more.hidden = !pageInfo.hasNextPage;
    state.textContent = list.children.length ? "" : say("historyEmpty");
    isRead = true;
  } catch {
    state.textContent = say("historyFailed");
  }
}

function row({ at, author, reason, neighbourhoods }) {
  const time = moment(at);
  const see = element("button", "button", say("seeChange"), { type: "button", "aria-label": say("seeChangeOf", { time }) });
  const before = { at: justBefore(at), word: say("justBefore", { time }) };
  see.addEventListener("click", () => compare(before, { at, word: say("justAfter", { time }) }, say("saveOf", { time })));
  return element("li", "save-row", [
    element("strong", "number", time),
    element("span", "", author ?? say("byNobody")),
    reason ? element("q", "save-reason", reason) : null,
    element("span", "quiet", names.format(neighbourhoods.map(({ name }) => name))),
    see,
  ]);
}

/** Boundaries hold from their moment on, which has microseconds: what was before it, a millisecond earlier. */
const justBefore = (at) => new Date(Date.parse(at) - 1).toISOString();

// --- two moments

async function compareDates() {
  const [from, to] = ["comparing-from", "comparing-to"].map((id) => part(id).value);
  const problem = part("comparing-problem");
  const ends = [from, to].map((value) => (value ? `${value}${value.length === 16 ? ":00" : ""}${ZONE}` : null));
  const wrong = !from ? say("datesMissing") : Date.parse(ends[0]) >= (ends[1] ? Date.parse(ends[1]) : Date.now()) ? say("datesTurned") : "";
  problem.hidden = !wrong;
  problem.textContent = wrong;
  part("comparing-from").toggleAttribute("aria-invalid", Boolean(wrong));
  if (wrong) {
    part("comparing-from").focus();
    return;
  }
  const now = { at: new Date().toISOString(), word: say("today") };
  await compare({ at: ends[0], word: moment(ends[0]) }, ends[1] ? { at: ends[1], word: moment(ends[1]) } : now);
}

async function boundariesAt(at) {
  const { ward } = await ask("at", { code: data.ward, at }, SECONDS);
  return new Map(ward.boundariesAt.map(({ neighbourhood, boundary }) => [neighbourhood.id, { ...neighbourhood, boundary: boundary.coordinates }]));
}

async function compare(from, to, title = say("between", { from: from.word, to: to.word })) {
  const mine = (asked += 1);
  result.hidden = false;
  part("comparing-title").textContent = say("comparing");
  part("comparing-table").hidden = true;
  part("comparing-acts").replaceChildren();
  let before;
  let now;
  try {
    [before, now] = await Promise.all([boundariesAt(from.at), boundariesAt(to.at)]);
  } catch {
    if (asked === mine) part("comparing-title").textContent = say("historyFailed");
    return;
  }
  if (asked !== mine) return;
  const differing = [...new Map([...before, ...now]).keys()]
    .map((id) => ({ id, before: before.get(id) ?? null, now: now.get(id) ?? null }))
    .filter((one) => !isSameGround(one.before?.boundary ?? null, one.now?.boundary ?? null));
  part("comparing-title").textContent = title;
  part("comparing-none").hidden = differing.length > 0;
  part("comparing-table").hidden = !differing.length;
  part("comparing-rows").replaceChildren(...differing.map((one) => tableRow(one, from)));
  const ends = [[from, before], [to, now]].filter(([, held]) => !isAsNow(held));
  part("comparing-acts").replaceChildren(...ends.map(([end, held]) => wholeButton(end, held)));
  overlay.show(differing.map((one) => ({ name: (one.now ?? one.before).name, before: one.before?.boundary ?? null, after: one.now?.boundary ?? null })));
  overlay.look(part("history-panel").offsetWidth);
  result.scrollIntoView({ block: "nearest" });
  part("comparing-title").focus();
}

/** Whether the draft has every area as it was `held`. */
function isAsNow(held) {
  const areas = model.areas();
  return areas.length === held.size && areas.every(({ key, boundary }) => isSameGround(boundary, held.get(key)?.boundary ?? null));
}

function tableRow({ id, before, now }, from) {
  const name = (now ?? before).name;
  const [was, is] = [before, now].map((one) => (one ? squareMetres(one.boundary) : null));
  const change = was === null ? say("newArea") : is === null ? say("goneArea") : difference(is - was);
  const word = say("restoreOneOf", { name, time: from.word });
  const back = element("button", "button", [icon("rotate-ccw"), say("takeBack")], { type: "button", "aria-label": word, title: word });
  back.addEventListener("click", () => restore([id], new Map(before ? [[id, before]] : []), say("restoredOne", { name })));
  const cells = [was === null ? "—" : sized(was), is === null ? "—" : sized(is), change].map((text) => element("td", "number", text));
  return element("tr", "", [element("th", "", name, { scope: "row" }), ...cells, element("td", "", back)]);
}

function wholeButton({ word }, held) {
  const button = element("button", "button", [icon("rotate-ccw"), say("restoreWhole", { time: word })], { type: "button" });
  button.addEventListener("click", () => {
    const ids = new Set([...held.keys(), ...model.areas().map(({ key }) => key)]);
    restore([...ids], held, say("restored", { time: word }));
  });
  return button;
}

/** Stop comparing. */
function leave() {
  asked += 1;
  result.hidden = true;
  overlay.clear();
}

// --- the way back

/** Make of these areas what was `held`, as one step of the draft. */
function restore(ids, held, label) {
  const step = { draw: [], redraw: [], remove: [] };
  for (const id of ids) {
    const then = held.get(id);
    const area = model.area(id);
    if (!then) {
      if (area) step.remove.push(id);
    } else if (!area) step.draw.push({ key: id, name: then.name, boundary: then.boundary, version: then.version });
    else if (!isSameGround(area.boundary, then.boundary)) step.redraw.push({ key: id, boundary: then.boundary });
  }
  if (!step.draw.length && !step.redraw.length && !step.remove.length) {
    show("restored", say("nothingRestored"), { closes: true });
    return;
  }
  model.apply(label, step);
  show("restored", `${label}. ${say("restoredTold")}`, { sign: "history", closes: true });
  tell(say("restoredTold"));
  leave();
}
