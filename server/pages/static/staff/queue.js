// The queue. Rows come a page at a time while it is scrolled; only those near the reader's eye stand in the document.
// What happens meanwhile changes a row in its place. Nothing moves under the reader's hand: new rows wait to be called,
// and those that no longer belong stay, faded, until the hand is gone.

import { listQuery, path } from "./address.js";
import { adopted, before, fragment, rowsOf } from "./rows.js";
import { count, say } from "../common/words.js";

const AHEAD = "1600px 0px"; // of the rows in view, what is kept ready in the document
const AT_ONCE = 100;
const LINGER = 4000;
const PRESSED = 40; // milliseconds until it is looked whether what is pressed was let go

export class Queue {
  #box;
  #chunks = []; // { list, rows, height }: `height` while its rows are out of the document
  #rows = new Map();
  #fresh = new Map();
  #gone = new Set();
  #after = "";
  #total = 0;
  #newestFirst = false;
  #loading = null;
  #version = 0;
  #turn = 0; // counts what is asked for: an answer that was asked for earlier may come later
  #heard = new Map(); // by id, the turn of the answer that tells of it
  #counted = 0; // the turn of the answer that has the total
  #freshButton = document.getElementById("fresh");
  #renew = false;
  #near;
  #end;
  #tell;

  /** `selected` is the live set of ids; `changed` is called when rows have come, gone or changed. */
  constructor(box, { selected, changed }) {
    this.#box = box;
    this.selected = selected;
    this.#tell = changed;
    this.#near = new IntersectionObserver((seen) => this.#window(seen), { root: box, rootMargin: AHEAD });
    this.#end = new IntersectionObserver((seen) => seen.some((one) => one.isIntersecting) && this.more(), {
      root: box,
      rootMargin: AHEAD,
    });
    this.#freshButton.addEventListener("click", () => this.callFresh());
    box.addEventListener("pointerleave", () => this.#sweepSoon());
    box.addEventListener("focusout", () => this.#sweepSoon());
    this.#begin();
  }

  // --- reading

  row(id) {
    return this.#rows.get(id) ?? null;
  }

  rowOf(code) {
    const id = this.#box.querySelector(`[data-code="${CSS.escape(code)}"]`)?.dataset.id;
    return id ? this.row(id) : ([...this.#rows.values()].find((row) => row.dataset.code === code) ?? null);
  }

  /** The rows that stand in the document, in their order. */
  get attached() {
    return [...this.#box.querySelectorAll(".row")];
  }

  get size() {
    return this.#rows.size;
  }

  /** Whether the reader is in the midst of the list: what is seen must not move then. */
  get isInHand() {
    return (
      this.#box.scrollTop > 4 ||
      this.selected.size > 0 ||
      this.#box.matches(":hover") ||
      this.#box.contains(document.activeElement) ||
      document.querySelector("dialog[open]") !== null
    );
  }

  // --- the whole list

  /** Show another list: that of the address. False where another was asked for meanwhile. */
  async show() {
    const version = (this.#version += 1);
    const turn = (this.#turn += 1);
    this.#box.setAttribute("aria-busy", "true");
    try {
      const found = await fragment(path("/staff", { part: "queue" }));
      if (version !== this.#version) return false;
      this.#box.replaceChildren(document.adoptNode(found.querySelector("[data-part=queue]")));
      this.#box.scrollTop = 0;
      const since = this.#heardSince(turn);
      this.#begin(turn);
      await this.refresh(since);
      return true;
    } finally {
      if (version === this.#version) this.#box.removeAttribute("aria-busy");
    }
  }

  #begin(turn = 0) {
    this.#near.disconnect();
    this.#end.disconnect();
    this.#chunks = [];
    this.#rows.clear();
    this.#fresh.clear();
    this.#gone.clear();
    this.#renew = false;
    this.#loading = null;
    this.#heard.clear();
    this.#counted = turn;
    const part = this.#box.querySelector("[data-part=queue]");
    this.#total = Number(part.dataset.total);
    this.#newestFirst = part.dataset.order === "NEWEST_FIRST";
    this.#take(part.querySelector(".rows"));
    this.#end.observe(part.querySelector(".queue-end"));
    this.#tellEnd();
    this.#tellFresh();
    this.#tell();
  }

  #take(list) {
    for (const row of [...list.children]) {
      if (this.#rows.has(row.dataset.id)) row.remove();
      else this.#keep(row);
    }
    const chunk = { list, rows: [...list.children], height: null };
    this.#after = list.dataset.after;
    this.#chunks.push(chunk);
    this.#near.observe(list);
  }

  #keep(row) {
    this.#rows.set(row.dataset.id, row);
    const tick = row.querySelector(".row-tick input");
    tick.checked = this.selected.has(row.dataset.id);
    row.classList.toggle("is-selected", tick.checked);
  }

  /** The next page, where there is one. */
  more() {
    if (!this.#after || this.#loading) return this.#loading;
    const version = this.#version;
    this.#tellEnd("loadingMore");
    this.#loading = this.#loadMore(version).finally(() => {
      if (version === this.#version) this.#loading = null;
    });
    return this.#loading;
  }

  async #loadMore(version) {
    const turn = (this.#turn += 1);
    try {
      const list = adopted(await fragment(path("/staff", { part: "page", after: this.#after })));
      if (version !== this.#version) return;
      const since = this.#heardSince(turn);
      const ids = [...list.children].map((row) => row.dataset.id).filter((id) => since.includes(id));
      this.#chunks.at(-1).list.after(list);
      this.#take(list);
      this.#tellEnd();
      this.#tell();
      // Seen still, where the page did not fill the view: then the next is needed as well.
      const end = this.#box.querySelector(".queue-end");
      this.#end.unobserve(end);
      requestAnimationFrame(() => version === this.#version && this.#end.observe(end));
      this.refresh(ids).catch(() => {}); // the next that happens to them tells it
    } catch {
      if (version === this.#version) this.#tellEnd("loadFailed");
    }
  }

  #tellEnd(key = this.#after ? "loadingMore" : "atEnd") {
    const end = this.#box.querySelector(".queue-end");
    end.hidden = key === "atEnd" && this.#rows.size < 12;
    end.textContent = say(key);
    end.onclick = key === "loadFailed" ? () => this.more() : null;
    end.classList.toggle("has-failed", key === "loadFailed");
    const empty = this.#box.querySelector(".queue-empty");
    if (empty) empty.hidden = this.#rows.size > 0;
  }

  /** Rows far from what is seen leave the document; their list keeps their place. */
  #window(seen) {
    for (const { target, isIntersecting, boundingClientRect } of seen) {
      const chunk = this.#chunks.find(({ list }) => list === target);
      if (!chunk) continue;
      if (isIntersecting && chunk.height !== null) {
        chunk.list.replaceChildren(...chunk.rows);
        chunk.list.style.height = "";
        chunk.height = null;
      } else if (!isIntersecting && chunk.height === null && !chunk.list.contains(document.activeElement)) {
        if (this.#chunks.length === 1) continue;
        chunk.height = boundingClientRect.height;
        chunk.list.style.height = `${chunk.height}px`;
        chunk.list.replaceChildren();
      }
    }
  }

  // --- what happens

  /** Of which incidents more is known than what was asked for at this turn can tell. */
  #heardSince(turn) {
    return [...this.#heard].filter(([, at]) => at > turn).map(([id]) => id);
  }

  /** Wait while something in the list is pressed: replaced meanwhile, it would not be pressed at all. */
  async #letGo() {
    while (this.#box.matches(":active")) await new Promise((resolve) => setTimeout(resolve, PRESSED));
  }

  /** Bring these incidents' rows up to date: put in, changed in their place, or taken out. */
  async refresh(ids) {
    const asked = [...new Set(ids)];
    for (let at = 0; at < asked.length; at += AT_ONCE) {
      const version = this.#version;
      const turn = (this.#turn += 1);
      const some = asked.slice(at, at + AT_ONCE);
      const found = await rowsOf(some, listQuery());
      await this.#letGo();
      if (version !== this.#version) return;
      const told = new Set(found.rows.map((row) => row.dataset.id));
      const isNews = (id) => (this.#heard.get(id) ?? 0) < turn;
      for (const id of some) if (!told.has(id) && isNews(id)) this.#leave(id, null);
      for (const row of found.rows) if (isNews(row.dataset.id)) this.#put(row);
      for (const id of some) if (isNews(id)) this.#heard.set(id, turn);
      if (turn > this.#counted) [this.#total, this.#counted] = [found.total, turn];
    }
    this.#tellEnd();
    this.#tellFresh();
    this.#tell();
  }

  /** Whether every incident of the list is here; false where some may be that were not loaded yet. */
  get #isWhole() {
    return !this.#after && this.#rows.size - this.#gone.size + this.#fresh.size === this.#total;
  }

  /** What happened between the page and its stream: most often nothing. */
  async settle() {
    const shown = this.#total;
    await this.refresh(this.attached.map((row) => row.dataset.id));
    if (this.#total !== shown && !this.#isWhole) await this.renew();
  }

  /** Too much has happened to be told one by one. */
  async renew() {
    if (!this.isInHand) return this.show();
    this.#renew = true;
    this.#tellFresh();
    return this.refresh(this.attached.map((row) => row.dataset.id));
  }

  #put(row) {
    const { id } = row.dataset;
    const current = this.row(id);
    if (row.classList.contains("is-out")) {
      this.#fresh.delete(id);
      if (current) this.#leave(id, row);
      return;
    }
    if (!current) return this.#arrive(row);
    this.#gone.delete(id);
    const moves = current.dataset.sort !== row.dataset.sort;
    if (moves && !this.isInHand) {
      this.#remove(id);
      this.#insert(row);
    } else this.#replace(current, row);
  }

  #replace(current, row) {
    if (current.innerHTML === row.innerHTML && current.dataset.sort === row.dataset.sort) return;
    const chunk = this.#chunkOf(current);
    const focused = current.contains(document.activeElement) ? document.activeElement : null;
    for (const name of ["is-current", "is-lit"]) row.classList.toggle(name, current.classList.contains(name));
    row.classList.add("is-changed");
    chunk.rows[chunk.rows.indexOf(current)] = row;
    current.replaceWith(row);
    this.#keep(row);
    if (!focused) return;
    const like = focused.closest("button") ? "button" : focused.matches("input") ? "input" : ".row-link";
    (row.querySelector(like) ?? row.querySelector(".row-link")).focus({ preventScroll: true });
  }

  #arrive(row) {
    if (!this.#belongs(row)) return; // further down than what was loaded: it comes with its page
    if (this.isInHand && this.#wouldMove(row)) this.#fresh.set(row.dataset.id, row);
    else this.#insert(row);
  }

  /** Whether the row lies among what is loaded. */
  #belongs(row) {
    const last = this.#chunks.at(-1).rows.at(-1);
    return !this.#after || (last && before(row, last, this.#newestFirst));
  }

  /** Whether putting it in would move what is seen. */
  #wouldMove(row) {
    const next = this.attached.find((other) => before(row, other, this.#newestFirst));
    return Boolean(next) && next.getBoundingClientRect().top < this.#box.getBoundingClientRect().bottom;
  }

  #insert(row) {
    const chunk = this.#chunks.find(({ rows }) => rows.length && before(row, rows.at(-1), this.#newestFirst)) ?? this.#chunks.at(-1);
    const at = chunk.rows.findIndex((other) => before(row, other, this.#newestFirst));
    const next = at < 0 ? null : chunk.rows[at];
    chunk.rows.splice(at < 0 ? chunk.rows.length : at, 0, row);
    if (chunk.height === null) chunk.list.insertBefore(row, next);
    row.classList.add("is-new");
    this.#keep(row);
    this.#fresh.delete(row.dataset.id);
  }

  #leave(id, row) {
    this.#fresh.delete(id);
    const current = this.row(id);
    if (!current) return;
    if (row && (this.isInHand || this.selected.has(id))) {
      this.#replace(current, row);
      this.#gone.add(id);
      setTimeout(() => this.#sweepSoon(), LINGER);
    } else this.#remove(id);
  }

  #remove(id) {
    const row = this.row(id);
    const chunk = this.#chunkOf(row);
    chunk.rows.splice(chunk.rows.indexOf(row), 1);
    row.remove();
    this.#rows.delete(id);
    this.#gone.delete(id);
    if (this.selected.delete(id)) this.#tell();
  }

  #chunkOf(row) {
    return this.#chunks.find(({ rows }) => rows.includes(row));
  }

  #sweepSoon() {
    requestAnimationFrame(() => {
      if (!this.#gone.size || this.#box.matches(":hover") || this.#box.contains(document.activeElement)) return;
      for (const id of [...this.#gone]) if (!this.selected.has(id)) this.#sweep(id);
      this.#tellEnd();
      this.#tell();
    });
  }

  /** Take a faded row away; what is seen stays where it is. */
  #sweep(id) {
    const row = this.row(id);
    const isAbove = row.isConnected && row.getBoundingClientRect().bottom <= this.#box.getBoundingClientRect().top;
    const height = isAbove ? row.offsetHeight : 0;
    this.#remove(id);
    if (height) this.#box.scrollTop -= height;
  }

  /** Put in what waited to be called, and show it. */
  async callFresh() {
    if (this.#renew) {
      await this.show();
      return;
    }
    const rows = [...this.#fresh.values()];
    for (const row of rows) this.#insert(row);
    this.#tellFresh();
    this.#tell();
    const first = rows.reduce((top, row) => (top && before(top, row, this.#newestFirst) ? top : row), null);
    first?.scrollIntoView({ block: "center" });
  }

  #tellFresh() {
    const n = this.#fresh.size;
    this.#freshButton.hidden = !n && !this.#renew;
    this.#freshButton.textContent = this.#renew ? say("renew") : say("fresh", { n });
    const written = this.#box.querySelector("strong[data-total]");
    if (written) written.textContent = count(this.#total);
  }
}
