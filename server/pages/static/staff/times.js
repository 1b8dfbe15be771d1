// How long until a deadline, how long ago a report: said anew while the page stays open. As `Speech` in staff_view.py.

import { say } from "../common/words.js";

const EVERY = 30_000;

/** A length of time in its largest unit. */
export function lengthOf(milliseconds) {
  const minutes = Math.max(1, Math.floor(Math.abs(milliseconds) / 60_000));
  if (minutes < 60) return say("minutes", { n: minutes });
  return minutes < 2880 ? say("hours", { n: Math.floor(minutes / 60) }) : say("days", { n: Math.floor(minutes / 1440) });
}

function write(time, text) {
  if (time.textContent !== text) time.textContent = text;
}

function tell() {
  const now = Date.now();
  for (const time of document.querySelectorAll("time[data-due]")) {
    const left = Date.parse(time.dateTime) - now;
    write(time, say(left > 0 ? "left" : "overBy", { length: lengthOf(left) }));
  }
  for (const time of document.querySelectorAll("time[data-age]")) write(time, lengthOf(now - Date.parse(time.dateTime)));
}

export function start() {
  setInterval(() => document.hidden || tell(), EVERY);
  document.addEventListener("visibilitychange", () => document.hidden || tell());
}
