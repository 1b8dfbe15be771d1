// One tab at a time edits a ward's boundaries for one person: the later one says so, and may take the work over.

import { newKey } from "../common/keeping.js";

const PATIENCE = 2000; // milliseconds that the other tab has to put its work away

/**
 * Whether this tab is the one. `yielded` is called, and waited for, when another tab takes over.
 * Where the browser has no locks (a page that is not served securely), whoever comes last is the one.
 */
export class Alone {
  #name;
  #yielded;
  #release = null;
  #channel = globalThis.BroadcastChannel ? new BroadcastChannel("boundaries-tabs") : null;
  #me = newKey();

  constructor(account, ward, yielded) {
    this.#name = `boundaries ${account} ${ward}`;
    this.#yielded = yielded;
    if (this.#channel) {
      this.#channel.onmessage = ({ data }) => {
        if (data.name === this.#name && data.by !== this.#me) void this.#give();
      };
    }
  }

  /** True where no other tab had the work; it is this tab's then. */
  async begin() {
    if (!navigator.locks) {
      this.#tell();
      return true;
    }
    return this.#hold({ ifAvailable: true });
  }

  /** Take the work from the tab that has it: politely, then, where that one sleeps, without asking. */
  async takeOver() {
    this.#tell();
    if (!navigator.locks) return;
    const patience = AbortSignal.timeout(PATIENCE);
    await this.#hold({ signal: patience }).catch(() => this.#hold({ steal: true }));
  }

  #tell() {
    this.#channel?.postMessage({ name: this.#name, by: this.#me });
  }

  /** Have the lock until it is given or taken away; whether it could be had. */
  #hold(options) {
    return new Promise((resolve, reject) => {
      const held = navigator.locks.request(this.#name, options, (lock) => {
        resolve(lock !== null);
        if (lock === null) return undefined;
        return new Promise((release) => {
          this.#release = release;
        });
      });
      held.catch((error) => {
        reject(error); // before it was had
        if (this.#release) void this.#lose(); // another tab stole it
      });
    });
  }

  async #give() {
    if (navigator.locks && !this.#release) return;
    await this.#yielded();
    this.#release?.();
    this.#release = null;
  }

  async #lose() {
    this.#release = null;
    await this.#yielded();
  }
}
