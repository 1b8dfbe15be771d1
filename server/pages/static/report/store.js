// What is kept on this phone: reports being written, waiting to be sent, refused or sent, each with its photographs.
// Used by pages and by the service worker alike, so it knows no document.
//
// A report: { key, state, ward, fields, savedAt, problems, tries, after, limited, code, url }
//   state: "draft", "waiting", "refused" (the ward asks for something to be mended), "sent",
//     "seen" (sent and shown: only its code is kept, for where there is no network)
//   after: not to be tried before this moment (milliseconds); limited: because the server asked for it
// A photograph: { id, report, order, name, type, bytes, takenAt, sentAs }; sentAs is its id at the server, once it is there.

const NAME = "phuong-so";
const CHANNEL = "reports";
const MOST_SEEN = 10;
let opened = null;

function open() {
  opened ??= new Promise((resolve, reject) => {
    const asked = indexedDB.open(NAME, 1);
    asked.onupgradeneeded = () => {
      asked.result.createObjectStore("reports", { keyPath: "key" });
      asked.result.createObjectStore("photos", { keyPath: "id" }).createIndex("report", "report");
    };
    asked.onsuccess = () => {
      // Another tab with a newer version must not wait for this one.
      asked.result.onversionchange = () => asked.result.close();
      resolve(asked.result);
    };
    asked.onerror = () => reject(asked.error);
    asked.onblocked = () => reject(new Error("the store is held by an older page"));
  });
  return opened;
}

/** Whether this browser lets us keep anything: some do not in private windows. */
export async function isThere() {
  try {
    await open();
    return true;
  } catch {
    opened = null;
    return false;
  }
}

/** Run `work(reports, photos)` in one transaction; what it gives back is awaited as a request's result. */
async function within(mode, work) {
  const database = await open();
  return new Promise((resolve, reject) => {
    const all = database.transaction(["reports", "photos"], mode);
    let given;
    all.oncomplete = () => resolve(given);
    all.onabort = () => reject(all.error ?? new Error("nothing was kept"));
    work(all.objectStore("reports"), all.objectStore("photos"), (value) => {
      given = value;
    });
  });
}

const channel = globalThis.BroadcastChannel ? new BroadcastChannel(CHANNEL) : null;
const listening = [];

function tell() {
  channel?.postMessage("changed");
  for (const listener of listening) listener();
}

/** Call `listener` whenever a report changes, here, in another tab or in the service worker. */
export function onChange(listener) {
  listening.push(listener);
  if (channel) channel.onmessage = () => listening.forEach((one) => one());
}

export const report = (key) =>
  within("readonly", (reports, _, give) => {
    reports.get(key).onsuccess = (event) => give(event.target.result);
  });

/** All reports, the oldest first. */
export async function reports() {
  const found = await within("readonly", (kept, _, give) => {
    kept.getAll().onsuccess = (event) => give(event.target.result);
  });
  return found.sort((one, other) => one.savedAt - other.savedAt);
}

/** The photographs of a report, in their order. */
export async function photosOf(key) {
  const found = await within("readonly", (_, photos, give) => {
    photos.index("report").getAll(key).onsuccess = (event) => give(event.target.result);
  });
  return found.sort((one, other) => one.order - other.order);
}

/** Change a report in one step, from what is kept now; gives what it became, or undefined where it is gone. */
export async function change(key, changes, made = undefined) {
  const became = await within("readwrite", (kept, _, give) => {
    kept.get(key).onsuccess = (event) => {
      const before = event.target.result ?? made;
      if (!before) return;
      const after = { ...before, ...(typeof changes === "function" ? changes(before) : changes) };
      kept.put(after);
      give(after);
    };
  });
  tell();
  return became;
}

/** Forget a report and its photographs. */
export async function remove(key) {
  await within("readwrite", (kept, photos) => {
    kept.delete(key);
    forgetPhotos(photos, key);
  });
  tell();
}

/** The ward has it: the code stays to be shown, the photographs need not. */
export async function sent(key, code, url) {
  await within("readwrite", (kept, photos) => {
    kept.get(key).onsuccess = (event) => {
      if (event.target.result) kept.put({ key, state: "sent", ward: event.target.result.ward, savedAt: Date.now(), code, url });
    };
    forgetPhotos(photos, key);
  });
  tell();
}

/** What was sent has been shown: it is offered no more, and only the newest codes stay. */
export async function seen(key) {
  await change(key, { state: "seen" });
  const old = (await reports()).filter((one) => one.state === "seen").slice(0, -MOST_SEEN);
  for (const one of old) await remove(one.key);
}

function forgetPhotos(photos, key) {
  photos.index("report").openKeyCursor(key).onsuccess = (event) => {
    const cursor = event.target.result;
    if (!cursor) return;
    photos.delete(cursor.primaryKey);
    cursor.continue();
  };
}

export const putPhoto = (photo) => within("readwrite", (_, photos) => photos.put(photo));

export const removePhoto = (id) => within("readwrite", (_, photos) => photos.delete(id));

/** Note under which id the server holds a photograph; null when it holds it no more. */
export const photoSentAs = (id, sentAs) =>
  within("readwrite", (_, photos) => {
    photos.get(id).onsuccess = (event) => {
      if (event.target.result) photos.put({ ...event.target.result, sentAs });
    };
  });

/** A UUID of version 4; also where the page is not served securely and the browser offers none. */
export function newKey() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
