// What two people did to one neighbourhood, put together: who changed its ground, who its name. Pure, so without a page.

import { overlap, together } from "./pieces.js";
import { countVertices, isSameShape, spot, squareMetres, vertices } from "./shapes.js";

const SAME_SQUARE_METRES = 5; // what the rounding of a cut may move, geo/coverage.py CUT_SQUARE_METRES

/** Whether two shapes are the same ground, but for vertices on their edges that one has and the other has not. */
export function isSameGround(one, other) {
  if (one === other) return true;
  if (!one || !other || Math.abs(squareMetres(one) - squareMetres(other)) > SAME_SQUARE_METRES) return false;
  const [poor, rich] = countVertices(one) <= countVertices(other) ? [one, other] : [other, one];
  const known = new Set([...vertices(rich)].map(spot));
  return [...vertices(poor)].every((vertex) => known.has(spot(vertex)));
}

/** Both changes, however small, where they lie apart or where only one was made; null where they do not. */
function apart(held, ours, theirs) {
  if (!held || !ours || !theirs) return null;
  if (isSameShape(held, theirs)) return ours;
  return isSameShape(held, ours) ? theirs : together(held, ours, theirs);
}

/**
 * What becomes of a neighbourhood that held as `held`, is `ours` in the draft and now is `theirs`; null is a neighbourhood
 * that is not there. Gives { area } to go on with, or { conflict: true } where both want something else of the same ground or
 * of the name.
 */
export function merged(held, ours, theirs) {
  if (!ours && !theirs) return { area: null };
  if (!held && ours && theirs && isSameGround(ours.boundary, theirs.boundary)) return { area: { ...ours, ...theirs } };
  if (!held || !theirs) return { conflict: true };
  if (!ours) return held.name === theirs.name && isSameGround(held.boundary, theirs.boundary) ? { area: null } : { conflict: true };
  const drawn = ours.noded ? held.boundary : ours.boundary;
  const isOurs = !isSameGround(held.boundary, drawn);
  const isTheirs = !isSameGround(held.boundary, theirs.boundary);
  const isAlike = isSameGround(drawn, theirs.boundary);
  const namedByUs = held.name !== ours.name;
  const namedByThem = held.name !== theirs.name;
  const both = apart(held.boundary, drawn, theirs.boundary); // first, for a change may be smaller than what counts as the same
  if ((isOurs && isTheirs && !isAlike && !both) || (namedByUs && namedByThem && ours.name !== theirs.name)) return { conflict: true };
  const boundary = both ? both : isOurs && !isAlike ? drawn : theirs.boundary;
  return { area: { ...ours, boundary, name: namedByUs ? ours.name : theirs.name, noded: false } };
}

const groundOf = (area) => (area?.boundary?.length ? area.boundary : null);

/**
 * Ground that the draft and somebody else gave to different neighbourhoods: [{ ours: key, theirs: id, squareMetres }].
 * `ours` and `theirs` are [key, area]; `wasDouble(key, id)` is how much of it lay double before they saved.
 */
export function doubled(ours, theirs, wasDouble) {
  const found = [];
  for (const [key, mine] of ours)
    for (const [id, other] of theirs) {
      if (key === id || !groundOf(mine) || !groundOf(other)) continue;
      const both = overlap(mine.boundary, other.boundary);
      if (both > SAME_SQUARE_METRES && both > wasDouble(key, id) + SAME_SQUARE_METRES) found.push({ ours: key, theirs: id, squareMetres: both });
    }
  return found;
}

/**
 * The keys of what is drawn in `areas` and stands already among `incoming`, in a neighbourhood that was not known before:
 * an answer was lost, or somebody drew the very same.
 */
export function standing(areas, incoming, isKnown) {
  const fresh = incoming.filter(({ id, boundary }) => boundary && !isKnown(id));
  const stands = ({ name, boundary }) => fresh.some((one) => one.name === name && isSameGround(boundary, one.boundary));
  return areas.filter((area) => area?.id === null && stands(area)).map(({ key }) => key);
}
