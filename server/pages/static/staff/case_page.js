// The page of one incident: enhanced, and followed while it is seen. The stream only says that something happened.

import { data } from "../common/words.js";
import { mount } from "./case.js";

const PAUSES = [1, 2, 4, 8, 15, 30, 60];
const mounted = mount(document.querySelector(".case"));
let stream = null;
let waiting = null;
let failures = 0;

function leave() {
  clearTimeout(waiting);
  stream?.close();
  stream = null;
}

function connect() {
  leave();
  stream = new EventSource(`/r/${data.code}/live`);
  stream.addEventListener("open", () => {
    failures = 0;
    mounted.refresh(); // what happened before the stream began
  });
  stream.addEventListener("next", () => mounted.refresh());
  stream.addEventListener("error", () => {
    leave();
    const pause = PAUSES[Math.min(failures, PAUSES.length - 1)] * (0.75 + Math.random() / 2);
    failures += 1;
    waiting = setTimeout(connect, pause * 1000);
  });
}

document.addEventListener("visibilitychange", () => (document.hidden ? leave() : connect()));
addEventListener("online", connect);
addEventListener("pagehide", leave);
addEventListener("pageshow", (event) => event.persisted && connect());
document.getElementById("summary")?.focus();
if (!document.hidden) connect();
