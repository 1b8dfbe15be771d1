// The form in which names are given, at the head of the list: after drawing, splitting, merging, and to rename.

import { element, icon } from "../common/dom.js";
import { say } from "../common/words.js";
import { model } from "./model.js";

const form = document.getElementById("naming");
const title = document.getElementById("naming-title");
const fields = document.getElementById("naming-fields");
const wrong = document.getElementById("naming-problem");
const MOST = 200;

let settle = null;

const fold = (name) => name.normalize("NFC").trim().toLocaleLowerCase("vi");

/** The next free name of the kind that the ward uses: "Tổ dân phố số 12" after 11. `count` of them. */
export function nextNames(count) {
  const numbered = model.areas().flatMap(({ name }) => {
    const found = /^(.*\D)(\d+)$/.exec(name);
    return found ? [[found[1], Number(found[2])]] : [];
  });
  const [stem] = numbered.at(-1) ?? [say("newName", { n: "" })];
  const last = Math.max(0, ...numbered.filter(([start]) => start === stem).map(([, number]) => number));
  return Array.from({ length: count }, (_, at) => `${stem}${last + 1 + at}`);
}

/** The first new name that is wrong, by its number and in words, or null; `own` are the keys of areas that are being renamed. */
export function faultIn(names, own = []) {
  const taken = new Set(model.areas().filter(({ key }) => !own.includes(key)).map(({ name }) => fold(name)));
  for (const [at, name] of names.entries()) {
    if (!name.trim()) return [at, say("nameMissing")];
    if (taken.has(fold(name))) return [at, say("nameTaken", { name })];
    taken.add(fold(name));
  }
  return null;
}

function textField({ label, value }, at) {
  const input = element("input", "input", [], { id: `naming-${at}`, type: "text", maxlength: String(MOST), autocomplete: "off" });
  input.value = value;
  return element("div", "field", [element("label", "", label, { for: input.id }), input]);
}

function choiceField({ label, value }, at) {
  const input = element("input", "", [], { type: "radio", name: "naming-choice", value: String(at) });
  input.checked = value;
  return element("label", "choice", [input, element("span", "", label)]);
}

/**
 * Ask for names: `texts` [{ label, value }] to write, or `choices` [{ label, value: checked }] to take one. Gives the
 * names, or the number of what was chosen; null when it was given up. `own`: keys whose names may be used again.
 */
export function ask(heading, { texts = null, choices = null, own = [], confirm = say("done") }) {
  close(null);
  title.textContent = heading;
  wrong.hidden = true;
  fields.replaceChildren(...(texts ? texts.map(textField) : choices.map(choiceField)));
  document.getElementById("naming-confirm").lastElementChild.textContent = confirm;
  form.hidden = false;
  const first = fields.querySelector("input:checked, input[type=text]");
  first?.focus();
  first?.select?.();
  return new Promise((resolve) => {
    settle = (isGiven) => {
      if (!isGiven) return resolve(null);
      if (choices) return resolve(Number(fields.querySelector("input:checked")?.value ?? 0));
      const names = [...fields.querySelectorAll("input")].map(({ value }) => value.normalize("NFC").trim());
      const fault = faultIn(names, own);
      if (!fault) return resolve(names);
      wrong.hidden = false;
      wrong.replaceChildren(icon("triangle-alert"), fault[1]);
      const input = fields.querySelectorAll("input")[fault[0]];
      input.setAttribute("aria-invalid", "true");
      input.setAttribute("aria-describedby", "naming-problem");
      input.focus();
      return false;
    };
  });
}

function close(isGiven) {
  if (!settle || settle(isGiven) === false) return;
  settle = null;
  form.hidden = true;
}

export const isOpen = () => settle !== null;
export const cancel = () => close(false);

export function start() {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    close(true);
  });
  document.getElementById("naming-cancel").addEventListener("click", cancel);
}
