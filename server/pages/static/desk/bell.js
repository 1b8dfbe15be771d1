// The bell of those who work for a ward: how many notices are new, and the latest of them where the page is.
// It looks every twenty seconds while the page is seen, and soon after a module dispatches "incident-changed" on the
// document: notices are written a moment after what they tell of.

const EVERY = 20_000;
const SOON = 3_000;

const bell = document.getElementById("bell");
const panel = bell.querySelector(".bell-panel");
const list = panel.querySelector(".bell-list");
const unheard = panel.querySelector(".bell-unheard");
const told = bell.querySelector("[role=status]");
const way = bell.querySelector(".bell-way");
const button = document.createElement("button");
let waiting = null;
let until = "";
let known = null; // how many were new when it last looked
let asking = null;
let isSoon = false; // whether something has happened that it is to look for

button.type = "button";
button.className = way.className;
button.setAttribute("aria-expanded", "false");
button.setAttribute("aria-controls", panel.id);
button.append(...way.childNodes);
way.replaceWith(button);
const badge = button.querySelector(".bell-count");

button.addEventListener("click", () => (panel.hidden ? open() : close()));
bell.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || panel.hidden) return;
  event.stopPropagation();
  close();
  button.focus();
});
document.addEventListener("pointerdown", (event) => {
  if (!panel.hidden && !bell.contains(event.target)) close();
});
bell.addEventListener("focusout", (event) => {
  if (!panel.hidden && event.relatedTarget && !bell.contains(event.relatedTarget)) close();
});
document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(waiting) : look()));
document.addEventListener("incident-changed", () => {
  isSoon = true;
  later(SOON);
});
addEventListener("online", look);
look();

function later(pause) {
  clearTimeout(waiting);
  waiting = setTimeout(look, pause);
}

/** Ask for the latest notices; what is open is replaced, unless somebody is in the midst of it. */
async function look() {
  asking ??= ask().finally(() => (asking = null));
  await asking;
}

async function ask() {
  isSoon = false;
  try {
    const answer = await fetch(bell.dataset.list, { headers: { Accept: "text/html" }, cache: "no-store" });
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-notices]");
    if (!answer.ok || !fresh) throw new Error(answer.status);
    unheard.hidden = true;
    if (!list.contains(document.activeElement)) list.replaceChildren(document.importNode(fresh, true));
    until = fresh.dataset.until;
    show(Number(fresh.dataset.unseen), fresh.dataset.count);
    if (!panel.hidden) await seen();
  } catch {
    unheard.hidden = false;
  } finally {
    if (!document.hidden) later(isSoon ? SOON : EVERY);
  }
}

function show(unseen, count) {
  badge.querySelector("b").textContent = count;
  badge.hidden = unseen === 0;
  bell.classList.toggle("has-news", unseen > 0);
  const words = unseen ? bell.dataset.new.replace("{count}", count) : "";
  if (known !== null && unseen > known) told.textContent = words;
  known = unseen;
}

async function open() {
  panel.hidden = false;
  button.setAttribute("aria-expanded", "true");
  told.textContent = "";
  await look();
}

function close() {
  panel.hidden = true;
  button.setAttribute("aria-expanded", "false");
}

/** What is shown is no longer new; it stays marked until the list is asked for again. */
async function seen() {
  if (!until || known === 0) return;
  const answer = await fetch(bell.dataset.seen, { method: "POST", body: new URLSearchParams({ until }), redirect: "manual" });
  if (answer.type === "opaqueredirect") show(0, "0");
}
