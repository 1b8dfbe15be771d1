// The report being written: kept on the phone while it is written, so that neither a call nor an empty battery loses it.

import { newKey } from "../common/keeping.js";
import { data } from "../common/words.js";
import { change, report, reports } from "./store.js";

const PAUSE = 400;
const form = document.getElementById("report");
let key = newKey();
let begun = false;
let timer = 0;
const left = new Set();
let release = hold(key);

/** What the form says, by field; what is empty is left out, and who reports too where it was not agreed to. */
export function fields({ whole = false } = {}) {
  const found = {};
  for (const [name, value] of new FormData(form)) {
    const text = typeof value === "string" ? value.trim() : "";
    if (text && name !== "requestKey" && !name.startsWith("near")) found[name] = text;
  }
  if (!found.consent) delete found.consentWording;
  if (!found.consent && !whole) for (const name of ["name", "phone", "email"]) delete found[name];
  return found;
}

/** The key of the report being written. It is kept from now on. */
export async function keep(more = {}) {
  clearTimeout(timer);
  begun = true;
  const made = { key, state: "draft", problems: [], tries: 0, after: 0, limited: false };
  const now = { ward: data.ward, fields: fields({ whole: true }), savedAt: Date.now(), ...more };
  await change(key, now, made);
  return key;
}

/** Whether anything of this report is kept yet. */
export const isBegun = () => begun;

/** Keep what is typed, soon after. */
export function keepSoon() {
  clearTimeout(timer);
  timer = setTimeout(() => {
    const said = Object.keys(fields({ whole: true })).filter((name) => name !== "latitude" && name !== "longitude");
    if (begun || said.length) keep();
  }, PAUSE);
}

/** Begin a new report. */
export function anew() {
  clearTimeout(timer);
  release();
  key = newKey();
  begun = false;
  release = hold(key);
  form.reset();
}

/** Go on with a report that was kept; gives its fields. */
export async function resume(other) {
  anew();
  release();
  key = other;
  begun = true;
  release = hold(key);
  const kept = await change(key, { state: "draft", tries: 0, after: 0, limited: false });
  for (const [name, value] of Object.entries(kept.fields)) {
    const input = form.elements.namedItem(name);
    if (!input || name === "consentWording") continue;
    // Who agreed to other words than those on the page is asked again.
    if (name === "consent" && kept.fields.consentWording !== form.elements.consentWording.value) continue;
    if (input.type === "checkbox") input.checked = true;
    else input.value = value;
  }
  return kept;
}

/** Mark this report as being written here, so that no other tab offers it; gives what ends that. */
function hold(name) {
  let end = () => {};
  left.delete(name);
  const ended = new Promise((resolve) => {
    end = () => {
      left.add(name); // the lock itself goes a moment later
      resolve();
    };
  });
  navigator.locks?.request(`draft:${name}`, () => ended);
  return end;
}

/** The reports of this ward that are kept here, without those being written in some tab. */
export async function others() {
  const locks = navigator.locks ? (await navigator.locks.query()).held : [];
  const held = new Set(locks.map((lock) => lock.name));
  const isFree = (one) => one.state !== "seen" && (one.state !== "draft" || left.has(one.key) || !held.has(`draft:${one.key}`));
  return (await reports()).filter((one) => one.ward === data.ward && one.key !== key && isFree(one));
}

/** This report as it is kept. */
export const kept = () => report(key);

for (const kind of ["input", "change"]) form.addEventListener(kind, keepSoon);
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden" && begun) keep();
});
