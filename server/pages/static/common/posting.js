// How what waits on a phone is sent: one sender at a time, and what counts as not reached. Used by pages and by the
// service worker alike, so it knows no document.

const PHOTO_SECONDS = 180;
const PAUSES = [5, 15, 60, 300, 900];
const AGAIN = new Set([408, 425, 500, 502, 503, 504, 507, 509, 520, 521, 522, 523, 524, 530]);

/**
 * Nobody answered, or nobody that could be ours: to be tried again. `seconds`: how long the server wants us to wait;
 * `status`: what was answered, if anything was; `challenge`: where to fetch what is solved instead of waiting.
 */
export class Unreachable extends Error {
  constructor(message, seconds = null, status = null, challenge = null) {
    super(message);
    this.seconds = seconds;
    this.status = status;
    this.challenge = challenge;
  }
}

let turn = Promise.resolve();

/** Run `work` while nobody else does, in any tab; in this one only, where the browser has no locks. */
export function alone(name, work) {
  if (navigator.locks) return navigator.locks.request(name, work);
  const mine = turn.then(work);
  turn = mine.catch(() => {});
  return mine;
}

/** Post a form and have the answer's status and JSON. Throws `Unreachable`. */
export async function post(address, body, seconds) {
  const clock = new AbortController();
  const timer = setTimeout(() => clock.abort(), seconds * 1000);
  let response;
  let answer = null;
  try {
    response = await fetch(address, { method: "POST", body, headers: { Accept: "application/json" }, signal: clock.signal });
    const isJson = (response.headers.get("Content-Type") ?? "").includes("json");
    answer = isJson ? await response.json() : null;
  } catch (error) {
    throw new Unreachable(error.message);
  } finally {
    clearTimeout(timer);
  }
  if (response.status === 429 || AGAIN.has(response.status)) {
    throw new Unreachable(`status ${response.status}`, wait(response), response.status, answer?.challenge ?? null);
  }
  return { status: response.status, answer };
}

/** Retry-After in seconds, as a number or as a date; null where the server names none. */
function wait(response) {
  const text = response.headers.get("Retry-After");
  if (!text) return response.status === 429 ? 60 : null;
  const seconds = /^\d+$/.test(text) ? Number(text) : (Date.parse(text) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.min(Math.max(seconds, 1), 3600) : 60;
}

/** How long to wait after so many tries that failed, in milliseconds. */
export const pauseAfter = (tries, error) => (error.seconds ?? PAUSES[Math.min(tries, PAUSES.length - 1)]) * 1000;

/** Bring a kept photograph ({ name, type, bytes, takenAt }) to the server. Throws `Unreachable`. */
export function postPhoto(photo) {
  const body = new FormData();
  body.append("photo", new Blob([photo.bytes], { type: photo.type }), photo.name);
  if (photo.takenAt) body.append("takenAt", photo.takenAt); // which a shrunk photograph no longer tells
  return post("/photos", body, PHOTO_SECONDS);
}

/** What the server says is wrong, in words. */
export const told = (answer) => answer?.problems?.[0]?.message ?? answer?.errors?.[0]?.message ?? answer?.error?.message ?? "";
