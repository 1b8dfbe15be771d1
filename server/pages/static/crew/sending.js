// Sends what was tapped, in its order, one after the other, exactly once: one sender at a time (Web Locks, across tabs and
// the service worker), and a step that is sent again is answered as before. What the ward refuses is kept to be told, and
// holds up nothing that comes after it.

import { alone, pauseAfter, post, postPhoto, told, Unreachable } from "../common/posting.js";
import { actions, change, photoSentAs, photosOf, remove, session } from "./store.js";

const SECONDS = 45;
const MOST_FAULTS = 5;
const RANKS = ["ASSIGNED", "ACCEPTED", "IN_PROGRESS"];
const GOALS = { accept: "ACCEPTED", start: "IN_PROGRESS" };

/** Nobody is signed in, or not the one who tapped it: it waits for them. */
class NotNow extends Error {
  constructor(out) {
    super(out ? "signed out" : "another account");
    this.out = out;
  }
}

/** Whether this can have no other meaning than that a mate on the same crew took the step already. */
function isReached(action, answer) {
  const job = answer.list?.jobs.find(({ id }) => id === action.incident);
  return job && action.step in GOALS && RANKS.indexOf(job.status) >= RANKS.indexOf(GOALS[action.step]);
}

/** Bring the action's photographs to the server, those that are not there; gives their ids, or what was refused. */
async function bring(photos) {
  const ids = [];
  for (const photo of photos) {
    if (photo.sentAs) {
      ids.push(photo.sentAs);
      continue;
    }
    const { status, answer } = await postPhoto(photo);
    if (status >= 400) return { problem: { code: "PHOTO", message: told(answer), fields: [] } };
    if (!answer?.id) throw new Unreachable("not our server's answer");
    await photoSentAs(photo.id, answer.id);
    ids.push(answer.id);
  }
  return { ids };
}

/** Send one action and keep what came of it. Throws `Unreachable` and `NotNow`. */
async function deliver(action, isAgain = false) {
  const photos = action.photos ? await photosOf(action.key) : [];
  const brought = await bring(photos);
  if (brought.problem) return change(action.key, { state: "refused", problem: brought.problem });
  const body = new FormData();
  body.append("account", action.account);
  for (const [name, value] of Object.entries(action.fields)) body.append(name, value);
  for (const id of brought.ids) body.append("photoIds", id);
  const { status, answer } = await post(`/crew/${action.step}`, body, SECONDS);
  if (answer?.signedOut) throw new NotNow(true);
  if (answer?.otherAccount) throw new NotNow(false);
  // Some other network's sign-in page may answer 200 to anything: only our own answer counts.
  if (status < 400 && !answer?.list) throw new Unreachable("not our server's answer");
  if (status < 400 || (answer?.problem && isReached(action, answer))) return remove(action.key, answer.list);
  const problem = answer?.problem ?? { code: "REFUSED", message: told(answer), fields: [] };
  const lost = problem.fields.filter((field) => /^photoIds\.\d+$/.test(field)).map((field) => Number(field.slice(9)));
  if (lost.length && photos.length && !isAgain) {
    // The server holds photographs only for a while.
    for (const index of lost) if (photos[index]) await photoSentAs(photos[index].id, null);
    return deliver(action, true);
  }
  return change(action.key, { state: "refused", problem }, answer?.list);
}

async function failed(action, error) {
  // One that the server fails at each time must not hold up the rest for ever.
  const faults = action.faults + (error.status === 500 ? 1 : 0);
  if (faults >= MOST_FAULTS) {
    await change(action.key, { state: "refused", faults, problem: { code: "FAULT", message: "", fields: [] } });
    return null;
  }
  const after = Date.now() + pauseAfter(action.tries, error);
  await change(action.key, { tries: action.tries + 1, faults, after, limited: Boolean(error.seconds) });
  return after;
}

async function sendAll(eager) {
  const strangers = new Set();
  for (;;) {
    const waiting = (await actions()).filter(({ state }) => state === "waiting");
    const action = waiting.find(({ account }) => !strangers.has(account));
    if (!action) {
      await session({ others: waiting.length });
      return null;
    }
    if (action.after > Date.now() && (action.limited || !eager)) return action.after;
    try {
      await deliver(action);
    } catch (error) {
      if (error instanceof NotNow && error.out) {
        await session({ out: true });
        return null;
      }
      if (error instanceof NotNow) strangers.add(action.account);
      else {
        const after = await failed(action, error);
        if (after !== null) return after;
      }
    }
  }
}

/**
 * Send all that waits and may be tried now; `eager` does not heed our own pauses, only those the server asked for.
 *
 * Gives when to try next (milliseconds), or null where nothing waits that could be sent as who is signed in.
 */
export const flush = (eager = false) => alone("crew", () => sendAll(eager));
