// The crew's page. All that it shows comes from what this phone keeps: the list as the ward last had it, and what was
// tapped since. So it looks the same with a network and without.

import { element, icon } from "../common/dom.js";
import { inTurn } from "../common/stream.js";
import { clock, data, say } from "../common/words.js";
import * as alerts from "./alerts.js";
import * as cards from "./cards.js";
import { foreseen } from "./foreseeing.js";
import * as live from "./live.js";
import * as position from "./position.js";
import { nameOf } from "./saying.js";
import { flush } from "./sending.js";
import { askDecline, askOff, askResolve } from "./sheets.js";
import * as store from "./store.js";
import * as waiting from "./waiting.js";

const SECONDS = 12;
const TICK = 10_000;
const part = (id) => document.getElementById(id);

let known = null; // what is kept, as it was last read
let jobs = [];
let seen = null; // the jobs that were here before, by id
const left = new Set(); // those that somebody gave back or finished on this page
let map = null;
let unreached = false;
let drawing = Promise.resolve();
let drawn = false; // whether a list was ever shown here
let timer = 0;

function tellBar(id, words) {
  const bar = part(id);
  if (bar.hidden !== !words) bar.hidden = !words;
  const line = bar.querySelector("span");
  if (words && line.textContent !== words) line.textContent = words;
}

/** Draw what is kept now. */
function draw() {
  drawing = drawing.then(drawNow).catch((error) => console.error(error));
  return drawing;
}

async function drawNow() {
  if (leaving) return;
  known = await store.all();
  const { list, session, actions } = known;
  tellBar("signed-out", session.out ? say("signedOut") : "");
  tellBar("others", !session.out && session.others ? say("accountOther", { n: session.others }) : "");
  if (!list && drawn) {
    // Signed out in another tab: what this one shows is nobody's any more.
    leaving = true;
    live.leave();
    position.follow(false);
    location.replace("/crew");
    return;
  }
  if (!list) {
    part("empty").hidden = false;
    part("empty-title").textContent = say("nothingKeptTitle");
    part("empty-words").textContent = say("nothingKept");
    tellAway();
    return;
  }
  drawn = true;
  const mine = actions.filter(({ account }) => account === list.account);
  const ahead = foreseen(list, mine);
  for (const shown of document.querySelectorAll(".desk-name")) shown.textContent = list.who ?? "";
  part("crew-name").textContent = list.crew?.name ?? "";
  drawDuty(ahead, list);
  drawJobs(ahead, list);
  waiting.draw(mine, list.jobs);
  tellAway();
  tellNew(list);
}

function drawDuty({ onDuty, dutyWaits }, list) {
  const button = part("duty-switch");
  part("duty").hidden = !list.crew;
  button.setAttribute("aria-checked", onDuty);
  button.value = onDuty ? "no" : "yes";
  part("duty-word").textContent = say(onDuty ? "dutyOn" : "dutyOff");
  part("duty-hint").textContent = dutyWaits ? say("waiting") : say(onDuty ? "dutyOnHint" : "dutyOffHint");
  // Shared only while the ward knows that the crew is on duty, and no longer from the tap that ends it.
  position.follow(onDuty && Boolean(list.crew?.onDuty) && !known.session.out);
  drawPosition(onDuty);
}

function drawPosition(onDuty) {
  const words = { off: "positionNone", waiting: "positionWaiting", shared: "positionShared", blocked: "positionBlocked" };
  part("position").dataset.state = onDuty ? position.state : "off";
  tellBar("position", say(words[onDuty ? position.state : "off"]));
}

function drawJobs(ahead, list) {
  const away = (job) => (position.here ? position.metres(position.here, job) : job.metres);
  jobs = ahead.jobs.map((job) => ({ ...job, away: away(job) === null ? null : Math.round(away(job) / 10) * 10 }));
  cards.draw(jobs);
  part("jobs-title").textContent = say("listOf", { n: jobs.length });
  part("empty").hidden = jobs.length > 0;
  part("empty-title").textContent = say("emptyAll");
  part("empty-words").textContent = say(ahead.onDuty ? "emptyAllOn" : "emptyAllOff");
  part("more").hidden = list.total <= list.jobs.length;
  part("more").textContent = say("more", { n: list.jobs.length, total: list.total });
  part("map-toggle").hidden = !jobs.length && part("map-box").hidden;
  map?.draw(jobs, position.here);
}

function tellAway() {
  if (!navigator.onLine) tellBar("away", say("away"));
  else if (unreached && known?.list) tellBar("away", say("awaySince", { time: clock(known.list.at) }));
  else tellBar("away", "");
}

const byId = (list) => new Map(list.jobs.map((job) => [job.id, job]));

/** Say, sound and shake where a job has come that was not there before; say where one has gone by itself. */
function tellNew(list) {
  const before = seen;
  seen = byId(list);
  const fresh = list.jobs.filter(({ id, status }) => status === "ASSIGNED" && before && !before.has(id));
  for (const { id } of fresh) left.delete(id);
  const isTold = (id) => left.has(id) || known.actions.some(({ incident }) => incident === id);
  const gone = [...(before?.values() ?? [])].filter(({ id }) => !seen.has(id) && !isTold(id));
  if (!fresh.length) {
    if (gone.length && list.crew?.onDuty) tellGone(gone);
    return;
  }
  alerts.alert();
  const [first] = fresh;
  const words = fresh.length > 1 ? say("newMany", { n: fresh.length }) : say("newOne", { name: nameOf(first) });
  const look = element("button", "button primary crew-act", [icon("eye"), say("details")], { type: "button" });
  const news = part("news");
  look.addEventListener("click", () => {
    news.hidden = true;
    cards.show(first.id);
  });
  news.replaceChildren(icon("bell-ring"), element("strong", "", words), look);
  news.hidden = false;
}

/** Somebody may be on the way there. */
function tellGone(gone) {
  const news = part("news");
  const seenIt = element("button", "button crew-act", [icon("check"), say("seen")], { type: "button" });
  seenIt.addEventListener("click", () => {
    news.hidden = true;
    part("jobs-title").focus();
  });
  const words = gone.map((job) => say("goneFromHere", { name: nameOf(job) })).join(" ");
  news.replaceChildren(icon("info"), element("strong", "", words), seenIt);
  news.hidden = false;
}

// Asking and sending

let leaving = false; // signing out clears what is kept here, and nothing must bring it back
document.addEventListener("signing-out", () => {
  leaving = true;
  live.leave();
  position.follow(false);
});

/** Ask for the list. */
const look = inTurn(async () => {
  if (leaving) return;
  try {
    const answer = await fetch("/crew/list", { cache: "no-store", signal: limit(SECONDS) });
    if (answer.status === 401) await store.session({ out: true });
    else if (answer.status === 403) location.reload(); // somebody else's page now
    else if (!answer.ok) throw new Error(`status ${answer.status}`);
    else {
      const { list } = await answer.json();
      if (!leaving) await store.keepList(list);
    }
    if (unreached) send(true); // the ward is back, so what waits need not sit out its pause
    unreached = false;
  } catch {
    unreached = true;
  }
  draw();
});

function limit(seconds) {
  const clockwork = new AbortController();
  setTimeout(() => clockwork.abort(), seconds * 1000);
  return clockwork.signal;
}

/** Send what waits, and once more when it may be tried again. */
async function send(eager = false) {
  clearTimeout(timer);
  if (leaving) return;
  const next = await flush(eager).catch(() => Date.now() + TICK);
  if (next !== null) timer = setTimeout(send, Math.max(next - Date.now(), 500));
}

/** Keep what was tapped and send it when that can be done, with this page closed as well where the browser does so. */
async function tap(step, job, fields = {}, photos = []) {
  if (step === "resolve" || step === "decline") left.add(job.id);
  const named = job ? { incident: job.id, kind: nameOf(job) } : { incident: null, kind: "" };
  const sent = job ? { incident: job.id, ...fields } : fields;
  await store.add({ account: known.list.account, step, ...named, fields: sent }, photos);
  const worker = await navigator.serviceWorker?.getRegistration();
  worker?.sync?.register("crew").catch(() => {});
  send(true);
}

async function resolve(job, given = undefined) {
  const done = await askResolve(job, given);
  if (done) await tap("resolve", job, { note: done.note }, done.photos);
  return Boolean(done);
}

cards.begin({
  async step(job, step) {
    if (step === "resolve") await resolve(job);
    else await tap(step, job);
  },
  async back(job) {
    const why = await askDecline(job);
    if (why) await tap("decline", job, why);
  },
});

waiting.begin({
  seen: async (action) => {
    await store.remove(action.key);
    part("jobs-title").focus();
  },
  again: async (action) => {
    await store.change(action.key, { state: "waiting", faults: 0, tries: 0, after: 0, problem: null });
    send(true);
  },
  mend: async (action) => {
    const job = known.list.jobs.find(({ id }) => id === action.incident);
    const photos = await store.photosOf(action.key);
    if (job && (await resolve(job, { note: action.fields.note, photos }))) await store.remove(action.key);
  },
});

part("duty").addEventListener("submit", async (event) => {
  event.preventDefault();
  if (!known?.list) return;
  const onDuty = part("duty-switch").value;
  if (onDuty === "no" && jobs.length && !(await askOff(jobs.length))) return;
  if (onDuty === "no") for (const { id } of jobs) left.add(id);
  await tap("duty", null, { onDuty });
});

// Sound

function drawSound() {
  const on = alerts.isOn();
  const button = part("sound");
  button.setAttribute("aria-pressed", on);
  button.replaceChildren(icon(on ? "bell-ring" : "bell-off"), element("span", "", say(on ? "soundOn" : "soundOff")));
}
part("sound").addEventListener("click", () => alerts.toggle().catch(() => {}));
alerts.begin(drawSound);

// Map

part("map-toggle").addEventListener("click", async () => {
  const box = part("map-box");
  const opens = box.hidden;
  box.hidden = !opens;
  part("map-toggle").setAttribute("aria-expanded", opens);
  if (!opens) return;
  try {
    const made = await import("./map.js");
    await made.open(cards.show);
    map = made;
    map.draw(jobs, position.here);
  } catch {
    part("map-told").textContent = say("mapFailed");
  }
});

position.onChange(() => draw());

async function begin() {
  if (!(await store.isThere())) {
    // The forms of the page work all the same.
    tellBar("away", say("keepPhone"));
    return;
  }
  document.documentElement.classList.add("keeps");
  const before = await store.all();
  const { list } = data;
  if (before.list && (!list || list.account === before.list.account)) seen = byId(before.list);
  // What has gone while the page was closed may have been sent by the worker.
  if (list && seen) for (const id of [...seen.keys()]) if (!byId(list).has(id)) seen.delete(id);
  if (list) await store.keepList(list);
  store.onChange(draw);
  await draw();
  seen ??= known.list ? byId(known.list) : new Map();
  setInterval(draw, TICK);
  addEventListener("online", () => send(true));
  addEventListener("offline", draw);
  document.addEventListener("visibilitychange", () => document.hidden || send(true));
  live.follow(look);
  send(true);
}

begin();
