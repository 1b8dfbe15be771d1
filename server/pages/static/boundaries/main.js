// The editor of boundaries, put together. Each part has its own line; all share `model`.
//
// A part adds a tool to the rail by tools.add(name, { start, stop, guide }) for <button data-tool="name">, or a panel by
// <button data-panel="name"> in boundaries_rail.html and <section class="panel" id="name-panel" hidden> in its include;
// telling.js says things; editor_map.js has `map`. Its words are a dict in SAID of server/pages/boundaries.py, and its
// documents are named in DOCUMENTS there.

import { shown } from "../map/net.js";
import * as checking from "./checking.js";
import * as choosing from "./choosing.js";
import * as coordinates from "./coordinates.js";
import * as drawing from "./drawing.js";
import * as editorMap from "./editor_map.js";
import * as files from "./files.js";
import * as geoman from "./geoman.js";
import * as guiding from "./guiding.js";
import * as handles from "./handles.js";
import * as keys from "./keys.js";
import * as list from "./list.js";
import * as measuring from "./measuring.js";
import { model } from "./model.js";
import * as naming from "./naming.js";
import * as panels from "./panels.js";
import * as problems from "./problems.js";
import * as rail from "./rail.js";
import { readBase } from "./reading.js";
import * as starting from "./starting.js";
import * as underlay from "./underlay.js";
import * as undrawn from "./undrawn.js";
import * as work from "./work.js";

editorMap.start();
geoman.start();
list.start();
problems.start();
naming.start();
drawing.start();
choosing.start();
handles.start();
keys.start();
checking.start();
guiding.start();
undrawn.start();
starting.start();
underlay.start();
measuring.start();
coordinates.start();
files.start();
panels.start();
rail.start();

const isRead = await shown("ward", async () => work.begin(await readBase()));
// What needs the ward's areas, such as a draft that was kept, begins here.
document.documentElement.dataset.editor = isRead ? "ready" : "waiting";
