// Word of what happens to the crew: the stream only says that something did, the page then asks for its list. Where there
// is no stream the page looks by itself.

const PAUSES = [1, 2, 4, 8, 15];
const LOOK = 15_000;
const DEAF = 60_000; // an open stream may be one that the network has forgotten

let stream = null;
let cursor = null;
let waiting = 0;
let failures = 0;
let look = () => {};

/** Whether the stream is open. */
export const isOpen = () => stream?.readyState === EventSource.OPEN;

/** Follow, also with the phone in a pocket, as long as the browser lets us; `looking` asks for the list. */
export function follow(looking) {
  look = looking;
  document.addEventListener("visibilitychange", () => document.hidden || (isOpen() ? look() : connect()));
  addEventListener("online", connect);
  addEventListener("pagehide", leave);
  addEventListener("pageshow", (event) => event.persisted && connect());
  setInterval(() => isOpen() || look(), LOOK);
  setInterval(() => isOpen() && !document.hidden && look(), DEAF);
  connect();
}

export function leave() {
  clearTimeout(waiting);
  stream?.close();
  stream = null;
}

export function connect() {
  leave();
  stream = new EventSource(cursor ? `/crew/live?after=${encodeURIComponent(cursor)}` : "/crew/live");
  stream.addEventListener("open", () => {
    failures = 0;
    look(); // what happened before the stream began
  });
  stream.addEventListener("next", (event) => {
    if (event.lastEventId) cursor = event.lastEventId;
    if (JSON.parse(event.data).errors) cursor = null; // it can go on from there no more
    document.dispatchEvent(new Event("incident-changed")); // for the bell, desk/bell.js
    look();
  });
  stream.addEventListener("complete", retry);
  stream.addEventListener("error", retry);
}

// Our own pauses in place of the browser's, for it gives up after an answer that is no stream.
function retry() {
  leave();
  const pause = PAUSES[Math.min(failures, PAUSES.length - 1)] * (0.75 + Math.random() / 2);
  failures += 1;
  if (failures > PAUSES.length) cursor = null;
  waiting = setTimeout(connect, pause * 1000);
}
