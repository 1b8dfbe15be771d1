// The crews of the strip on top, which is written by the server: who is on duty, how much each has in hand, where it is.

import { path } from "./address.js";
import { fragment } from "./rows.js";

const EVERY = 20_000;
const PAUSE = 900; // milliseconds between two looks that changes ask for

let waiting = null;
let latest = 0;
let asked = 0;
let shown = 0; // which of the answers is on show: one that was asked for earlier may come later
let told = () => {};

/** The crews as the strip has them. */
export const all = () =>
  [...document.querySelectorAll(".crew[data-id]")].map(({ dataset }) => ({
    id: dataset.id,
    name: dataset.name,
    onDuty: dataset.duty === "on",
    held: Number(dataset.held),
    capacity: Number(dataset.capacity),
    kinds: dataset.kinds.split(",").filter(Boolean),
    at: dataset.longitude ? [Number(dataset.longitude), Number(dataset.latitude)] : null,
    isSeen: dataset.place === "seen", // else it is where the crew starts from
    load: dataset.load,
  }));


/** Look at the counts and the crews anew; what cannot be had stays as it was, and the line of the stream says so. */
export async function refresh() {
  latest = Date.now();
  const mine = (asked += 1);
  const found = await fragment(path("/staff", { part: "overview" }));
  if (mine < shown) return;
  shown = mine;
  const [fresh, current] = [found, document].map((one) => one.querySelector("[data-part=overview]"));
  for (const part of [".needs", ".crews"]) replace(current.querySelector(part), document.adoptNode(fresh.querySelector(part)));
  told();
}

function replace(current, fresh) {
  if (current.innerHTML === fresh.innerHTML) return;
  // Replaced while somebody presses it, it would not be pressed at all.
  if (current.matches(":active")) {
    refreshSoon();
    return;
  }
  const focused = current.contains(document.activeElement) ? document.activeElement : null;
  const left = current.querySelector(".crew-strip")?.scrollLeft ?? 0;
  current.replaceWith(fresh);
  const strip = fresh.querySelector(".crew-strip");
  if (strip) strip.scrollLeft = left;
  if (!focused) return;
  const { id, need } = focused.dataset;
  const like = id ? `[data-id="${CSS.escape(id)}"]` : need === undefined ? "a" : `[data-need="${need}"]`;
  fresh.querySelector(like)?.focus({ preventScroll: true });
}

/** Look soon, however often it is asked for. */
export function refreshSoon() {
  waiting ??= setTimeout(
    () => {
      waiting = null;
      refresh().catch(() => {});
    },
    Math.max(150, latest + PAUSE - Date.now()),
  );
}

/** Positions and duties change without a word of the stream. */
export function start(changed) {
  told = changed;
  setInterval(() => document.hidden || refreshSoon(), EVERY);
}
