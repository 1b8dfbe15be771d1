// What is wrong with the form: told at its top, each leading to its field, and once more at the field itself.

import { element, icon } from "../common/dom.js";
import { say } from "../common/words.js";

const FIELDS = ["photos", "place", "address", "category", "description", "name", "phone", "email", "consent"];

/** The element that a problem's field names: photos.0 is about the photographs; what is unknown, about the whole. */
function fieldOf(name) {
  const known = name.split(".")[0];
  return document.getElementById(FIELDS.includes(known) ? `${known}-field` : "") ?? null;
}

const control = (holder) => holder?.querySelector("input:not([type=hidden]), textarea, select, button");

/** Take away what was shown. */
export function clear() {
  document.getElementById("summary")?.remove();
  for (const shown of document.querySelectorAll(".problem")) shown.remove();
  for (const wrong of document.querySelectorAll(".is-wrong")) wrong.classList.remove("is-wrong");
  for (const input of document.querySelectorAll('[aria-invalid="true"]')) {
    input.removeAttribute("aria-invalid");
    describe(input, []);
  }
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
  const items = problems.map(({ field, message }) => {
    const holder = fieldOf(field);
    const text = message || say("refused");
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
  document.getElementById("report").before(summary);
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
