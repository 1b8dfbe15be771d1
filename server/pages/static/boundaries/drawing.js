// The tools that draw: a new area, a line that splits, a hole.

import { say } from "../common/words.js";
import { asked } from "./asking.js";
import { givenUpBelow } from "./changes.js";
import { latLngs, map } from "./editor_map.js";
import * as geoman from "./geoman.js";
import { sized } from "./list.js";
import { model } from "./model.js";
import * as naming from "./naming.js";
import { isWithin, overlap } from "./pieces.js";
import { holds, multiPolygon, squareMetres, tidy } from "./shapes.js";
import { followed } from "./snapping.js";
import { guide, tell } from "./telling.js";
import * as tools from "./tools.js";

let created = null;

/** The one area that a tool works on; the guide asks for it where there is none. */
export function chosen() {
  const [key] = model.selected;
  return key && model.selected.length === 1 ? model.area(key) : null;
}

const drawNew = {
  guide: () => say(chosen()?.boundary === null ? "guideDrawShape" : "guideDraw"),
  start() {
    created = drawnNew;
    geoman.draw("Polygon", geoman.targets());
  },
  stop: stopDrawing,
};

async function drawnNew(geometry) {
  const [ring] = geometry.coordinates;
  const boundary = tidy([[followed(ring, geoman.targets())]]);
  const shapeless = chosen();
  if (shapeless && !shapeless.boundary) {
    model.apply(say("stepDraw", { name: shapeless.name }), { redraw: [{ key: shapeless.key, boundary }] });
    return tools.leave("draw");
  }
  guide(say("guideName"));
  const preview = L.polygon(latLngs(boundary), { className: "drawn-shape", interactive: false, pmIgnore: true }).addTo(map);
  const value = givenUpBelow(boundary)?.name ?? naming.nextNames(1)[0];
  const names = await naming.ask(say("nameNew"), { texts: [{ label: say("name"), value }] });
  preview.remove();
  if (names) {
    const [key] = model.apply(say("stepDraw", { name: names[0] }), { draw: [{ name: names[0], boundary }] });
    model.select([key]);
    tell(say("didDraw", { name: names[0], area: sized(squareMetres(model.area(key).boundary)) }));
  }
  tools.leave("draw");
}

function stopDrawing() {
  created = null;
  geoman.stop();
  naming.cancel();
}

const split = {
  guide: () => (chosen()?.boundary ? say("guideSplit", { name: chosen().name }) : say("guideSplitChoose")),
  start() {
    if (!chosen()?.boundary) return;
    created = drawnSplit;
    geoman.draw("Line", geoman.targets());
  },
  stop: stopDrawing,
};

async function drawnSplit(line) {
  ended("split", await splitBy(chosen(), line));
}

/** Done with a tool; where something is wrong, it is in hand again and says so. */
function ended(name, wrong) {
  if (!wrong) return tools.leave(name);
  tools.use(name);
  guide(wrong, "late");
}

/** Split an area by a line, once its parts are named. Gives what is wrong, in words, else null. */
export async function splitBy(area, line) {
  guide(say("working"));
  let parts = [];
  try {
    ({ splitShape: parts } = await asked("split", { boundary: multiPolygon(area.boundary), line }));
  } catch (error) {
    return error.message;
  }
  if (parts.length < 2) return say("splitNothing");
  const sizes = parts.map((part) => sized(squareMetres(tidy(part.coordinates))));
  const previews = parts.map((part, at) =>
    L.polygon(latLngs(part.coordinates), { className: "split-part", interactive: false, pmIgnore: true })
      .addTo(map)
      .bindTooltip(String(at + 1), { permanent: true, direction: "center", className: "split-number" }),
  );
  guide(say("guideSplitName", { name: area.name }));
  const suggested = naming.nextNames(parts.length - 1);
  const texts = parts.map((_, at) => ({
    label: say(at ? "splitPart" : "splitLargest", { n: at + 1, area: sizes[at] }),
    value: at ? suggested[at - 1] : area.name,
  }));
  const names = await naming.ask(say("nameParts"), { texts, own: [area.key] });
  for (const preview of previews) preview.remove();
  if (!names) return null;
  const [kept, ...others] = parts;
  const keys = model.apply(say("stepSplit", { name: area.name, n: parts.length }), {
    redraw: [{ key: area.key, boundary: kept }],
    draw: others.map((boundary, at) => ({ name: names[at + 1], boundary })),
    rename: names[0] === area.name ? [] : [{ key: area.key, name: names[0] }],
  });
  model.select([area.key, ...keys]);
  tell(say("stepSplit", { name: area.name, n: parts.length }));
  return null;
}

const hole = {
  guide: () => (chosen()?.boundary ? say("guideHole", { name: chosen().name }) : say("guideHoleChoose")),
  start() {
    if (!chosen()?.boundary) return;
    const { key } = chosen(); // another may be chosen until the ring is closed
    created = async ({ coordinates: [ring] }) => {
      const area = model.area(key);
      ended("hole", area?.boundary ? await cutOut(area, ring) : say("holeNothing"));
    };
    geoman.draw("Polygon", geoman.targets());
  },
  stop: stopDrawing,
};

/** Cut a ring out of an area, once what lies in it is named. Gives what is wrong, in words, else null. */
export async function cutOut(area, ring) {
  const [[made] = []] = tidy([[ring]]);
  if (!made || overlap([[made]], area.boundary) < 1) return say("holeNothing");
  if (isWithin([[made]], area.boundary)) {
    await keepHole(area, made);
    return null;
  }
  return say(isWithin(area.boundary, [[made]]) ? "holeAll" : "holeAtEdge");
}

async function keepHole(area, ring) {
  const piece = [[ring]];
  const taken = sized(squareMetres(piece));
  guide(say("guideName"));
  const preview = L.polygon(latLngs(piece), { className: "drawn-shape", interactive: false, pmIgnore: true }).addTo(map);
  const [value] = naming.nextNames(1);
  const names = await naming.ask(say("nameHole", { name: area.name, area: taken }), { texts: [{ label: say("name"), value }] });
  preview.remove();
  if (!names) return;
  const left = area.boundary.map((polygon) => [...polygon, ...(holds([polygon], ring[0]) ? [ring] : [])]);
  const [made] = model.apply(say("stepHole", { name: area.name }), {
    redraw: [{ key: area.key, boundary: left }],
    draw: [{ name: names[0], boundary: piece }],
  });
  model.select([made]);
  tell(say("didDraw", { name: names[0], area: taken }));
}

function onCreated({ layer }) {
  geoman.showSnap(null);
  created?.(geoman.taken(layer));
}

export function start() {
  tools.add("draw", drawNew);
  tools.add("split", split);
  tools.add("hole", hole);
  map.on("pm:create", onCreated);
  map.on("pm:intersect", () => guide(say("crosses"), "late"));
}
