// The service worker: the report page opens without a signal, and what waits is sent with the page closed.
//
// The page comes from the network first, for four seconds; files whose address carries their build come from the cache.
// A cache belongs to one build of ours and is removed with it.

import { flush } from "./sending.js";

const PATIENCE = 4000;
const LONGEST_PAUSE = 60000;
const LAYERS = new Set(["/map/ward.geojson", "/map/neighbourhoods.geojson"]);

/** Begin, with the build's name and the files that the report page needs. */
export function begin(build, files) {
  const name = `phuong-so-${build}`;

  self.addEventListener("install", (event) => {
    event.waitUntil(install());
  });
  self.addEventListener("activate", (event) => {
    event.waitUntil(activate());
  });
  self.addEventListener("sync", (event) => {
    if (event.tag === "reports") event.waitUntil(sync());
  });
  self.addEventListener("fetch", (event) => {
    const { request } = event;
    const url = new URL(request.url);
    if (request.method !== "GET" || url.origin !== self.location.origin || request.headers.has("Range")) return;
    if (request.mode === "navigate" && url.pathname === "/report") event.respondWith(freshOrKept(event, pageKey(url)));
    else if (LAYERS.has(url.pathname)) event.respondWith(freshOrKept(event, url.pathname + url.search));
    else if (/^\/static\/(~|vendor\/)/.test(url.pathname)) event.respondWith(keptOrFresh(request));
  });

  async function install() {
    const cache = await caches.open(name);
    const pages = await openPages();
    await Promise.all([cache.addAll(files), ...pages.map((address) => keepPage(cache, address))]);
    await self.skipWaiting();
  }

  async function activate() {
    for (const other of await caches.keys()) {
      if (other.startsWith("phuong-so-") && other !== name) await caches.delete(other);
    }
    await self.clients.claim();
  }

  /** The report pages that are open now, or the plain one: they were fetched before there was anybody to keep them. */
  async function openPages() {
    const windows = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
    const urls = windows.map((window) => new URL(window.url)).filter((url) => url.pathname === "/report");
    return [...new Set(urls.length ? urls.map(pageKey) : ["/report"])];
  }

  async function keepPage(cache, address) {
    const response = await fetch(address, { cache: "no-cache" });
    if (response.ok && !response.redirected) await cache.put(address, response);
  }

  async function freshOrKept(event, key) {
    const cache = await caches.open(name);
    const fresh = fetch(event.request).then(async (response) => {
      if (response.ok && !response.redirected) await cache.put(key, response.clone());
      return response;
    });
    event.waitUntil(fresh.catch(() => {}));
    const kept = await cache.match(key, { ignoreVary: true });
    if (!kept) return fresh;
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

/** One page a ward: in whatever language it was last shown, wherever it was opened from. */
function pageKey(url) {
  const ward = url.searchParams.get("ward");
  return ward ? `/report?ward=${encodeURIComponent(ward)}` : "/report";
}

/** What the browser starts when there is a network again; a rejection makes it try later, after pauses of its own. */
async function sync() {
  let next = await flush();
  const pause = next === null ? 0 : next - Date.now();
  if (next !== null && pause < LONGEST_PAUSE) {
    await new Promise((resolve) => {
      setTimeout(resolve, Math.max(pause, 0));
    });
    next = await flush();
  }
  if (next !== null) throw new Error("something waits still");
}
