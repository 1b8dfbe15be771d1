// The list beside the map: search, and rows that open the card of what they name.

import { raise } from "./sheet.js";
import { fold, say } from "../common/words.js";

const body = document.getElementById("panel-body");
const search = document.getElementById("search");
const noMatch = document.getElementById("no-match");

/** `choose` is called with the id of a row that is activated. */
export function start(choose) {
  body.addEventListener("click", (event) => {
    const row = event.target.closest(".item[id]");
    if (!row) return;
    event.preventDefault();
    choose(row.id);
  });
  search.addEventListener("input", filter);
  search.addEventListener("focus", () => raise("half"));
}

/** Mark the row that the card is about. */
export function mark(id, chosen) {
  const row = document.getElementById(id);
  if (chosen) row?.setAttribute("aria-current", "true");
  else row?.removeAttribute("aria-current");
}

let opened = new Set();

function filter() {
  const wanted = fold(search.value.trim());
  const rows = [...body.querySelectorAll(".items > li")].filter((row) => row.closest("[data-layer]")?.dataset.layer !== "incidents");
  let found = 0;
  for (const row of rows) {
    const words = (row.folded ??= fold(row.textContent));
    row.hidden = wanted !== "" && !words.includes(wanted);
    found += row.hidden ? 0 : 1;
  }
  for (const group of body.querySelectorAll(".group")) {
    const details = group.querySelector("details");
    const matches = group.querySelector(".items > li:not([hidden])") !== null;
    group.hidden = wanted !== "" && (group.dataset.layer === "incidents" || !matches);
    if (wanted && !group.hidden && !details.open) {
      details.open = true;
      opened.add(details);
    }
  }
  if (!wanted) {
    for (const details of opened) details.open = false;
    opened = new Set();
  }
  noMatch.hidden = wanted === "" || found > 0;
  noMatch.textContent = noMatch.hidden ? "" : say("noMatch", { text: search.value.trim() });
}
