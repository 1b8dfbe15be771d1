// Where a place is: by a tap on a map, which is loaded when it is asked for, by this phone, or typed.

import { say } from "../common/words.js";

const field = document.getElementById("position");
const said = document.getElementById("position-said");
const opener = document.getElementById("open-map");
const word = document.getElementById("open-map-word");
const area = document.getElementById("map-area");
let picked = null;
let making = null;

/** The position that is typed, as the server reads it too; null where there is none. */
function typed() {
  const numbers = (field.value.match(/-?\d{1,3}(?:\.\d+)?/g) ?? []).map(Number);
  return numbers.length === 2 ? { latitude: Math.min(...numbers), longitude: Math.max(...numbers) } : null;
}

function choose({ latitude, longitude }) {
  field.value = `${latitude.toFixed(6)}, ${longitude.toFixed(6)}`;
  said.textContent = say("placed", { place: field.value });
}

async function openMap() {
  making ??= import("../report/place_map.js").then(({ makeMap }) => makeMap(document.getElementById("map"), typed(), choose));
  try {
    picked = await making;
  } catch {
    making = null;
    shut();
    said.textContent = say("noMap");
  }
}

function shut() {
  area.hidden = true;
  opener.setAttribute("aria-expanded", "false");
  word.textContent = say("openMap");
}

opener.addEventListener("click", () => {
  if (!area.hidden) {
    shut();
    return;
  }
  area.hidden = false;
  opener.setAttribute("aria-expanded", "true");
  word.textContent = say("closeMap");
  openMap();
});

document.getElementById("here").addEventListener("click", () => {
  said.textContent = say("locating");
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => {
      choose(coords);
      picked?.show(coords);
    },
    () => (said.textContent = say("notLocated")),
    { enableHighAccuracy: true, timeout: 15_000, maximumAge: 30_000 },
  );
});

field.addEventListener("change", () => {
  const place = typed();
  if (place) picked?.show(place);
});

document.getElementById("summary")?.focus();
