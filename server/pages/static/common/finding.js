// How well something answers a search; as `rank` in `server/pages/map_asked.py`, for the list without scripts.

import { fold } from "./words.js";

/** The words of a text, without diacritics and case. */
const wordsOf = (text) => fold(text).match(/[\p{L}\p{N}]+/gu) ?? [];

/**
 * What orders the answers to a search, the least first; null for what is none. Each word of the search is somewhere in
 * the title or in what else is said, and one with a figure is there whole: 58 is not found in 258. First come titles
 * that have every word whole, then those with words that begin so, then those that hold them, then the rest; among
 * equals those with the words beside each other, as they were written; then a title with fewer other words.
 */
export function rank(search, title, more = "") {
  const wanted = wordsOf(search);
  const [named, said] = [wordsOf(title), wordsOf(more)];
  const whole = (words) => (word) => words.includes(word);
  const begun = (words) => (word) => words.some((one) => (/\p{N}/u.test(word) ? one === word : one.startsWith(word)));
  const held = (words) => (word) => words.some((one) => (/\p{N}/u.test(word) ? one === word : one.includes(word)));
  if (!wanted.length || !wanted.every(held([...named, ...said]))) return null;
  const tier = [whole(named), begun(named), held(named), () => true].findIndex((test) => wanted.every(test));
  const beside = named.some((_, at) => wanted.every((word, next) => named[at + next]?.startsWith(word)));
  return [tier, beside ? 0 : 1, named.length];
}

/** Which of two ranks comes first, as `sort` is told it. */
const apart = (one, other) => one.map((step, at) => step - other[at]).find((step) => step !== 0) ?? 0;

const natural = new Intl.Collator("vi", { numeric: true });

/** Those of `things` that answer a search, the best first; `told` gives a thing's title and what else is said of it. */
export function answers(search, things, told) {
  return things
    .map((thing) => ({ thing, title: told(thing)[0], at: rank(search, ...told(thing)) }))
    .filter(({ at }) => at)
    .sort((one, other) => apart(one.at, other.at) || natural.compare(one.title, other.title))
    .map(({ thing }) => thing);
}
