// A stream of server-sent events that comes back by itself: after growing pauses, when the network is back, when the
// page comes back from the browser's history. It is read by hand rather than by EventSource, for that keeps the server's
// pings to itself: whoever hears none for a while knows that the line is dead.

const PAUSES = [1, 2, 4, 8, 15, 30];
const DEAF = 40_000; // the server pings every fifteen seconds
const MEDIA_TYPE = "text/event-stream";
const REFUSED = [204, 401, 403, "NOT_FOUND", "NOT_ALLOWED"];

/** `look` as often as it is called, but one look at a time: what happens during one asks for a single one after it. */
export function inTurn(look) {
  let isLooking = false;
  let again = false;
  return async () => {
    again = true;
    if (isLooking) return;
    isLooking = true;
    try {
      while (again) {
        again = false;
        await look();
      }
    } finally {
      isLooking = false;
    }
  };
}

/**
 * Follow what `address` streams.
 *
 * told.opened(isResumed): what happened before is now to be asked for, unless it is told from where the last stream
 * ended; told.next(answer): what an event says, parsed; told.lost(failures): nothing is heard any more for so many
 * times in a row, another try is on its way; told.ended(): the caller's rights have changed, and the server is asked
 * again what may be followed with those of now. Where nothing may be, it is asked again after the longest pause.
 * `whileHidden`: whether to follow also while nobody looks at the page.
 */
export class Stream {
  #address;
  #told;
  #whileHidden;
  #reading = null;
  #waiting = 0;
  #failures = 0;
  #cursor = null;
  #isOpen = false;
  #isOver = false;
  #isErroneous = false;
  #heardAt = new Date();

  constructor(address, told, { whileHidden = true } = {}) {
    this.#address = address;
    this.#told = told;
    this.#whileHidden = whileHidden;
    document.addEventListener("visibilitychange", () => this.#seen());
    addEventListener("online", () => {
      this.#failures = 0;
      this.#connect();
    });
    addEventListener("offline", () => this.#retry());
    addEventListener("pagehide", () => this.#leave());
    addEventListener("pageshow", (event) => event.persisted && this.#connect());
    this.#connect();
  }

  /** Whether what happens is heard. */
  get isOpen() {
    return this.#isOpen;
  }

  /** When the server was last heard of: the time of the page at first. */
  get heardAt() {
    return this.#heardAt;
  }

  /** Follow no more. */
  end() {
    this.#isOver = true;
    this.#leave();
  }

  #leave() {
    clearTimeout(this.#waiting);
    this.#reading?.abort();
    this.#reading = null;
    this.#isOpen = false;
  }

  /** Begin now, whatever pause there was. */
  async #connect() {
    this.#leave();
    if (this.#isOver || (document.hidden && !this.#whileHidden)) return;
    const mine = (this.#reading = new AbortController());
    try {
      await this.#read(mine);
    } catch {
      // Away, or deaf: the same to who waits.
    }
    if (this.#reading === mine) this.#retry();
  }

  #seen() {
    if (document.hidden) {
      if (!this.#whileHidden) this.#leave();
    } else if (!this.#isOpen) this.#connect();
  }

  async #read(mine) {
    let deaf = 0;
    const heard = () => {
      clearTimeout(deaf);
      deaf = setTimeout(() => mine.abort(), DEAF);
    };
    heard();
    try {
      const headers = { Accept: MEDIA_TYPE, ...(this.#cursor && { "Last-Event-ID": this.#cursor }) };
      // Whatever shows the page comes before; and a request that never ends is not to be waited for.
      const answer = await fetch(this.#address, { headers, cache: "no-store", priority: "low", signal: mine.signal });
      if (REFUSED.includes(answer.status) || answer.redirected) return this.#refused();
      const isStream = answer.headers.get("Content-Type")?.startsWith(MEDIA_TYPE);
      if (!answer.ok || !isStream) throw new Error(String(answer.status));
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      let text = "";
      for (let part = await reader.read(); !part.done && this.#reading === mine; part = await reader.read()) {
        heard();
        this.#heardAt = new Date();
        const events = (text + part.value).split("\n\n");
        text = events.pop();
        for (const event of events) this.#hear(event);
      }
    } finally {
      clearTimeout(deaf);
    }
  }

  #hear(event) {
    const lines = event.split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim()]);
    const fields = Object.fromEntries(lines);
    if (fields.event === "complete") {
      if (!this.#isErroneous) this.#told.ended?.();
      throw new Error("complete");
    }
    const answer = fields.event === "next" ? JSON.parse(fields.data) : null;
    this.#isErroneous = Boolean(answer?.errors);
    if (this.#isErroneous) {
      this.#cursor = null; // it can go on from there no more
      if (answer.errors.some(({ extensions }) => REFUSED.includes(extensions?.code))) this.#refused();
      return;
    }
    if (!this.#isOpen) {
      this.#isOpen = true;
      this.#failures = 0;
      this.#told.opened?.(this.#cursor !== null);
    }
    if (!answer) return; // a ping
    if (fields.id) this.#cursor = fields.id;
    this.#told.next(answer);
  }

  #refused() {
    this.#failures = Math.max(this.#failures, PAUSES.length - 1);
  }

  // Pauses grow, each a little longer or shorter than another page's.
  #retry() {
    this.#leave();
    if (this.#isOver) return;
    const pause = PAUSES[Math.min(this.#failures, PAUSES.length - 1)] * (0.75 + Math.random() / 2);
    this.#failures += 1;
    if (this.#failures > PAUSES.length) this.#cursor = null; // perhaps it is what keeps the server from answering
    this.#told.lost?.(this.#failures);
    this.#waiting = setTimeout(() => this.#connect(), pause * 1000);
  }
}
