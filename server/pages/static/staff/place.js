// The form of a place at the desk: the map that Folium made shows and takes its position, and the ward says which
// neighbourhood holds it.

import { ask, point } from "../common/asking.js";
import { icon } from "../common/dom.js";
import { choose, follow, tell, typed } from "../common/position_field.js";
import { data, say } from "../common/words.js";
import { furnish } from "../report/place_map.js";

const found = document.getElementById("area-found");
const holder = document.getElementById("place_map");
let asked = 0;

async function locate(place) {
  const turn = ++asked;
  try {
    const { locate: where } = await ask("locate", { at: point(place) });
    if (turn !== asked) return;
    const area = where?.neighbourhood?.name;
    const words = where?.ward?.code !== data.ward ? say("outside") : area ? say("inArea", { name: area }) : say("noArea");
    found.replaceChildren(icon(area ? "map-pinned" : "triangle-alert"), words);
  } catch {
    if (turn === asked) found.replaceChildren(); // the form itself says it when it is sent
  }
}

follow(locate);
for (const [name, value] of [["role", "application"], ["aria-label", say("pickMap")], ["aria-describedby", "map-note"], ["tabindex", "0"]]) holder.setAttribute(name, value);
furnish(window.place_map, holder, typed(), choose).then(
  (picked) => follow((place, onMap) => onMap || picked.show(place)),
  () => tell(say("noMap")),
);
document.getElementById("summary")?.focus();
