// The card: the frame in which one thing on the map says what it is.

import { element, icon } from "../common/dom.js";
import { say } from "../common/words.js";

const card = document.getElementById("card");
let opener = null;
let onClose = null;
let onLeave = null;

/** `called` is called when a reader closes the card; not when another takes its place. */
export function start(called) {
  onClose = called;
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented) close();
  });
}

/** A title in which the name of a neighbourhood stays on one line, where a line has room for it. */
function unbroken(title) {
  const parts = title.split(/(Tổ dân phố số \S+)/);
  return parts.map((part, at) => (at % 2 ? element("span", "unbroken", part) : part));
}

/** Show a card; `left` is called when it goes. The focus moves into it, and back again. */
export function open({ sign, kind, title, body }, left = null) {
  const from = document.activeElement;
  const reopened = !card.hidden;
  leave();
  if (!reopened || !card.contains(from)) opener = from;
  const x = element("button", "map-button card-close", icon("x"), { type: "button", "aria-label": say("close") });
  x.addEventListener("click", close);
  card.replaceChildren(
    element("div", "card-inner", [
      element("div", "card-head", [element("div", "card-kind", [icon(sign), element("span", "", kind)]), x]),
      element("h2", "", unbroken(title), { id: "card-title" }),
      ...body,
    ]),
  );
  onLeave = left;
  card.hidden = false;
  card.scrollTop = 0;
  card.focus({ preventScroll: true });
}

function leave() {
  const left = onLeave;
  onLeave = null;
  left?.();
}

/** Take the card away; what was open before has the focus again. */
export function hide() {
  if (card.hidden) return;
  const inside = card.contains(document.activeElement);
  card.hidden = true;
  leave();
  if (inside && opener?.isConnected) opener.focus({ preventScroll: true });
}

/** As `hide`, because the reader wants it so. */
export function close() {
  if (card.hidden) return;
  hide();
  onClose?.();
}
