// Questions to the ward's GraphQL API, by documents of `server/pages/documents/` that the page brings along.

import { data } from "./words.js";

const SECONDS = 8;

/** A question that was answered, and refused: the message is the server's, or empty. */
export class Refused extends Error {}

/** The data that a document answers with; rejects without a network, when `signal` gives it up, or as `Refused`. */
export async function ask(name, variables, seconds = SECONDS, signal = null) {
  const clock = new AbortController();
  const give = () => clock.abort();
  const timer = setTimeout(give, seconds * 1000);
  signal?.addEventListener("abort", give);
  try {
    const response = await fetch("/graphql", {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json", "Accept-Language": data.language },
      body: JSON.stringify({ query: data.documents[name], variables }),
      signal: clock.signal,
    });
    const answer = await response.json();
    if (!answer.data || answer.errors) throw new Refused(answer.errors?.[0]?.message ?? "");
    return answer.data;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", give);
  }
}

/** A position as GeoJSON has it. */
export const point = ({ latitude, longitude }) => ({ type: "Point", coordinates: [longitude, latitude] });
