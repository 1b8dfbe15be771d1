// Questions to the ward's GraphQL API, by documents of `server/pages/documents/` that the page brings along.

import { data } from "./words.js";

const SECONDS = 8;

/** The data that a document answers with; rejects without a network, or where the question is refused. */
export async function ask(name, variables, seconds = SECONDS) {
  const clock = new AbortController();
  const timer = setTimeout(() => clock.abort(), seconds * 1000);
  try {
    const response = await fetch("/graphql", {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json", "Accept-Language": data.language },
      body: JSON.stringify({ query: data.documents[name], variables }),
      signal: clock.signal,
    });
    const answer = await response.json();
    if (!answer.data || answer.errors) throw new Error(answer.errors?.[0]?.message ?? `status ${response.status}`);
    return answer.data;
  } finally {
    clearTimeout(timer);
  }
}

/** A position as GeoJSON has it. */
export const point = ({ latitude, longitude }) => ({ type: "Point", coordinates: [longitude, latitude] });
