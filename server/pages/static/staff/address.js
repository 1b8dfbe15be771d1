// What the console shows is in its address, so it can be shared, kept and gone back to.

import { data } from "../common/words.js";

const OTHERS = ["case", "part", "after", "lang", "ward"];

/** What the queue is asked for, as the address's query has it, without what is about the page itself. */
export function listQuery(query = new URLSearchParams(location.search)) {
  const kept = new URLSearchParams(query);
  for (const name of OTHERS) kept.delete(name);
  for (const [name, value] of [...kept]) if (!value) kept.delete(name);
  return kept;
}

export const openCase = () => new URLSearchParams(location.search).get("case") ?? "";

/** A path of our own with the queue's query and `more`, in the ward that the page is about. */
export function path(at, more = {}, query = listQuery()) {
  const asked = new URLSearchParams(query);
  if (data.namedWard) asked.set("ward", data.namedWard);
  for (const [name, value] of Object.entries(more)) for (const one of [value].flat()) asked.append(name, one);
  return asked.size ? `${at}?${asked}` : at;
}

/** Where the full page of one incident is. */
export const casePath = (code, more = {}) => path(`/staff/incidents/${encodeURIComponent(code)}`, more, new URLSearchParams());

/** Write into the address what is shown now; `replace` where going back would be no step that a reader took. */
export function keep(query, opened, { replace = false } = {}) {
  const asked = path("/staff", opened ? { case: opened } : {}, query);
  if (asked === location.pathname + location.search) return;
  history[replace ? "replaceState" : "pushState"](null, "", asked);
}
