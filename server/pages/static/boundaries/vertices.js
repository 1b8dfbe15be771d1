// What happens to vertices, in every area that shares them. Pure, so without a page: areas are [{ key, boundary }].

import { boxOf, isSame, rings, tidy } from "./shapes.js";

/** Whether a position lies in the box around a shape, or no further from it than `margin` degrees. */
export function isNear(boundary, [x, y], margin = 0) {
  const [west, south, east, north] = boxOf(boundary);
  return x >= west - margin && x <= east + margin && y >= south - margin && y <= north + margin;
}

export function hasVertex(boundary, vertex) {
  if (!boundary || !isNear(boundary, vertex)) return false;
  for (const [ring] of rings(boundary)) if (ring.some((one) => isSame(one, vertex))) return true;
  return false;
}

/** The areas that have a vertex exactly there. */
export const sharing = (areas, vertex) => areas.filter(({ boundary }) => hasVertex(boundary, vertex));

function isEdge(ring, at, one, other) {
  const [from, to] = [ring[at - 1], ring[at]];
  return (isSame(from, one) && isSame(to, other)) || (isSame(from, other) && isSame(to, one));
}

/** The areas that have an edge from one vertex to another, either way. */
export function alongEdge(areas, one, other) {
  return areas.filter(({ boundary }) => {
    if (!boundary || !isNear(boundary, one)) return false;
    for (const [ring] of rings(boundary))
      for (let at = 1; at < ring.length; at += 1) if (isEdge(ring, at, one, other)) return true;
    return false;
  });
}

/** The shape with its vertex at `from` moved to `to`; null where a shell would be left without ground. */
export function moved(boundary, from, to) {
  const made = boundary.map((polygon) => polygon.map((ring) => ring.map((one) => (isSame(one, from) ? [...to] : one))));
  return whole(made);
}

/** The shape with a vertex on its edge between two others; itself where it has no such edge. */
export function inserted(boundary, one, other, vertex) {
  let changed = false;
  const made = boundary.map((polygon) =>
    polygon.map((ring) =>
      ring.flatMap((to, at) => {
        if (!at || !isEdge(ring, at, one, other)) return [to];
        changed = true;
        return [[...vertex], to];
      }),
    ),
  );
  return changed ? tidy(made) : boundary;
}

/** The shape without a vertex; null where a shell would be left with fewer than three. */
export function without(boundary, vertex) {
  const made = boundary.map((polygon) =>
    polygon.map((ring) => {
      const left = ring.slice(0, -1).filter((one) => !isSame(one, vertex));
      return left.length ? [...left, left[0]] : left;
    }),
  );
  return whole(made);
}

/** A shape as it is kept, if no polygon of it has lost its shell; else null. */
function whole(boundary) {
  const made = tidy(boundary);
  return made.length === boundary.length ? made : null;
}
