// Word of what others save. The stream only says that something was saved: what holds is then asked for.

import { ask } from "../common/asking.js";
import { Stream, inTurn } from "../common/stream.js";
import { data } from "../common/words.js";
import * as conflicts from "./conflicts.js";
import { readBase } from "./reading.js";

const EVERY = 30_000; // where there is no stream
const FIRST = 10; // saves that are looked at

let stream = null;
let seen = null; // when the latest save was made that is known here (milliseconds); null until it was asked
let paused = false;

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

/** Go on; what was saved up to now is known. */
export async function resume() {
  paused = false;
  const changes = await latestChanges().catch(() => null);
  if (changes) seen = newest(changes);
}

// Without a network the next look is on its way.
const look = inTurn(() => (paused ? null : lookNow().catch(() => {})));

async function latestChanges() {
  return (await ask("changes", { code: data.ward, first: FIRST, after: null })).ward.boundaryChanges.nodes;
}

const newest = (changes) => (changes.length ? Date.parse(changes[0].at) : 0);

async function lookNow() {
  const [changes, isCurrent] = await Promise.all([latestChanges(), isKnown()]);
  const before = seen;
  if (isCurrent) {
    seen = newest(changes);
    return;
  }
  const base = await readBase();
  if (paused) return;
  seen = newest(changes);
  const fresh = changes.filter(({ at }) => before !== null && Date.parse(at) > before);
  conflicts.note(changes);
  const { taken } = conflicts.meet(base);
  conflicts.tellOthers(fresh, taken);
  document.dispatchEvent(new Event("boundaries-saved"));
}

/** Whether what holds is what this page last read: every neighbourhood in its version. */
async function isKnown() {
  const known = new Map(conflicts.standing().neighbourhoods.map(({ id, version }) => [id, version]));
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
