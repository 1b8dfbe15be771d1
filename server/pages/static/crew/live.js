// Word of what happens to the crew: the stream only says that something did, the page then asks for its list. Where there
// is no stream the page looks by itself.

import { Stream } from "../common/stream.js";

const LOOK = 15_000;

let stream = null;

/** Follow, also with the phone in a pocket, as long as the browser lets us; `look` asks for the list. */
export function follow(look) {
  const next = () => {
    document.dispatchEvent(new Event("incident-changed")); // for the bell, desk/bell.js
    look();
  };
  stream = new Stream("/crew/live", { opened: look, next });
  document.addEventListener("visibilitychange", () => document.hidden || (stream.isOpen && look()));
  setInterval(() => stream.isOpen || look(), LOOK);
}

export const leave = () => stream?.end();
