// What staff do with an incident, each by a mutation; a refusal is told in the words of the server.

import { ask } from "../common/asking.js";
import { data, say } from "../common/words.js";

/** `null` where it was done, else why not, in words. */
async function run(name, input) {
  try {
    const { done } = await ask(name, { input });
    return done.message ?? null;
  } catch {
    return say("unsent");
  }
}

export const assign = (incidentId, crewId) => run("assign", { incidentId, crewId });
export const reject = (incidentId, reason) => run("reject", { incidentId, reason });
export const publish = (incidentId) => run("publish", { incidentId, published: true });
export const close = (incidentId) => run("close", { incidentId });
export const dispatch = () => run("dispatch", { wardCode: data.ward });

/** The texts that staff keep for refusing incidents of this kind; none where they cannot be had. */
export async function templates(category) {
  try {
    return (await ask("templates", { ward: data.ward, category })).ward.rejectionTemplates.map(({ text }) => text);
  } catch {
    return [];
  }
}
