// What happens in the ward, as it happens: by the stream of the API. While none can be had, the page says so.

import { inTurn, Stream } from "../common/stream.js";
import { data, moment, say } from "../common/words.js";

const GATHER = 40; // milliseconds in which changes are taken together
const AGAIN = 1500;
const PAUSES = [1.5, 3, 6, 12, 30]; // seconds, until what is owed is asked for again
const line = document.getElementById("live");

export class Live {
  #stream;
  #ids = new Map(); // tracking codes by id
  #gathering = null;
  #busy = false;
  #owed = null; // what is still to be brought up to date: true is everything, false the list as it was asked for
  #owing = 0;
  #tries = 0;
  #staleSince = null;
  #isOver = false;
  #told;

  /** `changed(ids, codes)` brings rows up to date, `renew(all)` everything; both may be waited for. */
  constructor(told) {
    this.#told = told;
    write("waiting", say("connecting"));
    const asked = new URLSearchParams({ query: data.documents.changed, variables: JSON.stringify({ ward: data.ward }) });
    this.#stream = new Stream(`/graphql?${asked}`, {
      opened: (isResumed) => {
        if (this.#owed === null) write("live", say("live"));
        // Without a cursor nobody tells what happened between the page and the stream.
        if (!isResumed || this.#owed !== null) this.#renew(false);
      },
      next: ({ data: { incidentChanged } }) => this.#take(incidentChanged),
      lost: () => this.#lost(),
      ended: () => this.#end(),
    });
  }

  #take(change) {
    if (change.refetch) this.#renew(true);
    else this.#gather(change.incidentId, change.incident?.trackingCode);
  }

  #gather(id, code) {
    this.#ids.set(id, code);
    this.#gathering ??= setTimeout(() => this.#flush(), GATHER);
  }

  async #flush() {
    this.#gathering = null;
    if (this.#busy) return;
    this.#busy = true;
    const changed = [...this.#ids];
    this.#ids.clear();
    try {
      await this.#told.changed(changed.map(([id]) => id), changed.map(([, code]) => code));
    } catch {
      for (const [id, code] of changed) this.#ids.set(id, code); // asked again with the next, or in a moment
      await pause();
    } finally {
      this.#busy = false;
      if (this.#ids.size) this.#gathering ??= setTimeout(() => this.#flush(), GATHER);
    }
  }

  #renew(all) {
    this.#owed = all || this.#owed === true;
    void this.#settle();
  }

  /** Ask for what is owed; until it has come the page says since when it is not as the server has it. */
  #settle = inTurn(async () => {
    clearTimeout(this.#owing);
    if (this.#owed === null) return;
    const all = this.#owed;
    this.#owed = null;
    try {
      await this.#told.renew(all);
      this.#tries = 0;
      this.#staleSince = null;
      if (this.#stream.isOpen) write("live", say("live"));
    } catch {
      if (this.#isOver) return;
      this.#owed = all || this.#owed === true;
      this.#staleSince ??= new Date();
      this.#lost();
      const wait = PAUSES[Math.min(this.#tries++, PAUSES.length - 1)] * 1000;
      this.#owing = setTimeout(() => this.#settle(), wait);
    }
  });

  /** Whoever works for the ward no more could follow what everybody may see of it, but this page shows more. */
  #end() {
    this.#isOver = true;
    this.#stream.end();
    this.#owed = null;
    clearTimeout(this.#owing);
    write("lost", say("signedOut"));
  }

  #lost() {
    const time = moment(this.#staleSince ?? this.#stream.heardAt).split(" ")[1];
    write("lost", say(navigator.onLine ? "notLive" : "noNetwork", { time }));
  }
}

const pause = () => new Promise((resolve) => setTimeout(resolve, AGAIN));

function write(tone, text) {
  if (line.dataset.tone === tone && line.lastElementChild.textContent === text) return;
  line.dataset.tone = tone;
  line.querySelector("use").setAttribute("href", `${data.sprite}#${tone === "lost" ? "wifi-off" : "wifi"}`);
  line.lastElementChild.textContent = text;
}
