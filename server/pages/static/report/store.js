// What is kept on this phone: reports being written, waiting to be sent, refused or sent, each with its photographs.
// Used by pages and by the service worker alike, so it knows no document.
//
// A report: { key, state, ward, fields, savedAt, problems, tries, after, limited, code, url }
//   state: "draft", "waiting", "refused" (the ward asks for something to be mended), "sent",
//     "seen" (sent and shown: only its code is kept, for where there is no network)
//   after: not to be tried before this moment (milliseconds); limited: because the server asked for it
// A photograph: { id, report, order, name, type, bytes, takenAt, sentAs }; sentAs is its id at the server, once it is there.

import { keeper } from "../common/keeping.js";

const MOST_SEEN = 10;
const { isThere, within, tell, onChange } = keeper("phuong-so", ["reports", "photos"], "reports", (database) => {
  database.createObjectStore("reports", { keyPath: "key" });
  database.createObjectStore("photos", { keyPath: "id" }).createIndex("report", "report");
});
export { isThere, onChange };

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
