// What happens in the ward, as it happens: by the stream of the API. While none can be had, the page says so.

import { data, moment, say } from "../common/words.js";

const PAUSES = [0.5, 1, 2, 4, 8, 15, 30];
const GATHER = 120; // milliseconds in which changes are taken together
const line = document.getElementById("live");

export class Live {
  #stream = null;
  #waiting = null;
  #failures = 0;
  #cursor = null;
  #ids = new Set();
  #gathering = null;
  #busy = false;
  #since = new Date(); // when the page last was as the server has it
  #told;

  /** `changed(ids)` brings rows up to date, `renew()` everything; both may be waited for. */
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
    this.#stream?.close();
    this.#stream = null;
  }

  #connect() {
    this.#leave();
    const variables = { ward: data.ward, after: this.#cursor };
    const asked = new URLSearchParams({ query: data.documents.changed, variables: JSON.stringify(variables) });
    const isFirst = this.#cursor === null;
    this.#stream = new EventSource(`/graphql?${asked}`);
    this.#stream.addEventListener("open", () => {
      this.#failures = 0;
      this.#since = new Date();
      this.#write("live", say("live"));
      // Without a cursor nobody tells what happened between the page and the stream.
      if (isFirst) void this.#renew(false);
    });
    this.#stream.addEventListener("next", (event) => this.#take(event));
    this.#stream.addEventListener("complete", () => this.#end());
    this.#stream.addEventListener("error", () => this.#retry());
  }

  #take(event) {
    const answer = JSON.parse(event.data);
    const change = answer.data?.incidentChanged;
    if (!change) {
      // A cursor that is too old or of another server's is no way to go on.
      this.#cursor = null;
      if (answer.errors?.some(({ extensions }) => extensions?.code === "NOT_FOUND")) this.#end();
      else this.#retry();
      return;
    }
    this.#cursor = change.cursor;
    this.#since = new Date();
    document.dispatchEvent(new Event("incident-changed")); // for the bell, desk/bell.js
    if (change.refetch) void this.#renew(true);
    else this.#gather(change.incidentId);
  }

  #gather(id) {
    this.#ids.add(id);
    this.#gathering ??= setTimeout(() => this.#flush(), GATHER);
  }

  async #flush() {
    this.#gathering = null;
    if (this.#busy) return;
    this.#busy = true;
    const ids = [...this.#ids];
    this.#ids.clear();
    try {
      await this.#told.changed(ids);
    } catch {
      for (const id of ids) this.#ids.add(id); // asked again with the next, or in a moment
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
