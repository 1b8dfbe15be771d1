// The crew's jobs as cards: one is open, and its next step is the one primary action in sight.

import { element, icon } from "../common/dom.js";
import { data, dialled, moment, phoneShown, say } from "../common/words.js";
import { isLate } from "./foreseeing.js";
import { distance, due, span } from "./saying.js";

const DO = { accept: "doAccept", start: "doStart", resolve: "doResolve" };
const LONGEST_PRESS = 1000;
const list = document.getElementById("list");
const drawn = new Map();

let acts = null;
let open = null;
let last = [];
let pressed = 0;

/** Draw cards from now on. `acts`: `step(job)` takes the next step, `back(job)` gives it back. */
export function begin(given) {
  acts = given;
  list.addEventListener("click", ({ target }) => {
    const head = target.closest(".job-head");
    if (!head) return;
    const { id } = head.closest(".job").dataset;
    open = open === id ? "" : id;
    drawNow(last);
  });
  // A button that was drawn anew between the finger's coming and going would never be tapped.
  list.addEventListener("pointerdown", () => {
    clearTimeout(pressed);
    pressed = setTimeout(released, LONGEST_PRESS);
  });
  for (const ends of ["pointerup", "pointercancel"])
    document.addEventListener(ends, () => {
      if (!pressed) return;
      clearTimeout(pressed);
      pressed = setTimeout(released); // after the click, which comes next
    });
}

function released() {
  pressed = 0;
  drawNow(last);
}

/** Open a job's card and bring it into view. */
export function show(id) {
  open = id;
  drawNow(last);
  const card = drawn.get(id)?.card;
  card?.scrollIntoView({ block: "start" });
  card?.querySelector(".job-head").focus({ preventScroll: true });
}

/** Draw the jobs, each with `away` (metres, or null), changing only what differs; once no finger is on them. */
export function draw(jobs) {
  last = jobs;
  if (!pressed) drawNow(jobs);
}

function drawNow(jobs) {
  if (open === null || (open && !jobs.some(({ id }) => id === open))) open = jobs[0]?.id ?? null;
  const focused = document.activeElement?.closest?.(".job") && document.activeElement;
  const at = focused && [focused.closest(".job").dataset.id, focused.dataset.focus];
  for (const [id, { card }] of drawn) {
    if (jobs.some((job) => job.id === id)) continue;
    card.remove();
    drawn.delete(id);
  }
  jobs.forEach((job, index) => {
    const isOpen = job.id === open;
    const told = JSON.stringify([job, index, isOpen, times(job)]);
    const before = drawn.get(job.id);
    if (before?.told !== told) {
      const card = made(job, index, isOpen);
      before?.card.replaceWith(card);
      drawn.set(job.id, { card, told });
    }
    const { card } = drawn.get(job.id);
    if (list.children[index] !== card) list.insertBefore(card, list.children[index] ?? null);
  });
  for (const other of [...list.children].slice(jobs.length)) other.remove(); // what the server drew
  if (at && !focused.isConnected) drawn.get(at[0])?.card.querySelector(`[data-focus="${at[1]}"]`)?.focus();
}

/** What passes by itself. */
const times = (job) => [job.dueAt && due(job.dueAt), isLate(job), job.acceptBy && accept(job)];

function made(job, index, isOpen) {
  const key = job.id.split(":").at(-1);
  const card = element("li", isOpen ? "job is-open" : "job", [head(job, index, isOpen, key)], { id: `job-${key}`, "data-id": job.id });
  if (isOpen) card.append(body(job, key));
  return card;
}

function head(job, index, isOpen, key) {
  const button = element("button", "job-head", [], {
    type: "button",
    "aria-expanded": isOpen,
    "aria-controls": `body-${key}`,
    "data-focus": "head",
  });
  const number = element("span", "job-number", [element("span", "visually-hidden", `${say("number", { n: index + 1 })}. `), index + 1]);
  const { word, icon: sign } = data.statuses[job.status];
  const facts = element("span", "job-facts", [
    element("span", "job-kind", [icon(job.icon), job.kind]),
    element("span", "job-state", [
      element("span", "status", [icon(sign), word], { "data-tone": data.tones[job.status] }),
      job.waits ? mark(job.waits) : null,
    ]),
    element("span", "job-when", [
      job.dueAt ? element("span", "status", [icon(isLate(job) ? "timer-off" : "clock"), due(job.dueAt)], isLate(job) ? { "data-tone": "late" } : {}) : null,
      job.away === null ? null : element("span", "", distance(job.away)),
    ]),
    job.street ? element("span", "job-street", job.street) : null,
    job.acceptBy ? accept(job, true) : null,
    job.text && !isOpen ? element("span", "job-brief", job.text) : null,
  ]);
  const [photo] = job.photos;
  const picture = photo && !isOpen ? element("img", "job-photo", [], { src: photo.small, alt: "", loading: "lazy" }) : null;
  picture?.addEventListener("error", () => picture.remove()); // without a network it may not be there
  button.append(number, facts, ...[picture].filter(Boolean), icon("chevron-down"));
  return element("h3", "", button);
}

/** That something was tapped which the ward does not know yet. */
export function mark(action) {
  const word = action.tries || !navigator.onLine ? say("waiting") : say("sending");
  return element("span", "waits", [icon("hourglass"), word]);
}

function accept(job, drawnToo = false) {
  const left = Date.parse(job.acceptBy) - Date.now();
  const words = left > 0 ? say("timeToAccept", { time: span(left) }) : say("timeToAcceptOver");
  return drawnToo ? element("span", "status job-accept", [icon("alarm-clock"), words], { "data-tone": "with-crew" }) : words;
}

function body(job, key) {
  const parts = element("div", "job-body", [], { id: `body-${key}` });
  if (job.text) parts.append(element("p", "job-text", job.text));
  const outside = { target: "_blank", rel: "noopener noreferrer" };
  const ways = [
    element("a", "button wide crew-act", [icon("navigation"), say("directions")], { href: job.directions, ...outside, "data-focus": "way" }),
  ];
  if (job.phone) {
    const call = { href: `tel:${dialled(job.phone)}`, "data-focus": "call" };
    ways.push(element("a", "button wide crew-act", [icon("phone"), say("call", { number: phoneShown(job.phone) })], call));
  }
  parts.append(element("div", "job-ways", ways));
  if (job.phone && job.caller) parts.append(element("p", "quiet", say("callWho", { name: job.caller })));
  if (job.photos.length) parts.append(element("div", "photos", job.photos.map(photograph)));
  parts.append(element("p", "quiet", `${say("reported", { time: moment(job.reportedAt) })} · ${job.code}`));
  if (job.notes.length) {
    const notes = job.notes.map(({ note }) => element("p", "job-note", [icon("sticky-note"), element("span", "", note)]));
    parts.append(element("div", "job-notes", [element("h4", "", say("notesOf")), ...notes]));
  }
  const back = element("button", "button wide crew-act quiet-act", [icon("undo-2"), say(job.status === "ASSIGNED" ? "backAssigned" : "backBegun")], { type: "button", "data-focus": "back" });
  back.addEventListener("click", () => acts.back(job));
  const { step, icon: sign } = data.next[job.status];
  const next = element("button", "button primary wide crew-act", [icon(sign), say(DO[step])], { type: "button", "data-focus": "next" });
  next.addEventListener("click", () => acts.step(job, step));
  parts.append(back, element("div", "job-next", next));
  return parts;
}

function photograph(photo, index) {
  const name = say("photoOf", { n: index + 1 });
  const picture = element("img", "", [], { src: photo.small, alt: name, loading: "lazy" });
  picture.addEventListener("error", () => picture.replaceWith(element("span", "photo-away", [icon("image-off"), name])));
  return element("a", "", picture, { href: photo.url, target: "_blank" });
}
