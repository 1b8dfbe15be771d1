// What the page says: the line under the reader's eyes that tells what to do next, and what is only heard.

import { icon, element } from "../common/dom.js";

const line = document.getElementById("guide");
const told = document.getElementById("told");

/** What to do next; `tone` "late" for what went wrong. */
export function guide(text, tone = "") {
  line.dataset.tone = tone;
  line.replaceChildren(icon(tone === "late" ? "triangle-alert" : "info"), element("span", "", text));
}

/** What is wrong, on a line of its own that is hidden while nothing is. */
export function complain(problem, text) {
  problem.hidden = !text;
  problem.replaceChildren(...(text ? [icon("triangle-alert"), element("span", "", text)] : []));
}

/** A result, for those who do not see it. The same words twice are said twice. */
export function tell(text) {
  told.textContent = told.textContent === text ? `${text}\u00a0` : text;
}
