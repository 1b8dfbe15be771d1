// Times and distances as the crew's page says them; as `span`, `due` and `distance` in server/pages/crew_view.py.

import { data, say } from "../common/words.js";

const MINUTE = 60_000;

/** A length of time in its largest unit: 45 phút, 3 giờ, 2 ngày. */
export function span(milliseconds) {
  const minutes = Math.floor(Math.abs(milliseconds) / MINUTE);
  if (minutes < 1) return say("now");
  if (minutes < 60) return say("minutes", { n: minutes });
  if (minutes < 48 * 60) return say("hours", { n: Math.floor(minutes / 60) });
  return say("days", { n: Math.floor(minutes / (24 * 60)) });
}

/** How late it is, or how much time is left. */
export function due(iso) {
  const left = Date.parse(iso) - Date.now();
  return say(left < 0 ? "late" : "left", { time: span(left) });
}

export function distance(metres) {
  if (metres < 1000) return say("distanceM", { n: Math.max(10, Math.round(metres / 10) * 10) });
  const kilometres = (metres / 1000).toFixed(1);
  return say("distanceKm", { n: data.language === "vi" ? kilometres.replace(".", ",") : kilometres });
}

/** What a job is called in a sentence. */
export const nameOf = ({ kind, street }) => [kind, street].filter(Boolean).join(", ");
