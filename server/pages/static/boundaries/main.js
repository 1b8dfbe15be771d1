// The editor of boundaries, put together. Each part has its own line; all share `model`.
//
// A part adds a tool to the rail by tools.add(name, { start, stop, guide }) for <button data-tool="name">, or a panel by
// <button data-panel="name"> in boundaries_rail.html and <section class="panel" id="name-panel" hidden> in its include;
// telling.js says things; editor_map.js has `map`. Its words are a dict in SAID of server/pages/boundaries.py, and its
// documents are named in DOCUMENTS there.

import { shown } from "../map/net.js";
import * as editorMap from "./editor_map.js";
import * as list from "./list.js";
import { model } from "./model.js";
import * as panels from "./panels.js";
import { readBase } from "./reading.js";

editorMap.start();
list.start();
panels.start();

const isRead = await shown("ward", async () => model.load(await readBase()));
// What needs the ward's areas, such as a draft that was kept, begins here.
document.documentElement.dataset.editor = isRead ? "ready" : "waiting";
