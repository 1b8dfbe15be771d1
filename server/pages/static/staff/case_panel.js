// One incident beside the queue: the same content as its own page, put into a panel over the map's edge.

import { casePath } from "./address.js";
import { fragment } from "./rows.js";
import { element } from "../common/dom.js";
import { say } from "../common/words.js";

const panel = document.getElementById("beside");
const body = document.getElementById("beside-body");
const whole = document.getElementById("beside-page");

let shown = "";
let asked = null;
let from = null;
let mounted = null;
let behind = false; // whether something happened to it while it was asked for
let assign = null;

export const current = () => shown;

/** Crews are chosen for it as they are for a row: `act` is given its article. */
export const assignBy = (act) => {
  assign = act;
};

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
  leave();
  behind = false;
  const mine = (asked = new AbortController());
  body.replaceChildren(element("p", "beside-wait", say("caseLoading"), { role: "status" }));
  if (focus) body.focus({ preventScroll: true });
  try {
    // Shown once all of it works: without the module its forms leave this page, and that is better than nothing.
    const working = import("./case.js").catch(() => null);
    const [found, module] = await Promise.all([fragment(casePath(code, { panel: 1 }), mine.signal), working]);
    const article = found.querySelector("article.case");
    if (!article) throw new Error("no case");
    if (asked !== mine) return;
    body.replaceChildren(document.adoptNode(article));
    body.scrollTop = 0;
    mounted = module?.mount(article, { assign }) ?? null;
    if (behind) renew();
  } catch (error) {
    if (error.name === "AbortError" || asked !== mine || body.querySelector("article.case")) return;
    const again = element("button", "button", say("retry"), { type: "button" });
    again.addEventListener("click", () => load(code, true));
    const page = element("a", "button", say("openPage"), { href: casePath(code) });
    body.replaceChildren(element("div", "beside-wait", [element("p", "", say("caseFailed"), { role: "alert" }), again, page]));
  }
}

function leave() {
  asked?.abort();
  asked = null;
  mounted?.unmount();
  mounted = null;
}

/** Something happened to the incident that is shown: what is written there stays. */
export function renew() {
  if (mounted) void mounted.refresh();
  else behind = true;
}

/** Take the panel away, and give the keyboard back to where it came from. */
export function close(next = null) {
  if (panel.hidden) return false;
  leave();
  shown = "";
  panel.hidden = true;
  document.body.classList.remove("has-case");
  const had = panel.contains(document.activeElement) || document.activeElement === document.body;
  body.replaceChildren();
  if (had) (next ?? (from?.isConnected ? from : null))?.focus({ preventScroll: true });
  return true;
}
