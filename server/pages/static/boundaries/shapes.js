// Shapes as plain numbers, without a map: coordinates of a MultiPolygon as GeoJSON has them, on the grid of 7 decimals.

const GRID = 1e7;
const SEMI_MAJOR = 6378137;
const FLATTENING = 1 / 298.257223563;
const ECCENTRICITY = Math.sqrt(FLATTENING * (2 - FLATTENING));

export const rounded = (value) => Math.round(value * GRID) / GRID;
export const onGrid = ([longitude, latitude]) => [rounded(longitude), rounded(latitude)];

/** The name of a vertex: areas that have one of the same name share it. */
export const spot = ([longitude, latitude]) => `${longitude},${latitude}`;
export const isSame = (one, other) => one[0] === other[0] && one[1] === other[1];

/** A ring on the grid, closed, without a vertex twice in a row; null where no ground is left. */
function tidyRing(ring) {
  const made = [];
  for (const position of ring) {
    const vertex = onGrid(position);
    if (!made.length || !isSame(made.at(-1), vertex)) made.push(vertex);
  }
  if (made.length > 1 && isSame(made[0], made.at(-1))) made.pop();
  if (made.length < 3) return null;
  made.push([...made[0]]);
  return made;
}

/** The coordinates of a MultiPolygon as they are kept; polygons and holes without ground fall away. */
export function tidy(boundary) {
  return boundary.flatMap((polygon) => {
    const [shell, ...holes] = polygon.map(tidyRing);
    return shell ? [[shell, ...holes.filter(Boolean)]] : [];
  });
}

/** Every ring of a shape, with where it is: [ring, polygon's number, ring's number]. */
export function* rings(boundary) {
  for (const [number, polygon] of boundary.entries())
    for (const [within, ring] of polygon.entries()) yield [ring, number, within];
}

/** The vertices of a shape, each once for every ring that it is on. */
export function* vertices(boundary) {
  for (const [ring] of rings(boundary)) for (let at = 0; at < ring.length - 1; at += 1) yield ring[at];
}

export const countVertices = (boundary) => [...rings(boundary)].reduce((sum, [ring]) => sum + ring.length - 1, 0);

const boxes = new WeakMap();

/** West, south, east, north; found once for each array of coordinates, which nobody changes in place. */
export function boxOf(boundary) {
  if (boxes.has(boundary)) return boxes.get(boundary);
  const box = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [x, y] of vertices(boundary)) {
    box[0] = Math.min(box[0], x);
    box[1] = Math.min(box[1], y);
    box[2] = Math.max(box[2], x);
    box[3] = Math.max(box[3], y);
  }
  boxes.set(boundary, box);
  return box;
}

/** Snyder, Map Projections: A Working Manual (1987), equation 3-12: the height of a parallel when areas are kept. */
function height(latitude) {
  const sine = Math.sin((latitude * Math.PI) / 180);
  const part = ECCENTRICITY * sine;
  return (1 - ECCENTRICITY ** 2) * (sine / (1 - part ** 2) - Math.log((1 - part) / (1 + part)) / (2 * ECCENTRICITY));
}

/** The ground in a ring in square metres on the spheroid of WGS 84, its edges drawn on the cylindrical equal-area map. */
function ringArea(ring) {
  const [west, south] = ring[0];
  const base = height(south);
  const points = ring.map(([x, y]) => [((x - west) * Math.PI) / 180, height(y) - base]);
  let twice = 0;
  for (let at = 1; at < points.length; at += 1) twice += points[at - 1][0] * points[at][1] - points[at][0] * points[at - 1][1];
  return Math.abs((twice / 2) * (SEMI_MAJOR ** 2 / 2));
}

const known = new WeakMap();

/** The ground in a shape in square metres; counted once for each array of coordinates, which nobody changes in place. */
export function squareMetres(boundary) {
  let found = known.get(boundary);
  if (found === undefined) {
    found = boundary.reduce(
      (sum, [shell, ...holes]) => sum + ringArea(shell) - holes.reduce((all, hole) => all + ringArea(hole), 0),
      0,
    );
    known.set(boundary, found);
  }
  return found;
}

export const multiPolygon = (boundary) => ({ type: "MultiPolygon", coordinates: boundary });

/** Whether a position lies in a shape. */
export function holds(boundary, [x, y]) {
  let isInside = false;
  for (const [ring] of rings(boundary))
    for (let at = 1; at < ring.length; at += 1) {
      const [[x1, y1], [x2, y2]] = [ring[at - 1], ring[at]];
      if (y1 > y !== y2 > y && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1) isInside = !isInside;
    }
  return isInside;
}

const canonical = new WeakMap();

/** A ring's vertices from its least on, the same way round for every ring of the same ground. */
function ringName(ring) {
  const names = ring.slice(0, -1).map(spot);
  const least = names.indexOf(names.reduce((one, other) => (one < other ? one : other)));
  const turned = [...names.slice(least), ...names.slice(0, least)];
  const isForwards = turned[1] < turned.at(-1);
  return (isForwards ? turned : [turned[0], ...turned.slice(1).reverse()]).join(" ");
}

function shapeName(boundary) {
  let name = canonical.get(boundary);
  if (name === undefined) {
    name = boundary.map(([shell, ...holes]) => [ringName(shell), ...holes.map(ringName).sort()].join("|")).sort().join("#");
    canonical.set(boundary, name);
  }
  return name;
}

/** Whether two shapes have the same vertices, wherever their rings begin and whichever way they go. */
export function isSameShape(one, other) {
  return one === other || (Boolean(one) && Boolean(other) && shapeName(one) === shapeName(other));
}
