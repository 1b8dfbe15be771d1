// Questions about geometry, which may take longer than a page's own and may be given up for a newer one.

import { Refused, ask } from "../common/asking.js";
import { say } from "../common/words.js";

const SECONDS = 30;

/** Why there is no answer: `isOffline` where the network is away, else a message for the reader. */
class NoAnswer extends Error {
  constructor(message, isOffline) {
    super(message);
    this.isOffline = isOffline;
  }
}

/** The data that a document answers with. Raises `NoAnswer`, and AbortError when `signal` gives it up. */
export async function asked(name, variables, signal = null) {
  try {
    return await ask(name, variables, SECONDS, signal);
  } catch (error) {
    if (signal?.aborted) throw error;
    if (error instanceof Refused) throw new NoAnswer(error.message || say("noAnswer"), false);
    throw new NoAnswer(say("needsNetwork"), true);
  }
}
