// The crew's map: its jobs under their numbers in the list, and where the crew is.

import { element, icon } from "../common/dom.js";
import { addGround } from "../common/ground.js";
import { mapMade } from "../common/map_shell.js";
import { data, say } from "../common/words.js";
import { isLate } from "./foreseeing.js";
import { distance } from "./saying.js";

const told = document.getElementById("map-told");

let map = null;
let pins = null;
let me = null;
let fitted = "";
let pinned = "";
let shown = [];
let choose = () => {};

/** Load the map the first time; `choosing(id)` opens a job's card. Rejects without a network, where it was never seen. */
export async function open(choosing) {
  choose = choosing;
  if (map) return;
  map = await mapMade(data.map, "map-script", "crew_map");
  map.attributionControl.setPrefix(false);
  L.control.zoom({ position: "topright" }).addTo(map);
  map.getContainer().tabIndex = -1; // by keyboard the list says the same
  pins = L.layerGroup().addTo(map);
  await addGround(map, data.ground).catch(() => {}); // without it the pins still say where
}

/** Show the jobs and where the crew is, { latitude, longitude } or null. */
export function draw(jobs, here) {
  if (!map) return;
  map.invalidateSize();
  shown = jobs;
  const tone = (job) => (isLate(job) ? "late" : data.tones[job.status]);
  const now = JSON.stringify(jobs.map((job) => [job.id, job.latitude, job.longitude, tone(job)]));
  if (now !== pinned) pin(jobs, tone); // a pin that stays is not taken from under a finger
  pinned = now;
  me?.remove();
  me = here && L.circleMarker([here.latitude, here.longitude], { radius: 9, className: "me", interactive: false }).addTo(map);
  const points = [...jobs, ...(here ? [here] : [])].map(({ latitude, longitude }) => [latitude, longitude]);
  const key = jobs.map(({ id }) => id).join();
  if (!points.length || fitted === key + Boolean(here)) return; // where somebody has moved it, it stays
  fitted = key + Boolean(here);
  map.fitBounds(L.latLngBounds(points).pad(0.15), { maxZoom: 16, animate: false });
}

function pin(jobs, tone) {
  pins.clearLayers();
  jobs.forEach((job, index) => {
    const sign = element("span", "pin", [index + 1], { "data-tone": tone(job) });
    const shape = L.divIcon({ html: sign, className: "pin-at", iconSize: [44, 44], iconAnchor: [22, 22] });
    const marker = L.marker([job.latitude, job.longitude], { icon: shape, keyboard: false, zIndexOffset: -index });
    marker.on("click", () => tell(shown[index], index)).addTo(pins);
  });
}

function tell(job, index) {
  const open = element("button", "button crew-act", [icon("chevron-right"), say("details")], { type: "button" });
  open.addEventListener("click", () => choose(job.id));
  const outside = { href: job.directions, target: "_blank", rel: "noopener noreferrer" };
  const facts = [job.street, job.away === null ? null : distance(job.away)].filter(Boolean).join(" · ");
  told.replaceChildren(
    element("p", "", [element("strong", "", `${index + 1}. ${job.kind}`), facts ? ` · ${facts}` : ""]),
    element("div", "job-ways", [element("a", "button crew-act", [icon("navigation"), say("directions")], outside), open]),
  );
}
