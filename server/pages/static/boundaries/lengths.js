// How long a way is, in metres on the spheroid of WGS 84. Pure.

const radians = (degrees) => (degrees * Math.PI) / 180;

/** Metres of a degree eastward and northward. The usual series for WGS 84, as in NIMA TR8350.2 and geo/plane.py. */
function degreeLengths(latitude) {
  const phi = radians(latitude);
  return [
    111412.84 * Math.cos(phi) - 93.5 * Math.cos(3 * phi) + 0.118 * Math.cos(5 * phi),
    111132.954 - 559.822 * Math.cos(2 * phi) + 1.175 * Math.cos(4 * phi),
  ];
}

/** Between two positions no further apart than a city is wide: good to 0.01 %. */
export function metresBetween([ax, ay], [bx, by]) {
  const [east, north] = degreeLengths((ay + by) / 2);
  return Math.hypot((bx - ax) * east, (by - ay) * north);
}

export const metresAlong = (way) => way.slice(1).reduce((sum, position, at) => sum + metresBetween(way[at], position), 0);
