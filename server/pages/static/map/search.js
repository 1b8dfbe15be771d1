// Search over places, neighbourhoods, teams and tracking codes: a combobox with a list of what is found.

import { keep, shown } from "./address.js";
import { raise } from "./sheet.js";
import { element, icon } from "../common/dom.js";
import { answers } from "../common/finding.js";
import { count, data, say } from "../common/words.js";

const search = document.getElementById("search");
const body = document.getElementById("panel-body");
const results = document.getElementById("results");
const groups = document.getElementById("groups");
const noMatch = document.getElementById("no-match");
const told = document.getElementById("result-count");
const MOST = 30;
const CODE = /^(?:(\d{5})-?)?([0-9a-z]{6})$/i;

let known = null; // what can be found, read from the list once
let active = -1;
let choose = null;

/** A kind, a name, and what else is said of it; `act` opens it. */
function entry(sign, kind, name, more, act) {
  return { sign, kind, name, more, act };
}

function entries() {
  const found = [];
  for (const row of document.querySelectorAll("#groups .items .item[id]")) {
    const { id } = row;
    const more = row.parentElement.querySelector(".item-more:not(.without-js)")?.textContent ?? "";
    const place = data.places[row.dataset.kind];
    if (place) found.push(entry(place.icon, place.word, row.textContent, more, () => choose("place", id)));
    else {
      const open = () => choose("neighbourhood", id);
      found.push(entry("map", say("neighbourhood"), row.textContent, "", open));
      if (more) found.push(entry("users", say("team"), more, row.textContent, open));
    }
  }
  return found;
}

/** A tracking code leads to its report; without the ward's number it is this ward's. */
function codeOf(text) {
  const [, ward, suffix] = CODE.exec(text.replace(/\s/g, "")) ?? [];
  if (!suffix || (!ward && !/\d/.test(suffix))) return [];
  const code = `${ward ?? data.ward}-${suffix.toUpperCase()}`;
  const go = () => location.assign(`/r/${code}?ward=${code.slice(0, 5)}`);
  return [entry("megaphone", say("followReport"), code, "", go)];
}

const matching = (text) => [
  ...codeOf(text),
  ...answers(text, known, ({ name, kind, more }) => [name, `${kind} ${more}`]),
];

function move(to) {
  const options = [...results.children];
  active = to;
  for (const [at, option] of options.entries()) option.setAttribute("aria-selected", String(at === active));
  if (active < 0) search.removeAttribute("aria-activedescendant");
  else {
    search.setAttribute("aria-activedescendant", options[active].id);
    options[active].scrollIntoView({ block: "nearest" });
  }
}

function option(one, at) {
  const more = [one.name.startsWith(one.kind) ? "" : one.kind, one.more].filter(Boolean).join(" · ");
  const made = element(
    "li",
    "result",
    [icon(one.sign), element("span", "result-name", one.name), element("span", "item-more", more)],
    { role: "option", id: `result-${at}`, "aria-selected": "false" },
  );
  made.addEventListener("mousedown", (event) => event.preventDefault()); // the focus stays in the field
  made.addEventListener("click", one.act);
  return made;
}

/** What is found may be longer than its frame, and holds nothing that takes the focus: then the frame takes it. */
function scrollable(needed) {
  const told = { tabindex: "0", role: "region", "aria-label": results.getAttribute("aria-label") };
  for (const [name, value] of Object.entries(told))
    if (needed) body.setAttribute(name, value);
    else body.removeAttribute(name);
  body.scrollTop = 0;
}

function show() {
  const text = search.value.trim();
  keep({ search: text });
  known ??= entries();
  const found = text ? matching(text) : [];
  results.replaceChildren(...found.slice(0, MOST).map(option));
  move(-1);
  groups.hidden = text !== "";
  results.hidden = found.length === 0;
  scrollable(found.length > 0);
  search.setAttribute("aria-expanded", String(found.length > 0));
  noMatch.hidden = text === "" || found.length > 0;
  noMatch.textContent = noMatch.hidden ? "" : say("noMatch", { text });
  told.textContent = found.length ? say("results", { n: count(found.length) }) : "";
}

function clear() {
  search.value = "";
  show();
}

/** `opens(kind, id)` opens the card of what is chosen. */
export function start(opens) {
  choose = opens;
  search.addEventListener("input", show);
  search.addEventListener("focus", () => raise("full"));
  search.addEventListener("keydown", (event) => {
    const last = results.children.length - 1;
    if (event.key === "ArrowDown" && last >= 0) move(active < last ? active + 1 : 0);
    else if (event.key === "ArrowUp" && last >= 0) move(active > 0 ? active - 1 : last);
    else if (event.key === "Escape" && search.value) clear();
    else return;
    event.preventDefault();
  });
  document.getElementById("filters").addEventListener("submit", (event) => {
    event.preventDefault();
    results.children[Math.max(0, active)]?.click();
  });
  search.value = shown.search;
  if (shown.search) show();
}
