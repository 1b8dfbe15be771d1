// Marking the parts of a photograph that are to be made unrecognisable, by pointer or by keyboard. What is drawn here is
// only where: the server makes the picture that everybody gets.

import { element, icon } from "../common/dom.js";

const STEP = 0.01; // by an arrow key, of the picture's side
const LEAST = 0.01; // the smallest side of a part
const NEW = { left: 0.4, top: 0.4, width: 0.2, height: 0.2 };

const clamp = (value, least, most) => Math.min(Math.max(value, least), most);
const percent = (side) => Math.round(side * 1000) / 10;

/** Open the form of `details` as a dialog over the page, with the picture to draw on. */
export function openEditor(details, { tell, submit }) {
  const sheet = details.querySelector(".case-blur-sheet");
  const form = sheet.querySelector("form");
  const title = element("h2", "", [sheet.dataset.title], { id: "case-sheet-title" });
  const close = element("button", "button", [icon("x"), element("span", "visually-hidden", [tell("close")])], { type: "button" });
  const dialog = element("dialog", "case-sheet", [element("div", "case-sheet-head", [title, close]), sheet], {
    "aria-labelledby": "case-sheet-title",
  });
  const editor = new Editor(form, tell);
  details.after(dialog); // not within: what is folded is not shown, a dialog neither
  dialog.showModal();
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => {
    editor.leave();
    details.append(sheet);
    dialog.remove();
    details.querySelector("summary")?.focus();
  });
  form.addEventListener("submit", onSubmit);
  dialog.addEventListener("close", () => form.removeEventListener("submit", onSubmit));

  async function onSubmit(event) {
    event.preventDefault();
    event.stopPropagation();
    editor.write();
    const body = new URLSearchParams(new FormData(form, event.submitter));
    if (await submit(form, event.submitter, body)) dialog.close();
  }
}

/** The rectangles over one picture; the form's own field holds them, a line each in per cent. */
class Editor {
  constructor(form, tell) {
    this.field = form.elements.rectangles;
    this.tell = tell;
    this.box = form.querySelector(".case-editor");
    this.stage = this.box.querySelector(".case-stage");
    this.list = this.box.querySelector(".case-regions");
    this.counter = this.box.querySelector("[data-count]");
    this.most = Number(this.box.dataset.most);
    this.leaving = new AbortController();
    this.parts = this.field.value
      .split("\n")
      .map((line) => line.trim().split(/\s+/).map(Number))
      .filter((sides) => sides.length === 4 && sides.every(Number.isFinite))
      .map(([left, top, width, height]) => ({ left: left / 100, top: top / 100, width: width / 100, height: height / 100 }));
    const { src, width, height } = this.box.dataset;
    this.picture = element("img", "", [], { src, alt: "", width, height, draggable: "false" });
    this.stage.replaceChildren(this.picture);
    this.box.hidden = false;
    const { signal } = this.leaving;
    this.stage.addEventListener("pointerdown", (event) => this.press(event), { signal });
    this.stage.addEventListener("keydown", (event) => this.key(event), { signal });
    this.box.addEventListener("click", (event) => this.click(event), { signal });
    this.draw();
  }

  leave() {
    this.leaving.abort();
    this.stage.replaceChildren();
    this.stage.classList.remove("is-preview");
    this.box.querySelector('[data-do="preview"]').setAttribute("aria-pressed", "false");
    this.field.value = this.field.defaultValue;
    this.box.hidden = true;
  }

  /** What is drawn, into the form's field. */
  write() {
    this.field.value = this.parts.map((part) => [part.left, part.top, part.width, part.height].map((side) => Number((100 * side).toFixed(3))).join(" ")).join("\n");
  }

  draw() {
    for (const old of this.stage.querySelectorAll(".case-rect")) old.remove();
    this.parts.forEach((part, index) => {
      const made = element("button", "case-rect", [], { type: "button", "data-number": index + 1 });
      this.stage.append(made);
      this.lay(made, part);
    });
    this.list.replaceChildren(
      ...this.parts.map((_, index) => {
        const number = index + 1;
        const remove = element("button", "button", [icon("x"), element("span", "visually-hidden", [this.tell("remove", { n: number })])], {
          type: "button",
          "data-do": "remove",
          "data-index": index,
        });
        return element("li", "", [element("span", "", [this.tell("rectangle", { n: number })]), remove]);
      }),
    );
    this.count();
  }

  count() {
    const n = this.parts.length;
    this.counter.textContent = n >= this.most ? this.tell("full", { n: this.most }) : n ? this.tell("count", { n }) : this.tell("none");
  }

  lay(rect, part) {
    for (const side of ["left", "top", "width", "height"]) rect.style[side] = `${100 * part[side]}%`;
    const number = Number(rect.dataset.number);
    const at = Object.fromEntries(Object.entries(part).map(([side, value]) => [side, percent(value)]));
    rect.setAttribute("aria-label", `${this.tell("rectangle", { n: number })}: ${this.tell("place", at)}`);
  }

  rects() {
    return [...this.stage.querySelectorAll(".case-rect")];
  }

  add(part) {
    if (this.parts.length >= this.most) return null;
    this.parts.push(part);
    this.draw();
    return this.rects().at(-1);
  }

  remove(index) {
    this.parts.splice(index, 1);
    this.draw();
    (this.rects()[Math.min(index, this.parts.length - 1)] ?? this.box.querySelector('[data-do="add"]')).focus();
  }

  click({ target }) {
    const button = target.closest("[data-do]");
    if (!button) return;
    if (button.dataset.do === "add") {
      const shift = 0.03 * (this.parts.length % 8);
      this.add({ ...NEW, left: NEW.left + shift, top: NEW.top + shift })?.focus();
    } else if (button.dataset.do === "remove") {
      this.remove(Number(button.dataset.index));
    } else {
      const on = this.stage.classList.toggle("is-preview");
      button.setAttribute("aria-pressed", String(on));
    }
  }

  key(event) {
    const rect = event.target.closest(".case-rect");
    if (!rect) return;
    const index = this.rects().indexOf(rect);
    if (event.key === "Delete" || event.key === "Backspace") {
      event.preventDefault();
      this.remove(index);
      return;
    }
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!way) return;
    event.preventDefault();
    const step = event.altKey ? STEP / 5 : STEP;
    const [x, y] = way.map((one) => one * step);
    const part = this.parts[index];
    if (event.shiftKey) resize(part, part.width + x, part.height + y);
    else move(part, part.left + x, part.top + y);
    this.lay(rect, part);
  }

  /** Draw a new part, move the one that was pressed, or resize it by its corner. */
  press(event) {
    if (event.button !== 0 || this.stage.classList.contains("is-preview")) return;
    const frame = this.stage.getBoundingClientRect();
    const at = ({ clientX, clientY }) => ({
      x: clamp((clientX - frame.left) / frame.width, 0, 1),
      y: clamp((clientY - frame.top) / frame.height, 0, 1),
    });
    const start = at(event);
    let rect = event.target.closest(".case-rect");
    const fresh = !rect;
    if (fresh) rect = this.add({ left: start.x, top: start.y, width: 0, height: 0 });
    if (!rect) return;
    event.preventDefault();
    const part = this.parts[this.rects().indexOf(rect)];
    const before = { ...part };
    const corner = !fresh && onCorner(event, rect);
    rect.classList.add("is-held");
    const drag = (moved) => {
      const now = at(moved);
      if (fresh) between(part, start, now);
      else if (corner) resize(part, before.width + now.x - start.x, before.height + now.y - start.y);
      else move(part, before.left + now.x - start.x, before.top + now.y - start.y);
      this.lay(rect, part);
    };
    const held = new AbortController();
    const end = () => {
      held.abort();
      rect.classList.remove("is-held");
      // A tap is no part: it would be too small to see.
      if (fresh && (part.width < LEAST || part.height < LEAST)) this.remove(this.parts.indexOf(part));
      else rect.focus();
    };
    this.stage.setPointerCapture(event.pointerId);
    this.stage.addEventListener("pointermove", drag, { signal: held.signal });
    this.stage.addEventListener("pointerup", end, { signal: held.signal });
    this.stage.addEventListener("pointercancel", end, { signal: held.signal });
  }
}

function onCorner({ clientX, clientY }, rect) {
  const { right, bottom, width, height } = rect.getBoundingClientRect();
  const reach = matchMedia("(pointer: coarse)").matches ? 24 : 16;
  return right - clientX < Math.min(reach, width / 2) && bottom - clientY < Math.min(reach, height / 2);
}

function between(part, one, other) {
  part.left = Math.min(one.x, other.x);
  part.top = Math.min(one.y, other.y);
  part.width = Math.abs(one.x - other.x);
  part.height = Math.abs(one.y - other.y);
}

function move(part, left, top) {
  part.left = clamp(left, 0, 1 - part.width);
  part.top = clamp(top, 0, 1 - part.height);
}

function resize(part, width, height) {
  part.width = clamp(width, LEAST, 1 - part.left);
  part.height = clamp(height, LEAST, 1 - part.top);
}
