// A team's page follows what happens in its neighbourhood: a stream says that something did, and the list is asked anew.
// Where no stream can be had, it is asked every half minute while the page is seen.

import { Stream, inTurn } from "../common/stream.js";
import { data, say } from "../common/words.js";

const EVERY = 30_000;
const fresh = document.getElementById("fresh");

const part = () => document.getElementById("incidents-part");

/** Whether a change is of this neighbourhood, or of an incident that is shown: it may have moved away. */
function concerns(change) {
  if (change.refetch || !change.incident) return true;
  const { trackingCode, neighbourhood } = change.incident;
  return neighbourhood?.id === data.neighbourhood || part().querySelector(`[data-code="${trackingCode}"]`) !== null;
}

const refresh = inTurn(async () => {
  try {
    const address = new URL(location.href);
    address.searchParams.set("part", "incidents");
    const answer = await fetch(address, { headers: { Accept: "text/html" }, cache: "no-store", redirect: "error" });
    if (answer.ok) replace(new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("incidents-part"));
  } catch {
    // Without a network: the next look is on its way.
  }
});

function replace(next) {
  const before = part();
  const asItWas = before.cloneNode(true);
  asItWas.querySelector("details")?.removeAttribute("open");
  if (!next || asItWas.isEqualNode(next)) return;
  const code = before.contains(document.activeElement) ? document.activeElement.dataset.code : undefined;
  if (before.querySelector("details[open]")) next.querySelector("details")?.setAttribute("open", "");
  before.replaceWith(document.importNode(next, true));
  if (code) part().querySelector(`[data-code="${code}"]`)?.focus({ preventScroll: true });
  fresh.textContent = say("fresh");
}

const next = (answer) => concerns(answer.data.incidentChanged) && refresh();
const stream = new Stream(`/team/live${location.search}`, { opened: refresh, next }, { whileHidden: false });
setInterval(() => document.hidden || stream.isOpen || refresh(), EVERY);
