// Questions about geometry, which may take longer than a page's own and may be given up for a newer one.

import { data, say } from "../common/words.js";

const SECONDS = 30;

/** Why there is no answer: `isOffline` where the network is away, else a message for the reader. */
export class NoAnswer extends Error {
  constructor(message, isOffline) {
    super(message);
    this.isOffline = isOffline;
  }
}

/** The data that a document answers with. Raises `NoAnswer`, and AbortError when `signal` gives it up. */
export async function asked(name, variables, signal = null) {
  const clock = new AbortController();
  const timer = setTimeout(() => clock.abort(), SECONDS * 1000);
  const give = () => clock.abort();
  signal?.addEventListener("abort", give);
  try {
    const response = await fetch("/graphql", {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json", "Accept-Language": data.language },
      body: JSON.stringify({ query: data.documents[name], variables }),
      signal: clock.signal,
    });
    const answer = await response.json();
    if (!answer.data || answer.errors) throw new NoAnswer(answer.errors?.[0]?.message ?? say("noAnswer"), false);
    return answer.data;
  } catch (error) {
    if (signal?.aborted || error instanceof NoAnswer) throw error;
    throw new NoAnswer(say("needsNetwork"), true);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", give);
  }
}
