// Why the ward does not handle something: the reporter reads it. Staff's own texts are offered to begin with.

import * as acts from "./acts.js";
import { element } from "../common/dom.js";
import { say } from "../common/words.js";

const dialog = document.getElementById("rejecting");
const form = document.getElementById("rejecting-form");
const title = document.getElementById("rejecting-title");
const reason = document.getElementById("rejecting-reason");
const problem = document.getElementById("rejecting-problem");
const offered = document.getElementById("rejecting-templates");
const template = document.getElementById("rejecting-template");

async function offer(kinds) {
  offered.hidden = true;
  const texts = await acts.templates(kinds.length === 1 ? kinds[0] : null);
  if (!texts.length) return;
  const options = texts.map((text) => element("option", "", text, { value: text }));
  template.replaceChildren(element("option", "", say("noTemplate"), { value: "" }), ...options);
  offered.hidden = false;
}

/** Ask for the reason; null where the reader thinks better of it. `incidents` as for `chooseCrew`. */
export function askReason(incidents) {
  const several = incidents.length > 1;
  title.textContent = several ? say("rejectMany", { n: incidents.length }) : say("rejectTitle", { code: incidents[0].code });
  reason.value = "";
  problem.hidden = true;
  reason.removeAttribute("aria-invalid");
  void offer([...new Set(incidents.map(({ kind }) => kind))]);
  return new Promise((resolve) => {
    let given = null;
    const send = (event) => {
      event.preventDefault();
      const text = reason.value.trim();
      problem.hidden = text !== "";
      if (!text) {
        problem.textContent = say("reasonMissing");
        reason.setAttribute("aria-invalid", "true");
        reason.focus();
        return;
      }
      given = text;
      dialog.close();
    };
    const take = () => {
      if (template.value) reason.value = template.value;
    };
    form.addEventListener("submit", send);
    template.addEventListener("change", take);
    dialog.addEventListener(
      "close",
      () => {
        form.removeEventListener("submit", send);
        template.removeEventListener("change", take);
        resolve(given);
      },
      { once: true },
    );
    dialog.showModal();
    reason.focus();
  });
}
