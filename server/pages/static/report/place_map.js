// A small map to show where it is: loaded only when it is asked for. The pin stands still in the middle, the map moves under
// it: by finger, by a tap, or by the arrow keys.

import { data, say } from "../common/words.js";
import { addGround } from "../common/ground.js";

const NEAR = 17;

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

/**
 * Make the map in `holder`, at `place` or over the whole ward; `move({ latitude, longitude })` tells where the pin stands
 * whenever somebody moved it. Gives `show(place)`, which moves the map there.
 */
export async function makeMap(holder, place, move) {
  const [ward, neighbourhoods] = await Promise.all([layer("ward"), layer("neighbourhoods"), leaflet()]);
  const map = L.map(holder, { zoomControl: false, maxZoom: 19, minZoom: 11, zoomSnap: 0.5, keyboardPanDelta: 40 });
  L.control.zoom({ position: "topright", zoomInTitle: say("zoomIn"), zoomOutTitle: say("zoomOut") }).addTo(map);
  map.attributionControl.setPrefix(false);
  const edge = L.geoJSON(ward, { interactive: false, style: () => ({ className: "place-edge" }) });
  map.fitBounds(edge.getBounds());
  // A base map that does not come is no reason not to show the ward.
  await addGround(map, data.ground).catch(() => null);
  L.geoJSON(neighbourhoods, { interactive: false, style: () => ({ className: "place-area" }) }).addTo(map);
  edge.addTo(map);
  if (place) {
    map.setView([place.latitude, place.longitude], NEAR);
    holder.parentElement.classList.add("is-set");
  }

  let quiet = false;
  map.on("click", ({ latlng }) => map.setView(latlng, Math.max(map.getZoom(), NEAR - 1)));
  map.on("movestart", () => holder.parentElement.classList.add("is-moving"));
  map.on("moveend", () => {
    holder.parentElement.classList.remove("is-moving");
    if (quiet) return;
    holder.parentElement.classList.add("is-set");
    const { lat, lng } = map.getCenter();
    move({ latitude: lat, longitude: lng });
  });
  holder.addEventListener("keydown", (event) => {
    // The middle, where the pin stands already, is taken by Enter.
    if (event.key === "Enter" && event.target === holder) map.fire("moveend");
  });
  return {
    show(at) {
      quiet = true;
      map.setView([at.latitude, at.longitude], Math.max(map.getZoom(), NEAR), { animate: false });
      holder.parentElement.classList.add("is-set");
      quiet = false;
    },
  };
}
