// An area as lines of coordinates, as server/pages/crew_ground.py reads and writes them: a vertex a line, latitude first,
// an empty line between rings; a ring within another is a hole in it.

const NUMBER = /-?\d{1,3}(?:[.,]\d+)?/g;

function vertex(line) {
  const numbers = (line.match(NUMBER) ?? []).map((one) => Number(one.replace(",", ".")));
  return numbers.length === 2 ? [Math.min(...numbers), Math.max(...numbers)] : null;
}

/** Whether a point lies inside a ring: an odd number of its edges lie east of it. */
function inside([y, x], ring) {
  let odd = false;
  ring.forEach(([y1, x1], n) => {
    const [y2, x2] = ring[(n + ring.length - 1) % ring.length];
    if (y1 > y !== y2 > y && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1) odd = !odd;
  });
  return odd;
}

/** Polygons as Leaflet has them, rings of [latitude, longitude], the shell first; lines that say nothing are left out. */
export function polygonsOf(text) {
  const rings = text
    .split(/\n\s*\n/)
    .map((block) => block.split("\n").map(vertex).filter(Boolean))
    .filter((ring) => ring.length > 2);
  const polygons = [];
  for (const ring of rings) {
    const around = polygons.find(([shell]) => ring.every((point) => inside(point, shell)));
    if (around) around.push(ring);
    else polygons.push([ring]);
  }
  return polygons;
}

/** The lines of polygons, each the latitudes and longitudes of its rings. */
export function textOf(polygons) {
  const line = ({ lat, lng }) => `${lat.toFixed(7)}, ${lng.toFixed(7)}`;
  return polygons
    .flat()
    .map((ring) => ring.map(line).join("\n"))
    .join("\n\n");
}
