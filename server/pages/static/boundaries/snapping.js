// Where a drawn position goes: to a vertex of what is there, else to an edge; and how a drawn outline keeps to a border
// between two such positions. Pure, so without a page: shapes are [{ key, boundary }].

import { isSame, onGrid, rings } from "./shapes.js";
import { isNear } from "./vertices.js";

const ON_EDGE = 3e-7; // degrees: a position on an edge is rounded to 1e-7
const DETOUR = 2.5; // a border is followed where its way is no longer than so many times the straight one

/** Distances in pixels: how many are one degree of longitude, and of latitude. */
export function nearestOnEdge([x, y], from, to, { across, up }) {
  const [ax, ay] = [(from[0] - x) * across, (from[1] - y) * up];
  const [dx, dy] = [(to[0] - from[0]) * across, (to[1] - from[1]) * up];
  const length = dx * dx + dy * dy;
  const share = length ? Math.min(1, Math.max(0, -(ax * dx + ay * dy) / length)) : 0;
  const position = [from[0] + share * (to[0] - from[0]), from[1] + share * (to[1] - from[1])];
  return { position, distance: Math.hypot(ax + share * dx, ay + share * dy) };
}

/**
 * The nearest vertex within `reach` pixels, else the nearest point of an edge: { position, kind: "vertex" | "edge", key,
 * edge: [from, to] | null }; null where nothing is so near. `leaves(from, to)` tells edges that are not to be seen, and
 * with one argument vertices.
 */
export function snapped(shapes, at, scale, reach, leaves = () => false) {
  const margin = reach / Math.min(scale.across, scale.up);
  let vertex = null;
  let edge = null;
  for (const { key, boundary } of shapes) {
    if (!boundary || !isNear(boundary, at, margin)) continue;
    for (const [ring] of rings(boundary))
      for (let number = 1; number < ring.length; number += 1) {
        const [from, to] = [ring[number - 1], ring[number]];
        const distance = Math.hypot((to[0] - at[0]) * scale.across, (to[1] - at[1]) * scale.up);
        if (distance <= reach && distance < (vertex?.distance ?? Infinity) && !leaves(to))
          vertex = { position: to, kind: "vertex", key, edge: null, distance };
        if (vertex) continue;
        const found = nearestOnEdge(at, from, to, scale);
        if (found.distance <= reach && found.distance < (edge?.distance ?? Infinity) && !leaves(from, to))
          edge = { position: onGrid(found.position), kind: "edge", key, edge: [from, to], distance: found.distance };
      }
  }
  return vertex ?? edge;
}

/** Where a position is on a ring: the number of the vertex it is or follows, and how far behind it; null if it is not. */
function placeOn(ring, position) {
  const scale = { across: 1, up: 1 };
  for (let at = 0; at < ring.length - 1; at += 1) if (isSame(ring[at], position)) return { at, behind: 0 };
  for (let at = 0; at < ring.length - 1; at += 1) {
    const found = nearestOnEdge(position, ring[at], ring[at + 1], scale);
    if (found.distance <= ON_EDGE) return { at, behind: Math.hypot(position[0] - ring[at][0], position[1] - ring[at][1]) };
  }
  return null;
}

const lengthOf = (way, narrow) =>
  way.slice(1).reduce((sum, [x, y], at) => sum + Math.hypot((x - way[at][0]) * narrow, y - way[at][1]), 0);

/** The vertices of a ring from one place on it to another, forwards; without the ends. */
function forwards(ring, from, to) {
  const count = ring.length - 1;
  const isAhead = to.at > from.at || (to.at === from.at && to.behind >= from.behind);
  const steps = to.at - from.at + (isAhead ? 0 : count);
  const way = Array.from({ length: steps }, (_, step) => ring[(from.at + 1 + step) % count]);
  return to.behind === 0 ? way.slice(0, -1) : way;
}

/** The vertices between two positions along a border that both lie on; none where there is none, or it leads far about. */
export function between(shapes, one, other) {
  const narrow = Math.cos((one[1] * Math.PI) / 180);
  const straight = lengthOf([one, other], narrow);
  let best = null;
  for (const { boundary } of shapes) {
    if (!boundary || !isNear(boundary, one, ON_EDGE) || !isNear(boundary, other, ON_EDGE)) continue;
    for (const [ring] of rings(boundary)) {
      const [from, to] = [placeOn(ring, one), placeOn(ring, other)];
      if (!from || !to) continue;
      const ways = [forwards(ring, from, to), forwards(ring, to, from).reverse()];
      for (const way of ways) {
        const length = lengthOf([one, ...way, other], narrow);
        if (length <= straight * DETOUR && length < (best?.length ?? Infinity)) best = { way, length };
      }
    }
  }
  return best?.way ?? [];
}

/** A drawn ring, closed, that follows the borders on which its vertices lie. */
export function followed(ring, shapes) {
  const made = [];
  for (let at = 1; at < ring.length; at += 1) made.push(ring[at - 1], ...between(shapes, ring[at - 1], ring[at]));
  made.push(ring[0]);
  return made;
}
