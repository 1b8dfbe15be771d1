// The neighbourhoods in shades: drawn when the reader comes near, from the table beside the map, which says the same.

import { element } from "../common/dom.js";
import { mapMade } from "../common/map_shell.js";
import { data, say } from "../common/words.js";

const box = document.getElementById("area-box");
const told = document.getElementById("area-told");
const rows = new Map([...document.querySelectorAll("tr[data-area]")].map((row) => [row.dataset.area, row]));

/** What the table's row says, as one line. */
function sentence(row) {
  const heads = [...row.closest("table").querySelectorAll("thead th")].map((head) => head.textContent.trim());
  const said = [...row.cells].map((cell) => (cell.querySelector(".visually-hidden") ?? cell).textContent.trim());
  const figures = said.slice(1).map((text, n) => `${heads[n + 1]}: ${text}`);
  return `${row.querySelector(".area-name").textContent}. ${figures.join(" · ")}`;
}

let chosen = null;

function choose(row, area) {
  chosen?.row.classList.remove("is-chosen");
  chosen?.area.eachLayer((shape) => shape.getElement().classList.remove("is-chosen"));
  chosen = { row, area };
  row.classList.add("is-chosen");
  area.bringToFront();
  area.eachLayer((shape) => shape.getElement().classList.add("is-chosen"));
  told.textContent = sentence(row);
}

function number(feature, row) {
  const [longitude, latitude] = feature.properties.label.coordinates;
  const html = element("span", "", row.dataset.shown, { "aria-hidden": "true" });
  const icon = L.divIcon({ html, className: "area-number", iconSize: [0, 0] });
  return L.marker([latitude, longitude], { icon, interactive: false, keyboard: false });
}

/** Write only the numbers that have room in their own ground at this zoom, and touch no other. */
function writeWhereRoom(map, drawn) {
  const taken = [];
  for (const { area, written } of drawn) {
    const bounds = area.getBounds();
    const [one, other] = [map.latLngToLayerPoint(bounds.getSouthWest()), map.latLngToLayerPoint(bounds.getNorthEast())];
    const { offsetWidth: width, offsetHeight: height } = written.getElement().firstElementChild;
    const { x, y } = map.latLngToLayerPoint(written.getLatLng());
    const touches = ([atX, atY, w, h]) => Math.abs(x - atX) < (width + w) / 2 && Math.abs(y - atY) < (height + h) / 2;
    const room = other.x - one.x >= width && one.y - other.y >= height && !taken.some(touches);
    if (room) taken.push([x, y, width, height]);
    written.getElement().classList.toggle("has-no-room", !room);
  }
}

async function draw() {
  told.textContent = say("areaLoading");
  const asked = fetch(`/map/neighbourhoods.geojson?ward=${encodeURIComponent(data.ward)}`);
  const [map, answer] = await Promise.all([mapMade(data.areaMap, "area-script", "area_map"), asked]);
  if (!answer.ok) throw new Error(answer.status);
  // On a phone one finger scrolls the page; two zoom.
  if (L.Browser.mobile) map.dragging.disable();
  L.control.zoom({ position: "topright", zoomInTitle: say("zoomIn"), zoomOutTitle: say("zoomOut") }).addTo(map);
  const all = L.featureGroup();
  const drawn = [];
  for (const feature of (await answer.json()).features) {
    const row = rows.get(feature.properties.id);
    if (!row) continue;
    const area = L.geoJSON(feature, { style: { className: `area shade-${row.dataset.shade}` } });
    area.on("click", () => choose(row, area));
    all.addLayer(area);
    drawn.push({ area, written: number(feature, row).addTo(map) });
  }
  all.addTo(map);
  map.fitBounds(all.getBounds(), { animate: false, padding: [8, 8] });
  map.on("zoomend", () => writeWhereRoom(map, drawn));
  writeWhereRoom(map, drawn);
  told.textContent = say("areaReady");
}

async function tried() {
  try {
    await draw();
  } catch {
    box.classList.add("has-failed");
    told.textContent = say("areaFailed");
  }
}

const near = new IntersectionObserver(
  (seen) => {
    if (!seen.some((one) => one.isIntersecting)) return;
    near.disconnect();
    void tried();
  },
  { rootMargin: "300px" },
);
near.observe(box);
