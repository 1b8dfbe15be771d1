// The line that says what to do next, kept true to the tool in hand and to what is chosen.

import * as checking from "./checking.js";
import * as geoman from "./geoman.js";
import { map } from "./editor_map.js";
import { model } from "./model.js";
import * as naming from "./naming.js";
import { guide } from "./telling.js";
import * as tools from "./tools.js";

const NEED_ONE = ["split", "hole"];

const say = () => guide(tools.guideOf(tools.inUse()));

export function start() {
  tools.onUse(say);
  model.on("select", () => {
    if (naming.isOpen()) return;
    // A tool that waited for an area begins once there is one.
    if (NEED_ONE.includes(tools.inUse()) && !map.pm.Draw.getActiveShape()) tools.use(tools.inUse());
    else say();
  });
  let before = "";
  checking.onState((state) => {
    if (before === "unknown" && ["sound", "clean"].includes(state) && !naming.isOpen()) say();
    if (state !== "waiting") before = state;
  });
  addEventListener("online", () => naming.isOpen() || say());
  model.on("base", () => {
    geoman.showSnap(null);
    if (!tools.inUse()) tools.use("choose");
  });
}
