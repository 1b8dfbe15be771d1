// Sends what waits, exactly once: one sender at a time for each report (Web Locks, across tabs and the service worker),
// and one request key for all its tries, by which the server knows a report that it has already.

import { alone, pauseAfter, post, postPhoto, told, Unreachable } from "../common/posting.js";
import { change, photoSentAs, photosOf, remove, report as kept, reports, sent } from "./store.js";

const REPORT_SECONDS = 45;

/** How challenges are solved: fetched when one is asked for. A service worker cannot, and gives what it has. */
let solver = () => import("../common/proof.js");
export const solveBy = (module) => {
  solver = async () => module;
};

/** The ward does not take it as it is; `problems` say why, each with its `field`. */
class Refused extends Error {
  constructor(problems) {
    super("refused");
    this.problems = problems;
  }
}

/** The server knows some of the photographs no more. */
class PhotosLost extends Error {}

/** Bring the report's photograph of this index to the server, unless it is there. */
async function bring(photo, index) {
  if (photo.sentAs) return photo.sentAs;
  const { status, answer } = await postPhoto(photo);
  if (status >= 400) throw new Refused([{ field: `photos.${index}`, message: told(answer), unreadable: status === 415 }]);
  const id = answer?.id;
  if (!id) throw new Unreachable("not our server's answer");
  await photoSentAs(photo.id, id);
  return id;
}

/** Post, and where many come from here post again with a challenge solved. */
async function postProven(address, body, onStep) {
  try {
    return await post(address, body, REPORT_SECONDS);
  } catch (error) {
    if (!error.challenge) throw error;
    onStep({ checking: true });
    let proof;
    try {
      proof = await (await solver()).prove(error.challenge);
    } catch {
      throw error; // then it waits as long as the server asked for
    }
    body.set("altcha", proof);
    return post(address, body, REPORT_SECONDS);
  }
}

async function deliver(report, onStep) {
  const body = new FormData();
  body.append("requestKey", report.key);
  for (const [name, value] of Object.entries(report.fields)) body.append(name, value);
  const photos = await photosOf(report.key);
  for (const [index, photo] of photos.entries()) {
    onStep({ photo: index + 1, of: photos.length });
    body.append("photoIds", await bring(photo, index));
  }
  onStep({ report: true });
  const { status, answer } = await postProven(`/report?ward=${report.ward}`, body, onStep);
  // Some other network's sign-in page may answer 200 to anything: only our own answer counts.
  if (status < 400) {
    if (!answer?.trackingCode) throw new Unreachable("not our server's answer");
    await sent(report.key, answer.trackingCode, answer.url);
    return;
  }
  const problems = answer?.problems ?? [{ field: "report", message: told(answer) }];
  const lost = problems.filter((problem) => /^photos\.\d+$/.test(problem.field)).map((problem) => Number(problem.field.slice(7)));
  if (lost.length && photos.length) {
    for (const index of lost) if (photos[index]) await photoSentAs(photos[index].id, null);
    throw new PhotosLost();
  }
  throw new Refused(problems);
}

/**
 * Send one report, if it waits still; gives it as it is afterwards, or undefined where it is gone.
 *
 * `onStep` is told { photo, of }, { report } and { checking }.
 */
export function send(key, onStep = () => {}) {
  return alone(`report:${key}`, async () => {
    const report = await kept(key);
    if (report?.state !== "waiting") return report;
    try {
      try {
        await deliver(report, onStep);
      } catch (error) {
        if (!(error instanceof PhotosLost)) throw error;
        await deliver(report, onStep);
      }
    } catch (error) {
      if (error instanceof Refused) return change(key, { state: "refused", problems: error.problems });
      // A photograph that is lost twice, or a fault of ours, is tried later like a network that is away.
      const after = Date.now() + pauseAfter(report.tries, error);
      return change(key, { tries: report.tries + 1, after, limited: Boolean(error.seconds) });
    }
    return kept(key);
  });
}

/** Forget a report, once nobody is sending it; what was sent meanwhile stays to be shown. */
export function drop(key) {
  return alone(`report:${key}`, async () => {
    if ((await kept(key))?.state !== "sent") await remove(key);
  });
}

/**
 * Send all that waits and may be tried now; `eager` does not heed our own pauses, only those the server asked for.
 *
 * Gives when to try next (milliseconds), or null where nothing waits.
 */
export async function flush(eager = false) {
  const waiting = (await reports()).filter((report) => report.state === "waiting");
  let next = null;
  for (const report of waiting) {
    const early = report.after > Date.now() && (report.limited || !eager);
    const now = early ? report : await send(report.key);
    if (now?.state === "waiting") next = Math.min(next ?? Infinity, now.after);
  }
  return next;
}
