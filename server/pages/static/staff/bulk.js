// Several incidents at once: each is done, or told why not, by itself. Those that were not stay chosen.

import { element, icon } from "../common/dom.js";
import { say } from "../common/words.js";

const AT_ONCE = 4;
const dialog = document.getElementById("results");
const title = document.getElementById("results-title");
const bar = document.getElementById("results-bar");
const list = document.getElementById("results-list");
const again = document.getElementById("results-again");

function line({ name, code }, text, tone) {
  const signs = { done: "circle-check", failed: "triangle-alert", waiting: "hourglass" };
  return [icon(signs[tone]), element("span", "result-what", `${name} · ${code}`), element("span", "result-how", text)];
}

/**
 * Do `act(incident)`, which gives null or why it was not done, for each of `incidents`, few at a time, and show how each
 * went; `word` says what was done. Gives the ids of those that were done; what failed can be tried again.
 */
export async function each(incidents, act, word, finished) {
  const failed = [];
  let done = 0;
  const rows = new Map(incidents.map((incident) => [incident.id, element("li", "", line(incident, "…", "waiting"))]));
  list.replaceChildren(...rows.values());
  bar.max = incidents.length;
  again.hidden = true;
  const tell = () => {
    bar.value = done + failed.length;
    title.textContent = say("working", { done: bar.value, all: incidents.length });
  };
  tell();
  if (!dialog.open) dialog.showModal();
  const waiting = [...incidents];
  const work = async () => {
    for (let incident = waiting.shift(); incident; incident = waiting.shift()) {
      const why = await act(incident);
      if (why === null) done += 1;
      else failed.push(incident);
      const row = rows.get(incident.id);
      row.dataset.tone = why === null ? "done" : "failed";
      row.replaceChildren(...line(incident, why ?? word, row.dataset.tone));
      if (why === null) finished(incident);
      tell();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  title.textContent = failed.length
    ? say("someFailed", { done, failed: failed.length })
    : say("allDone", { n: incidents.length });
  // What needs a look comes first.
  list.prepend(...failed.map(({ id }) => rows.get(id)));
  again.hidden = !failed.length;
  again.onclick = () => each(failed, act, word, finished);
}
