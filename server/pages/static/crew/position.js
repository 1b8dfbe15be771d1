// Where this phone is: shared with the ward while the crew is on duty, and never otherwise. Only the latest is of use, so
// one that could not be sent waits for nothing.

import { ask, point } from "../common/asking.js";

const EVERY = 30_000;
const FAR = 50;
const SOONEST = 5_000;
const RADIUS = 6_371_008.8;

/** Where the phone is, { latitude, longitude }; null where that is not known or not allowed. */
export let here = null;
/** How it stands: "off", "waiting", "shared" or "blocked". */
export let state = "off";

let watching = null;
let changed = () => {};
let last = null; // { at, latitude, longitude } as it was sent
let sending = false;
let timer = 0;

/** Metres between two positions on the sphere (haversine). */
export function metres(one, other) {
  const radians = (degrees) => (degrees * Math.PI) / 180;
  const half = (a, b) => Math.sin(radians(b - a) / 2) ** 2;
  const chord =
    half(one.latitude, other.latitude) +
    Math.cos(radians(one.latitude)) * Math.cos(radians(other.latitude)) * half(one.longitude, other.longitude);
  return 2 * RADIUS * Math.asin(Math.sqrt(chord));
}

/** Call `listener` when the position or the state changes. */
export const onChange = (listener) => {
  changed = listener;
};

/** Begin or end, as the crew's duty has it. */
export function follow(onDuty) {
  if (onDuty === (watching !== null) || (onDuty && state === "blocked")) return;
  if (!onDuty) {
    navigator.geolocation?.clearWatch(watching);
    watching = here = last = null;
    set("off");
    return;
  }
  if (!navigator.geolocation) {
    set("blocked");
    return;
  }
  set("waiting");
  watching = navigator.geolocation.watchPosition(heard, lost, { enableHighAccuracy: true, maximumAge: 10_000 });
}

function set(to) {
  if (state === to) return;
  state = to;
  changed();
}

function heard({ coords: { latitude, longitude } }) {
  if (watching === null) return; // the crew has gone off duty meanwhile
  here = { latitude, longitude };
  changed();
  share();
}

function lost(error) {
  if (error.code !== error.PERMISSION_DENIED) return;
  navigator.geolocation.clearWatch(watching);
  watching = here = null;
  set("blocked");
}

/** Send where the phone is: every 30 s, for the ward to know that it is no old one, or sooner after 50 m. */
async function share() {
  clearTimeout(timer);
  if (sending || watching === null || !here) return;
  const [now, at] = [Date.now(), here];
  const due = last ? last.at + (metres(last, at) < FAR ? EVERY : SOONEST) : 0;
  if (due > now) {
    timer = setTimeout(share, due - now);
    return;
  }
  sending = true;
  try {
    const { result } = await ask("position", { input: { position: point(at) } });
    if (watching !== null) set(result.__typename.endsWith("Payload") ? "shared" : "waiting");
  } catch {
    // Without a network; the next one is as good.
  } finally {
    sending = false;
  }
  last = watching === null ? null : { at: now, ...at };
  share();
}
