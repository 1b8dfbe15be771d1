// Rows of the queue come from the server, written by the same template as the page's own.

import { path } from "./address.js";

export class Refused extends Error {}

/** A piece of the page, as a document; its scripts never run. */
export async function fragment(address, signal = undefined) {
  const answer = await fetch(address, { headers: { Accept: "text/html" }, cache: "no-store", signal });
  // Who is no longer signed in is led elsewhere.
  if (answer.redirected || answer.status === 401 || answer.status === 403) throw new Refused(String(answer.status));
  if (!answer.ok) throw new Error(String(answer.status));
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

/** The list in a piece of the page, now part of this one. */
export const adopted = (found) => document.adoptNode(found.querySelector(".rows"));

/** The rows of these incidents as they are now, and how many the list has in all. */
export async function rowsOf(ids, query) {
  const list = adopted(await fragment(path("/staff/rows", { id: ids }, query)));
  return { rows: [...list.children], total: Number(list.dataset.total) };
}

/** What orders two rows: what they are sorted by, then their ids, as the server does. */
export function before(one, other, newestFirst) {
  const [a, b] = [one, other].map((row) => [row.dataset.sort, row.dataset.id]);
  const difference = a[0] === b[0] ? (a[1] < b[1] ? -1 : 1) : a[0] < b[0] ? -1 : 1;
  return newestFirst ? difference > 0 : difference < 0;
}
