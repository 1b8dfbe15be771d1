// What stands in for a page that could not be fetched: the ways on, and what this phone keeps. Needs no network.

import { element, icon } from "../common/dom.js";
import { moment, say } from "../common/words.js";
import { reportPage } from "./address.js";
import { onChange, reports } from "./store.js";

const WORDS = { draft: "keptDraft", waiting: "keptWaiting", refused: "keptRefused", sent: "keptSent", seen: "keptSent" };
const ICONS = { draft: "pencil", waiting: "clock", refused: "triangle-alert", sent: "circle-check", seen: "circle-check" };
const TONES = { draft: "", waiting: "with-crew", refused: "late", sent: "done", seen: "done" };

const STEADY = 1000;

const section = document.getElementById("kept");
const list = document.getElementById("kept-list");

function line(report) {
  const title = say(WORDS[report.state], { code: report.code });
  const state = element("strong", "status", [icon(ICONS[report.state]), title], { "data-tone": TONES[report.state] });
  const text = report.fields?.description;
  return element("li", "box kept-card", [
    state,
    element("span", "hint", moment(report.savedAt)),
    text ? element("span", "kept-text", text) : null,
  ]);
}

async function draw() {
  const kept = await reports().catch(() => []); // some browsers keep nothing in private windows
  list.replaceChildren(...kept.reverse().map(line));
  section.hidden = !kept.length;
}

/** A signal that comes and goes opens nothing, and must not get into the way of a tap. */
function again() {
  if (navigator.onLine) location.reload();
}

// The worker shows this at the address that failed; opened by its own, there is nothing to try again but the map.
if (location.pathname === "/offline") document.getElementById("again").href = "/";
else window.addEventListener("online", () => setTimeout(again, STEADY));
document.getElementById("to-report").href = reportPage(new URL(location.href));
// Where the phone has a network, it is the server that did not answer.
if (navigator.onLine) document.getElementById("offline-title").textContent = say("unreached");
onChange(draw);
draw();
