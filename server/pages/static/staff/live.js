// What happens in the ward, as it happens: by the stream of the API. While none can be had, the page says so.

import { data, moment, say } from "../common/words.js";

const PAUSES = [0.5, 1, 2, 4, 8, 15, 30];
const GATHER = 40; // milliseconds in which changes are taken together
const DEAF = 40_000; // the server pings every fifteen seconds: after so long without one the line is dead
const line = document.getElementById("live");

export class Live {
  #stream = null;
  #waiting = null;
  #failures = 0;
  #cursor = null;
  #ids = new Map(); // tracking codes by id
  #gathering = null;
  #busy = false;
  #since = new Date(); // when the page last was as the server has it
  #told;

  /** `changed(ids, codes)` brings rows up to date, `renew()` everything; both may be waited for. */
  constructor(told) {
    this.#told = told;
    document.addEventListener("visibilitychange", () => !document.hidden && !this.#stream && this.#connect());
    addEventListener("online", () => {
      this.#failures = 0;
      this.#connect();
    });
    addEventListener("offline", () => this.#lost());
    addEventListener("pagehide", () => this.#leave());
    addEventListener("pageshow", (event) => event.persisted && this.#connect());
    this.#write("waiting", say("connecting"));
    this.#connect();
  }

  #leave() {
    clearTimeout(this.#waiting);
    this.#stream?.abort();
    this.#stream = null;
  }

  async #connect() {
    this.#leave();
    const mine = (this.#stream = new AbortController());
    try {
      await this.#follow(mine);
    } catch {
      // Away, or deaf: the same to who waits.
    }
    if (this.#stream === mine) this.#retry();
  }

  /** Read the stream to its end. Its pings, which EventSource keeps to itself, say that it is alive. */
  async #follow(mine) {
    const variables = { ward: data.ward, after: this.#cursor };
    const asked = new URLSearchParams({ query: data.documents.changed, variables: JSON.stringify(variables) });
    const isFirst = this.#cursor === null;
    let deaf = setTimeout(() => mine.abort(), DEAF);
    try {
      const headers = { Accept: "text/event-stream" };
      const answer = await fetch(`/graphql?${asked}`, { headers, cache: "no-store", signal: mine.signal });
      if (!answer.ok) throw new Error(String(answer.status));
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      this.#failures = 0;
      this.#write("live", say("live"));
      // Without a cursor nobody tells what happened between the page and the stream.
      if (isFirst) void this.#renew(false);
      let text = "";
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        clearTimeout(deaf);
        deaf = setTimeout(() => mine.abort(), DEAF);
        this.#since = new Date();
        const events = (text + part.value).split("\n\n");
        text = events.pop();
        for (const event of events) this.#hear(event);
      }
    } finally {
      clearTimeout(deaf);
    }
  }

  #hear(event) {
    const fields = Object.fromEntries(event.split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim()]));
    if (fields.event === "next") this.#take(JSON.parse(fields.data));
    else if (fields.event === "complete") this.#end();
  }

  #take(answer) {
    const change = answer.data?.incidentChanged;
    if (!change) {
      // A cursor that is too old or of another server's is no way to go on.
      this.#cursor = null;
      if (answer.errors?.some(({ extensions }) => extensions?.code === "NOT_FOUND")) this.#end();
      return;
    }
    this.#cursor = change.cursor;
    if (change.refetch) void this.#renew(true);
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
      await new Promise((resolve) => setTimeout(resolve, 1500));
    } finally {
      this.#busy = false;
      if (this.#ids.size) this.#gathering ??= setTimeout(() => this.#flush(), GATHER);
    }
  }

  async #renew(all) {
    try {
      await this.#told.renew(all);
    } catch {
      this.#leave();
      this.#retry();
    }
  }

  #lost() {
    this.#write("lost", say("noNetwork", { time: this.#time }));
  }

  get #time() {
    return moment(this.#since).split(" ")[1];
  }

  #retry() {
    this.#leave();
    if (navigator.onLine) this.#write("lost", say("notLive", { time: this.#time }));
    else this.#lost();
    const pause = PAUSES[Math.min(this.#failures, PAUSES.length - 1)] * (0.75 + Math.random() / 2);
    this.#failures += 1;
    this.#waiting = setTimeout(() => this.#connect(), pause * 1000);
  }

  /** Nobody is told any more: the sign-in has ended. */
  #end() {
    this.#leave();
    this.#write("lost", say("signedOut"));
  }

  #write(tone, text) {
    if (line.dataset.tone === tone && line.lastElementChild.textContent === text) return;
    line.dataset.tone = tone;
    line.querySelector("use").setAttribute("href", `${data.sprite}#${tone === "lost" ? "wifi-off" : "wifi"}`);
    line.lastElementChild.textContent = text;
  }
}
