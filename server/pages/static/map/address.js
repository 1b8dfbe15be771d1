// What the map shows, kept in the page's address: to be shared, reloaded, and left by Back.
// The server reads the same parameters (server/pages/map_asked.py).

import { data } from "../common/words.js";

export const GROUPS = data.statusGroups;
const asked = new URLSearchParams(location.search);
const CARDS = ["place", "neighbourhood", "incident"];
const KEPT = ["ward", "lang", "embed"].filter((name) => asked.has(name)).map((name) => [name, asked.get(name)]);

const several = (parameters, name) => parameters.getAll(name).flatMap((value) => value.split(",")).filter(Boolean);

function statusesOf(parameters) {
  const words = several(parameters, "status");
  const named = words.filter((word) => word in data.statuses);
  const group = words.find((word) => word in GROUPS) ?? (named.length ? null : "open");
  return group ? GROUPS[group] : named;
}

function cardOf(parameters) {
  const kind = CARDS.find((name) => parameters.get(name));
  return kind ? { kind, id: parameters.get(kind) } : null;
}

function viewOf(parameters) {
  const [zoom, latitude, longitude] = (parameters.get("at") ?? "").split("/").map(Number);
  const sound = zoom >= 1 && zoom <= 22 && Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180;
  return sound ? { zoom, latitude, longitude } : null;
}

/** What is shown: `statuses`, `kinds`, `off` (layers hidden), `heat`, `search`, `view`, `card`. */
export const shown = {
  statuses: statusesOf(asked),
  kinds: several(asked, "kind").filter((code) => data.kinds.some((kind) => kind.code === code)),
  off: several(asked, "off"),
  heat: asked.has("heat"),
  search: asked.get("q") ?? "",
  view: viewOf(asked),
  card: cardOf(asked),
};

const alike = (some, others) => some.length === others.length && some.every((one) => others.includes(one));

/** The word for all the statuses that are shown, null where they are no group. */
export const group = () => Object.keys(GROUPS).find((word) => alike(GROUPS[word], shown.statuses)) ?? null;

/** The parameters that say what is shown; those that say nothing new are left out. */
function parameters(kept = KEPT) {
  const written = new URLSearchParams(kept);
  const word = group();
  if (word !== "open") written.set("status", word ?? shown.statuses.join(","));
  if (shown.kinds.length) written.set("kind", shown.kinds.join(","));
  if (shown.off.length) written.set("off", shown.off.join(","));
  if (shown.heat) written.set("heat", "1");
  if (shown.search) written.set("q", shown.search);
  if (shown.card) written.set(shown.card.kind, shown.card.id);
  const { view } = shown;
  if (view) written.set("at", `${view.zoom}/${view.latitude.toFixed(5)}/${view.longitude.toFixed(5)}`);
  return written;
}

// Commas and slashes may stand in a query as they are, and people read addresses.
const query = (written) => (written.size ? `?${String(written).replaceAll("%2C", ",").replaceAll("%2F", "/")}` : "");

/** The whole address of what is shown; `embedded` for a frame in somebody else's page. */
export function link(embedded = false) {
  const kept = data.ward && asked.has("ward") ? [["ward", data.ward]] : [];
  return location.origin + location.pathname + query(parameters(embedded ? [...kept, ["embed", "1"]] : kept));
}

let waiting = null;

function write() {
  clearTimeout(waiting);
  waiting = null;
  history.replaceState(history.state, "", location.pathname + query(parameters()));
  const other = document.querySelector(".language");
  if (other) other.search = query(parameters([...KEPT.filter(([name]) => name !== "lang"), ["lang", other.lang]]));
  const whole = document.getElementById("whole-page");
  if (whole) whole.href = link();
}

/** Keep a change in the address, soon: browsers allow so many a second and no more. */
export function keep(changes) {
  Object.assign(shown, changes);
  waiting ??= setTimeout(write, 250);
}

/** A card is open: Back will close it. Another one in its place takes over its step. */
export function opened(card) {
  const another = shown.card !== null;
  const same = another && shown.card.kind === card.kind && shown.card.id === card.id;
  shown.card = card;
  if (same) return;
  if (!another && !data.embedded) {
    write();
    history.replaceState(history.state, "", location.pathname + query(withoutCard()));
    history.pushState({ card: true }, "", location.pathname + query(parameters()));
  }
  write();
}

function withoutCard() {
  const written = parameters();
  for (const kind of CARDS) written.delete(kind);
  return written;
}

/** The card was closed here, not by Back: its step is taken back. */
export function closed() {
  if (!shown.card) return;
  shown.card = null;
  if (history.state?.card) history.back();
  else write();
}

/** `follow` is called with the card that Back or Forward leads to, or null. All else stays as it is shown. */
export function start(follow) {
  addEventListener("popstate", () => {
    const card = cardOf(new URLSearchParams(location.search));
    if (card?.kind !== shown.card?.kind || card?.id !== shown.card?.id) {
      shown.card = card;
      follow(card);
    }
    write();
  });
  addEventListener("pagehide", () => waiting && write());
}
