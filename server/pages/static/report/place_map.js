// A small map to show where it is: loaded only when it is asked for. The pin stands still in the middle, the map moves under
// it. A place is chosen by a drag, a tap, the arrow keys or Enter; looking closer and turning the phone choose nothing.

import { data, say } from "../common/words.js";
import { addGround } from "../common/ground.js";
import { addNames } from "./place_names.js";

/** How near a place is looked at: the plain ground has names to go by only from a little farther off. */
const NEAR = data.ground ? 17 : 16;
const ARROWS = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"];
const CENTRED = { touchZoom: "center", scrollWheelZoom: "center", doubleClickZoom: "center", boxZoom: false };

/** Leaflet, fetched once; it is a classic script and a style sheet. */
async function leaflet() {
  if (window.L) return;
  const style = document.createElement("link");
  style.rel = "stylesheet";
  style.href = data.leaflet.style;
  const script = document.createElement("script");
  script.src = data.leaflet.script;
  await Promise.all([arrives(style), arrives(script)]);
}

function arrives(tag) {
  return new Promise((resolve, reject) => {
    tag.addEventListener("load", resolve);
    tag.addEventListener("error", () => {
      tag.remove();
      reject(new Error("not loaded"));
    });
    // Our own styles come after the library's, and so win.
    document.head.prepend(tag);
  });
}

async function layer(name) {
  const response = await fetch(`/map/${name}.geojson?ward=${data.ward}`);
  if (!response.ok) throw new Error(`status ${response.status}`);
  return response.json();
}

/** The ward and its neighbourhoods; the places, whose names may come later. */
async function wanted() {
  const named = layer("places").catch(() => ({ features: [] }));
  const [ward, neighbourhoods] = await Promise.all([layer("ward"), layer("neighbourhoods")]);
  return { ward, neighbourhoods, named };
}

/**
 * Make the map in `holder`, at `place` or over the whole ward; `move({ latitude, longitude })` tells which place somebody
 * chose. Gives `show(place)`, which moves the map there; null takes the choice back.
 */
export async function makeMap(holder, place, move) {
  const layers = wanted();
  await Promise.all([layers, leaflet()]);
  const map = L.map(holder, { zoomControl: false, maxZoom: 19, minZoom: 11, zoomSnap: 0.5, keyboardPanDelta: 40, trackResize: false, ...CENTRED });
  return furnish(map, holder, place, move, layers);
}

/** The same on a map that was made already. */
export async function furnish(map, holder, place, move, layers = wanted()) {
  const { ward, neighbourhoods, named } = await layers;
  L.control.zoom({ position: "topright", zoomInTitle: say("zoomIn"), zoomOutTitle: say("zoomOut") }).addTo(map);
  map.attributionControl.setPrefix(false);
  const edge = L.geoJSON(ward, { interactive: false, style: () => ({ className: "place-edge" }) });
  map.fitBounds(edge.getBounds(), { animate: false });
  // A base map that does not come is no reason not to show the ward.
  await addGround(map, data.ground).catch(() => null);
  L.geoJSON(neighbourhoods, { interactive: false, style: () => ({ className: "place-area" }) }).addTo(map);
  edge.addTo(map);
  // Who sees the map can choose on it; names may come later.
  const picked = new Picked(map, holder, move);
  if (place) picked.show(place);
  void named.then(({ features }) => addNames(map, neighbourhoods.features, features));
  return picked;
}

/** The place under the pin: what is chosen stays in the middle, whatever else moves the map. */
class Picked {
  #map;
  #holder;
  #move;
  #chosen = null;
  /** Whether the movement that goes on is somebody's choice. */
  #meant = false;
  #fingers = 0;

  constructor(map, holder, move) {
    this.#map = map;
    this.#holder = holder;
    this.#move = move;
    const frame = holder.parentElement;
    map.on("dragend", () => (this.#meant = this.#fingers < 2));
    map.on("movestart", () => frame.classList.add("is-moving"));
    map.on("moveend", () => {
      frame.classList.remove("is-moving");
      if (this.#meant) this.#choose(map.getCenter());
      else this.#settle();
    });
    map.on("click", ({ latlng, originalEvent }) => {
      if (originalEvent.detail > 1) return; // the second tap of two looks closer
      this.#choose(latlng);
      map.setView(latlng, Math.max(map.getZoom(), NEAR - 1));
    });
    holder.addEventListener("keydown", (event) => {
      if (event.target !== holder || event.altKey || event.ctrlKey || event.metaKey) return;
      if (ARROWS.includes(event.key)) this.#meant = true;
      // The middle, where the pin stands already, is taken by Enter.
      if (event.key === "Enter") this.#choose(map.getCenter());
    });
    // Two fingers look closer, even when the first of them came early and dragged a little.
    const count = ({ touches }) => (this.#fingers = touches.length);
    for (const kind of ["touchstart", "touchend", "touchcancel"]) holder.addEventListener(kind, count, { capture: true, passive: true });
    new ResizeObserver(() => {
      if (!holder.clientWidth) return; // put away
      map.invalidateSize();
      this.#settle();
    }).observe(holder);
  }

  show(place) {
    this.#meant = false;
    this.#chosen = place && L.latLng(place.latitude, place.longitude);
    this.#holder.parentElement.classList.toggle("is-set", place !== null);
    if (place) this.#map.setView(this.#chosen, Math.max(this.#map.getZoom(), NEAR), { animate: false });
  }

  #choose(at) {
    this.#meant = false;
    this.#chosen = at;
    this.#holder.parentElement.classList.add("is-set");
    this.#move({ latitude: at.lat, longitude: at.lng });
  }

  /** Put the middle back on the chosen place, where it slipped from it. */
  #settle() {
    if (!this.#chosen) return;
    const zoom = this.#map.getZoom();
    const off = this.#map.project(this.#chosen, zoom).distanceTo(this.#map.project(this.#map.getCenter(), zoom));
    if (off > 1) this.#map.setView(this.#chosen, zoom, { animate: false });
  }
}
