// What is wrong with the form: told at its top, each leading to its field, and once more at the field itself.

import { element, icon } from "../common/dom.js";
import { say } from "../common/words.js";

const FIELDS = ["photos", "place", "address", "neighbourhood", "category", "description", "name", "phone", "email", "consent"];

/** The element that a problem's field names: photos.0 is about the photographs; what is unknown, about the whole. */
function fieldOf(name) {
  const known = name.split(".")[0];
  return document.getElementById(FIELDS.includes(known) ? `${known}-field` : "") ?? null;
}

const control = (holder) => holder?.querySelector("input:not([type=hidden]), textarea, select, button");

/** What a problem says; of a photograph also which one. */
export function words({ field, message, unreadable = false }) {
  const number = /^photos\.(\d+)$/.exec(field)?.[1];
  if (!number) return message || say("refused");
  return say(unreadable ? "photoUnreadable" : "photoRefused", { n: Number(number) + 1, message: message || say("refused") });
}

/** Take away what was shown. */
export function clear() {
  document.getElementById("summary")?.remove();
  for (const shown of document.querySelectorAll(".problem, .problem-offer")) shown.remove();
  for (const wrong of document.querySelectorAll(".is-wrong")) wrong.classList.remove("is-wrong");
  for (const input of document.querySelectorAll('[aria-invalid="true"]')) {
    input.removeAttribute("aria-invalid");
    describe(input, []);
  }
}

/** Take away what was wrong with one field, by its name, now that it is mended. */
export function solved(name) {
  if (!FIELDS.includes(name)) return;
  const holder = document.getElementById(`${name}-field`);
  if (!holder?.classList.contains("is-wrong")) return;
  holder.classList.remove("is-wrong");
  // Those that the server wrote are called by the field, those written here by its holder.
  const ids = [`${name}-problem`, `${name}-field-problem`, `${name}-field-offer`];
  for (const id of ids) document.getElementById(id)?.remove();
  for (const input of holder.querySelectorAll('[aria-invalid="true"]')) {
    const said = (input.getAttribute("aria-describedby") ?? "").split(" ");
    if (said.some((id) => document.getElementById(id)?.matches(".problem"))) continue; // of a field within this one
    input.removeAttribute("aria-invalid");
    const left = said.filter((id) => !ids.includes(id)).join(" ");
    if (left) input.setAttribute("aria-describedby", left);
    else input.removeAttribute("aria-describedby");
  }
  const summary = document.getElementById("summary");
  summary?.querySelector(`a[href="#${name}"], a[href="#${name}-field"]`)?.closest("li").remove();
  if (!summary?.querySelector("li")) summary?.remove();
}

/** Offer, at a field that is wrong, a `take` that mends it. */
export function offer(name, text, take) {
  const shown = document.getElementById(`${name}-field-problem`);
  const button = element("button", "button problem-offer", text, { type: "button", id: `${name}-field-offer` });
  button.addEventListener("click", take);
  shown?.after(button);
}

/** Go to a field. */
export function goTo(name) {
  const holder = fieldOf(name);
  holder.scrollIntoView({ block: "center" });
  control(holder).focus({ preventScroll: true });
}

/** The ids of what describes an input: its hint, and beside it `more`. */
function describe(input, more) {
  const usual = input.dataset.describedBy ?? input.getAttribute("aria-describedby") ?? "";
  input.dataset.describedBy = usual;
  const ids = [...more, usual].filter(Boolean).join(" ");
  if (ids) input.setAttribute("aria-describedby", ids);
  else input.removeAttribute("aria-describedby");
}

/** Show problems, each { field, message }; the summary is read out and has the focus. */
export function show(problems) {
  clear();
  if (!problems.length) return;
  const items = problems.map((problem) => {
    const holder = fieldOf(problem.field);
    const text = words(problem);
    if (!holder) return element("li", "", text);
    mark(holder, text);
    const link = element("a", "link", text, { href: `#${holder.id}` });
    link.addEventListener("click", (event) => {
      event.preventDefault();
      holder.scrollIntoView({ block: "start" });
      control(holder)?.focus({ preventScroll: true });
    });
    return element("li", "", link);
  });
  const title = element("h2", "", [icon("triangle-alert"), say("look")], { id: "summary-title" });
  const attributes = { id: "summary", role: "alert", tabindex: "-1", "aria-labelledby": "summary-title" };
  const summary = element("section", "summary", [title, element("ul", "", items)], attributes);
  document.getElementById("kept").before(summary);
  summary.focus();
}

function mark(holder, text) {
  holder.classList.add("is-wrong");
  const id = `${holder.id}-problem`;
  const shown = element("p", "problem", [icon("triangle-alert"), text], { id });
  const heading = holder.querySelector("legend, label");
  if (holder.matches(".choice")) holder.before(shown);
  else heading.after(shown);
  const input = control(holder);
  if (input) {
    input.setAttribute("aria-invalid", "true");
    describe(input, [id]);
  }
}
