// What happens to the report while its page is open. The stream only says that something did: the page then asks for
// its own parts anew, in the reader's right, and replaces those that changed.

import { data, moment, say } from "../common/words.js";

const PAUSES = [1, 2, 4, 8, 15, 30, 60];
const news = document.getElementById("news");
const offline = document.getElementById("offline");
const parts = document.getElementById("parts");
const away = offline.querySelector("span");
const noNetwork = away.textContent;
const ENOUGH = 3; // failures in a row, from which on it is said that nothing is heard

let stream = null;
let waiting = null;
let failures = 0;
let asking = false;
let again = false;
let heard = new Date(); // when the page last was as the server has it
const shown = new Map();

/** Follow the report as long as the page is seen; look at once when it is seen again or the network is back. */
export function follow() {
  for (const part of document.querySelectorAll("[data-part]")) shown.set(part.dataset.part, part.outerHTML);
  document.addEventListener("visibilitychange", () => (document.hidden ? leave() : connect()));
  addEventListener("online", () => {
    offline.hidden = true;
    failures = 0;
    connect();
  });
  addEventListener("offline", tellNoNetwork);
  addEventListener("pagehide", leave);
  addEventListener("pageshow", (event) => event.persisted && connect());
  if (!navigator.onLine) tellNoNetwork();
  if (!document.hidden) connect();
}

function tellNoNetwork() {
  away.textContent = noNetwork;
  offline.hidden = false;
}

/** The network seems there and yet nothing comes: say how old is what the page shows. */
function tellUnreached() {
  if (!navigator.onLine) return tellNoNetwork();
  const [day, time] = moment(heard).split(" ");
  away.textContent = say("unreached", { time: day === moment(new Date()).split(" ")[0] ? time : `${time} ${day}` });
  offline.hidden = false;
}

function leave() {
  clearTimeout(waiting);
  stream?.close();
  stream = null;
}

function connect() {
  leave();
  stream = new EventSource(`/r/${data.code}/live`);
  stream.addEventListener("open", () => {
    failures = 0;
    refresh(); // what happened before the stream began
  });
  stream.addEventListener("next", refresh);
  stream.addEventListener("error", retry);
}

// Our own pauses in place of the browser's: they grow, and where no stream can be had each attempt is a look.
function retry() {
  leave();
  const pause = PAUSES[Math.min(failures, PAUSES.length - 1)] * (0.75 + Math.random() / 2);
  failures += 1;
  if (failures >= ENOUGH) refresh();
  waiting = setTimeout(connect, pause * 1000);
}

async function refresh() {
  if (asking) {
    again = true;
    return;
  }
  asking = true;
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
  } finally {
    asking = false;
    if (again) {
      again = false;
      refresh();
    }
  }
}

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
