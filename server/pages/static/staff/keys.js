// The console's shortcuts of one letter. Never with a dialog open.

import * as letters from "../common/letters.js";

export { show } from "../common/letters.js";

/** `acts` by key; one that gives false has had nothing to do, and the browser does what it always does. */
export function start(acts) {
  letters.start("staff-keys");
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (document.querySelector("dialog[open]")) return;
    if (event.key === "Escape") {
      if (acts.Escape(event) !== false) event.preventDefault();
      return;
    }
    if (letters.isTyping(event, ".beside-body") || !letters.areOn()) return;
    const act = acts[event.key === "?" ? "?" : event.key.toLowerCase()];
    if (event.repeat && !["j", "k"].includes(event.key)) return;
    if (act && act(event) !== false) event.preventDefault();
  });
}
