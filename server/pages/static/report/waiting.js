// What is kept on this phone beside the report being written: what waits to be sent, what has to be mended, what was sent.

import { element, icon } from "../common/dom.js";
import { data, moment, say } from "../common/words.js";
import { others } from "./draft.js";
import { words } from "./problems.js";
import { drop } from "./sending.js";
import { onChange, photosOf, seen } from "./store.js";

const section = document.getElementById("kept");
const list = document.getElementById("kept-list");
const said = document.getElementById("kept-said");

let acts = null;
let states = new Map();
let shown = "";
let drawing = Promise.resolve();

/** Show the list from now on. `acts`: `resume(key)` puts a report into the form, `sendNow()` tries all that waits. */
export function begin(given) {
  acts = given;
  onChange(draw);
  return draw();
}

/** Show what is kept now. */
export function draw() {
  drawing = drawing.then(drawNow, drawNow);
  return drawing;
}

/** Say in the list's own line what has become of something. */
export function tell(text) {
  said.textContent = text;
}

async function drawNow() {
  const kept = await others();
  for (const one of kept) {
    if (one.state === "sent" && states.get(one.key) === "waiting") tell(say("nowSent", { code: one.code }));
    if (one.state === "refused" && states.get(one.key) === "waiting") tell(say("nowRefused"));
  }
  states = new Map(kept.map((one) => [one.key, one.state]));
  const cards = await Promise.all(kept.map(card));
  // What looks the same stays: a button under a finger, one that asks whether it is meant.
  const now = cards.map((one) => one.outerHTML).join("");
  if (now === shown) return;
  shown = now;
  const focused = document.activeElement?.closest?.("[data-key]")?.dataset.key;
  list.replaceChildren(...cards);
  section.hidden = !kept.length;
  if (!kept.length) tell("");
  if (focused) list.querySelector(`[data-key="${focused}"] .button`)?.focus();
}

const TONES = { draft: "", waiting: "with-crew", refused: "late", sent: "done" };
const ICONS = { draft: "pencil", waiting: "clock", refused: "triangle-alert", sent: "circle-check" };

async function card(report) {
  const state = element("strong", "status", [icon(ICONS[report.state]), title(report)], { "data-tone": TONES[report.state] });
  const lines = [state, ...(await about(report))];
  return element("li", "box kept-card", [...lines, element("div", "actions", buttons(report))], { "data-key": report.key });
}

function title(report) {
  if (report.state === "draft") return say("keptDraft");
  if (report.state === "waiting") return say("keptWaiting");
  if (report.state === "refused") return say("keptRefused");
  return say("keptSent", { code: report.code });
}

async function about(report) {
  if (report.state === "sent") return [];
  const photos = await photosOf(report.key);
  const kind = data.kinds[report.fields.category];
  const facts = [kind, photos.length ? say("photoCount", { n: photos.length }) : "", moment(new Date(report.savedAt))];
  const lines = [element("span", "hint", facts.filter(Boolean).join(" · "))];
  if (report.fields.description) lines.push(element("span", "kept-text", report.fields.description));
  if (report.state === "refused") {
    for (const problem of report.problems) lines.push(element("span", "kept-problem", words(problem)));
  }
  return lines;
}

function buttons(report) {
  const act = (word, sign, work) => {
    const button = element("button", "button", [icon(sign), word], { type: "button" });
    button.addEventListener("click", work);
    return button;
  };
  if (report.state === "sent") {
    const open = element("a", "button", say("see"), { href: report.url });
    return [open, act(say("hide"), "x", () => seen(report.key))];
  }
  const away = act(say("delete"), "trash-2", async () => {
    // Asked in the page itself: a tap by mistake must not lose a report.
    if (away.dataset.sure) {
      await drop(report.key);
      section.focus();
    } else {
      away.dataset.sure = "yes";
      away.lastChild.textContent = say("deleteSure");
    }
  });
  if (report.state === "draft") return [act(say("goOn"), "pencil", () => acts.resume(report.key)), away];
  if (report.state === "refused") return [act(say("mend"), "pencil", () => acts.resume(report.key)), away];
  return [act(say("sendNow"), "send", () => acts.sendNow()), away];
}
