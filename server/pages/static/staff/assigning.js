// Which crew: the most suitable first. On duty, handles the kind, has room, is near; those that the rules refuse stand
// below and cannot be pressed, each with why not.

import * as crews from "./crews.js";
import { element, icon } from "../common/dom.js";
import { fold, say } from "../common/words.js";

const dialog = document.getElementById("assigning");
const title = document.getElementById("assigning-title");
const what = document.getElementById("assigning-what");
const search = document.getElementById("assigning-search");
const note = document.getElementById("assigning-note");
const hint = document.getElementById("assigning-hint");
const list = document.getElementById("candidates");
const FREE = "button:not(:disabled)";

const RADIUS = 6_371_000;
const radians = (degrees) => (degrees * Math.PI) / 180;

function metres([longitude, latitude], [x, y]) {
  const [a, b] = [radians(latitude), radians(y)];
  const half = Math.sin((b - a) / 2) ** 2 + Math.cos(a) * Math.cos(b) * Math.sin(radians(x - longitude) / 2) ** 2;
  return 2 * RADIUS * Math.asin(Math.sqrt(half));
}

const tenths = new Intl.NumberFormat(document.documentElement.lang, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const distance = (length) =>
  length < 995 ? say("metres", { n: Math.round(length / 10) * 10 }) : say("kilometres", { n: tenths.format(length / 1000) });

/**
 * The crews for these incidents, the most suitable first: each with how far it is, what is against it, and whether it
 * is refused whatever it is asked (one that can take some of several is not).
 */
export function candidates(incidents, all = crews.all()) {
  const kinds = [...new Set(incidents.map(({ kind }) => kind))];
  const judged = all.map((crew) => {
    const foreign = kinds.filter((kind) => !crew.kinds.includes(kind)).length;
    const far = crew.at ? incidents.reduce((sum, { at }) => sum + metres(crew.at, at), 0) / incidents.length : null;
    const has = incidents.every((incident) => incident.crew === crew.id);
    const room = Math.max(0, crew.capacity - crew.held);
    const isFull = room < incidents.length;
    const against = [
      has ? say("has") : null,
      crew.onDuty ? null : say("offDuty"),
      foreign ? (kinds.length > 1 ? say("otherKindsOf", { n: foreign }) : say("otherKinds")) : null,
      isFull && !has ? (room ? say("roomFor", { n: room }) : say("full")) : null,
    ].filter(Boolean);
    const isRefused = has || !crew.onDuty || foreign === kinds.length || !room;
    const rank = [isRefused, has, !crew.onDuty, foreign > 0, isFull, far ?? Infinity, crew.held / Math.max(1, crew.capacity)].map(Number);
    return { crew, far, against, rank, isRefused };
  });
  return judged.sort((one, other) => {
    const at = one.rank.findIndex((value, n) => value !== other.rank[n]);
    return at < 0 ? 0 : one.rank[at] - other.rank[at];
  });
}

function button({ crew, far, against, isRefused }, choose) {
  const words = [say("held", { held: crew.held, capacity: crew.capacity }), far === null ? say("noPlace") : crew.isSeen ? distance(far) : say("fromBase", { length: distance(far) })];
  const made = element("button", "candidate", [
    icon(against.length ? "truck" : "user-check"),
    element("span", "candidate-name", crew.name),
    element("span", "candidate-more", words.join(" · ")),
    element("span", "candidate-why", against.length ? against.join(", ") : say("fits")),
  ], { type: "button", "data-id": crew.id });
  made.classList.toggle("is-unfit", against.length > 0);
  made.disabled = isRefused;
  made.addEventListener("click", () => choose(crew));
  return element("li", "", made);
}

/**
 * Ask for a crew. `incidents` are {id, code, kind, name, at, crew}; `first` is the id of a crew to offer before all
 * others that can take them. Gives the crew and what it and the reporters are told beside, `{crew, note}`; or null.
 */
export function chooseCrew(incidents, first = null) {
  const [one] = incidents;
  title.textContent = incidents.length > 1 ? say("assignMany", { n: incidents.length }) : say("assignTitle");
  what.textContent = incidents.length > 1 ? "" : `${one.name} · ${one.code}`;
  search.value = "";
  note.value = "";
  note.closest("details").open = false;
  const wished = ({ crew, isRefused }) => Number(crew.id === first && !isRefused);
  const ranked = candidates(incidents).sort((a, b) => wished(b) - wished(a));
  const fit = ranked.filter(({ isRefused }) => !isRefused);
  hint.textContent = say(fit.length ? "pressCrew" : "noneFits");
  return new Promise((resolve) => {
    let chosen = null;
    const choose = (crew) => {
      chosen = { crew, note: note.value.trim() || null };
      dialog.close();
    };
    const write = () => {
      const wanted = fold(search.value.trim());
      const found = ranked.filter(({ crew }) => fold(crew.name).includes(wanted));
      const [free, rest] = [false, true].map((is) => found.filter(({ isRefused }) => isRefused === is));
      const between = free.length && rest.length ? [element("li", "candidates-rest", say("restOfCrews"))] : [];
      const rows = (some) => some.map((each) => button(each, choose));
      list.replaceChildren(...rows(free), ...between, ...rows(rest));
    };
    const enter = (event) => {
      if (event.key === "Enter") {
        event.preventDefault();
        list.querySelector(FREE)?.click();
      } else if (event.key === "ArrowDown") {
        event.preventDefault();
        list.querySelector(FREE)?.focus();
      }
    };
    const walk = (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const all = [...list.querySelectorAll(FREE)];
      (all[all.indexOf(document.activeElement) + step] ?? search).focus();
    };
    write();
    search.addEventListener("input", write);
    search.addEventListener("keydown", enter);
    list.addEventListener("keydown", walk);
    dialog.addEventListener(
      "close",
      () => {
        search.removeEventListener("input", write);
        search.removeEventListener("keydown", enter);
        list.removeEventListener("keydown", walk);
        resolve(chosen);
      },
      { once: true },
    );
    dialog.showModal();
    // Where there is no keyboard at hand, one that opens over the list would hide it.
    // Where the crew that was wished for is refused, another is not offered to the next key instead.
    const isTyped = first ? !fit.some(wished) : matchMedia("(pointer: fine)").matches;
    ((isTyped ? null : list.querySelector(FREE)) ?? search).focus();
  });
}
