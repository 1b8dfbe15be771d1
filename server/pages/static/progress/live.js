// What happens to the report while its page is open. The stream only says that something did: the page then asks for
// its own parts anew, in the reader's right, and replaces those that changed.

import { Stream, inTurn } from "../common/stream.js";
import { clock, data, say } from "../common/words.js";

const news = document.getElementById("news");
const offline = document.getElementById("offline");
const parts = document.getElementById("parts");
const away = offline.querySelector("span");
const noNetwork = away.textContent;
const ENOUGH = 3; // failures in a row, from which on it is said that nothing is heard

let failures = 0;
let heard = new Date(); // when the page last was as the server has it
const shown = new Map();

/** Follow the report as long as the page is seen; look at once when it is seen again or the network is back. */
export function follow() {
  for (const part of document.querySelectorAll("[data-part]")) shown.set(part.dataset.part, part.outerHTML);
  addEventListener("online", () => (offline.hidden = true));
  addEventListener("offline", tellNoNetwork);
  if (!navigator.onLine) tellNoNetwork();
  const opened = () => {
    failures = 0;
    void refresh();
  };
  // Where no stream can be had each attempt is a look.
  const lost = (times) => {
    failures = times;
    if (times >= ENOUGH) void refresh();
  };
  new Stream(`/r/${data.code}/live`, { opened, next: refresh, lost }, { whileHidden: false });
}

function tellNoNetwork() {
  away.textContent = noNetwork;
  offline.hidden = false;
}

/** The network seems there and yet nothing comes: say how old is what the page shows. */
function tellUnreached() {
  if (!navigator.onLine) return tellNoNetwork();
  away.textContent = say("unreached", { time: clock(heard) });
  offline.hidden = false;
}

const refresh = inTurn(async () => {
  try {
    const address = new URL(location.href);
    address.searchParams.set("part", "body");
    const answer = await fetch(address, { headers: { Accept: "text/html" }, cache: "no-store" });
    if (!answer.ok) throw new Error(answer.status);
    replace(new DOMParser().parseFromString(await answer.text(), "text/html"));
    heard = new Date();
    offline.hidden = navigator.onLine;
  } catch {
    // The stream notices too, and looks again when the server can be reached.
    if (failures >= ENOUGH) tellUnreached();
  }
});

function replace(fresh) {
  const before = parts.querySelector('[data-part="standing"]').dataset.status;
  let changed = false;
  for (const part of fresh.querySelectorAll("[data-part]")) {
    const name = part.dataset.part;
    if (shown.get(name) === part.outerHTML) continue;
    const current = document.querySelector(`[data-part="${name}"]`);
    if (isWrittenIn(current)) continue; // nobody's words are taken away: the answer to what is sent says how it stands
    changed ||= name === "standing" || name === "steps";
    shown.set(name, part.outerHTML);
    swap(current, document.importNode(part, true));
  }
  if (!changed) return;
  const { status, word } = parts.querySelector('[data-part="standing"]').dataset;
  news.textContent = status === before ? say("news") : say("changed", { status: word });
}

function isWrittenIn(part) {
  if (part.querySelector(".problem")) return true;
  const fields = [...part.querySelectorAll("textarea, input")];
  return fields.some((field) =>
    field.type === "radio" ? field.checked : field.type === "file" ? field.files.length : field.value,
  );
}

function swap(current, fresh) {
  const focused = current.contains(document.activeElement) ? document.activeElement : null;
  for (const details of current.querySelectorAll("details[id][open]")) {
    fresh.querySelector(`#${details.id}`)?.setAttribute("open", "");
  }
  current.replaceWith(fresh);
  if (!focused) return;
  const like = focused.id ? `#${focused.id}` : focused.href ? `a[href="${focused.getAttribute("href")}"]` : "summary";
  const heir = fresh.querySelector(like) ?? fresh;
  if (heir === fresh) fresh.tabIndex = -1;
  heir.focus({ preventScroll: true });
}
