// Ground between edges. Areas that share their vertices share their edges, each walked the other way by the neighbour: such
// two cancel each other, and what is left over goes round ground that nobody has drawn. Pure, so without a page.

import { metresBetween } from "./lengths.js";
import { boxOf, isSame, spot, squareMetres, tidy } from "./shapes.js";
import { nearestOnEdge } from "./snapping.js";

const BESIDE = 3e-7; // degrees: so far from an edge lies a vertex on it, rounded to 1e-7
const PLAIN = { across: 1, up: 1 };
const LEAST = 0.1; // square metres: less is what rounding leaves

/** Twice the ground in a ring, in square degrees; negative for one that goes with the clock. */
function turning(ring) {
  const [x0, y0] = ring[0];
  let twice = 0;
  for (let at = 1; at < ring.length; at += 1) {
    const [[x1, y1], [x2, y2]] = [ring[at - 1], ring[at]];
    twice += (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0);
  }
  return twice;
}

/** A shape's edges [{ from, to, owner }] with its ground at the left, or with `isTurned` at the right. */
function* edgesOf(boundary, owner, isTurned = false) {
  for (const polygon of boundary)
    for (const [number, ring] of polygon.entries()) {
      const isLeft = turning(ring) > 0 === (number === 0);
      for (let at = 1; at < ring.length; at += 1) {
        const [from, to] = isLeft === isTurned ? [ring[at], ring[at - 1]] : [ring[at - 1], ring[at]];
        yield { from, to, owner };
      }
    }
}

const nameOf = (from, to) => `${spot(from)}>${spot(to)}`;

/** What is left of edges of which each cancels one that is walked the other way. */
function uncancelled(edges) {
  const left = new Map();
  for (const edge of edges) {
    const against = left.get(nameOf(edge.to, edge.from));
    if (against?.length) {
      against.pop();
      continue;
    }
    const name = nameOf(edge.from, edge.to);
    if (!left.has(name)) left.set(name, []);
    left.get(name).push(edge);
  }
  return [...left.values()].flat();
}

/** Edges with a vertex wherever one of another lies on them. */
function noded(edges) {
  const known = new Map(edges.flatMap(({ from, to }) => [[spot(from), from], [spot(to), to]]));
  const vertices = [...known.values()].sort(([one], [other]) => one - other);
  const first = (x) => {
    let [low, high] = [0, vertices.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (vertices[middle][0] < x) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return edges.flatMap(({ from, to, owner }) => {
    const [west, east] = [Math.min(from[0], to[0]) - BESIDE, Math.max(from[0], to[0]) + BESIDE];
    const [south, north] = [Math.min(from[1], to[1]) - BESIDE, Math.max(from[1], to[1]) + BESIDE];
    const on = [];
    for (let at = first(west); at < vertices.length && vertices[at][0] <= east; at += 1) {
      const vertex = vertices[at];
      if (vertex[1] < south || vertex[1] > north || isSame(vertex, from) || isSame(vertex, to)) continue;
      if (nearestOnEdge(vertex, from, to, PLAIN).distance <= BESIDE) on.push(vertex);
    }
    if (!on.length) return [{ from, to, owner }];
    const far = ([x, y]) => Math.hypot(x - from[0], y - from[1]);
    const way = [from, ...on.sort((one, other) => far(one) - far(other)), to];
    return way.slice(1).map((vertex, at) => ({ from: way[at], to: vertex, owner }));
  });
}

/** How far one turns to the left from one edge into the next, in radians. */
function turn(before, after) {
  const [ax, ay] = [before.to[0] - before.from[0], before.to[1] - before.from[1]];
  const [bx, by] = [after.to[0] - after.from[0], after.to[1] - after.from[1]];
  return Math.atan2(ax * by - ay * bx, ax * bx + ay * by);
}

/** Closed ways of edges, each round one piece of the ground at their left; a way that meets itself is two. */
function loops(edges) {
  const from = new Map();
  for (const edge of edges) from.set(spot(edge.from), [...(from.get(spot(edge.from)) ?? []), edge]);
  const found = [];
  for (const start of edges) {
    const way = [];
    const met = new Map(); // a vertex by name -> how many edges lead to it
    let edge = start;
    while (edge && !edge.isUsed) {
      edge.isUsed = true;
      if (!way.length) met.set(spot(edge.from), 0);
      way.push(edge);
      const end = spot(edge.to);
      if (met.has(end)) {
        const loop = way.splice(met.get(end));
        for (const { to } of loop) if (spot(to) !== end) met.delete(spot(to));
        found.push(loop);
      } else met.set(end, way.length);
      const last = edge;
      const next = (from.get(end) ?? []).filter(({ isUsed }) => !isUsed);
      edge = next.length ? next.reduce((one, other) => (turn(last, other) > turn(last, one) ? other : one)) : null;
    }
  }
  return found.map((loop) => ({ loop, ring: [loop[0].from, ...loop.map(({ to }) => to)] }));
}

const middleOf = ({ from, to }) => [(from[0] + to[0]) / 2, (from[1] + to[1]) / 2];

/** Whether a position lies in the ground that edges go round, whichever way they go. */
function isAmong([x, y], edges) {
  let inside = false;
  for (const { from: [x1, y1], to: [x2, y2] } of edges)
    if (y1 > y !== y2 > y && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1) inside = !inside;
  return inside;
}

/** The polygons that edges go round: [{ rings, edges }]. A hole belongs to the smallest shell around it. */
function polygons(edges) {
  const whole = noded(uncancelled(edges));
  const all = loops(uncancelled(whole)).map((one) => ({ ...one, size: turning(one.ring) }));
  const shells = all.filter(({ size }) => size > 0).sort((one, other) => one.size - other.size);
  const made = new Map(shells.map((shell) => [shell, { rings: [shell.ring], edges: [...shell.loop] }]));
  for (const { ring, loop, size } of all) {
    if (size >= 0) continue;
    const shell = shells.find((one) => isAmong(middleOf(loop[0]), one.loop));
    if (!shell) continue;
    made.get(shell).rings.push(ring);
    made.get(shell).edges.push(...loop);
  }
  return [...made.values()];
}

/**
 * The pieces of the ward that no area holds, the largest first: [{ boundary, squareMetres, beside: [{ key, metres }] }], of
 * which `beside` are the areas with an edge on it, the longest first. `areas` are [{ key, boundary }] without overlaps.
 */
export function pieces(outline, areas) {
  const edges = [...edgesOf(outline, null), ...areas.flatMap(({ key, boundary }) => [...edgesOf(boundary, key, true)])];
  const found = polygons(edges).map(({ rings, edges: around }) => {
    const boundary = tidy([rings]);
    const metres = new Map();
    for (const { from, to, owner } of around)
      if (owner !== null) metres.set(owner, (metres.get(owner) ?? 0) + metresBetween(from, to));
    const beside = [...metres].map(([key, length]) => ({ key, metres: length })).sort((one, other) => other.metres - one.metres);
    return { boundary, squareMetres: squareMetres(boundary), beside };
  });
  return found.filter((one) => one.squareMetres >= LEAST).sort((one, other) => other.squareMetres - one.squareMetres);
}

/** The ground of two shapes that lie beside each other, with the vertices of both. */
export const joined = (one, other) => tidy(polygons([...edgesOf(one, null), ...edgesOf(other, null)]).map(({ rings }) => rings));

const MOST_PAIRS = 4_000_000; // of edges that are held against each other

const side = ([ax, ay], [bx, by], [x, y]) => Math.sign((bx - ax) * (y - ay) - (by - ay) * (x - ax));

/** Whether two edges meet elsewhere than in a vertex of both. */
function meets(one, other) {
  const ends = [one.from, one.to].filter((vertex) => isSame(vertex, other.from) || isSame(vertex, other.to));
  if (ends.length) return ends.length > 1;
  if (side(one.from, one.to, other.from) === side(one.from, one.to, other.to)) return false;
  return side(other.from, other.to, one.from) !== side(other.from, other.to, one.to);
}

/**
 * What held as `held` with what `ours` and `theirs` each made of it, where they changed ground apart from each other, such as
 * two borders of one neighbourhood; null where both changed the same ground.
 */
export function together(held, ours, theirs) {
  const owned = [...edgesOf(held, "held"), ...edgesOf(ours, "ours"), ...edgesOf(theirs, "theirs")];
  const all = noded(owned);
  const of = (owner, isTurned = false) =>
    all.filter((edge) => edge.owner === owner).map(({ from, to }) => (isTurned ? { from: to, to: from } : { from, to }));
  const [mine, other] = ["ours", "theirs"].map((owner) => uncancelled([...of(owner), ...of("held", true)]));
  if (mine.length * other.length > MOST_PAIRS) return null;
  if (mine.some((one) => other.some((two) => meets(one, two)))) return null;
  if (mine.some((one) => isAmong(middleOf(one), other)) || other.some((one) => isAmong(middleOf(one), mine))) return null;
  const made = tidy(polygons([...of("theirs"), ...of("ours"), ...of("held", true)]).map(({ rings }) => rings));
  const wanted = squareMetres(ours) + squareMetres(theirs) - squareMetres(held);
  return Math.abs(squareMetres(made) - wanted) < 1 ? made : null;
}

/** A shape's edges from west to east, the westernmost first; `sign` is 1 for one with its ground to the north. */
function eastward(boundary) {
  const turned = [...edgesOf(boundary)].map(({ from, to }) => (from[0] <= to[0] ? { west: from, east: to, sign: 1 } : { west: to, east: from, sign: -1 }));
  return turned.filter(({ west, east }) => west[0] < east[0]).sort((one, other) => one.west[0] - other.west[0]);
}

/** The ground south of both of two edges and north of a parallel, where both are, in square degrees. */
function under(one, other, parallel) {
  const [from, to] = [Math.max(one.west[0], other.west[0]), Math.min(one.east[0], other.east[0])];
  if (from >= to) return 0;
  const at = ({ west, east }, x) => west[1] - parallel + ((x - west[0]) / (east[0] - west[0])) * (east[1] - west[1]);
  const [low, high] = [at(one, from), at(one, to)];
  const [first, last] = [low - at(other, from), high - at(other, to)]; // how far one is north of the other
  const crossed = first * last < 0 ? first / (first - last) : null;
  const above = crossed === null ? Math.max(0, (first + last) / 2) : first > 0 ? (first * crossed) / 2 : (last * (1 - crossed)) / 2;
  return (to - from) * ((low + high) / 2 - above);
}

/**
 * The square metres that two shapes both hold, whatever vertices they have. A shape is what is south of its northern edges
 * less what is south of its southern ones: so what both hold is a sum over pairs of edges.
 */
export function overlap(one, other) {
  const [a, b] = [boxOf(one), boxOf(other)];
  const box = [Math.max(a[0], b[0]), Math.max(a[1], b[1]), Math.min(a[2], b[2]), Math.min(a[3], b[3])];
  if (box[0] >= box[2] || box[1] >= box[3]) return 0;
  const parallel = Math.min(a[1], b[1]);
  const within = ({ west, east }) => west[0] < box[2] && east[0] > box[0];
  const theirs = eastward(other).filter(within);
  let [next, near, sum] = [0, [], 0];
  for (const edge of eastward(one).filter(within)) {
    near = near.filter(({ east }) => east[0] > edge.west[0]);
    for (; next < theirs.length && theirs[next].west[0] < edge.east[0]; next += 1) if (theirs[next].east[0] > edge.west[0]) near.push(theirs[next]);
    for (const against of near) sum += edge.sign * against.sign * under(edge, against, parallel);
  }
  const [west, south, east, north] = box;
  const corners = [[west, south], [east, south], [east, north], [west, north], [west, south]];
  return Math.max(0, sum) * (squareMetres([[corners]]) / ((east - west) * (north - south)));
}

/** Whether a shape lies wholly inside another and meets no edge of it. */
export function isWithin(inner, outer) {
  const [inside, around] = [[...edgesOf(inner)], [...edgesOf(outer)]];
  if (!inside.every(({ from }) => isAmong(from, around))) return false;
  return !around.some((edge) => isAmong(edge.from, inside) || inside.some((one) => meets(one, edge)));
}
