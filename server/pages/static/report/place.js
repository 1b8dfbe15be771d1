// Where it is: from the photograph, the phone, the map or a search; always told back in words.

import { element, icon } from "../common/dom.js";
import { data, say } from "../common/words.js";
import { ask, point } from "../common/asking.js";

const told = document.getElementById("place-told");
const latitude = document.getElementById("latitude");
const longitude = document.getElementById("longitude");
const neighbourhood = document.getElementById("neighbourhood");
const listening = [];
const naming = [];
/** The city's own line, as it is reached from any phone. */
const CITY = "02361022";
const HOW = { photo: "byPhoto", phone: "byPhone", map: "byMap", search: "bySearch" };

let place = null;
let turn = 0;

/** Call `listener(place)` when the place changes; null is none. */
export const onChange = (listener) => listening.push(listener);

/** Call `listener(words)` with what the chosen place is called, once that is known; "" is no place. */
export const onNamed = (listener) => naming.push(listener);

const name = (words) => {
  for (const listener of naming) listener(words);
};

/** { latitude, longitude, by, outside } or null. */
export const current = () => place;

/** Whether where it is, is known well enough to be sent. */
export const isKnown = () => (place !== null && !place.outside) || neighbourhood.value !== "";

/** Take a position; `by` says what told it: "photo", "phone", "map", "search" or "link". `more` is said beside it. */
export async function set(at, by, more = "") {
  place = { latitude: at.latitude, longitude: at.longitude, by, outside: false };
  write();
  await confirm(more);
}

/** Forget the position, and say why, if there is something to say. */
export function clear(text = "") {
  place = null;
  turn += 1;
  write();
  show(text ? [text] : [], "late");
}

function write() {
  latitude.value = place ? place.latitude.toFixed(7) : "";
  longitude.value = place ? place.longitude.toFixed(7) : "";
  document.getElementById("neighbourhood-field").hidden = place !== null;
  if (place) neighbourhood.value = "";
  name("");
  for (const listener of listening) listener(place);
}

/** Say in words where it is, and at once when that is not in the ward. */
async function confirm(more) {
  const mine = ++turn;
  const how = place.by in HOW ? say(HOW[place.by]) : "";
  show([strong(say("placeLooking")), how, more]);
  let found;
  try {
    found = (await ask("locate", { at: point(place) })).locate;
  } catch {
    if (mine === turn) show([strong(say("placeKept")), how, more, other()]);
    return;
  }
  if (mine !== turn) return;
  if (found?.ward.code === data.ward) {
    const area = found.neighbourhood?.name;
    const words = area ? `${area}, ${data.wardName}` : say("placeInWard", { ward: data.wardName });
    show([strong(words), how, more, other()], "done");
    name(area ?? words);
    return;
  }
  // A photograph taken somewhere else says nothing about the place: it is asked for, not blamed.
  if (place.by === "photo") {
    clear(say("photoElsewhere", { ward: data.wardName }));
    return;
  }
  place.outside = true;
  const outside = say("placeOutside", { ward: data.wardName });
  const words = [strong(outside)];
  if (found) {
    const href = `/report?${new URLSearchParams({ ward: found.ward.code, lat: latitude.value, lon: longitude.value })}`;
    words.push(element("a", "link", say("placeOther", { ward: found.ward.name }), { href }));
  } else words.push(say("placeAgain"), element("a", "link", say("placeCity"), { href: `tel:${CITY}` }));
  show([...words, other()], "late");
  name(outside);
  for (const listener of listening) listener(place);
}

const strong = (text) => element("strong", "", text);

/** A way to take the place back. */
function other() {
  const button = element("button", "place-clear", say("placeClear"), { type: "button" });
  button.addEventListener("click", () => {
    clear();
    document.getElementById("here").focus();
  });
  return button;
}

function show(parts, tone = "") {
  const lines = parts.filter(Boolean).map((part) => (part instanceof Node && part.localName === "button" ? part : element("span", "", part)));
  told.replaceChildren(...(lines.length ? [icon(tone === "late" ? "triangle-alert" : "map-pin"), element("div", "place-words", lines)] : []));
  told.hidden = !lines.length;
  if (tone) told.dataset.tone = tone;
  else delete told.dataset.tone;
}

/** Ask the phone, only ever after a tap. */
export function fromPhone(button) {
  if (!navigator.geolocation) {
    show([say("phoneUnknown")], "late");
    return;
  }
  button.setAttribute("aria-disabled", "true");
  show([say("phoneLooking")]);
  const done = () => button.removeAttribute("aria-disabled");
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => {
      done();
      set(coords, "phone", coords.accuracy > 100 ? say("phoneVague", { metres: Math.round(coords.accuracy) }) : "");
    },
    (error) => {
      done();
      show([say(error.code === error.PERMISSION_DENIED ? "phoneDenied" : "phoneUnknown")], "late");
    },
    { enableHighAccuracy: true, timeout: 15000, maximumAge: 30000 },
  );
}

neighbourhood.addEventListener("change", () => {
  const chosen = neighbourhood.selectedOptions[0];
  show(neighbourhood.value ? [strong(chosen.textContent), say("neighbourhoodOnly")] : [], "done");
});
