// What was tapped and the ward does not know yet, and what it refused: told until it is seen.

import { element, icon } from "../common/dom.js";
import { say } from "../common/words.js";
import { mark } from "./cards.js";

const DO = { accept: "doAccept", start: "doStart", resolve: "doResolve", decline: "doDecline" };
const GONE = { CLOSED: "goneClosed", DUPLICATE: "goneDuplicate", REJECTED: "goneRejected", RESOLVED: "goneResolved" };

const outbox = document.getElementById("outbox");
const title = document.getElementById("outbox-title");
const lines = document.getElementById("outbox-list");
const refused = document.getElementById("refused");

let acts = null;
let shown = "";

/** `acts`: `seen(action)` forgets a refused one, `again(action)` lets it wait once more, `mend(action)` opens its sheet. */
export function begin(given) {
  acts = given;
}

/** The step in words: of duty, which way. */
const wordOf = ({ step, fields }) => say(step === "duty" ? (fields.onDuty === "yes" ? "doOn" : "doOff") : DO[step]);

/** Draw what waits and what was refused of this account. `jobs`: the crew's as the ward has them. */
export function draw(actions, jobs) {
  const waiting = actions.filter(({ state }) => state === "waiting");
  outbox.hidden = !waiting.length;
  title.textContent = say("unsentMany", { n: waiting.length });
  lines.replaceChildren(...waiting.map(line));
  const wrong = actions.filter(({ state }) => state === "refused");
  const told = JSON.stringify(wrong.map((action) => [action.key, words(action, jobs)]));
  if (told === shown) return; // drawn anew it would be read out again
  shown = told;
  refused.replaceChildren(...wrong.map((action) => card(action, jobs)));
}

function line(action) {
  const facts = [action.kind, action.photos ? say("withPhotos", { n: action.photos }) : ""].filter(Boolean).join(" · ");
  return element("li", "box outbox-line", [
    element("strong", "", wordOf(action)),
    facts ? element("span", "quiet", facts) : null,
    mark(action),
  ]);
}

/** What has become of the incident, as far as the refusal tells. */
function words({ problem, incident }, jobs) {
  if (problem.code === "FAULT") return say("goneFault");
  const isOurs = jobs.some(({ id }) => id === incident);
  if (problem.code !== "INVALID_TRANSITION" && problem.code !== "NOT_FOUND") return problem.message || say("goneStill");
  if (isOurs) return say("goneStill");
  if (problem.from in GONE) return say(GONE[problem.from]);
  return problem.from === "RECEIVED" ? say("goneQueue") : say("goneElsewhere");
}

function card(action, jobs) {
  const isOurs = jobs.some(({ id }) => id === action.incident);
  const button = (word, sign, primary, act) => {
    const made = element("button", `button wide crew-act${primary ? " primary" : ""}`, [icon(sign), word], { type: "button" });
    made.addEventListener("click", act);
    return made;
  };
  const buttons = [];
  if (action.step === "resolve" && isOurs) buttons.push(button(say("fix"), "pencil", true, () => acts.mend(action)));
  else if (action.problem.code === "FAULT") buttons.push(button(say("resend"), "refresh-cw", true, () => acts.again(action)));
  buttons.push(button(say("seen"), "check", false, () => acts.seen(action)));
  return element("section", "box crew-wrong", [
    element("h2", "", [icon("triangle-alert"), say("refusedTitle", { step: wordOf(action) })]),
    action.kind ? element("p", "", element("strong", "", action.kind)) : null,
    element("p", "", words(action, jobs)),
    element("div", "job-ways", buttons),
  ]);
}
