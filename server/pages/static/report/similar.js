// Open reports of the same kind near the place, shown before one more is sent: following one is enough.

import { element, icon } from "../common/dom.js";
import { count, data, isLate, kindName, moment, say, tone } from "../common/words.js";
import { ask, point } from "../common/asking.js";

const section = document.getElementById("similar");
const list = document.getElementById("similar-list");
let turn = 0;
let passed = "";

/** Look for reports of this kind (a category's code) at this place; nothing is shown where either is missing. */
export async function look(place, kind) {
  const mine = ++turn;
  if (!place || place.outside || !kind) {
    section.hidden = true;
    return;
  }
  let found = [];
  try {
    const answer = await ask("similar", { ward: data.ward, at: point(place), kinds: [kind], open: data.open });
    found = answer.ward.incidents.nodes;
  } catch {
    // What cannot be asked is no reason to wait.
  }
  if (mine !== turn) return;
  const codes = found.map((incident) => incident.trackingCode).join();
  list.replaceChildren(...found.map(card));
  section.hidden = !found.length || codes === passed;
}

document.getElementById("similar-pass").addEventListener("click", () => {
  passed = [...list.querySelectorAll("[data-code]")].map((card) => card.dataset.code).join();
  section.hidden = true;
  document.getElementById("send").focus();
});

function card(incident) {
  const { word, icon: sign } = data.statuses[incident.status];
  const kind = { name: incident.category.name, nameEn: incident.category.nameEn };
  const state = element("span", "status", [icon(isLate(incident) ? "timer-off" : sign), word], { "data-tone": tone(incident) });
  const facts = [
    say("metresAway", { metres: count(Math.max(1, Math.round(incident.distanceMetres))) }),
    ago(incident.reportedAt),
  ];
  const url = incident.photos[0]?.thumbnailUrl;
  const picture = url ? element("img", "similar-photo", [], { src: url, alt: "", loading: "lazy" }) : null;
  const words = element("div", "similar-words", [
    element("strong", "", kindName(kind)),
    state,
    element("span", "hint", facts.join(" · ")),
  ]);
  const code = incident.trackingCode;
  const follow = element("a", "button wide", say("follow"), { href: `/r/${encodeURIComponent(code)}?ward=${data.ward}` });
  return element("li", "box similar-card", [element("div", "similar-head", [picture, words]), follow], { "data-code": code });
}

/** How long ago, in the words of a neighbour; by date after a week. */
function ago(text) {
  const minutes = Math.max(0, (Date.now() - new Date(text)) / 60000);
  if (minutes < 60) return say("minutesAgo", { n: Math.max(1, Math.round(minutes)) });
  if (minutes < 60 * 24) return say("hoursAgo", { n: Math.round(minutes / 60) });
  if (minutes < 60 * 24 * 7) return say("daysAgo", { n: Math.round(minutes / 60 / 24) });
  return moment(text);
}
