// The report page: the form works without all of this; with it nothing is lost, and little is typed.

import { data, say } from "../common/words.js";
import * as draft from "./draft.js";
import * as photos from "./photos.js";
import * as place from "./place.js";
import * as problems from "./problems.js";
import * as search from "./search.js";
import { flush, send } from "./sending.js";
import * as similar from "./similar.js";
import * as store from "./store.js";
import * as waiting from "./waiting.js";

const form = document.getElementById("report");
const sendButton = document.getElementById("send");
const progress = document.getElementById("progress");
const mapArea = document.getElementById("map-area");
const mapButton = document.getElementById("open-map");

let map = null;
let sending = false;

const kind = () => new FormData(form).get("category");
const lookAround = () => similar.look(place.current(), kind());

// Where it is

document.getElementById("here").addEventListener("click", (event) => place.fromPhone(event.currentTarget));
mapButton.addEventListener("click", openMap);

async function openMap() {
  mapArea.hidden = !mapArea.hidden;
  mapButton.setAttribute("aria-expanded", String(!mapArea.hidden));
  if (mapArea.hidden || map) return;
  const note = document.getElementById("map-note");
  note.textContent = say("mapLoading");
  try {
    const { makeMap } = await import("./place_map.js");
    map = await makeMap(document.getElementById("map"), place.current(), (at) => place.set(at, "map"));
    note.textContent = say("mapHow");
    document.getElementById("map").focus();
  } catch {
    note.textContent = say("mapFailed");
  }
}

place.onChange((now) => {
  if (now && now.by !== "map") map?.show(now);
  lookAround();
  draft.keepSoon();
});
search.begin(
  (found) => {
    const [longitude, latitude] = found.location.coordinates;
    place.set({ latitude, longitude }, "search");
  },
  (area) => {
    if (place.current()) return; // what is known is nearer than a whole neighbourhood
    const select = document.getElementById("neighbourhood");
    select.value = area.id;
    select.dispatchEvent(new Event("change", { bubbles: true }));
  },
);
form.addEventListener("change", (event) => {
  if (event.target.name === "category") lookAround();
});

// Sending

form.addEventListener("submit", async (event) => {
  if (!data.keeps) return; // the form goes by itself
  event.preventDefault();
  if (sending) return;
  sending = true;
  sendButton.setAttribute("aria-disabled", "true");
  try {
    await submit();
  } finally {
    sending = false;
    sendButton.removeAttribute("aria-disabled");
  }
});

function check() {
  const found = [];
  if (!place.isKnown()) found.push({ field: "place", message: say(place.current()?.outside ? "placeWrong" : "placeMissing", { ward: data.wardName }) });
  if (!kind()) found.push({ field: "category", message: say("kindMissing") });
  return found;
}

async function submit() {
  await photos.settled();
  const found = check();
  problems.show(found);
  if (found.length) return;
  progress.textContent = say("saving");
  const key = await draft.keep({ state: "waiting", fields: draft.fields(), tries: 0, after: 0, limited: false, problems: [] });
  const result = await send(key, (step) => {
    progress.textContent = step.report ? say("sendingReport") : say("sendingPhoto", { n: step.photo, of: step.of });
  });
  progress.textContent = "";
  if (result?.state === "sent") {
    progress.textContent = say("sent");
    await store.remove(key);
    location.assign(result.url);
  } else if (result?.state === "refused") {
    await store.change(key, { state: "draft" });
    problems.show(result.problems);
  } else {
    await startAnew();
    waiting.tell(say("storedHere"));
    document.getElementById("kept").focus();
    askForSync();
    later(result?.after ?? Date.now());
  }
}

async function startAnew() {
  problems.clear();
  draft.anew();
  place.clear();
  await photos.load(null);
  lookAround();
  await waiting.draw();
}

async function resume(key) {
  if (draft.isBegun()) await draft.keep();
  const kept = await draft.resume(key);
  await photos.load(key);
  const { latitude, longitude } = kept.fields;
  if (latitude && longitude) place.set({ latitude: Number(latitude), longitude: Number(longitude) }, "link");
  else {
    const { neighbourhood } = kept.fields;
    place.clear();
    form.elements.namedItem("neighbourhood").value = neighbourhood ?? "";
  }
  problems.show(kept.problems ?? []);
  await waiting.draw();
  if (!kept.problems?.length) document.getElementById("report-title").focus();
  lookAround();
}

// What waits

let timer = 0;
let trying = null;

/** Try all that waits: at once, after a moment without a network, and whenever there is reason to hope. */
function sendWaiting(eager = true) {
  trying ??= flush(eager)
    .then(later)
    .finally(() => {
      trying = null;
    });
  return trying;
}

function later(next) {
  clearTimeout(timer);
  if (next !== null) timer = setTimeout(() => sendWaiting(false), Math.max(1000, next - Date.now()));
}

/** Where the browser can, it sends by itself once there is a network, even when this page is closed by then. */
async function askForSync() {
  try {
    const worker = await navigator.serviceWorker?.ready;
    await worker?.sync?.register("reports");
  } catch {
    // Not allowed or not known here: what waits is sent when the page is open.
  }
}

async function begin() {
  data.keeps = await store.isThere();
  const asked = new URLSearchParams(location.search);
  if (data.from) place.set(data.from, "link");
  if (!data.keeps) return;
  document.documentElement.classList.add("keeps");
  photos.begin(() => draft.keep());
  photos.onChange((told) => {
    draft.keepSoon();
    if (told?.latitude !== null && told && !place.current()) place.set(told, "photo");
  });
  await waiting.begin({ resume, sendNow: () => sendWaiting(true) });
  window.addEventListener("online", () => sendWaiting());
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") sendWaiting();
  });
  // A page that comes back from the browser's memory has been sent: its form begins anew.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) startAnew();
  });
  sendWaiting();
  if (asked.has("lat") || asked.has("category")) lookAround();
}

function registerWorker() {
  if (!("serviceWorker" in navigator)) return;
  navigator.serviceWorker.register("/sw.js", { type: "module", updateViaCache: "none" }).catch(() => {
    // An old browser knows no modules there: the page works, it only does not open without a network.
  });
}

form.noValidate = true;
begin();
if (document.readyState === "complete") registerWorker();
else window.addEventListener("load", registerWorker);
