// One incident at the desk: its forms are sent without leaving the page, and only what changed is replaced. It says
// that something was changed by an event, `case-changed`, that rises from the article.

import { openEditor } from "./case_blur.js";

const SECONDS = 20;

/**
 * Enhance the article of an incident, or the element that holds it. Gives `refresh()`, which asks for it anew and keeps
 * what somebody is writing, and `unmount()`. Where there is an `assign`, it is called with the article instead of
 * opening the form to choose a crew by.
 */
export function mount(holder, { assign = null } = {}) {
  const article = holder.matches(".case") ? holder : holder.querySelector(".case");
  const { code } = article.dataset;
  const words = JSON.parse(article.dataset.words);
  const shown = new Map(parts(article).map((part) => [part.dataset.part, part.outerHTML]));
  const leaving = new AbortController();
  const news = article.querySelector(".case-news");
  // Beside the queue its headings stand one lower than on its own page.
  const kind = article.querySelector("h1") ? "page" : "1";
  const page = address(`/staff/incidents/${code}`, kind);
  let asked = 0;
  let refreshing = 0; // how many answers are on their way
  let behind = false; // something is new in a part that somebody uses

  const tell = (key, values = {}) => words[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);

  article.addEventListener("submit", send, { signal: leaving.signal });
  article.addEventListener("change", chooseTemplate, { signal: leaving.signal });
  if (assign) article.addEventListener("click", chooseCrew, { signal: leaving.signal });
  article.addEventListener("click", blur, { signal: leaving.signal });
  article.addEventListener("toggle", catchUp, { capture: true, signal: leaving.signal });

  async function send(event) {
    const form = event.target.closest("form[data-act]");
    if (!form) return;
    event.preventDefault();
    await submit(form, event.submitter);
  }

  /** Send a form as it stands; whether it was accepted. Its problems are shown where they belong. */
  async function submit(form, submitter, body = new URLSearchParams(new FormData(form, submitter))) {
    if (form.getAttribute("aria-busy") === "true") return false;
    const act = form.dataset.act;
    const before = { asked, refreshing };
    form.setAttribute("aria-busy", "true");
    complain(form, "");
    try {
      const answer = await fetch(address(form.action, kind), {
        method: "POST",
        headers: { Accept: "text/html" },
        body,
        signal: AbortSignal.timeout(SECONDS * 1000),
      });
      const fresh = answer.redirected ? null : await read(answer);
      if (!fresh) throw new Error(answer.status);
      if (!answer.ok) {
        refuse(fresh, form, act);
        return false;
      }
      const focused = form.contains(document.activeElement) || document.activeElement === document.body;
      replace(fresh, partOf(form)?.dataset.part);
      news.replaceChildren(...fresh.querySelector(".case-news").childNodes);
      if (focused) focus(article.querySelector(`[data-part="${partName(act)}"] summary`) ?? article);
      article.dispatchEvent(new CustomEvent("case-changed", { bubbles: true, detail: { code, act, status: fresh.dataset.status } }));
      // What was asked for beside it may be older than this answer, or newer.
      if (before.refreshing || asked !== before.asked) void refresh();
      return true;
    } catch {
      complain(form, tell("unsent"));
      return false;
    } finally {
      form.removeAttribute("aria-busy");
    }
  }

  function refuse(fresh, form, act) {
    const refused = fresh.querySelector(`[data-part="${partName(act)}"]`);
    const problems = [...(refused?.querySelectorAll(".problem:not([hidden])") ?? [])];
    if (form.closest("dialog")) {
      complain(form, problems.map((one) => one.textContent.trim()).join(" "));
      return;
    }
    // The others are as they were, and what is written in them stays.
    const current = partOf(form);
    const part = document.importNode(refused, true);
    current.replaceWith(part);
    shown.set(part.dataset.part, "");
    const first = part.querySelector(".problem:not([hidden])");
    if (!first) return;
    const field = part.querySelector('[aria-invalid="true"]') ?? part.querySelector(".is-wrong input") ?? first;
    focus(field);
  }

  /** Replace the parts that changed, but none that somebody uses, unless it is the one that was sent. */
  function replace(fresh, sent) {
    let changed = false;
    behind = false;
    for (const part of parts(fresh)) {
      const name = part.dataset.part;
      const current = article.querySelector(`[data-part="${name}"]`);
      if (!current || shown.get(name) === part.outerHTML) {
        if (name === sent && current) reset(current);
        continue;
      }
      if (name !== sent && isInUse(current)) {
        behind = true;
        continue;
      }
      shown.set(name, part.outerHTML);
      changed = true;
      swap(current, document.importNode(part, true), name === sent);
    }
    for (const name of ["status", "kind", "longitude", "latitude", "crew"]) article.dataset[name] = fresh.dataset[name];
    return changed;
  }

  async function refresh() {
    const number = ++asked;
    refreshing += 1;
    try {
      const answer = await fetch(page, { headers: { Accept: "text/html" }, cache: "no-store" });
      const fresh = answer.ok && !answer.redirected ? await read(answer) : null;
      if (fresh && number === asked && replace(fresh, null)) news.textContent = tell("renewed");
    } catch {
      // The next news, or the next act, looks again.
    } finally {
      refreshing -= 1;
    }
  }

  /** What was left as it was while somebody had it open is brought up to date when it is closed. */
  function catchUp({ target }) {
    if (behind && !target.open && target.matches("[data-part]")) void refresh();
  }

  /** A chosen text stands in the field, to be changed; its English beneath. */
  function chooseTemplate({ target }) {
    if (target.name !== "template") return;
    const { text = "", english = "" } = target.selectedOptions[0].dataset;
    const form = target.form;
    form.elements.reason.value = text;
    const beneath = form.querySelector(".case-english");
    beneath.hidden = !english;
    beneath.querySelector("p").textContent = english;
  }

  function chooseCrew(event) {
    if (!event.target.closest("#case-assign > summary")) return;
    event.preventDefault();
    void assign(article);
  }

  function blur(event) {
    const summary = event.target.closest(".case-blur > summary");
    if (!summary) return;
    event.preventDefault();
    openEditor(summary.parentElement, { tell, submit });
  }

  return { refresh, unmount: () => leaving.abort() };
}

const parts = (article) => [...article.querySelectorAll("[data-part]")];
const partOf = (form) => form.closest("[data-part]");
const partName = (act) => ({ publish: "text", photo: "photos", duplicate: "others" })[act] ?? act;

/** An address of this page's forms, asked for without the frame. */
function address(path, kind) {
  const made = new URL(path, location.href);
  const asking = new URL(location.href).searchParams;
  for (const name of ["ward", "lang"]) {
    if (asking.has(name) && !made.searchParams.has(name)) made.searchParams.set(name, asking.get(name));
  }
  made.searchParams.set("panel", kind);
  return made;
}

async function read(answer) {
  return new DOMParser().parseFromString(await answer.text(), "text/html").querySelector(".case");
}

function complain(form, message) {
  const problem = form.querySelector(".case-problem");
  if (!problem) return;
  problem.textContent = message;
  problem.hidden = !message;
}

/** Whether somebody has it open or writes in it: no list moves under a finger, and no words go. */
function isInUse(part) {
  if (part.matches("details[open]") || part.querySelector("dialog[open], .problem:not([hidden])")) return true;
  return [...part.querySelectorAll("textarea, input, select")].some((field) => {
    if (field.type === "hidden") return false;
    if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
    if (field.tagName === "SELECT") {
      const [first] = field.options;
      return field.selectedOptions[0] !== ([...field.options].find((option) => option.defaultSelected) ?? first);
    }
    return field.value !== field.defaultValue;
  });
}

function reset(part) {
  for (const form of part.querySelectorAll("form")) form.reset();
  if (part.matches("details.case-act")) part.open = false;
}

function swap(current, fresh, sent) {
  const focused = current.contains(document.activeElement) ? document.activeElement : null;
  const open = [...current.querySelectorAll("details[open]:not(.case-blur)")].map((one) => one.querySelector("summary").textContent);
  for (const details of fresh.querySelectorAll("details:not(.case-blur)")) {
    if (open.includes(details.querySelector("summary").textContent)) details.open = true;
  }
  current.replaceWith(fresh);
  if (!focused || sent) return;
  focus((focused.id && fresh.querySelector(`#${CSS.escape(focused.id)}`)) || fresh.querySelector("summary, button, a") || fresh);
}

function focus(element) {
  if (!element.matches("a[href], button, input, select, textarea, summary")) element.tabIndex = -1;
  element.focus({ preventScroll: false });
}
