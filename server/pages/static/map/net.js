// Fetching from our own server, and telling the reader how that goes.

import { element, icon } from "../common/dom.js";
import { data, say } from "../common/words.js";

const notice = document.getElementById("notice");
const failed = new Map();
let loading = 0;

/** Data from our server, as an object. Raises what `fetch` raises, and an error for a refusal. */
export async function fetched(path, parameters = {}, signal = undefined) {
  const query = new URLSearchParams({ ward: data.ward, ...parameters });
  const headers = { Accept: "application/geo+json, application/json" };
  const answer = await fetch(`${path}?${query}`, { signal, headers });
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}

/** What a map shows, as the server is asked for it: `zoom` and `bbox`. */
export function windowOf(map) {
  const bounds = map.getBounds();
  const side = (value, limit) => Math.max(-limit, Math.min(limit, value)).toFixed(6);
  const bbox = [
    side(bounds.getWest(), 180),
    side(bounds.getSouth(), 90),
    side(bounds.getEast(), 180),
    side(bounds.getNorth(), 90),
  ].join(",");
  return { zoom: String(Math.floor(map.getZoom())), bbox };
}

/** Run `work`; while it lasts the page says so, and when it fails it offers to try again. True when it succeeded. */
export async function shown(name, work) {
  loading += 1;
  failed.delete(name);
  const slow = setTimeout(tell, 400);
  try {
    await work();
    return true;
  } catch (error) {
    if (error.name !== "AbortError") failed.set(name, work);
    return false;
  } finally {
    clearTimeout(slow);
    loading -= 1;
    tell();
  }
}

export function retry() {
  for (const [name, work] of [...failed]) shown(name, work);
}

function tell() {
  const [tone, sign, message] = failed.size
    ? navigator.onLine
      ? ["failed", "triangle-alert", "failed"]
      : ["offline", "wifi-off", "offline"]
    : navigator.onLine
      ? ["loading", "refresh-cw", "loading"]
      : ["offline", "wifi-off", "offline"];
  const quiet = !failed.size && navigator.onLine && !loading;
  notice.hidden = quiet;
  if (quiet || notice.dataset.tone === tone && notice.childElementCount) return;
  notice.dataset.tone = tone;
  const parts = [icon(sign), element("span", "", say(message))];
  if (failed.size) {
    const again = element("button", "button", say("retry"), { type: "button" });
    again.addEventListener("click", retry);
    parts.push(again);
  }
  notice.replaceChildren(...parts);
}

addEventListener("offline", tell);
addEventListener("online", () => {
  retry();
  tell();
});
