// The keyboard: undo and redo, a letter for each tool, Escape, Delete, Backspace and Enter while drawing.

import * as letters from "../common/letters.js";
import { say } from "../common/words.js";
import * as choosing from "./choosing.js";
import * as geoman from "./geoman.js";
import * as handles from "./handles.js";
import { map } from "./editor_map.js";
import { model } from "./model.js";
import * as naming from "./naming.js";
import * as panels from "./panels.js";
import { tell } from "./telling.js";
import * as tools from "./tools.js";

const LETTERS = { v: "choose", n: "draw", e: "vertices", t: "split", g: "merge", k: "hole", d: "measure" };
const undo = document.getElementById("undo");
const redo = document.getElementById("redo");

function step(act, word) {
  naming.cancel();
  if (map.pm.Draw.getActiveShape()) {
    if (act === model.undo && geoman.back()) return;
    tools.use("choose");
  }
  const label = act.call(model);
  if (label !== null) tell(say(word, { step: label }));
}

function pressed(event) {
  if (event.defaultPrevented || event.isComposing || document.querySelector("dialog[open]")) return;
  const key = event.key.toLowerCase();
  if ((event.ctrlKey || event.metaKey) && !event.altKey) {
    if (letters.isTyping(event) || (key !== "z" && key !== "y")) return;
    event.preventDefault();
    if (key === "y" || event.shiftKey) step(model.redo, "redone");
    else step(model.undo, "undone");
    return;
  }
  if (event.key === "Escape") {
    if (naming.isOpen()) naming.cancel();
    else if (panels.opened()) panels.open(null);
    else if (tools.inUse() !== "choose") tools.use("choose");
    else model.select([]);
    return;
  }
  if (letters.isTyping(event) || event.ctrlKey || event.metaKey || event.altKey) return;
  const isDrawing = Boolean(map.pm.Draw.getActiveShape());
  if (event.key === "Delete" || event.key === "Backspace") {
    if (isDrawing ? geoman.back() : handles.removeVertex()) event.preventDefault();
    return;
  }
  if (event.key === "Enter" && !event.target.closest("button, a, summary, label")) {
    if (isDrawing) geoman.finish();
    else if (tools.inUse() === "merge") choosing.mergeChosen();
    return;
  }
  if (!letters.areOn() || naming.isOpen()) return;
  if (key === "?") letters.show();
  else if (LETTERS[key]) tools.use(LETTERS[key]);
}

function drawButtons() {
  undo.disabled = !model.canUndo && !map.pm.Draw.getActiveShape();
  redo.disabled = !model.canRedo;
}

export function start() {
  letters.start("boundaries-keys");
  document.addEventListener("keydown", pressed);
  undo.addEventListener("click", () => step(model.undo, "undone"));
  redo.addEventListener("click", () => step(model.redo, "redone"));
  for (const name of ["change", "base"]) model.on(name, drawButtons);
  map.on("pm:drawstart pm:drawend", drawButtons);
}
