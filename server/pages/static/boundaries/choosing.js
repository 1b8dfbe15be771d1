// Choosing areas, on the map or in the list, and what can be done with the chosen one: merge it, rename it, give it up.

import { element, icon } from "../common/dom.js";
import { say } from "../common/words.js";
import { asked } from "./asking.js";
import { layerOf, map, onArea } from "./editor_map.js";
import { onCurrent, removeVertex } from "./handles.js";
import { onRow } from "./list.js";
import { model } from "./model.js";
import * as naming from "./naming.js";
import { multiPolygon } from "./shapes.js";
import { guide, tell } from "./telling.js";
import * as tools from "./tools.js";

const acts = document.getElementById("area-acts");
let isMarked = false; // whether a vertex is

const choose = {
  guide: () => say(model.selected.length ? "guideChosen" : "guideChoose"),
  start() {},
  stop() {},
};

const merge = {
  guide: () => {
    const names = model.selected.map((key) => model.area(key).name);
    if (!names.length) return say("guideMerge");
    return names.length === 1 ? say("guideMergeNext", { name: names[0] }) : say("guideMergeDone", { names: names.join(", ") });
  },
  start() {
    if (model.selected.length > 1) model.select(model.selected.slice(0, 1));
  },
  stop() {
    naming.cancel();
  },
};

/** Merge the chosen areas, once it is said which name stays. */
export async function mergeChosen() {
  const areas = model.selected.map((key) => model.area(key)).filter(({ boundary }) => boundary);
  if (areas.length < 2) return;
  guide(say("working"));
  let boundary = null;
  try {
    boundary = (await asked("merge", { boundaries: areas.map((area) => multiPolygon(area.boundary)) })).mergeShapes;
  } catch (error) {
    guide(error.message, "late");
    return;
  }
  if (boundary.coordinates.length > Math.max(...areas.map((area) => area.boundary.length))) {
    guide(say("mergeApart"), "late");
    return;
  }
  guide(say("guideMergeName"));
  const number = await naming.ask(say("mergeWhich"), {
    choices: areas.map(({ name }, at) => ({ label: name, value: at === 0 })),
    confirm: say("mergeConfirm"),
  });
  if (number === null) return tools.leave("merge");
  const kept = areas[number];
  model.apply(say("stepMerge", { names: areas.map(({ name }) => name).join(", ") }), {
    redraw: [{ key: kept.key, boundary }],
    remove: areas.filter(({ key }) => key !== kept.key).map(({ key }) => key),
  });
  model.select([kept.key]);
  tell(say("didMerge", { n: areas.length, name: kept.name }));
  tools.leave("merge");
}

/** An area was clicked: with the tool to merge one more is taken, else it alone. */
function clicked(key, event) {
  const isAdding = tools.inUse() === "merge" || event?.originalEvent?.shiftKey || event?.shiftKey;
  const selected = model.selected;
  if (!isAdding) model.select([key]);
  else model.select(selected.includes(key) ? selected.filter((one) => one !== key) : [...selected, key]);
  if (tools.inUse() === "merge" && model.selected.length === 2 && selected.length === 1) mergeChosen();
}

async function rename() {
  const area = model.area(model.selected[0]);
  const names = await naming.ask(say("rename"), { texts: [{ label: say("name"), value: area.name }], own: [area.key] });
  if (!names || names[0] === area.name) return;
  model.apply(say("stepRename", { before: area.name, name: names[0] }), { rename: [{ key: area.key, name: names[0] }] });
  tell(say("stepRename", { before: area.name, name: names[0] }));
}

export function remove() {
  const areas = model.selected.map((key) => model.area(key));
  if (!areas.length) return;
  const names = areas.map(({ name }) => name).join(", ");
  model.apply(say("stepRemove", { names }), { remove: areas.map(({ key }) => key) });
  tell(say("didRemove", { names }));
}

/** Bring what is chosen into view. */
export function approach() {
  const bounds = L.latLngBounds([]);
  for (const key of model.selected) if (layerOf(key)) bounds.extend(layerOf(key).getBounds());
  if (bounds.isValid()) map.fitBounds(bounds, { padding: [60, 60], maxZoom: 19, animate: false });
}

function button(sign, word, act) {
  const made = element("button", "button", [icon(sign), element("span", "", word)], { type: "button" });
  made.addEventListener("click", act);
  return made;
}

/** What can be done with what is chosen, below the head of the list. */
function drawActs() {
  const count = model.selected.length;
  acts.hidden = count === 0;
  const area = model.area(model.selected[0]);
  const known = [
    area?.boundary && button("maximize", say("approach"), approach),
    count === 1 && button("pencil", say("rename"), rename),
    count > 1 && button("combine", say("mergeThese"), mergeChosen),
    button("trash", say("remove"), remove),
    tools.inUse() === "vertices" && isMarked && button("circle-x", say("stepDelete"), removeVertex),
  ];
  acts.replaceChildren(...known.filter(Boolean));
}

export function start() {
  tools.add("choose", choose);
  tools.add("merge", merge);
  onArea((key, event) => {
    if (["draw", "split", "hole", "measure"].includes(tools.inUse()) && map.pm.Draw.getActiveShape()) return;
    L.DomEvent.stopPropagation(event);
    clicked(key, event);
  });
  onRow((key, event) => {
    clicked(key, event);
    const layer = layerOf(key);
    if (layer && !map.getBounds().intersects(layer.getBounds())) approach();
  });
  map.on("click", () => tools.inUse() === "choose" && model.select([]));
  onCurrent((vertex) => {
    isMarked = vertex !== null;
    drawActs();
  });
  model.on("select", drawActs);
  model.on("change", drawActs);
  drawActs();
}
