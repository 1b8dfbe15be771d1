// The staff console: joins the queue, the map, the stream, the keyboard and what is done to one incident or to many.

import * as acts from "./acts.js";
import { keep, listQuery, openCase } from "./address.js";
import { chooseCrew } from "./assigning.js";
import * as bulk from "./bulk.js";
import * as casePanel from "./case_panel.js";
import * as crews from "./crews.js";
import { DeskMap } from "./desk_map.js";
import * as keys from "./keys.js";
import { Live } from "./live.js";
import { Queue } from "./queue.js";
import { askReason } from "./rejecting.js";
import * as times from "./times.js";
import { data, say } from "../common/words.js";

const box = document.getElementById("queue");
const form = document.getElementById("asking");
const toolbar = document.getElementById("bulk");
const told = document.getElementById("told");
const selected = new Set();

const DAYS = "from to".split(" ");
const FIELDS = ["q", "status", "crew", "area", ...DAYS];

let shownQuery = String(listQuery());
let current = null; // the id of the row that the keyboard is at

const queue = new Queue(box, { selected, changed: () => tellSelection() });
const map = new DeskMap({
  choose: (code) => reveal(code),
  over: (code) => lightRow(queue.rowOf(code)),
  out: () => lightRow(null),
  pickCrew,
  assign: () => assign([map.chosen]),
  open: (code) => openBeside(code),
  dropped: () => lightRow(null),
});

function tell(text) {
  told.textContent = "";
  told.textContent = text;
}

/** A row, or the incident beside them, as what is done to it needs it. */
const incidentOf = (row) => ({
  id: row.dataset.id,
  code: row.dataset.code,
  kind: row.dataset.kind,
  name: data.kinds[row.dataset.kind] ?? row.dataset.kind,
  at: [Number(row.dataset.longitude), Number(row.dataset.latitude)],
  crew: row.dataset.crew || null,
});

// --- which row

function lightRow(row) {
  for (const lit of box.querySelectorAll(".row.is-lit")) lit.classList.remove("is-lit");
  row?.classList.add("is-lit");
}

function makeCurrent(row, { focus = true, scroll = true } = {}) {
  box.querySelector(".row.is-current")?.classList.remove("is-current");
  current = row?.dataset.id ?? null;
  if (!row) return;
  row.classList.add("is-current");
  if (scroll) row.scrollIntoView({ block: "nearest" });
  if (focus) row.querySelector(".row-link").focus({ preventScroll: true });
}

/** The row of a pin comes into view. False where it is not among those loaded. */
function reveal(code) {
  const row = queue.rowOf(code);
  if (!row?.isConnected) return row !== null;
  makeCurrent(row, { focus: false });
  lightRow(row);
  return true;
}

const focusedRow = () => document.activeElement?.closest?.(".row") ?? null;

function currentRow() {
  const row = focusedRow() ?? (current ? queue.row(current) : null);
  return row?.isConnected ? row : null;
}

function step(by) {
  const rows = queue.attached;
  if (!rows.length) return;
  const row = currentRow();
  makeCurrent(row ? (rows[rows.indexOf(row) + by] ?? row) : rows[0]);
  map.light(currentRow());
}

// --- what is done

/** What was done shows at once, without waiting for the stream. */
async function after(ids) {
  map.incidents.refreshSoon();
  crews.refreshSoon();
  try {
    await queue.refresh(ids);
  } catch {
    // The stream brings it as well.
  }
}

async function assign(incidents, first = null) {
  if (!incidents.length || !incidents[0]) return tell(say("nothingChosen"));
  const chosen = await chooseCrew(incidents, first);
  if (!chosen) return null;
  const { crew, note } = chosen;
  if (incidents.length > 1)
    return many(incidents, (incident) => acts.assign(incident.id, crew.id, note), say("assignedShort", { crew: crew.name }));
  const [incident] = incidents;
  const why = await acts.assign(incident.id, crew.id, note);
  return ended(incident, why, say("assigned", { code: incident.code, crew: crew.name }));
}

async function reject(incidents) {
  if (!incidents.length) return tell(say("nothingChosen"));
  const reason = await askReason(incidents);
  if (reason === null) return null;
  return many(incidents, (incident) => acts.reject(incident.id, reason), say("rejected"));
}

const publish = (incidents) => many(incidents, (incident) => acts.publish(incident.id), say("published"));
const close = (incidents) => many(incidents, (incident) => acts.close(incident.id), say("closed"));

async function ended(incident, why, word) {
  toast(why ?? word, why === null ? "done" : "failed");
  if (incident.code === casePanel.current()) casePanel.renew();
  await after([incident.id]);
  if (why === null && map.chosen?.id === incident.id) map.drop();
}

async function many(incidents, act, word) {
  if (!incidents.length) return tell(say("nothingChosen"));
  if (incidents.length === 1) {
    const [incident] = incidents;
    const why = await act(incident);
    if (why === null) selected.delete(incident.id);
    return ended(incident, why, `${incident.code}: ${word}`);
  }
  await bulk.each(incidents, act, word, ({ id }) => {
    selected.delete(id);
    untick(queue.row(id));
    tellSelection();
  });
  return after(incidents.map(({ id }) => id));
}

let fading = null;

/** Said in passing, where it is seen and heard. */
function toast(text, tone) {
  const shown = document.getElementById("toast");
  shown.dataset.tone = tone;
  shown.lastElementChild.textContent = text;
  shown.hidden = false;
  clearTimeout(fading);
  fading = setTimeout(() => {
    shown.hidden = true;
  }, 8000);
}

function pickCrew(crewId) {
  if (map.chosen) return assign([map.chosen], crewId);
  const row = currentRow();
  if (row?.querySelector("[data-do=assign]")) return assign([incidentOf(row)], crewId);
  return tell(say("nothingChosen"));
}

const chosenOr = (row) => {
  const rows = [...selected].map((id) => queue.row(id)).filter(Boolean);
  return (rows.length ? rows : [row].filter(Boolean)).map(incidentOf);
};

// --- several

function untick(row) {
  if (!row) return;
  row.querySelector(".row-tick input").checked = false;
  row.classList.remove("is-selected");
}

function select(row, on = !selected.has(row.dataset.id)) {
  if (on) selected.add(row.dataset.id);
  else selected.delete(row.dataset.id);
  row.querySelector(".row-tick input").checked = on;
  row.classList.toggle("is-selected", on);
  tellSelection();
}

function tellSelection() {
  toolbar.hidden = !selected.size;
  document.getElementById("bulk-count").textContent = selected.size ? say("chosen", { n: selected.size }) : "";
}

function selectNone() {
  if (!selected.size) return false;
  for (const id of selected) untick(queue.row(id));
  selected.clear();
  tellSelection();
  return true;
}

// --- one beside the queue

function openBeside(code, { replace = false, focus = true } = {}) {
  keep(listQuery(), code, { replace });
  map.incidents.mark(code);
  void casePanel.open(code, { focus });
}

function closeBeside() {
  const row = queue.rowOf(casePanel.current());
  if (!casePanel.close(row?.querySelector(".row-link"))) return false;
  map.incidents.mark(null);
  keep(listQuery(), "");
  return true;
}

// --- which list

const link = (href) => new URL(href, location.href).searchParams;

/** The form says what the address says. */
function fill(query) {
  for (const name of FIELDS) form.elements[name].value = query.get(name) ?? "";
  const kinds = query.getAll("kind").flatMap((value) => value.split(","));
  for (const kind of form.querySelectorAll("[name=kind]")) kind.checked = kinds.includes(kind.value);
  const filled = ["status", "crew", "area"].filter((name) => query.get(name)).length;
  const n = filled + Number(kinds.some(Boolean)) + Number(DAYS.some((name) => query.get(name)));
  const counted = document.getElementById("asking-count");
  counted.hidden = !n;
  counted.textContent = n;
}

function mark(query) {
  const need = query.get("need") ?? "";
  for (const one of document.querySelectorAll(".need")) {
    const isOn = one.dataset.need ? one.dataset.need === need : !query.size;
    if (isOn) one.setAttribute("aria-current", "true");
    else one.removeAttribute("aria-current");
  }
  form.querySelector("[name=need]")?.remove();
}

async function show(query) {
  shownQuery = String(query);
  selectNone();
  map.drop();
  current = null;
  fill(query);
  mark(query);
  map.incidents.refreshSoon();
  crews.refreshSoon();
  try {
    await queue.show();
    performance.mark("queue-shown");
  } catch {
    toast(say("loadFailed"), "failed");
  }
}

/** Go to another list; the address keeps it, and Back leads to this one again. */
function go(query) {
  keep(query, casePanel.current());
  return show(listQuery());
}

function asking() {
  const query = new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
  const { need } = Object.fromEntries(listQuery());
  if (need) query.set("need", need);
  return listQuery(query);
}

// --- joining

function start() {
  times.start();
  crews.start(() => {
    map.drawCrews();
    mark(listQuery());
  });

  document.addEventListener("click", (event) => {
    const leading = event.target.closest("a[data-go]");
    if (!leading || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (leading.matches(".crew") && map.chosen) pickCrew(leading.dataset.id);
    else void go(listQuery(link(leading.href)));
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    form.querySelector("details").open = false;
    void go(asking());
  });
  form.querySelector("details").addEventListener("change", () => void go(asking()));
  let typed = null;
  form.elements.q.addEventListener("input", () => {
    clearTimeout(typed);
    typed = setTimeout(() => void go(asking()), 350);
  });
  addEventListener("popstate", () => {
    if (String(listQuery()) !== shownQuery) void show(listQuery());
    const code = openCase();
    if (code) void casePanel.open(code, { focus: false });
    else casePanel.close();
  });

  box.addEventListener("click", (event) => {
    const row = event.target.closest(".row");
    if (!row) return;
    if (event.target.closest("[data-do=assign]")) void assign([incidentOf(row)]);
    else if (event.target.closest(".row-link") && !(event.ctrlKey || event.metaKey || event.shiftKey)) {
      event.preventDefault();
      makeCurrent(row, { focus: false });
      openBeside(row.dataset.code);
      setTimeout(() => map.approach(row), 100); // once the map has stepped aside
    }
  });
  box.addEventListener("change", (event) => {
    const row = event.target.closest(".row");
    if (row) select(row, event.target.checked);
  });
  box.addEventListener("pointerover", (event) => map.light(event.target.closest(".row")));
  box.addEventListener("pointerleave", () => map.light(null));
  box.addEventListener("focusin", (event) => {
    const row = event.target.closest(".row");
    if (!row) return;
    // What has the focus is in view. Moved while it is pressed, it would not be pressed at all.
    if (row.dataset.id !== current) makeCurrent(row, { focus: false, scroll: false });
    map.light(row);
  });

  const several = { assign: (all) => assign(all), reject, publish, close, none: selectNone };
  toolbar.addEventListener("click", (event) => {
    const act = several[event.target.closest("[data-bulk]")?.dataset.bulk];
    if (act) void act(chosenOr(null));
  });
  document.getElementById("dispatch").addEventListener("click", async (event) => {
    const button = event.currentTarget;
    button.disabled = true;
    tell(say("dispatching"));
    const { waiting, message } = await acts.dispatch();
    button.disabled = false;
    if (message) toast(message, "failed");
    else toast(waiting ? say("dispatched", { n: waiting }) : say("nothingWaits"), "done");
  });

  casePanel.assignBy((article) => assign([incidentOf(article)]));
  document.getElementById("beside-close").addEventListener("click", closeBeside);
  document.getElementById("beside").addEventListener("case-changed", () => {
    const row = queue.rowOf(casePanel.current());
    if (row) void after([row.dataset.id]);
    else map.incidents.refreshSoon();
  });
  document.getElementById("toast").querySelector("button").addEventListener("click", () => {
    document.getElementById("toast").hidden = true;
  });

  for (const view of document.querySelectorAll("[name=view]"))
    view.addEventListener("change", () => {
      document.body.dataset.view = view.value;
    });

  keys.start({
    j: () => step(1),
    k: () => step(-1),
    a: () => void assign(chosenOr(currentRow())),
    r: () => void reject(chosenOr(currentRow())),
    p: () => void publish(chosenOr(currentRow())),
    c: () => void close(chosenOr(currentRow())),
    x: () => {
      const row = currentRow();
      if (row) select(row);
      else tell(say("nothingChosen"));
    },
    n: () => (document.getElementById("fresh").hidden ? false : void queue.callFresh()),
    m: () => {
      const views = [...document.querySelectorAll("[name=view]")];
      const other = views.find((view) => !view.checked);
      if (!other.checkVisibility()) return false;
      other.click();
      return true;
    },
    "/": () => form.elements.q.focus(),
    "?": () => keys.show(),
    Escape: () => {
      if (document.activeElement === form.elements.q) return form.elements.q.blur();
      return closeBeside() || map.drop() || selectNone();
    },
  });

  const code = openCase();
  if (code) void casePanel.open(code, { focus: false });
  map.draw().then(() => performance.mark("console-usable"));
  new Live({
    changed: async (ids, codes) => {
      map.incidents.refreshSoon();
      crews.refreshSoon();
      if (codes.includes(casePanel.current())) casePanel.renew();
      await queue.refresh(ids);
    },
    renew: async (all) => {
      map.incidents.refreshSoon();
      crews.refreshSoon();
      casePanel.renew();
      await (all ? queue.renew() : queue.settle());
    },
  });
}

start();
