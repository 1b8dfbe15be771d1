// One incident beside the queue: the same content as its own page, put into a panel over the map's edge.

import { casePath } from "./address.js";
import { fragment } from "./rows.js";
import { element } from "../common/dom.js";
import { say } from "../common/words.js";

const panel = document.getElementById("case");
const body = document.getElementById("case-body");
const whole = document.getElementById("case-page");

let shown = "";
let asked = null;
let from = null;

export const current = () => shown;

/** Show the incident with this tracking code, where another is shown or none. */
export async function open(code, { focus = true } = {}) {
  if (!panel.hidden && shown === code) {
    if (focus) body.focus({ preventScroll: true });
    return;
  }
  if (panel.hidden) from = document.activeElement;
  shown = code;
  panel.hidden = false;
  document.body.classList.add("has-case");
  whole.href = casePath(code);
  await load(code, focus);
}

async function load(code, focus) {
  asked?.abort();
  const mine = (asked = new AbortController());
  body.replaceChildren(element("p", "case-wait", say("caseLoading"), { role: "status" }));
  if (focus) body.focus({ preventScroll: true });
  try {
    const found = await fragment(casePath(code, { panel: 1 }), mine.signal);
    const article = found.querySelector("article.case");
    if (!article) throw new Error("no case");
    if (asked !== mine) return;
    body.replaceChildren(document.adoptNode(article));
    body.scrollTop = 0;
    (await import("./case.js")).mount(article);
  } catch (error) {
    if (error.name === "AbortError" || asked !== mine || body.querySelector("article.case")) return;
    const again = element("button", "button", say("retry"), { type: "button" });
    again.addEventListener("click", () => load(code, true));
    const page = element("a", "button", say("openPage"), { href: casePath(code) });
    body.replaceChildren(element("div", "case-wait", [element("p", "", say("caseFailed"), { role: "alert" }), again, page]));
  }
}

/** Take the panel away, and give the keyboard back to where it came from. */
export function close(next = null) {
  if (panel.hidden) return false;
  asked?.abort();
  asked = null;
  shown = "";
  panel.hidden = true;
  document.body.classList.remove("has-case");
  const had = panel.contains(document.activeElement) || document.activeElement === document.body;
  body.replaceChildren();
  if (had) (next ?? (from?.isConnected ? from : null))?.focus({ preventScroll: true });
  return true;
}
