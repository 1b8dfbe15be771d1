// The map: the ward's outline, one layer for each area, updated one by one, on a canvas of its own.

import { shown } from "../map/net.js";
import { data } from "../common/words.js";
import { Labels } from "./labels.js";
import { model } from "./model.js";

export const map = window.boundary_map;

const flip = (boundary) => boundary.map((polygon) => polygon.map((ring) => ring.map(([x, y]) => [y, x])));

/** A position as GeoJSON has it, of Leaflet's. */
export const position = ({ lat, lng }) => [lng, lat];
export const latLng = ([longitude, latitude]) => L.latLng(latitude, longitude);
export const latLngs = flip;

/** Below areas ground is hatched that nobody has drawn; an area clears it away before it draws itself. */
const Ground = L.Canvas.extend({
  _fillStroke(context, layer) {
    const { hatched, clears } = layer.options;
    if (clears) {
      context.globalCompositeOperation = "destination-out";
      context.globalAlpha = 1;
      context.fill("evenodd");
      context.globalCompositeOperation = "source-over";
      if (!data.ground) {
        context.fillStyle = colour("ward");
        context.fill("evenodd");
      }
    }
    if (hatched) {
      context.globalAlpha = 1;
      context.fillStyle = hatching(context);
      context.fill("evenodd");
      return;
    }
    L.Canvas.prototype._fillStroke.call(this, context, layer);
  },
});

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--map-${name}`).trim();
}

function hatching(context) {
  const size = 10;
  const tile = Object.assign(document.createElement("canvas"), { width: size, height: size });
  const pen = tile.getContext("2d");
  pen.fillStyle = colour("undrawn");
  pen.fillRect(0, 0, size, size);
  pen.strokeStyle = colour("hatch");
  pen.lineWidth = 1.5;
  pen.beginPath();
  for (const from of [-size, 0, size]) {
    pen.moveTo(from, size);
    pen.lineTo(from + size, 0);
  }
  pen.stroke();
  return context.createPattern(tile, "repeat");
}

const layers = new Map();
let labels = null;
let ground = null;
let edge = null;
let renderer = null;

export const layerOf = (key) => layers.get(key) ?? null;

function styleOf(area, isSelected, isWrong) {
  const tone = isWrong ? "wrong" : area.state === "kept" ? "inner" : area.state;
  return {
    color: colour(isSelected ? "chosen" : tone),
    weight: isSelected ? 3.5 : isWrong ? 3 : area.state === "kept" ? 1.25 : 2.25,
    dashArray: !isSelected && area.state === "drawn" ? "8 5" : null,
    fillColor: colour(isSelected ? "chosen" : tone),
    fillOpacity: isSelected ? 0.2 : area.state === "kept" ? 0.05 : 0.14,
  };
}

function wrongKeys() {
  return new Set(model.problems.flatMap(({ keys }) => keys));
}

function restyle(keys = layers.keys()) {
  const wrong = wrongKeys();
  const selected = new Set(model.selected);
  for (const key of keys) {
    const area = model.area(key);
    if (area && layers.has(key)) layers.get(key).setStyle(styleOf(area, selected.has(key), wrong.has(key)));
  }
  for (const key of selected) layers.get(key)?.bringToFront();
  edge?.bringToFront();
}

/** Make the layers of these areas what the model says. */
function redraw(keys) {
  for (const key of keys) {
    if (key === "outline") {
      drawOutline();
      continue;
    }
    labels.draw(key);
    const area = model.area(key);
    const layer = layers.get(key);
    if (!area?.boundary?.length) {
      layer?.remove();
      layers.delete(key);
    } else if (layer) layer.setLatLngs(flip(area.boundary));
    else {
      const made = L.polygon(flip(area.boundary), { renderer, clears: true, smoothFactor: 0.8, pmIgnore: true });
      made.key = key;
      made.on("click", (event) => chooses?.(key, event));
      layers.set(key, made.addTo(map));
    }
  }
  restyle(keys);
}

function drawOutline() {
  const shape = flip(model.outline);
  if (ground) {
    ground.setLatLngs(shape);
    edge.setLatLngs(shape);
    return;
  }
  ground = L.polygon(shape, { renderer, hatched: true, stroke: false, interactive: false, pmIgnore: true }).addTo(map);
  edge = L.polygon(shape, { renderer, fill: false, weight: 3, color: colour("edge"), interactive: false, pmIgnore: true }).addTo(map);
}

function drawAll() {
  for (const layer of layers.values()) layer.remove();
  layers.clear();
  labels.clear();
  drawOutline();
  redraw(model.areas().map(({ key }) => key));
}

let chooses = null;
/** What a click on an area does: `listener(key, event)`. */
export function onArea(listener) {
  chooses = listener;
}

export function whole() {
  const isSmall = map.getSize().y < 400; // without the line that says what to do
  const room = isSmall ? { padding: [12, 12] } : { paddingTopLeft: [24, 68], paddingBottomRight: [68, 36] };
  map.fitBounds(L.latLngBounds(data.bounds), { ...room, animate: false });
}

export function start() {
  map.attributionControl.setPrefix(false);
  if (data.ground) shown("ground", async () => (await import("../common/ground.js")).addGround(map, data.ground));
  else map.attributionControl.remove();
  labels = new Labels(map);
  renderer = new Ground({ padding: 0.3, tolerance: 3 });
  const acts = { in: () => map.zoomIn(), out: () => map.zoomOut(), whole };
  for (const button of document.querySelectorAll("[data-act]")) button.addEventListener("click", acts[button.dataset.act]);
  let isFitted = false;
  new ResizeObserver(() => {
    if (!map.getContainer().offsetWidth) return;
    map.invalidateSize({ animate: false, pan: false });
    if (!isFitted) whole();
    isFitted = true;
  }).observe(map.getContainer());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    edge?.setStyle({ color: colour("edge") });
    restyle();
  });
  model.on("base", drawAll);
  model.on("change", ({ keys }) => redraw(keys));
  model.on("select", () => restyle());
  model.on("problems", () => restyle());
}
