// The service worker: the report page and the crew's open without a signal, and what waits is sent with the page closed.
//
// These pages come from the network first, for four seconds; files whose address carries their build come from the cache.
// Of the crew's page only a shell is kept, with nothing of anybody's, and only where a crew works.
// Any other page comes from the network alone, for it may tell what is private; where it does not come, ours says so.
// A cache belongs to one build of ours and is removed with it.

import { flush as flushCrew } from "../crew/sending.js";
import * as proof from "../common/proof.js";
import { reportPage } from "./address.js";
import { flush, solveBy } from "./sending.js";

const PATIENCE = 4000;
const LONGEST_SYNC = 120000; // browsers end what takes five minutes
const OFFLINE = "/offline";
const CREW = "/crew";
const CREW_SHELL = "/crew/shell";
const LAYERS = new Set(["/map/ward.geojson", "/map/neighbourhoods.geojson"]);

solveBy(proof);

/** Begin, with the build's name, the files that the report page needs, and those of the crew's page. */
export function begin(build, files, crewFiles) {
  const name = `phuong-so-${build}`;

  self.addEventListener("install", (event) => {
    event.waitUntil(install());
  });
  self.addEventListener("activate", (event) => {
    event.waitUntil(activate());
  });
  self.addEventListener("sync", (event) => {
    if (event.tag === "reports") event.waitUntil(sync(flush));
    if (event.tag === "crew") event.waitUntil(sync(flushCrew));
  });
  self.addEventListener("fetch", (event) => {
    const { request } = event;
    const url = new URL(request.url);
    if (request.method !== "GET" || url.origin !== self.location.origin || request.headers.has("Range")) return;
    if (request.mode === "navigate") event.respondWith(page(event, url));
    else if (LAYERS.has(url.pathname)) event.respondWith(freshOrKept(event, url.pathname + url.search));
    else if (/^\/static\/(~|vendor\/)/.test(url.pathname)) event.respondWith(keptOrFresh(request));
  });

  async function install() {
    const cache = await caches.open(name);
    const open = await openPages();
    const reports = [...new Set(open.length ? open.map(reportPage) : ["/report"])];
    // A crew works here: its page is open, or was kept by the build before.
    const isCrews = open.some(({ pathname }) => pathname === CREW) || (await caches.match(CREW_SHELL, { ignoreVary: true }));
    await Promise.all([cache.addAll(files), ...[OFFLINE, ...reports].map((address) => keepPage(cache, address))]);
    if (isCrews) await keepCrew(cache);
    await self.skipWaiting();
  }

  async function activate() {
    for (const other of await caches.keys()) {
      if (other.startsWith("phuong-so-") && other !== name) await caches.delete(other);
    }
    // The page is asked for while the worker is still being started.
    await self.registration.navigationPreload?.enable();
    await self.clients.claim();
  }

  /** The addresses of what is open now: nobody kept its pages so far. */
  async function openPages() {
    const windows = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
    return windows.map(({ url }) => new URL(url));
  }

  /** A page of ours: as the network gives it, else the report page that is kept, else the page that says why not. */
  async function page(event, url) {
    try {
      if (url.pathname === "/report") return await freshOrKept(event, reportPage(url), isPlain(url));
      if (url.pathname === CREW) return await crewPage(event, url);
      const response = await fromNetwork(event);
      event.waitUntil(keepFor(url).catch(() => {}));
      return response;
    } catch (error) {
      const cache = await caches.open(name);
      const told = await cache.match(OFFLINE, { ignoreVary: true });
      if (!told) throw error;
      return told;
    }
  }

  /** The crew's page as the network gives it; where that takes long, the shell, which shows what the phone keeps. */
  async function crewPage(event, url) {
    const cache = await caches.open(name);
    const shell = await cache.match(CREW_SHELL, { ignoreVary: true });
    const fresh = fromNetwork(event).then((response) => {
      const isCrews = response.ok && !response.redirected;
      if (isCrews && (!shell || url.searchParams.has("lang"))) event.waitUntil(keepCrew(cache).catch(() => {}));
      return response;
    });
    event.waitUntil(fresh.catch(() => {}));
    return shell ? inTime(fresh, shell) : fresh;
  }

  /** Keep what the crew's page needs: the shell last, for then all of it is there. */
  async function keepCrew(cache) {
    await cache.addAll(crewFiles);
    await keepPage(cache, CREW_SHELL);
  }

  /** The report page of the ward that is looked at, and the page without a network in the language just chosen. */
  async function keepFor(url) {
    const cache = await caches.open(name);
    const key = reportPage(url);
    if (!(await cache.match(key, { ignoreVary: true }))) await keepPage(cache, key);
    if (url.searchParams.has("lang")) await keepPage(cache, OFFLINE);
  }

  async function keepPage(cache, address) {
    const response = await fetch(address, { cache: "no-cache" });
    if (response.ok && !response.redirected) await cache.put(address, response);
  }

  async function freshOrKept(event, key, isKept = true) {
    const cache = await caches.open(name);
    const fresh = fromNetwork(event).then(async (response) => {
      if (isKept && response.ok && !response.redirected) await cache.put(key, response.clone());
      return response;
    });
    event.waitUntil(fresh.catch(() => {}));
    const kept = await cache.match(key, { ignoreVary: true });
    return kept ? inTime(fresh, kept) : fresh;
  }

  /** What is fresh, or after a while what is kept. */
  function inTime(fresh, kept) {
    return Promise.race([
      fresh.catch(() => kept),
      new Promise((resolve) => {
        setTimeout(() => resolve(kept), PATIENCE);
      }),
    ]);
  }

  async function keptOrFresh(request) {
    const cache = await caches.open(name);
    const kept = await cache.match(request, { ignoreVary: true });
    if (kept) return kept;
    const response = await fetch(request);
    if (response.ok) await cache.put(request, response.clone());
    return response;
  }
}

/** The network's answer: asked for before the worker ran, where the browser does so. */
const fromNetwork = async (event) => (await event.preloadResponse) ?? fetch(event.request);

/** Whether a page is the same for everybody: one that was opened at a place would bring that place back. */
const isPlain = (url) => [...url.searchParams.keys()].every((key) => key === "ward" || key === "lang");

/**
 * What the browser starts when there is a network again: what may be tried is tried, until nothing waits or it takes too
 * long. A rejection makes the browser try later, after pauses of its own.
 */
async function sync(send) {
  const until = Date.now() + LONGEST_SYNC;
  let next = await send();
  while (next !== null && next < until) {
    const pause = Math.max(next - Date.now(), 1000);
    await new Promise((resolve) => {
      setTimeout(resolve, pause);
    });
    next = await send();
  }
  if (next !== null) throw new Error("something waits still");
}
