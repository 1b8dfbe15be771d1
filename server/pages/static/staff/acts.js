// What staff do with an incident, each by a mutation; a refusal is told in the words of the server.

import { ask } from "../common/asking.js";
import { data, say } from "../common/words.js";

/** What was done, or as `message` why not, in words. */
async function answer(name, input) {
  try {
    return (await ask(name, { input })).done;
  } catch {
    return { message: say("unsent") };
  }
}

/** `null` where it was done, else why not. */
const run = async (name, input) => (await answer(name, input)).message ?? null;

export const assign = (incidentId, crewId, note = null) => run("assign", { incidentId, crewId, note });
export const reject = (incidentId, reason) => run("reject", { incidentId, reason });
export const publish = (incidentId) => run("publish", { incidentId, published: true });
export const close = (incidentId) => run("close", { incidentId });

/** Have crews found for all that waits: how many that are, or a `message`. */
export const dispatch = () => answer("dispatch", { wardCode: data.ward });

/** The texts that staff keep for refusing incidents of this kind; none where they cannot be had. */
export async function templates(category) {
  try {
    return (await ask("templates", { ward: data.ward, category })).ward.rejectionTemplates.map(({ text }) => text);
  } catch {
    return [];
  }
}
