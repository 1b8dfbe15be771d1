// The report page: the form works without all of this; with it nothing is lost, and little is typed.

import { element } from "../common/dom.js";
import { data, say } from "../common/words.js";
import * as draft from "./draft.js";
import * as photos from "./photos.js";
import * as place from "./place.js";
import * as problems from "./problems.js";
import { flush, send } from "./sending.js";
import * as store from "./store.js";
import * as waiting from "./waiting.js";

const form = document.getElementById("report");
const sendButton = document.getElementById("send");
const progress = document.getElementById("progress");
const restored = document.getElementById("restored");
const title = document.getElementById("report-title");
const mapArea = document.getElementById("map-area");
const mapButton = document.getElementById("open-map");
const chosen = document.getElementById("map-chosen");
const neighbourhood = document.getElementById("neighbourhood");

const A_DAY = 24 * 60 * 60 * 1000;

let map = null;
let similar = null;
let sending = false;

const kind = () => new FormData(form).get("category");

/** Look for similar reports nearby. That module, like the search's, is fetched when it is needed: both need a network. */
async function lookAround() {
  if (!kind() || !place.current()) {
    document.getElementById("similar").hidden = true;
    if (!similar) return;
  }
  similar ??= import("./similar.js");
  try {
    (await similar).look(place.current(), kind());
  } catch {
    similar = null; // without a network nothing is known of others' reports
  }
}

// Where it is

document.getElementById("here").addEventListener("click", (event) => place.fromPhone(event.currentTarget));
mapButton.addEventListener("click", openMap);

async function openMap() {
  mapArea.hidden = !mapArea.hidden;
  mapButton.setAttribute("aria-expanded", String(!mapArea.hidden));
  if (mapArea.hidden || map) return;
  const note = document.getElementById("map-note");
  note.textContent = say("mapLoading");
  const before = document.activeElement;
  try {
    const { makeMap } = await import("./place_map.js");
    map = await makeMap(document.getElementById("map"), place.current(), (at) => place.set(at, "map"));
    note.replaceChildren(say("mapHow"), " ", element("span", "with-keys", say("mapKeys")));
    // Who went on to write something meanwhile stays there.
    if (document.activeElement === before) document.getElementById("map").focus();
  } catch {
    note.textContent = say("mapFailed");
  }
}

place.onChange((now) => {
  if (now?.by !== "map") map?.show(now);
  mended();
  lookAround();
  draft.keepSoon();
});
place.onNamed((name) => {
  chosen.hidden = !name;
  chosen.textContent = name ? say("mapChosen", { name }) : "";
});
const address = document.getElementById("address");
const combobox = { role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": "address-offers" };
for (const [name, value] of Object.entries(combobox)) address.setAttribute(name, value);
address.addEventListener("focus", async () => {
  const before = address.value;
  if ((await search()) && address.value !== before) address.dispatchEvent(new Event("input", { bubbles: true }));
});

let searching = null;

/** The search's module, fetched once; null without a network. */
function search() {
  const begun = (module) => {
    module.begin(choosePlace, chooseArea);
    return module;
  };
  const failed = () => (searching = null);
  searching ??= import("./search.js").then(begun).catch(failed);
  return searching;
}

function choosePlace(found) {
  const [longitude, latitude] = found.location.coordinates;
  place.set({ latitude, longitude }, "search");
}

function chooseArea(area) {
  if (place.current()) return; // what is known is nearer than a whole neighbourhood
  neighbourhood.value = area.id;
  neighbourhood.dispatchEvent(new Event("change", { bubbles: true }));
}

form.addEventListener("change", (event) => {
  if (event.target.name === "category") lookAround();
});

// What was wrong is so no longer as soon as somebody sets about it.

function mended() {
  if (!place.isKnown()) return;
  problems.solved("place");
  problems.solved("neighbourhood");
}

for (const happens of ["input", "change"]) {
  form.addEventListener(happens, ({ target }) => {
    problems.solved(target.name);
    mended();
  });
}

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

/** What is missing of the place: an address by itself tells no position, and is asked for its neighbourhood. */
function placeProblem() {
  if (place.current()) return { field: "place", message: say("placeWrong", { ward: data.wardName }) };
  const isTyped = address.value.trim() !== "";
  if (isTyped && neighbourhood.options.length > 1) return { field: "neighbourhood", message: say("addressOnly") };
  return { field: "place", message: say("placeMissing") };
}

/** Tell what is wrong; a lone missing neighbourhood is led to at once, and a single place of that address is offered. */
async function tell(found) {
  const asks = found.some(({ field }) => field === "neighbourhood");
  const only = asks ? await (await search())?.only() : null;
  problems.show(found);
  if (only) {
    problems.offer("neighbourhood", say("isItThere", { name: only.name }), () => {
      only.take();
      address.focus();
    });
  }
  if (asks && found.length === 1) problems.goTo("neighbourhood");
}

function check() {
  const found = [];
  if (!place.isKnown()) found.push(placeProblem());
  if (!kind()) found.push({ field: "category", message: say("kindMissing") });
  return found;
}

async function submit() {
  await photos.settled();
  const found = check();
  await tell(found);
  if (found.length) return;
  progress.textContent = say("saving");
  const key = await draft.keep({ state: "waiting", fields: draft.fields(), tries: 0, after: 0, limited: false, problems: [] });
  const result = await send(key, (step) => {
    progress.textContent = words(step);
  });
  progress.textContent = "";
  if (result?.state === "sent") {
    progress.textContent = say("sent");
    await store.seen(key);
    location.assign(result.url);
  } else if (result?.state === "refused") {
    await store.change(key, { state: "draft" });
    problems.show(result.problems);
    photos.mark(result.problems);
  } else {
    await startAnew();
    waiting.tell(say("storedHere"));
    document.getElementById("kept").focus();
    askForSync();
    later(result?.after ?? Date.now());
  }
}

/** What is being done, in words. */
function words(step) {
  if (step.checking) return say("checking");
  return step.report ? say("sendingReport") : say("sendingPhoto", { n: step.photo, of: step.of });
}

async function startAnew() {
  restored.hidden = true;
  problems.clear();
  draft.anew();
  place.clear();
  await photos.load(null);
  lookAround();
  await waiting.draw();
}

async function resume(key) {
  if (draft.isBegun()) await draft.keep();
  restored.hidden = true;
  const kept = await fillFrom(key);
  problems.show(kept.problems ?? []);
  photos.mark(kept.problems ?? []);
  await waiting.draw();
  if (!kept.problems?.length) title.focus();
  lookAround();
}

/** Put a report that is kept into the form. */
async function fillFrom(key) {
  const kept = await draft.resume(key);
  await photos.load(key);
  const { latitude, longitude } = kept.fields;
  if (latitude && longitude) place.set({ latitude: Number(latitude), longitude: Number(longitude) }, "link");
  else {
    const { neighbourhood } = kept.fields;
    place.clear();
    form.elements.namedItem("neighbourhood").value = neighbourhood ?? "";
  }
  return kept;
}

/** Go on with the one report that was being written here today, unless the page was opened for another or is written in. */
async function restore() {
  const [draftKept, ...more] = (await draft.others()).filter((one) => one.state === "draft");
  const isWritten = draft.isBegun() || photos.wereChosen() || Object.keys(draft.fields({ whole: true })).length > 0;
  const isOther = data.from || isWritten;
  if (!draftKept || more.length || isOther || Date.now() - draftKept.savedAt > A_DAY) return;
  await fillFrom(draftKept.key);
  restored.hidden = false;
}

document.getElementById("write-anew").addEventListener("click", async () => {
  // What was written stays, as a card to go on with.
  await draft.keep();
  await startAnew();
  title.focus();
});

// What waits

let timer = 0;
let trying = null;
let again = false;

/**
 * Try all that waits: at once, after a moment without a network, and whenever there is reason to hope. A reason that comes
 * while something is tried is one for another try: this one may be lost already.
 */
function sendWaiting(eager = true) {
  if (trying) again ||= eager;
  trying ??= flush(eager)
    .then(later)
    .finally(() => {
      trying = null;
      if (again) sendWaiting();
      again = false;
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
    if (!photos.areWrong()) problems.solved("photos");
    if (told?.latitude !== null && told && !place.current()) place.set(told, "photo");
  });
  await restore();
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

form.noValidate = true;
begin();
