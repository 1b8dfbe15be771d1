// The bottom sheet of the phone: three heights, by dragging, by tapping its bar, by keyboard.

import { say } from "../common/words.js";

const HEIGHTS = ["peek", "half", "full"];
const HALF = 0.52; // of the screen, as in css/map.css
const panel = document.getElementById("panel");
const bar = document.querySelector(".masthead");
const handle = document.getElementById("panel-handle");
const narrow = matchMedia("(max-width: 899.98px)");

export const isPhone = () => narrow.matches;

export function setHeight(height) {
  panel.dataset.height = height;
  panel.style.height = "";
  handle.setAttribute("aria-expanded", String(height !== "peek"));
  handle.firstElementChild.textContent = say(height === "full" ? "collapse" : "expand");
}

/** At least half open, so that the list can be seen. */
export function raise(height = "half") {
  if (HEIGHTS.indexOf(height) > HEIGHTS.indexOf(panel.dataset.height)) setHeight(height);
}

/** Open so far that so many pixels of the list can be seen: half where they fit there, else all the way. */
export function raiseFor(height) {
  const fixed = parseFloat(getComputedStyle(document.documentElement).getPropertyValue("--peek"));
  raise(height > innerHeight * HALF - fixed ? "full" : "half");
}

/** How many pixels of the map's foot the sheet covers. */
export const covered = () => (isPhone() ? Math.min(panel.offsetHeight, innerHeight * 0.55) : 0);

function step(by) {
  const next = HEIGHTS.indexOf(panel.dataset.height) + by;
  setHeight(HEIGHTS[Math.max(0, Math.min(HEIGHTS.length - 1, next))]);
}

/** The bar at the top, and what of the sheet always shows, are as tall as their words need, however large they are. */
function measure() {
  if (bar) {
    const high = bar.offsetHeight - parseFloat(getComputedStyle(bar).paddingTop); // without a notch, which styles add
    document.documentElement.style.setProperty("--bar", `${high}px`);
  }
  const fixed = [...panel.children].filter((part) => part.id !== "panel-body");
  const tall = fixed.reduce((sum, part) => {
    const { marginTop, marginBottom } = getComputedStyle(part);
    return sum + part.offsetHeight + parseFloat(marginTop) + parseFloat(marginBottom);
  }, 0);
  document.documentElement.style.setProperty("--peek", `${Math.ceil(tall)}px`);
}

export function start() {
  const sizes = new ResizeObserver(measure);
  for (const part of panel.children) if (part.id !== "panel-body") sizes.observe(part);
  if (bar) sizes.observe(bar);
  measure();
  let from = null;
  let moved = false;

  handle.addEventListener("pointerdown", (event) => {
    from = { y: event.clientY, height: panel.offsetHeight, at: event.timeStamp };
    moved = false;
    handle.setPointerCapture(event.pointerId);
  });
  handle.addEventListener("pointermove", (event) => {
    if (!from) return;
    const by = from.y - event.clientY;
    if (!moved && Math.abs(by) < 6) return;
    moved = true;
    panel.classList.add("is-dragged");
    panel.style.height = `${Math.max(110, Math.min(innerHeight - 72, from.height + by))}px`;
  });
  const end = (event) => {
    if (!from) return;
    panel.classList.remove("is-dragged");
    if (moved) {
      // A flick carries on a little in its direction.
      const speed = (from.y - event.clientY) / Math.max(1, event.timeStamp - from.at);
      const wanted = panel.offsetHeight + speed * 150;
      setHeight(wanted < innerHeight * 0.36 ? "peek" : wanted < innerHeight * 0.72 ? "half" : "full");
    }
    from = null;
  };
  handle.addEventListener("pointerup", end);
  handle.addEventListener("pointercancel", end);
  handle.addEventListener("click", () => {
    if (moved) return;
    if (panel.dataset.height === "full") setHeight("peek");
    else step(1);
  });
  handle.addEventListener("keydown", (event) => {
    if (event.key === "ArrowUp") step(1);
    else if (event.key === "ArrowDown") step(-1);
    else return;
    event.preventDefault();
  });
}
