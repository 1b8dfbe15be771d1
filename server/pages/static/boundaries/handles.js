// The tool that works on vertices. Those of the chosen area are shown; one that areas share moves in all of them.

import { say } from "../common/words.js";
import * as checking from "./checking.js";
import { chosen } from "./drawing.js";
import { latLng, latLngs, layerOf, map, position } from "./editor_map.js";
import { REACH, scale, showSnap, targets } from "./geoman.js";
import { model } from "./model.js";
import { isSame, onGrid, rings } from "./shapes.js";
import { nearestOnEdge, snapped } from "./snapping.js";
import { guide, tell } from "./telling.js";
import * as tools from "./tools.js";
import { alongEdge, hasVertex, inserted, moved, sharing, without } from "./vertices.js";

const MIDDLES_FROM = 34; // pixels between two vertices that leave room for the middle's handle
const TOUCH = 22;
const MOUSE = 12;
const LEAST = 4; // pixels that are a drag
const STRAIGHT = 0.1; // metres that a place on a straight edge is off by rounding, and more

let renderer = null;
let drawn = null;
let current = null; // the vertex that Delete takes away
let dragging = null;
let isOfHandle = false; // whether the click to come ends a press on a handle

const listeners = new Set();

/** `listener(vertex)` hears which vertex is marked, null for none. */
export const onCurrent = (listener) => listeners.add(listener);

function mark(vertex) {
  current = vertex;
  for (const listener of listeners) listener(vertex);
}

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** All handles of an area in one layer: squares for vertices, small rings for the middles of edges. */
const Handles = L.Polygon.extend({
  // The weight is the room that the renderer clears around the shape, for the handles stand out over it.
  options: { smoothFactor: 0, noClip: true, interactive: false, pmIgnore: true, weight: 24 },
  _updatePath() {
    if (!this._renderer._drawing || !this._parts.length) return;
    const context = this._renderer._ctx;
    const [fill, line, strong] = [colour("--surface"), colour("--map-chosen"), colour("--map-wrong")];
    const here = current && map.latLngToLayerPoint(latLng(current));
    context.globalAlpha = 1;
    context.lineWidth = 2;
    for (const part of this._parts)
      for (const [at, point] of part.entries()) {
        const next = part[(at + 1) % part.length];
        if (point.distanceTo(next) > MIDDLES_FROM) {
          context.beginPath();
          context.arc((point.x + next.x) / 2, (point.y + next.y) / 2, 4, 0, 2 * Math.PI);
          context.fillStyle = fill;
          context.strokeStyle = line;
          context.fill();
          context.stroke();
        }
      }
    for (const part of this._parts)
      for (const point of part) {
        const isCurrent = here && point.distanceTo(here) < 2;
        const size = isCurrent ? 8 : 6;
        context.beginPath();
        context.rect(point.x - size, point.y - size, 2 * size, 2 * size);
        context.fillStyle = isCurrent ? line : fill;
        context.strokeStyle = isCurrent ? strong : line;
        context.fill();
        context.stroke();
      }
  },
});

/** Where a vertex is of the ward's outline: its corner, which stays, or a place on a straight way, along which it slides. */
function ofWard(vertex) {
  for (const [ring] of rings(model.outline)) {
    const open = ring.slice(0, -1);
    const at = open.findIndex((one) => isSame(one, vertex));
    if (at < 0) continue;
    const way = [open.at(at - 1), open[(at + 1) % open.length]];
    const { distance } = nearestOnEdge(vertex, ...way, scale(vertex));
    const metre = scale(vertex).up / 110_600;
    return { way: distance < STRAIGHT * metre ? way : null };
  }
  return null;
}

const isFixed = (vertex) => ofWard(vertex)?.way === null;

function show() {
  const area = chosen();
  if (tools.inUse() !== "vertices" || !area?.boundary) {
    drawn?.remove();
    drawn = null;
    return;
  }
  if (current && !hasVertex(area.boundary, current)) mark(null);
  const shape = latLngs(area.boundary);
  if (drawn) drawn.setLatLngs(shape);
  else drawn = new Handles(shape, { renderer }).addTo(map);
}

/** What is under a pointer: { vertex } or, at the middle of an edge, { middle, edge }; null where there is no handle. */
function under(point, reach) {
  const area = chosen();
  if (!area?.boundary) return null;
  const at = (vertex) => map.latLngToContainerPoint(latLng(vertex));
  let best = null;
  const better = (distance) => distance <= reach && distance < (best?.distance ?? Infinity);
  const seen = map.getBounds().pad(0.1);
  for (const [ring] of rings(area.boundary))
    for (let number = 1; number < ring.length; number += 1) {
      const [from, to] = [ring[number - 1], ring[number]];
      if (!seen.contains(latLng(to)) && !seen.contains(latLng(from))) continue;
      const [a, b] = [at(from), at(to)];
      const near = b.distanceTo(point);
      if (better(near)) best = { vertex: to, distance: near };
      const middle = a.add(b).divideBy(2);
      const far = middle.distanceTo(point) + 2; // a vertex first
      if (a.distanceTo(b) > MIDDLES_FROM && better(far)) best = { middle: [(from[0] + to[0]) / 2, (from[1] + to[1]) / 2], edge: [from, to], distance: far };
    }
  return best;
}

const pointOf = (event) => map.mouseEventToContainerPoint(event);

function pressed(event) {
  isOfHandle = false;
  if (tools.inUse() !== "vertices" || event.button > 0 || dragging || event.target.closest(".map-controls, .panel, .naming")) return;
  const found = under(pointOf(event), event.pointerType === "touch" ? TOUCH : MOUSE);
  if (!found) return;
  event.stopPropagation();
  event.preventDefault();
  isOfHandle = true;
  map.dragging.disable();
  checking.pause();
  const areas = model.areas().filter(({ boundary }) => boundary);
  const holders = found.vertex ? sharing(areas, found.vertex) : alongEdge(areas, ...found.edge);
  dragging = { ...found, from: pointOf(event), holders, pointer: event.pointerId, to: null, shapes: null };
  if (found.vertex) {
    mark(found.vertex);
    drawn?.redraw();
    const others = holders.length - 1;
    const edge = ofWard(found.vertex);
    guide(edge ? say(edge.way ? "vertexSlides" : "vertexOfWard") : others ? say("vertexShared", { n: others }) : say("vertexOwn"));
  }
  map.getContainer().setPointerCapture?.(event.pointerId);
}

/** The areas' shapes if what is dragged went there. Null where one of them would lose its ground. */
function shapesAt({ vertex, edge, holders }, to) {
  const shapes = holders.map(({ key, boundary }) => ({
    key,
    boundary: vertex ? moved(boundary, vertex, to) : inserted(boundary, ...edge, to),
  }));
  return shapes.every(({ boundary }) => boundary) ? shapes : null;
}

function dragged(event) {
  if (!dragging || event.pointerId !== dragging.pointer) return;
  const point = pointOf(event);
  if (!dragging.to && point.distanceTo(dragging.from) < LEAST) return;
  if (dragging.vertex && isFixed(dragging.vertex)) return;
  const at = position(map.containerPointToLatLng(point));
  const { vertex, edge, holders } = dragging;
  const own = holders.map(({ key }) => key);
  // Not to the edges that move along, nor to where it came from.
  const leaves = (from, to) =>
    to ? [from, to].some((one) => vertex && isSame(one, vertex)) || (edge && isEdge(edge, from, to)) : vertex && isSame(from, vertex);
  const found = event.altKey ? null : snapped(targets(), at, scale(at), REACH, leaves);
  const slides = vertex && ofWard(vertex)?.way;
  const to = slides ? onGrid(nearestOnEdge(at, ...slides, scale(at)).position) : (found?.position ?? onGrid(at));
  const shapes = shapesAt(dragging, to);
  showSnap(slides ? null : found);
  if (!shapes) return;
  dragging.to = to;
  dragging.shapes = shapes;
  for (const { key, boundary } of shapes) layerOf(key)?.setLatLngs(latLngs(boundary));
  const mine = shapes.find(({ key }) => own.includes(key) && key === chosen()?.key);
  if (mine) drawn?.setLatLngs(latLngs(mine.boundary));
}

const isEdge = ([from, to], one, other) => (isSame(from, one) && isSame(to, other)) || (isSame(from, other) && isSame(to, one));

function released(event) {
  if (!dragging || event.pointerId !== dragging.pointer) return;
  const { vertex, to, shapes, holders } = dragging;
  dragging = null;
  map.dragging.enable();
  showSnap(null);
  if (vertex && isFixed(vertex)) {
    if (pointOf(event).distanceTo(map.latLngToContainerPoint(latLng(vertex))) > LEAST * 3) {
      guide(say("vertexOfWard"), "late");
      tell(say("vertexOfWard"));
    }
    checking.soon();
    return;
  }
  if (!shapes || event.type === "pointercancel") {
    for (const { key, boundary } of holders) layerOf(key)?.setLatLngs(latLngs(boundary));
    show();
    checking.soon();
    return;
  }
  mark(to);
  model.apply(say(vertex ? "stepMove" : "stepInsert"), { redraw: shapes });
  const done = say(vertex ? "didMove" : "didInsert", { n: holders.length });
  tell(done);
  guide(done);
}

/** Take the marked vertex out of every area that has it. */
export function removeVertex() {
  if (tools.inUse() !== "vertices" || !current) return false;
  if (ofWard(current)) {
    guide(say("vertexOfWard"), "late");
    return true;
  }
  const holders = sharing(model.areas(), current);
  const shapes = holders.map(({ key, boundary }) => ({ key, boundary: without(boundary, current) }));
  if (shapes.some(({ boundary }) => !boundary)) {
    guide(say("vertexNeeded"), "late");
    return true;
  }
  mark(null);
  model.apply(say("stepDelete"), { redraw: shapes });
  tell(say("didDelete", { n: holders.length }));
  guide(say("guideVertices"));
  return true;
}

const tool = {
  guide: () => say(chosen()?.boundary ? "guideVertices" : "guideVerticesChoose"),
  start: show,
  stop() {
    mark(null);
    showSnap(null);
    drawn?.remove();
    drawn = null;
  },
};

export function start() {
  const pane = map.createPane("handles");
  pane.style.zIndex = 630;
  pane.style.pointerEvents = "none";
  renderer = L.canvas({ pane: "handles", padding: 0.2 });
  tools.add("vertices", tool);
  for (const name of ["change", "base", "select"]) model.on(name, () => !dragging && show());
  const box = map.getContainer();
  // Before Leaflet, which would move the map.
  box.addEventListener("pointerdown", pressed, true);
  box.addEventListener("click", (event) => isOfHandle && event.stopPropagation(), true);
  box.addEventListener("mousedown", (event) => dragging && event.stopPropagation(), true);
  box.addEventListener("touchstart", (event) => dragging && event.stopPropagation(), true);
  box.addEventListener("pointermove", dragged);
  box.addEventListener("pointerup", released);
  box.addEventListener("pointercancel", released);
}
