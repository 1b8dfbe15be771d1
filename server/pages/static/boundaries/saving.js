// Saving a draft: what it changes is looked at first, then it goes to the ward all or nothing. Whatever stands in the
// way, the draft stays in this browser. An answer that was lost doubles nothing: before anything is sent again it is
// asked what holds now, and what stands already is no longer the draft's.

import { ask } from "../common/asking.js";
import { element, icon } from "../common/dom.js";
import { data, say } from "../common/words.js";
import { consequences, lines } from "./changes.js";
import * as conflicts from "./conflicts.js";
import { map } from "./editor_map.js";
import * as keeping from "./keeping.js";
import * as live from "./live.js";
import { sized } from "./list.js";
import { model } from "./model.js";
import { hide, show } from "./notices.js";
import { readBase } from "./reading.js";

const SECONDS = 60; // a large draft over a slow line

const part = (id) => document.getElementById(id);
const dialog = part("saving");
const reason = part("saving-reason");
const submit = part("saving-submit");
const problem = part("saving-problem");

let busy = false;
let isUncertain = false; // whether something was sent whose answer never came
let looked = 0;

/** `kept` is the draft as it was found in this browser, if any. */
export function begin(kept) {
  reason.value = kept?.reason ?? "";
  isUncertain = Boolean(kept?.sending);
  part("save").addEventListener("click", open);
  part("saving-form").addEventListener("submit", (event) => {
    event.preventDefault();
    void save();
  });
  part("saving-drop").addEventListener("click", () => {
    dialog.close();
    void keeping.drop();
  });
  reason.addEventListener("change", () => keeping.note({ reason: reason.value }));
  for (const name of ["change", "base", "problems"]) model.on(name, ready);
  model.on("change", () => hide("saved"));
  model.on("base", () => hide("restored"));
  conflicts.onDecided(ready);
  document.addEventListener("keydown", (event) => {
    if (event.key !== "s" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    if (!part("save").disabled && !part("draft-acts").inert && !dialog.open) open();
  });
  ready();
}

function ready() {
  part("save").disabled = !model.isDirty || conflicts.undecided() > 0;
}

// --- looking at what changes

function open() {
  hide("draft");
  hide("saved");
  tell("");
  dialog.showModal();
  preview();
}

async function preview() {
  const mine = (looked += 1);
  part("saving-changes").replaceChildren(...lines());
  part("saving-along").replaceChildren(element("li", "quiet", say("checking")));
  submit.disabled = busy;
  const { input } = model.draft();
  if (!hasShapes(input)) return part("saving-along").replaceChildren();
  try {
    const { checked } = await ask("preview", { input }, SECONDS);
    if (looked !== mine) return;
    part("saving-along").replaceChildren(...(checked.areas ? consequences(checked) : []));
    if (!checked.areas) await refused(checked);
  } catch {
    // What stands against it is told when it is saved; what is said here is only more.
    if (looked === mine) part("saving-along").replaceChildren();
  }
}

const hasShapes = ({ draw, redraw, remove }) => draw.length + redraw.length + remove.length > 0;

// --- saving

async function save() {
  if (busy) return;
  busy = true;
  submit.disabled = true;
  submit.textContent = say("saving");
  live.pause();
  tell("");
  try {
    await keeping.flush();
    if (!(await isStillMe())) return;
    const moved = await send();
    if (moved !== null) await done(moved);
  } catch (error) {
    console.debug(error);
    tell(navigator.onLine ? say("notReached") : say("noNetwork"));
  } finally {
    busy = false;
    submit.disabled = false;
    submit.textContent = say("save");
    live.resume();
  }
}

/** Whether the one who drew this is the one who is signed in; says what to do where not. */
async function isStillMe() {
  const answer = await fetch("/staff/boundaries/who", { headers: { Accept: "application/json" }, cache: "no-store" });
  if (answer.status === 401) {
    signedOut();
    return false;
  }
  if (!answer.ok) throw new Error(String(answer.status));
  if ((await answer.json()).account === data.account) return true;
  tell(say("otherAccount"));
  return false;
}

function signedOut() {
  const here = `${location.pathname}${location.search}`;
  const way = element("a", "button primary", [icon("log-in"), say("signInAgain")], { href: `/sign-in?${new URLSearchParams({ next: here })}` });
  tell(say("signedOut"), [way]);
}

/** Send the draft; gives how many incidents are another neighbourhood's now, null where it was refused. */
async function send() {
  if (isUncertain) {
    conflicts.meet(await readBase());
    await certain();
    if (!model.isDirty) return 0; // it had arrived
    if (conflicts.undecided()) {
      dialog.close();
      return null;
    }
  }
  await uncertain();
  const { input } = model.draft();
  const { saved } = await ask("save", { input: { ...input, reason: reason.value.trim() || null } }, SECONDS);
  if (saved.neighbourhoods) return saved.reassignedIncidents;
  await refused(saved);
  return null;
}

async function uncertain() {
  isUncertain = true;
  await keeping.note({ sending: { at: Date.now() }, reason: reason.value });
}

async function certain() {
  isUncertain = false;
  await keeping.note({ sending: null });
}

async function done(moved) {
  await certain();
  reason.value = "";
  const base = await readBase().catch(() => null);
  if (base) {
    conflicts.begin(base);
    await keeping.clear();
  } else isUncertain = true; // the next time it is asked what holds
  dialog.close();
  hide("others");
  const text = moved ? say("savedMoved", { n: moved }) : say("saved");
  show("saved", base ? text : `${text} ${say("savedUnread")}`, { sign: "circle-check", tone: "done", closes: true });
  document.dispatchEvent(new Event("boundaries-saved"));
}

// --- what stands in the way

async function refused(answer) {
  switch (answer.__typename) {
    case "VersionConflict":
      return moved();
    case "BoundaryProblem":
      if (isUncertain && (await hadArrived())) return;
      await certain();
      return tell(say("problems", { n: answer.problems.length }), [element("ul", "saving-problems", answer.problems.map(faultLine))]);
    case "NotAllowed":
      await certain();
      return signedOut();
    default:
      if (isUncertain && (await hadArrived())) return;
      await certain();
      return tell([answer.message, ...(answer.inputProblems ?? []).map(({ message }) => message)].join(" "));
  }
}

/** Somebody else saved, or we did and never heard of it. */
async function moved() {
  if (await hadArrived()) return;
  await certain();
  if (conflicts.undecided()) {
    dialog.close();
    part("draft-notices").scrollIntoView({ block: "nearest" });
    return;
  }
  if (!dialog.open) return;
  tell(say("movedOn"));
  await preview();
}

/** Take what holds now; true where that is all the draft wanted. */
async function hadArrived() {
  conflicts.meet(await readBase());
  if (model.isDirty) return false;
  await done(0);
  return true;
}

function faultLine({ message, squareMetres, geometry, neighbourhoodIds }) {
  const size = squareMetres >= 0.05 && !message.includes("m²") ? ` (${sized(squareMetres)})` : "";
  const see = element("button", "button", [icon("map-pin"), say("see")], { type: "button" });
  see.addEventListener("click", () => {
    dialog.close();
    if (geometry) map.fitBounds(L.geoJSON(geometry).getBounds().pad(0.5), { maxZoom: 20 });
    model.select(neighbourhoodIds);
  });
  return element("li", "", [element("span", "", `${message}${size}`), geometry ? see : null]);
}

function tell(text, more = []) {
  problem.hidden = !text;
  problem.replaceChildren(...(text ? [icon("triangle-alert"), element("p", "", text), ...more] : []));
}
