// Word of what others save. The stream only says that something was saved: what holds is then asked for.

import { ask } from "../common/asking.js";
import { Stream, inTurn } from "../common/stream.js";
import { data } from "../common/words.js";
import * as conflicts from "./conflicts.js";
import { readBase } from "./reading.js";

const EVERY = 30_000; // where there is no stream
const FIRST = 10; // saves that are looked at

let stream = null;
let paused = false;
let missed = false; // whether there was word of something meanwhile

/** Follow what is saved, also while the page is not seen: whoever comes back to it finds it as it is. */
export function follow() {
  const asked = new URLSearchParams({ query: data.documents.changed, variables: JSON.stringify({ code: data.ward }) });
  stream = new Stream(`/graphql?${asked}`, { opened: look, next: look });
  void look();
  setInterval(() => stream.isOpen || look(), EVERY);
}

/** While a save of our own is on its way nothing is taken for another's. */
export function pause() {
  paused = true;
}

/** Go on; what there was word of meanwhile is looked at now. */
export function resume() {
  paused = false;
  if (missed) void look();
}

// Without a network the next look is on its way.
const look = inTurn(() => lookNow().catch(() => {}));

async function lookNow() {
  missed = paused;
  const before = conflicts.standing();
  if (paused || (await isKnown())) return;
  const base = await readBase();
  const changes = await latestChanges(); // after what holds, so that they tell all that led there
  missed = paused;
  if (paused) return;
  if (conflicts.standing() !== before) return void look(); // a save of our own has ended, and read more
  const ids = moved(base);
  conflicts.note(changes);
  const { taken } = conflicts.meet(base);
  conflicts.tellOthers(latestOf(changes, ids), taken);
  document.dispatchEvent(new Event("boundaries-saved"));
}

const latestChanges = async () => (await ask("changes", { code: data.ward, first: FIRST, after: null })).ward.boundaryChanges.nodes;

const versions = ({ neighbourhoods }) => new Map(neighbourhoods.map(({ id, version }) => [id, version]));

/** The neighbourhoods that are otherwise in `base` than this page last read them. */
function moved(base) {
  const [known, now] = [versions(conflicts.standing()), versions(base)];
  return new Set([...known.keys(), ...now.keys()].filter((id) => known.get(id) !== now.get(id)));
}

/** The latest change of each of these neighbourhoods, newest first. */
function latestOf(changes, ids) {
  const left = new Set(ids);
  return changes.filter(({ neighbourhoods }) => neighbourhoods.filter(({ id }) => left.delete(id)).length > 0);
}

/** Whether what holds is what this page last read: every neighbourhood in its version. */
async function isKnown() {
  const known = versions(conflicts.standing());
  let after = null;
  let found = 0;
  for (;;) {
    const { nodes, pageInfo } = (await ask("versions", { code: data.ward, after })).ward.neighbourhoods;
    if (nodes.some(({ id, version }) => known.get(id) !== version)) return false;
    found += nodes.length;
    if (!pageInfo.hasNextPage) return found === known.size;
    after = pageInfo.endCursor;
  }
}
