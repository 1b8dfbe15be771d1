// The names to find one's way by on the small map: neighbourhoods at their middle, and the ward's places. A name stands only
// where it has room, so that none runs into another.

import { element } from "../common/dom.js";

const FROM = 15;
const SPOT = 6;
const GAP = 3;
/** What stays on one line: "Nhà văn hóa", then "Tổ dân phố số 58". */
const NUMBERED = /Tổ dân phố số \S+/g;
const unbroken = (words) => words.replaceAll(" ", "\u00a0");

/** Write the names of neighbourhoods and places, features of the map's layers, on the map. */
export function addNames(map, neighbourhoods, places) {
  const pane = map.createPane("names");
  pane.style.zIndex = 450;
  pane.style.pointerEvents = "none";
  const write = (coordinates, name, className, steps) => {
    const words = element("span", "place-name", name.replace(NUMBERED, unbroken));
    const holder = element("div", "", words);
    const icon = L.divIcon({ html: holder, className, iconSize: [0, 0] });
    const [longitude, latitude] = coordinates;
    L.marker([latitude, longitude], { icon, interactive: false, keyboard: false, pane: "names" }).addTo(map);
    return { at: L.latLng(latitude, longitude), words, steps };
  };
  const areas = neighbourhoods.map(({ properties }) => write(properties.label.coordinates, properties.name, "place-label", [0, 1, -1]));
  const spots = places.map(({ geometry, properties }) => write(geometry.coordinates, properties.name, "place-label place-spot", [1, -1]));
  const draw = () => arrange(map, areas, spots);
  map.on("zoomend", draw);
  document.fonts.ready.then(draw);
  draw();
}

/** Give every name its place: in the middle, or a step below or above it; one that finds no room is not written. */
function arrange(map, areas, spots) {
  const zoom = map.getZoom();
  const near = zoom >= FROM;
  map.getContainer().classList.toggle("has-names", near);
  if (!near) return;
  const all = [...areas, ...spots].map((label) => {
    const { x, y } = map.project(label.at, zoom);
    return { ...label, x, y, width: label.words.offsetWidth, height: label.words.offsetHeight };
  });
  const taken = all.slice(areas.length).map(({ x, y }) => box(x, y, SPOT * 2, SPOT * 2));
  for (const { words, steps, x, y, width, height } of all) {
    const offsets = steps.map((step) => step * (SPOT + GAP + height / 2));
    const found = offsets.find((down) => !taken.some((other) => meet(other, box(x, y + down, width, height))));
    words.classList.toggle("has-room", found !== undefined);
    if (found === undefined) continue;
    words.style.top = `${found}px`;
    taken.push(box(x, y + found, width, height));
  }
}

const box = (x, y, width, height) => ({ west: x - width / 2, east: x + width / 2, north: y - height / 2, south: y + height / 2 });

const meet = (one, other) => one.west < other.east && other.west < one.east && one.north < other.south && other.north < one.south;
