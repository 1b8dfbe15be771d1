// Which incidents are shown: by status, by kind. How many there are of each is told without asking again.

import { GROUPS, group, keep, shown } from "./address.js";
import { raise } from "./sheet.js";
import { count, data } from "../common/words.js";

const details = document.getElementById("group-incidents");
const clear = document.getElementById("clear-filters");
const badge = document.getElementById("filter-count");
const total = document.getElementById("incident-count");
const choices = [...document.querySelectorAll('[name="status"]')];
const statuses = [...document.querySelectorAll("[data-status]")];
const kinds = [...document.querySelectorAll('[name="kind"]')];

/** What the filters ask of the server. */
export function wanted() {
  return {
    ...(group() !== "all" && { status: shown.statuses.join(",") }),
    ...(shown.kinds.length && { category: shown.kinds.join(",") }),
  };
}

/** Nothing can be asked for where every status was taken away. */
export const isNothing = () => shown.statuses.length === 0;

const sum = (of, among) => of.reduce((n, kind) => n + among.reduce((m, status) => m + (kind.counts[status] ?? 0), 0), 0);

function write() {
  const word = group();
  const chosen = data.kinds.filter(({ code }) => shown.kinds.includes(code));
  const among = shown.kinds.length ? chosen : data.kinds;
  for (const choice of choices) choice.checked = choice.value === word;
  for (const box of statuses) {
    box.checked = shown.statuses.includes(box.dataset.status);
    tell(box, sum(among, [box.dataset.status]));
  }
  for (const box of kinds) {
    box.checked = shown.kinds.includes(box.value);
    tell(box, sum(data.kinds.filter(({ code }) => code === box.value), shown.statuses));
  }
  total.textContent = count(sum(among, shown.statuses));
  const changed = (word === "open" ? 0 : 1) + (shown.kinds.length ? 1 : 0);
  badge.hidden = clear.hidden = changed === 0;
  badge.textContent = changed;
}

function tell(box, n) {
  box.parentElement.querySelector("[data-count]").textContent = count(n);
}

/** `changed` is called whenever other incidents are wanted. */
export function start(changed) {
  const set = (changes) => {
    keep(changes);
    write();
    changed();
  };
  for (const choice of choices) choice.addEventListener("change", () => set({ statuses: GROUPS[choice.value] }));
  const checked = (boxes) => boxes.filter((box) => box.checked);
  for (const box of statuses)
    box.addEventListener("change", () => set({ statuses: checked(statuses).map((one) => one.dataset.status) }));
  for (const box of kinds)
    box.addEventListener("change", () => set({ kinds: checked(kinds).map((one) => one.value) }));
  clear.addEventListener("click", () => {
    set({ statuses: GROUPS.open, kinds: [] });
    details.querySelector("summary").focus();
  });
  document.getElementById("open-filters").addEventListener("click", () => {
    raise("full");
    details.open = true;
    details.querySelector("summary").focus();
    details.scrollIntoView({ block: "start" });
  });
  if (group() === null) document.getElementById("each-status").open = true;
  write();
}
