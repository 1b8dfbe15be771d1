// Positions as people type and paste them. Pure: a comma or a point before decimals, either order of the two numbers,
// degrees with minutes and seconds, a column of numbers in front, tabs as spreadsheets copy them.

const VIETNAM = { west: 102, south: 5, east: 118, north: 24 };
const METRES = { west: 150_000, east: 850_000, south: 550_000, north: 2_700_000 };
const ANGLE = /^([NSEWBĐDT])?\s*(\d{1,3})\s*[°º\s]\s*(\d{1,2})\s*['’′\s]\s*(\d{1,2}(?:[.,]\d+)?)\s*(?:["”″]|''|’’)?\s*([NSEWBĐDT])?$/i;

/** All numbers that a text can mean: a lone point or comma may stand before decimals or before thousands. */
export function meanings(text) {
  const bare = text.trim().replace(/[\s\u00a0']/g, "");
  if (!/^[-+]?[\d.,]*\d[\d.,]*$/.test(bare)) return [];
  const signs = [...bare.matchAll(/[.,]/g)].map(([sign]) => sign);
  const whole = Number(bare.replace(/[.,]/g, ""));
  if (!signs.length) return [whole];
  const last = bare.lastIndexOf(signs.at(-1));
  const decimal = Number(`${bare.slice(0, last).replace(/[.,]/g, "")}.${bare.slice(last + 1)}`);
  const isGrouped = /^[-+]?\d{1,3}([.,]\d{3})+$/.test(bare) && new Set(signs).size === 1;
  if (signs.length > 1 && new Set(signs).size === 1) return isGrouped ? [whole] : [];
  return isGrouped ? [decimal, whole] : [decimal];
}

function angle(text) {
  const found = ANGLE.exec(text.trim());
  if (!found || Number(found[3]) >= 60 || Number(found[4].replace(",", ".")) >= 60) return [];
  return [Number(found[2]) + Number(found[3]) / 60 + Number(found[4].replace(",", ".")) / 3600];
}

const isLongitude = (value) => value >= VIETNAM.west && value <= VIETNAM.east;
const isLatitude = (value) => value >= VIETNAM.south && value <= VIETNAM.north;
const isEasting = (value) => value >= METRES.west && value <= METRES.east;
const isNorthing = (value) => value >= METRES.south && value <= METRES.north;

/**
 * The position of two texts, the first number eastward: [longitude, latitude] in degrees, or with `metric` [easting,
 * northing]. Which of the two is which, their size tells: in Vietnam a northing is the larger. Null for no position here.
 */
export function pair(one, other, metric) {
  const [first, second] = [one, other].map((text) => [...meanings(text), ...(metric ? [] : angle(text))]);
  const [east, north] = metric ? [isEasting, isNorthing] : [isLongitude, isLatitude];
  for (const a of first)
    for (const b of second) {
      if (metric && a > b && east(b) && north(a)) return [b, a];
      if (metric && b > a && east(a) && north(b)) return [a, b];
      if (!metric && east(a) && north(b)) return [a, b];
      if (!metric && east(b) && north(a)) return [b, a];
    }
  return null;
}

function columns(line) {
  if (/[\t;]/.test(line)) return line.split(/[\t;]/).map((cell) => cell.trim()).filter(Boolean);
  if (/,\s/.test(line)) return line.split(/,\s+/).map((cell) => cell.trim()).filter(Boolean);
  const angles = line.match(/[NSEWBĐDT]?\s*\d{1,3}\s*[°º][^°º]*?(?:["”″]|''|’’)\s*[NSEWBĐDT]?/gi);
  if (angles?.length === 2) return angles;
  const spaced = line.trim().split(/\s+/);
  if (spaced.length > 1) return spaced;
  const parts = line.trim().split(",");
  if (parts.length === 2) return parts;
  return parts.length === 4 ? [`${parts[0]},${parts[1]}`, `${parts[2]},${parts[3]}`] : spaced;
}

/** The positions of pasted lines: { positions, wrong: [{ line, text }] }. Headings above the first one are passed over. */
export function rows(text, metric) {
  const positions = [];
  const wrong = [];
  for (const [at, line] of text.split(/\r\n|\r|\n/).entries()) {
    if (!line.trim()) continue;
    const cells = columns(line);
    const tries = cells.length > 2 ? [cells.slice(1, 3), cells.slice(0, 2), cells.slice(-2)] : [cells];
    const found = tries.map(([one, other]) => (other === undefined ? null : pair(one, other, metric))).find(Boolean);
    if (found) positions.push(found);
    else if (positions.length || /\d{4}|\d[.,]\d/.test(line)) wrong.push({ line: at + 1, text: line.trim().slice(0, 60) });
  }
  return { positions, wrong };
}
