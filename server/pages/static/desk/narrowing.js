// A list narrows to what somebody types, without asking anybody: <input data-narrows="ID"> over the [data-narrowed] in
// the element with that id. What is there now is told in #ID-found; #ID-none shows when nothing is.

import { fold, say } from "../common/words.js";

const plain = (text) => fold(text).replace(/\s+/g, " ").trim();

function narrow(input, list) {
  const wanted = plain(input.value);
  const all = [...list.querySelectorAll("[data-narrowed]")];
  for (const one of all) {
    one.dataset.plain ??= plain(one.textContent);
    // What is ticked stays in sight: a choice that cannot be seen is forgotten.
    one.hidden = !one.dataset.plain.includes(wanted) && !one.querySelector("input:checked");
  }
  const shown = all.filter((one) => !one.hidden).length;
  document.getElementById(`${list.id}-found`).textContent = say("narrowed", { shown, all: all.length });
  const none = document.getElementById(`${list.id}-none`);
  if (none) none.hidden = shown > 0;
}

for (const input of document.querySelectorAll("[data-narrows]")) {
  const list = document.getElementById(input.dataset.narrows);
  if (list) input.addEventListener("input", () => narrow(input, list));
}
