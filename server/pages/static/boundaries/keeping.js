// The draft is kept in this browser after every step, and is there again after a reload, a crash, a day without network.
// One tab at a time writes it; another person of this device never meets it.

import { clock, data, say, when } from "../common/words.js";
import { Alone } from "./alone.js";
import * as conflicts from "./conflicts.js";
import * as drafts from "./drafts.js";
import { model } from "./model.js";
import { hide, show } from "./notices.js";

const state = document.getElementById("draft-kept");
const mine = [data.account, data.ward];
const alone = new Alone(...mine, yielded);

let isMine = false; // whether this tab writes the draft
let isWanted = false;
let writing = null;
let kept = null; // the draft as it was found
let failed = false;

/** Take the kept draft on top of what holds now, and keep each step from here on. Gives the draft as it was kept, if any. */
export async function begin() {
  model.on("change", keep);
  model.on("base", keep);
  addEventListener("beforeunload", (event) => {
    if (model.isDirty && (failed || writing) && isMine) event.preventDefault();
  });
  document.addEventListener("submit", asksBeforeLeaving, true);
  if (!(await drafts.isThere())) {
    failed = true;
    isMine = true;
    show("keeping", say("cannotKeep"), { sign: "triangle-alert", tone: "warning" });
    return null;
  }
  if (!(await alone.begin())) return standAside("openElsewhere");
  return take();
}

async function take() {
  kept = await drafts.take(...mine);
  isMine = true;
  if (kept.draft) restore(kept);
  return kept;
}

function restore({ draft, at }) {
  if (!model.restore(draft)) return; // of another time of this page: it stays kept until there is another
  conflicts.meet(conflicts.standing());
  if (!model.isDirty) return void clear();
  const [time, day] = when(at);
  show("draft", day ? say("draftOn", { time, day }) : say("draftToday", { time }), {
    sign: "save",
    acts: [
      { word: say("goOn"), primary: true, act: () => hide("draft") },
      { word: say("drop"), act: drop },
    ],
  });
}

/** Throw the draft away; until there is another it can be had back. */
export async function drop() {
  await flush();
  const dropped = { draft: model.serialise(), at: Date.now() };
  conflicts.begin(conflicts.standing());
  hide("draft");
  await write({ draft: null, at: null, reason: "", sending: null, dropped });
  show("dropped", say("dropped"), { sign: "trash-2", acts: [{ word: say("haveBack"), act: () => haveBack(dropped) }] });
}

function haveBack({ draft }) {
  hide("dropped");
  model.restore(draft);
  conflicts.meet(conflicts.standing());
  keep();
}

// --- writing

function keep() {
  if (!isMine) return;
  hide("dropped");
  if (failed) return;
  isWanted = true;
  writing ??= writeOn().finally(() => {
    writing = null;
  });
}

async function writeOn() {
  await new Promise((resolve) => setTimeout(resolve)); // steps of one moment are kept as one, and drawn first
  while (isWanted) {
    isWanted = false;
    const at = Date.now();
    const isDirty = model.isDirty;
    await write({ draft: isDirty ? model.serialise() : null, at: isDirty ? at : null });
    state.textContent = isDirty && !failed ? say("keptAt", { time: clock(at) }) : "";
  }
}

async function write(changes) {
  if (!isMine || failed) return;
  try {
    await drafts.change(...mine, changes);
  } catch (error) {
    if (error instanceof drafts.Elsewhere) return void standAside("takenElsewhere");
    failed = true;
    show("keeping", say("cannotKeep"), { sign: "triangle-alert", tone: "warning" });
  }
}

/** Wait until all that was done is kept. */
export async function flush() {
  while (writing) await writing;
}

/** What was typed for the history, and what was sent without an answer so far. */
export const note = (changes) => write(changes);

/** There is nothing to keep any more: all of it is saved. */
export async function clear() {
  hide("draft");
  await flush();
  state.textContent = "";
  await write({ draft: null, at: null, reason: "", sending: null });
}

// --- other tabs, and leaving

const parts = () => document.querySelectorAll("#rail, .drawing, #area-list, #draft-acts");

function standAside(why) {
  isMine = false;
  state.textContent = "";
  for (const part of parts()) part.inert = true;
  document.getElementById("saving").close();
  show("elsewhere", say(why), { sign: "copy", acts: [{ word: say("editHere"), primary: true, act: editHere }] });
  return null;
}

async function yielded() {
  if (!isMine) return;
  await flush();
  standAside("takenElsewhere");
}

async function editHere() {
  await alone.takeOver();
  isMine = false;
  location.reload(); // with what the other tab kept, and the boundaries as they are now
}

/** The draft stays for the next time that this person signs in here: nobody is to think that it is saved. */
function asksBeforeLeaving(event) {
  if (event.target.id !== "sign-out" || !model.isDirty || !isMine) return;
  if (!window.confirm(say(failed ? "leavesLost" : "leavesKept"))) {
    event.preventDefault();
    event.stopImmediatePropagation();
  }
}
