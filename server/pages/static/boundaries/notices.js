// What the editor has to tell about the draft, above the list: each notice once, with what can be done about it.

import { element, icon } from "../common/dom.js";
import { data, say } from "../common/words.js";

const place = document.getElementById("draft-notices");

/**
 * Show the notice `name` in place of what it said before. `acts`: [{ word, act, primary, href }]; `more`: further
 * elements; `closes`: whether the reader may put it away.
 */
export function show(name, text, { sign = "info", tone = "", acts = [], more = [], closes = false } = {}) {
  const made = element("div", "draft-notice", [icon(sign), element("p", "", text), ...more], { "data-notice": name });
  if (tone) made.dataset.tone = tone;
  if (closes) {
    const close = element("button", "draft-close", icon("x"), { type: "button", "aria-label": say("close") });
    close.addEventListener("click", () => made.remove());
    made.querySelector("p").before(close); // the words go round it
  }
  if (acts.length) {
    const buttons = acts.map(({ word, act, primary, href }) => {
      const className = primary ? "button primary" : "button";
      if (href) return element("a", className, word, { href });
      const button = element("button", className, word, { type: "button" });
      button.addEventListener("click", act);
      return button;
    });
    made.append(element("div", "draft-acts", buttons));
  }
  const before = find(name);
  if (before) before.replaceWith(made);
  else place.append(made);
  return made;
}

export const hide = (name) => find(name)?.remove();

const find = (name) => place.querySelector(`[data-notice="${name}"]`);

export const names = new Intl.ListFormat(data.language === "vi" ? "vi" : "en", { type: "conjunction" });
