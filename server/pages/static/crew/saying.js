// Times and distances as the crew's page says them; as `span`, `due` and `distance` in server/pages/crew_view.py.

import { data, moment, say } from "../common/words.js";

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

/** A clock time, with its day where that is not today. */
export function clock(iso) {
  const [day, time] = moment(iso).split(" ");
  return day === moment(new Date()).split(" ")[0] ? time : `${time} ${day}`;
}

/** A phone number as people read it aloud; as `phone` in server/pages/words.py. */
export function phoneShown(number) {
  const found = /^(0\d{3})(\d{3,4})(\d{3})$/.exec(number.replace(/[^\d+]/g, "").replace(/^\+84/, "0"));
  return found ? found.slice(1).join(" ") : number;
}

/** What a job is called in a sentence. */
export const nameOf = ({ kind, street }) => [kind, street].filter(Boolean).join(", ");
