// The draft's way: kept in this browser, saved, met by what others save, and back to what was.

import * as conflicts from "./conflicts.js";
import * as history from "./history.js";
import * as keeping from "./keeping.js";
import * as live from "./live.js";
import * as saving from "./saving.js";

/** Begin with what holds (`base`) and with the draft that this browser keeps. */
export async function begin(base) {
  conflicts.begin(base);
  const kept = await keeping.begin();
  saving.begin(kept);
  history.begin();
  live.follow();
}
