// The state that every part of the editor shares: what holds now, what the draft makes of it, and the way back.
//
//   load(base)         base = { wardCode, outline, neighbourhoods: [{ id, name, version, boundary, areaSquareMetres }] };
//                      outline and boundary: a GeoJSON MultiPolygon or its coordinates. Forgets every step.
//   areas()            [{ key, id | null, name, boundary, state: "kept" | "redrawn" | "drawn", renamed, noded,
//                      version | null, areaSquareMetres }], by name; boundary: coordinates, never changed in place
//   area(key), base(id), outline, undrawnSquareMetres, wardCode, revision (counts every change)
//   apply(label, { draw: [{ key?, name, boundary }], redraw: [{ key, boundary }], remove: [key], rename: [{ key, name }] })
//                      one step of undo; gives the keys of what was drawn, in order. newKey() gives one beforehand. What
//                      is drawn under the id of a neighbourhood that was given up, in the draft or (with its version) long
//                      ago, is that neighbourhood again; so is what is drawn under the name of one that the draft gives up.
//   removed()          what the draft gives up, as it holds: [{ id, name, version, boundary, areaSquareMetres }], by name
//   adopt({ areas: [{ key, boundary, noded }], outline }, revision)
//                      settled shapes into the last step, not a step of its own; false where the draft has moved on
//   undo() redo() canUndo canRedo steps() -> [{ label, done }]
//   draft()            { input: SaveBoundariesInput without reason, keys: those of input.draw }; a noded
//                      neighbour is not sent, for the server nodes it again
//   isDirty            whether anything differs from what holds
//   serialise()        a plain object that can be kept (structured clone or JSON); restore(kept) after load(): the kept
//                      versions and shapes of what the draft touches become the base again, then rebase(current base)
//   rebase(newBase, choice = {})
//                      takes what others saved: an area that the draft leaves alone follows; one of which both changed the
//                      ground, or both the name, stays as it is with the old version, unless choice[id] is "ours" or
//                      "theirs"; what is drawn and stands already, for an answer was lost, is no longer the draft's.
//                      So does ground that the draft gave to one area and they to another: both stay as they are in the
//                      draft. Gives { taken: [id], conflicts: [key], doubled: [{ ours: key, theirs: id, squareMetres }] }
//   select(keys), selected (an array of keys); setProblems([{ kind, message, geometry, squareMetres, keys }]), problems
//   on(name, listener) "change" ({ keys, label }), "base", "select", "problems"; gives a function that stops it

import { doubled, merged, standing } from "./merging.js";
import { overlap } from "./pieces.js";
import { boxOf, isSameShape, multiPolygon, squareMetres, tidy } from "./shapes.js";

const OUTLINE = "outline";
const FORMAT = 1;
const MOST_STEPS = 200;

const byName = new Intl.Collator("vi", { numeric: true });
const coordinates = (shape) => shape.coordinates ?? shape;
const folded = (name) => name.normalize("NFC").trim().toLocaleLowerCase("vi");
const meet = (one, other) => one[0] <= other[2] && other[0] <= one[2] && one[1] <= other[3] && other[1] <= one[3];
const same = (one, other) => one === other || (Boolean(one) && Boolean(other) && JSON.stringify(one) === JSON.stringify(other));

export class Model {
  wardCode = "";
  revision = 0;
  #base = new Map();
  #baseOutline = [];
  #now = new Map();
  #done = [];
  #undone = [];
  #listeners = new Map();
  #selected = [];
  #problems = [];
  #number = 0;

  on(name, listener) {
    if (!this.#listeners.has(name)) this.#listeners.set(name, new Set());
    this.#listeners.get(name).add(listener);
    return () => this.#listeners.get(name).delete(listener);
  }

  #tell(name, detail) {
    for (const listener of this.#listeners.get(name) ?? []) listener(detail);
  }

  // --- what holds

  load(base) {
    this.wardCode = base.wardCode;
    this.#baseOutline = tidy(coordinates(base.outline));
    this.#base = new Map(base.neighbourhoods.map((one) => [one.id, this.#held(one)]));
    this.#done = [];
    this.#undone = [];
    this.#replay();
    this.setProblems([]);
    this.#tell("base");
  }

  #held({ id, name, version, boundary, areaSquareMetres }) {
    const shape = boundary ? tidy(coordinates(boundary)) : null;
    return { key: id, id, name, version, boundary: shape, areaSquareMetres };
  }

  base(id) {
    return this.#base.get(id) ?? null;
  }

  get outline() {
    return this.#now.get(OUTLINE).boundary;
  }

  // --- what the draft makes of it

  area(key) {
    const area = this.#now.get(key);
    return !area || key === OUTLINE ? null : this.#shown(area);
  }

  areas() {
    return [...this.#now.values()]
      .filter(({ key }) => key !== OUTLINE)
      .map((area) => this.#shown(area))
      .sort((one, other) => byName.compare(one.name, other.name));
  }

  #shown(area) {
    const held = area.id === null ? null : this.#base.get(area.id);
    const isRedrawn = held && !area.noded && !isSameShape(area.boundary, held.boundary);
    return {
      ...area,
      noded: area.noded ?? false,
      version: held?.version ?? area.version ?? null,
      state: held ? (isRedrawn ? "redrawn" : "kept") : "drawn",
      renamed: Boolean(held) && held.name !== area.name,
      areaSquareMetres: area.boundary ? squareMetres(area.boundary) : 0,
    };
  }

  get undrawnSquareMetres() {
    const drawn = this.areas().reduce((sum, area) => sum + area.areaSquareMetres, 0);
    return Math.max(0, squareMetres(this.outline) - drawn);
  }

  get isDirty() {
    return this.changes().length > 0;
  }

  /** The keys of all that differs from what holds: drawn, redrawn, renamed, removed. */
  changes() {
    const changed = this.areas().filter(({ state, renamed }) => state !== "kept" || renamed);
    return [...changed.map(({ key }) => key), ...this.removed().map(({ id }) => id)];
  }

  removed() {
    return [...this.#base.values()].filter(({ id }) => !this.#now.has(id)).sort((one, other) => byName.compare(one.name, other.name));
  }

  newKey() {
    do this.#number += 1;
    while (this.#now.has(`new-${this.#number}`));
    return `new-${this.#number}`;
  }

  apply(label, { draw = [], redraw = [], remove = [], rename = [] }) {
    const changed = new Map();
    const known = (key) => {
      const area = changed.has(key) ? changed.get(key) : this.#now.get(key);
      if (!area || key === OUTLINE) throw new Error(`no area ${key}`);
      return area;
    };
    for (const { key, boundary } of redraw) changed.set(key, { ...known(key), boundary: tidy(coordinates(boundary)), noded: false });
    for (const { key, name } of rename) changed.set(key, { ...known(key), name: name.normalize("NFC").trim() });
    for (const key of remove) if (known(key)) changed.set(key, null);
    const isThere = (id) => Boolean(changed.has(id) ? changed.get(id) : this.#now.get(id));
    const given = new Set(draw.map(({ key }) => key));
    const namesake = (name) => [...this.#base.values()].find((one) => folded(one.name) === folded(name) && !isThere(one.id) && !given.has(one.id))?.id;
    const keys = draw.map(({ key: wanted, name, boundary, version = null }) => {
      const key = wanted ?? namesake(name) ?? this.newKey();
      if (this.#now.get(key)) throw new Error(`an area ${key} is there already`);
      const id = this.#base.has(key) || version !== null ? key : null; // one that was given up comes back as itself
      changed.set(key, { key, id, version, name: name.normalize("NFC").trim(), boundary: tidy(coordinates(boundary)) });
      return key;
    });
    if (!changed.size) return keys;
    const changes = [...changed].map(([key, after]) => ({ key, before: this.#now.get(key) ?? null, after }));
    this.#done.push({ label, changes });
    if (this.#done.length > MOST_STEPS) this.#forget();
    this.#undone = [];
    this.#put(changes.map(({ key, after }) => [key, after]), label);
    return keys;
  }

  adopt({ areas = [], outline = null }, revision = this.revision) {
    if (revision !== this.revision) return false;
    const wanted = areas.map(({ key, boundary, noded = false }) => [key, tidy(coordinates(boundary)), noded]);
    const after = wanted
      .filter(([key, boundary]) => this.#now.get(key) && !isSameShape(this.#now.get(key).boundary, boundary))
      .map(([key, boundary, noded]) => [key, { ...this.#now.get(key), boundary, noded: noded && this.area(key).state === "kept" }]);
    const edge = outline && tidy(coordinates(outline));
    if (edge && !isSameShape(edge, this.outline)) after.push([OUTLINE, { ...this.#now.get(OUTLINE), boundary: edge }]);
    if (!after.length) return true;
    const step = this.#done.at(-1);
    if (step)
      for (const [key, area] of after) {
        const change = step.changes.find((one) => one.key === key);
        if (change) change.after = area;
        else step.changes.push({ key, before: this.#now.get(key), after: area });
      }
    this.#put(after, null);
    return true;
  }

  // --- the way back

  get canUndo() {
    return this.#done.length > 0;
  }

  get canRedo() {
    return this.#undone.length > 0;
  }

  steps() {
    const later = [...this.#undone].reverse();
    return [...this.#done.map(({ label }) => ({ label, done: true })), ...later.map(({ label }) => ({ label, done: false }))];
  }

  undo() {
    const step = this.#done.pop();
    if (!step) return null;
    this.#undone.push(step);
    this.#put(step.changes.map(({ key, before }) => [key, before]), null);
    return step.label;
  }

  redo() {
    const step = this.#undone.pop();
    if (!step) return null;
    this.#done.push(step);
    this.#put(step.changes.map(({ key, after }) => [key, after]), null);
    return step.label;
  }

  #put(pairs, label) {
    for (const [key, area] of pairs) {
      if (area) this.#now.set(key, area);
      else this.#now.delete(key);
    }
    this.revision += 1;
    const kept = this.#selected.filter((key) => this.#now.has(key));
    this.#tell("change", { keys: pairs.map(([key]) => key), label });
    if (kept.length !== this.#selected.length) this.select(kept);
  }

  /** The oldest step becomes part of what cannot be undone; what holds stays what it is. */
  #forget() {
    this.#done.shift();
  }

  // --- to the server, to the browser's own store, and back

  draft() {
    const areas = this.areas();
    const drawn = areas.filter(({ state, id }) => state === "drawn" && id === null);
    const redrawn = areas.filter(({ state, id }) => state === "redrawn" || (state === "drawn" && id !== null));
    return {
      input: {
        wardCode: this.wardCode,
        draw: drawn.map(({ name, boundary }) => ({ name, boundary: multiPolygon(boundary) })),
        redraw: redrawn.map(({ id, version, boundary }) => ({
          neighbourhoodId: id,
          boundary: multiPolygon(boundary),
          expectedVersion: version,
        })),
        remove: this.removed().map(({ id, version }) => ({ neighbourhoodId: id, expectedVersion: version })),
        rename: areas.filter(({ renamed }) => renamed).map(({ id, name, version }) => ({ neighbourhoodId: id, name, expectedVersion: version })),
      },
      keys: drawn.map(({ key }) => key),
    };
  }

  serialise() {
    const shapes = [];
    const places = new Map();
    const packed = (area) => {
      if (!area) return null;
      if (area.boundary && !places.has(area.boundary)) places.set(area.boundary, shapes.push(area.boundary) - 1);
      return { ...area, boundary: area.boundary ? places.get(area.boundary) : null };
    };
    const steps = (list) =>
      list.map(({ label, changes }) => ({
        label,
        changes: changes.map(({ key, before, after }) => ({ key, before: packed(before), after: packed(after) })),
      }));
    const done = steps(this.#done);
    const undone = steps(this.#undone);
    const touched = new Set([...this.#done, ...this.#undone].flatMap(({ changes }) => changes.map(({ key }) => key)));
    for (const key of this.changes()) touched.add(key);
    // What lies beside it is kept as well: so it is seen later whether others gave the same ground away.
    const boxes = [...touched].filter((key) => key !== OUTLINE).flatMap((key) => [this.#base.get(key), this.#now.get(key)]).flatMap((area) => (area?.boundary ? [boxOf(area.boundary)] : []));
    const isBeside = ({ boundary }) => Boolean(boundary) && boxes.some((box) => meet(box, boxOf(boundary)));
    const base = [...this.#base.values()].filter((area) => touched.has(area.id) || isBeside(area)).map(packed);
    const now = [...touched].map((key) => ({ key, area: packed(this.#now.get(key)) }));
    return { format: FORMAT, wardCode: this.wardCode, shapes, base, done, undone, now };
  }

  restore(kept) {
    if (kept.format !== FORMAT || kept.wardCode !== this.wardCode) return false;
    const whole = (area) => area && { ...area, boundary: area.boundary === null ? null : kept.shapes[area.boundary] };
    const steps = (list) =>
      list.map(({ label, changes }) => ({
        label,
        changes: changes.map(({ key, before, after }) => ({ key, before: whole(before), after: whole(after) })),
      }));
    for (const area of kept.base) this.#base.set(area.id, whole(area));
    this.#done = steps(kept.done);
    this.#undone = steps(kept.undone);
    this.#replay();
    this.#put(kept.now.map(({ key, area }) => [key, whole(area)]), null);
    return true;
  }

  rebase(newBase, choice = {}) {
    const incoming = new Map(newBase.neighbourhoods.map((one) => [one.id, this.#held(one)]));
    const mine = new Map(this.changes().map((key) => [key, this.#now.get(key) ?? null]));
    for (const key of standing([...mine.values()], [...incoming.values()], (id) => this.#base.has(id))) mine.delete(key);
    const isNew = (id) => (this.#base.get(id)?.version ?? null) !== (incoming.get(id)?.version ?? null);
    const fresh = [...new Set([...this.#base.keys(), ...incoming.keys()])].filter(isNew);
    for (const id of fresh) {
      if (choice[id] === "theirs") mine.delete(id);
      else if (choice[id] === "ours" && !mine.has(id)) mine.set(id, this.#now.has(id) ? { ...this.#now.get(id), noded: false } : null);
    }
    const ours = new Map(mine);
    const open = new Set(); // what is to be decided stays as it is in the draft
    for (const id of fresh) {
      if (choice[id] || !mine.has(id)) continue;
      const both = merged(this.#base.get(id) ?? null, mine.get(id), incoming.get(id) ?? null);
      if (both.conflict) open.add(id);
      else ours.set(id, both.area);
    }
    const twice = this.#doubled(fresh, incoming, mine, ours, open, choice);
    const taken = fresh.filter((id) => !open.has(id));
    const base = new Map();
    for (const id of new Set([...this.#base.keys(), ...incoming.keys()])) {
      const held = open.has(id) ? this.#base.get(id) : incoming.get(id);
      if (held) base.set(id, held);
    }
    const before = this.changes();
    const isClean = !taken.some((id) => this.#isInSteps(id)) && before.every((key) => ours.has(key)) && [...ours.keys()].every((key) => before.includes(key));
    const outline = tidy(coordinates(newBase.outline));
    this.#base = base;
    this.#baseOutline = outline;
    const [done, undone] = [this.#done, this.#undone];
    this.#replay();
    // An area that they gave up and we drew on is new again; one that they gave up and we gave up is gone.
    const kept = [...ours].map(([key, area]) => [key, area && area.id !== null && area.version == null && !base.has(area.id) ? { ...area, id: null } : area]);
    if (isClean) {
      this.#done = done;
      this.#undone = undone;
    } else {
      const changes = kept.map(([key, after]) => ({ key, before: this.#now.get(key) ?? null, after }));
      this.#done = changes.length ? [{ label: done.at(-1)?.label ?? "", changes }] : [];
      this.#undone = [];
    }
    this.#put(kept, null);
    this.setProblems([]);
    this.#tell("base");
    return { taken, conflicts: [...open], doubled: twice };
  }

  /** Open, until nothing lies double, what the draft and they gave to different areas; gives how it would lie double. */
  #doubled(fresh, incoming, mine, ours, open, choice) {
    const groundNow = (key) => this.#now.get(key)?.boundary ?? [];
    const wasDouble = (key, id) => overlap(groundNow(key), groundNow(id));
    const met = new Set(open);
    const isApart = (key, id) => met.has(key) && met.has(id) && Boolean(mine.get(id)); // each is decided by itself
    const found = [];
    for (;;) {
      const ourside = [...new Set([...ours.keys(), ...open])].map((key) => [key, open.has(key) ? (this.#now.get(key) ?? null) : ours.get(key)]);
      const theirside = fresh.filter((id) => !choice[id]).map((id) => [id, !open.has(id) && ours.has(id) ? ours.get(id) : incoming.get(id)]);
      const isKnown = (one) => found.some(({ ours: key, theirs: id }) => key === one.ours && id === one.theirs);
      const more = doubled(ourside, theirside, wasDouble).filter((one) => !isKnown(one) && !isApart(one.ours, one.theirs));
      if (!more.length) return found;
      found.push(...more);
      for (const key of more.flatMap((one) => [one.ours, one.theirs])) {
        open.add(key);
        if (mine.has(key)) ours.set(key, mine.get(key));
      }
    }
  }

  #isInSteps(id) {
    return [...this.#done, ...this.#undone].some(({ changes }) => changes.some(({ key }) => key === id));
  }

  /** Stand at what holds, without a draft. */
  #replay() {
    const areas = [...this.#base.values()].map(({ key, id, name, boundary }) => [key, { key, id, name, boundary }]);
    this.#now = new Map([[OUTLINE, { key: OUTLINE, id: null, name: "", boundary: this.#baseOutline }], ...areas]);
    this.revision += 1;
    this.#selected = this.#selected.filter((key) => this.#now.has(key));
  }

  // --- what is looked at, and what stands against the draft

  get selected() {
    return [...this.#selected];
  }

  select(keys) {
    const wanted = keys.filter((key) => this.#now.has(key) && key !== OUTLINE);
    if (same(wanted, this.#selected)) return;
    this.#selected = wanted;
    this.#tell("select");
  }

  get problems() {
    return [...this.#problems];
  }

  setProblems(problems) {
    if (!problems.length && !this.#problems.length) return;
    this.#problems = [...problems];
    this.#tell("problems");
  }
}

export const model = new Model();
