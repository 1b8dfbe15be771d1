// What a browser keeps of its own, in object stores that pages and the service worker share; so it knows no document.

/**
 * A keeper of the database `name`, whose object stores are `stores`; `make(database)` lays them the first time. It is
 * opened when it is first needed. Whoever changes something calls `tell`, which is heard in every tab and in the service
 * worker over the channel `channel`.
 */
export function keeper(name, stores, channelName, make) {
  const channel = globalThis.BroadcastChannel ? new BroadcastChannel(channelName) : null;
  const listening = [];
  let opened = null;
  // Only a page makes it. Once it was deleted, as by signing out, what is still under way here must not make it anew.
  let mayMake = Boolean(globalThis.document);

  const isMade = async () => !indexedDB.databases || (await indexedDB.databases()).some((one) => one.name === name);

  function open() {
    opened ??= opening().catch((error) => {
      opened = null;
      throw error;
    });
    return opened;
  }

  async function opening() {
    if (!mayMake && !(await isMade())) throw new Error("nothing is kept here");
    return new Promise((resolve, reject) => {
      const asked = indexedDB.open(name, 1);
      asked.onupgradeneeded = () => make(asked.result);
      asked.onsuccess = () => {
        // Another tab with a newer version, or one that signs out, must not wait for this one.
        asked.result.onversionchange = ({ newVersion }) => {
          if (newVersion === null) mayMake = false;
          asked.result.close();
          opened = null;
        };
        resolve(asked.result);
      };
      asked.onerror = () => reject(asked.error);
      asked.onblocked = () => reject(new Error("the store is held by an older page"));
    });
  }

  return {
    /** Whether this browser lets us keep anything: some do not in private windows. */
    async isThere() {
      try {
        await open();
        return true;
      } catch {
        return false;
      }
    },

    /** Run `work(...stores, give)` in one transaction; what is given last is what comes back, once all of it is kept. */
    async within(mode, work) {
      const database = await open();
      return new Promise((resolve, reject) => {
        const all = database.transaction(stores, mode);
        let given;
        all.oncomplete = () => resolve(given);
        all.onabort = () => reject(all.error ?? new Error("nothing was kept"));
        work(...stores.map((one) => all.objectStore(one)), (value) => {
          given = value;
        });
      });
    },

    tell() {
      channel?.postMessage("changed");
      for (const listener of listening) listener();
    },

    /** Call `listener` whenever something changes, here, in another tab or in the service worker. */
    onChange(listener) {
      listening.push(listener);
      if (channel) channel.onmessage = () => listening.forEach((one) => one());
    },
  };
}

/** A UUID of version 4; also where the page is not served securely and the browser offers none. */
export function newKey() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
