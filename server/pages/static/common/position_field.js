// The field of a position: typed, taken from this device, or chosen on a map; what was chosen is said beneath it.

import { say } from "./words.js";

const field = document.getElementById("position");
const said = document.getElementById("position-said");
const followers = [];

/** The position that is typed, as the server reads it too; null where there is none. */
export function typed() {
  const numbers = (field.value.match(/-?\d{1,3}(?:[.,]\d+)?/g) ?? []).map((number) => Number(number.replace(",", ".")));
  return numbers.length === 2 ? { latitude: Math.min(...numbers), longitude: Math.max(...numbers) } : null;
}

export const tell = (words) => (said.textContent = words);

/** Call `told(place, onMap)` whenever there is another position; `onMap` where the map itself says so. */
export const follow = (told) => followers.push(told);

/** Take a position that was chosen. */
export function choose({ latitude, longitude }, onMap = true) {
  field.value = `${latitude.toFixed(6)}, ${longitude.toFixed(6)}`;
  tell(say("placed", { place: field.value }));
  for (const told of followers) told({ latitude, longitude }, onMap);
}

document.getElementById("here").addEventListener("click", () => {
  tell(say("locating"));
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => choose(coords, false),
    () => tell(say("notLocated")),
    { enableHighAccuracy: true, timeout: 15_000, maximumAge: 30_000 },
  );
});

field.addEventListener("change", () => {
  const place = typed();
  if (place) for (const told of followers) told(place, false);
});
