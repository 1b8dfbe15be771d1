// Geoman, as this page uses it: in our words, and snapping by our own rule, for its own looks at every edge of every
// area at every move of the pointer, and forgets to where nothing moved before a tap. Two of its inner methods are
// replaced for that; the version is pinned, and tests draw with it.

import { data } from "../common/words.js";
import { latLng, map, position } from "./editor_map.js";
import { model } from "./model.js";
import { snapped } from "./snapping.js";

export const REACH = 20; // pixels

/** How many pixels are one degree here. */
export function scale(at = position(map.getCenter())) {
  const across = (256 * 2 ** map.getZoom()) / 360;
  return { across, up: across / Math.cos((at[1] * Math.PI) / 180) };
}

let others = () => [];
/** More shapes to snap to, as `give()` has them at the time. */
export const alsoSnapTo = (give) => {
  others = give;
};

/** All that one may snap to: the areas, the ward's outline, what other parts add; without the areas `but`. */
export function targets(but = []) {
  const areas = model.areas().filter(({ key, boundary }) => boundary && !but.includes(key));
  return [...areas, { key: "outline", boundary: model.outline }, ...others()];
}

let around = [];
let mark = null;

/** Show where a position would go, or with null nothing. */
export function showSnap(found) {
  mark ??= L.circleMarker([0, 0], { pane: "snapping", interactive: false, pmIgnore: true, radius: 9, className: "snap-mark" });
  if (!found) {
    mark.remove();
    return;
  }
  mark.setLatLng(latLng(found.position)).addTo(map);
  mark.getElement()?.setAttribute("data-kind", found.kind);
}

function snapHint(event) {
  const marker = event.target;
  const at = position(marker.getLatLng());
  // Its own first vertex closes a ring, its last ends a line.
  const drawn = this._layer?.getLatLngs?.().flat(2).map(position) ?? [];
  const ends = drawn.length ? [drawn[0], drawn.at(-1)].map((vertex) => ({ key: null, boundary: [[[vertex, vertex]]] })) : [];
  const isFree = event.originalEvent?.altKey;
  const found = isFree ? null : snapped([...ends, ...around], at, scale(at), REACH);
  marker._snapped = found !== null;
  if (found) marker.setLatLng(latLng(found.position));
  showSnap(found?.key ? found : null);
  return true;
}

export function start() {
  map.createPane("snapping").style.zIndex = 640;
  map.getPane("snapping").style.pointerEvents = "none";
  map.pm.setLang("vi", { tooltips: data.geoman }, "en");
  for (const shape of ["Line", "Polygon"]) {
    const tool = map.pm.Draw[shape];
    tool._handleSnapping = snapHint;
    const place = tool._createVertex;
    tool._createVertex = function placed(event) {
      // A finger taps without having moved there.
      this._syncHintMarker(event);
      place.call(this, { ...event, latlng: this._hintMarker.getLatLng() });
    };
  }
}

/** Begin to draw a "Line" or a "Polygon"; `options` are Geoman's, `snapTo` the shapes to snap to. */
export function draw(shape, snapTo, options = {}) {
  around = snapTo;
  map.doubleClickZoom.disable(); // two quick vertices are no double click
  map.pm.enableDraw(shape, {
    snappable: true,
    tooltips: true,
    cursorMarker: true,
    allowSelfIntersection: false,
    templineStyle: { className: "drawn-line", interactive: false },
    hintlineStyle: { className: "hint-line", interactive: false },
    pathOptions: { className: "drawn-shape", pmIgnore: true },
    ...options,
  });
}

export function stop() {
  map.pm.disableDraw();
  map.doubleClickZoom.enable();
  showSnap(null);
}

/** Take the last vertex back; false where none is left to take. */
export function back() {
  const shape = map.pm.Draw.getActiveShape();
  const tool = shape && map.pm.Draw[shape];
  const count = tool?._layer?.getLatLngs().flat(2).length ?? 0;
  // Without its only vertex Geoman would leave off drawing.
  if (count === 1) {
    const { options } = tool;
    tool.disable();
    tool.enable(options);
  } else if (count) tool._removeLastVertex();
  return count > 0;
}

/** End what is being drawn with the vertices that it has. */
export function finish() {
  const shape = map.pm.Draw.getActiveShape();
  if (shape) map.pm.Draw[shape]._finishShape();
}

/** The coordinates of what was drawn; its layer is taken off the map, for the model has its own. */
export function taken(layer) {
  layer.remove();
  return layer.toGeoJSON(9).geometry;
}
