// Where a place is: by a tap on a map, which is loaded when it is asked for, by this phone, or typed.

import { choose, follow, tell, typed } from "../common/position_field.js";
import { say } from "../common/words.js";

const opener = document.getElementById("open-map");
const word = document.getElementById("open-map-word");
const area = document.getElementById("map-area");
let picked = null;
let making = null;

async function openMap() {
  making ??= import("../report/place_map.js").then(({ makeMap }) => makeMap(document.getElementById("map"), typed(), choose));
  try {
    picked = await making;
  } catch {
    making = null;
    shut();
    tell(say("noMap"));
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

follow((place, onMap) => onMap || picked?.show(place));
document.getElementById("summary")?.focus();
