// Where the map looks: the whole ward, one thing of it, or what the address says.

import { keep, shown } from "./address.js";
import * as sheet from "./sheet.js";
import { data } from "../common/words.js";

const bounds = L.latLngBounds(data.bounds);

/** The whole ward, in what the sheet and the controls leave free. */
export function whole(map) {
  map.fitBounds(bounds, {
    paddingTopLeft: [16, data.embedded ? 64 : sheet.isPhone() ? 76 : 24],
    paddingBottomRight: [sheet.isPhone() ? 60 : 16, sheet.covered() + 16],
    animate: false,
  });
}

/** Bring a position to where neither the sheet nor the card hides it. */
export function approach(map, [longitude, latitude], zoom = map.getZoom()) {
  const shift = sheet.isPhone() ? L.point(0, innerHeight * 0.2) : L.point(-180, 0);
  const point = map.project([latitude, longitude], zoom).add(shift);
  map.setView(map.unproject(point, zoom), zoom);
}

/** The level at which some ground nearly fills half the screen, whole so that tiles stay sharp. */
export const closeTo = (map, ground) => Math.max(14, Math.min(17, Math.floor(map.getBoundsZoom(ground.pad(0.15)))));

/** Mark how near the map is, for styles, and what the buttons can still do. */
function scale(map) {
  const zoom = map.getZoom();
  map.getContainer().dataset.scale = zoom < 14 ? "far" : zoom < 15 ? "mid" : "near";
  for (const [act, end] of [["in", map.getMaxZoom()], ["out", map.getMinZoom()]])
    document.querySelector(`[data-act="${act}"]`).disabled = zoom === end;
}

export function start(map) {
  map.setMaxBounds(bounds.pad(1));
  whole(map);
  map.setMinZoom(Math.max(9, map.getZoom() - 1));
  const { view } = shown;
  if (view) map.setView([view.latitude, view.longitude], view.zoom, { animate: false });
  const acts = { in: () => map.zoomIn(), out: () => map.zoomOut(), whole: () => whole(map) };
  for (const button of document.querySelectorAll("[data-act]"))
    button.addEventListener("click", acts[button.dataset.act]);
  map.on("zoomend", () => scale(map));
  scale(map);
  // Only what a hand did is worth keeping: the first view depends on the screen.
  map.on("moveend", () => {
    const { lat, lng } = map.getCenter();
    keep({ view: { zoom: map.getZoom(), latitude: lat, longitude: lng } });
  });
}
