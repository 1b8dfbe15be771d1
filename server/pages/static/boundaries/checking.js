// After each step the ward's rules are asked about the draft: what settles is adopted, what stands against it is shown.

import { say } from "../common/words.js";
import { asked } from "./asking.js";
import { isUndecided, undecided } from "./conflicts.js";
import { sized } from "./list.js";
import { model } from "./model.js";
import { guide, tell } from "./telling.js";

const PAUSE = 350;

let timer = 0;
let running = null;
const listeners = new Set();
let state = "clean";

/** `listener(state)`: "clean" without a draft, "waiting", "sound", "wrong", or "unknown" without a network. */
export const onState = (listener) => listeners.add(listener);

function become(next) {
  state = next;
  document.documentElement.dataset.check = next;
  for (const listener of listeners) listener(next);
}

/** Ask once nothing more has happened for a moment; an older question is given up. */
export function soon() {
  pause();
  const { input } = model.draft();
  if (!input.draw.length && !input.redraw.length && !input.remove.length) {
    model.setProblems([]);
    become("clean");
    return;
  }
  become("waiting");
  timer = setTimeout(check, PAUSE);
}

/** Give up what is being asked, for the draft is about to change; `soon` asks again. */
export function pause() {
  clearTimeout(timer);
  running?.abort();
  running = null;
}

async function check() {
  const mine = new AbortController();
  running = mine;
  const { input, keys } = model.draft();
  const { revision } = model;
  try {
    const { checkBoundaries: found } = await asked("check", { input }, mine.signal);
    if (revision !== model.revision) return;
    if (found.__typename === "CheckBoundariesPayload") settled(found, keys, revision);
    else refused(found, keys);
  } catch (error) {
    if (mine.signal.aborted) return;
    become("unknown");
    model.setProblems([]);
    guide(error.isOffline ? say("uncheckedOffline") : error.message, "late");
  } finally {
    if (running === mine) running = null;
  }
}

let isAdopting = false;

function settled({ areas, outline, slivers }, keys, revision) {
  const of = ({ neighbourhoodId, drawIndex }) => neighbourhoodId ?? keys[drawIndex];
  isAdopting = true;
  model.adopt({ areas: areas.map((one) => ({ key: of(one), boundary: one.boundary, noded: one.noded })), outline }, revision);
  isAdopting = false;
  model.setProblems([]);
  become("sound");
  if (slivers.length) {
    const closed = slivers.reduce((sum, { squareMetres }) => sum + squareMetres, 0);
    tell(say("closed", { n: slivers.length, area: sized(closed) }));
  }
}

function refused(found, keys) {
  if (found.__typename === "VersionConflict" && undecided()) {
    // What is to be decided is told already, and how.
    model.setProblems([]);
    become("wrong");
    return;
  }
  // So is ground that lies double with a neighbourhood that is to be decided.
  const isTold = ({ neighbourhoodIds }) => (neighbourhoodIds ?? []).some(isUndecided);
  const all = (found.problems ?? [found]).filter((one) => !isTold(one));
  const drawn = new Set(keys);
  model.setProblems(
    all.map((one) => {
      const ids = one.neighbourhoodIds ?? [];
      // A new area has no id by which it could be named: where nobody else is, it is about what was drawn.
      return {
        kind: one.kind ?? found.__typename,
        message: one.message,
        geometry: one.geometry ?? null,
        squareMetres: one.squareMetres ?? null,
        keys: ids.length ? ids : [...drawn],
      };
    }),
  );
  become("wrong");
  if (all.length) tell(say("faultCount", { n: all.length }));
}

export function start() {
  model.on("change", () => isAdopting || soon());
  model.on("base", soon);
  addEventListener("online", () => state === "unknown" && soon());
}
