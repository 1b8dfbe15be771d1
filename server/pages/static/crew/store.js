// What a crew's page keeps on this phone, in a database of its own, which signing out clears. Used by the page and by the
// service worker alike, so it knows no document.
//
// kept: { name: "list", ...the list as the server gave it } and { name: "session", out, others }
//   out: nobody is signed in; others: how many steps wait that are another account's
// An action: { key, order, account, step, incident, kind, fields, photos, state, tries, faults, after, limited, problem, made }
//   state: "waiting" or "refused" (problem says why); photos: how many; made: when it was tapped (milliseconds)
// A photograph: { id, action, order, name, type, bytes, takenAt, sentAs }

import { keeper, newKey } from "../common/keeping.js";

const { isThere, within, tell, onChange } = keeper("phuongso-crew", ["actions", "photos", "kept"], "crew", (database) => {
  database.createObjectStore("actions", { keyPath: "order", autoIncrement: true }).createIndex("key", "key");
  database.createObjectStore("photos", { keyPath: "id" }).createIndex("action", "action");
  database.createObjectStore("kept", { keyPath: "name" });
});
export { isThere, onChange };

/** Everything that the page shows: { list, session, actions }, read in one moment. */
export function all() {
  return within("readonly", (actions, _, kept, give) => {
    const found = { list: null, session: { out: false, others: 0 }, actions: [] };
    kept.getAll().onsuccess = ({ target }) => {
      for (const one of target.result) found[one.name] = one;
    };
    actions.getAll().onsuccess = ({ target }) => {
      found.actions = target.result;
      give(found);
    };
  });
}

/** All actions, in the order in which they were tapped. */
export const actions = () =>
  within("readonly", (kept, _photos, _kept, give) => {
    kept.getAll().onsuccess = ({ target }) => give(target.result);
  });

/**
 * Put a list into the store, unless it is older than what is there for the same account. One that comes with the answer to
 * a step is not the first: after signing out the service worker must bring nothing back.
 */
function putList(kept, list, mayBeFirst = false) {
  kept.get("list").onsuccess = ({ target }) => {
    const before = target.result;
    const isNew = before ? before.account !== list.account || before.at <= list.at : mayBeFirst;
    if (isNew) kept.put({ ...list, who: list.name, name: "list" });
  };
}

/** Keep the list as the server has it: an older answer that comes late changes nothing. */
export async function keepList(list) {
  await within("readwrite", (_, _photos, kept) => {
    putList(kept, list, true);
    kept.get("session").onsuccess = ({ target }) => kept.put({ others: 0, ...target.result, name: "session", out: false });
  });
  tell();
}

/** Note how it stands with signing in. */
export async function session(changes) {
  const changed = await within("readwrite", (_, _photos, kept, give) => {
    kept.get("session").onsuccess = ({ target }) => {
      const before = target.result ?? { out: false, others: 0 };
      const after = { ...before, ...changes, name: "session" };
      if (after.out === before.out && after.others === before.others) return;
      kept.put(after);
      give(true);
    };
  });
  if (changed) tell();
}

/** Keep what was tapped, with its photographs, at once or not at all. */
export async function add(action, photos = []) {
  const key = newKey();
  const usual = { key, photos: photos.length, state: "waiting", tries: 0, faults: 0, after: 0, limited: false, problem: null };
  await within("readwrite", (kept, pictures) => {
    kept.add({ ...usual, ...action, made: Date.now() });
    photos.forEach((photo, order) => pictures.put({ sentAs: null, ...photo, id: newKey(), action: key, order }));
  });
  tell();
  return key;
}

/** The photographs of an action, in their order. */
export async function photosOf(key) {
  const found = await within("readonly", (_, photos, _kept, give) => {
    photos.index("action").getAll(key).onsuccess = ({ target }) => give(target.result);
  });
  return found.sort((one, other) => one.order - other.order);
}

/** Note under which id the server holds a photograph; null when it holds it no more. */
export const photoSentAs = (id, sentAs) =>
  within("readwrite", (_, photos) => {
    photos.get(id).onsuccess = ({ target }) => {
      if (target.result) photos.put({ ...target.result, sentAs });
    };
  });

/** Change an action from what it is now. */
export async function change(key, changes, list = null) {
  await within("readwrite", (kept, _, lists) => {
    kept.index("key").get(key).onsuccess = ({ target }) => {
      if (target.result) kept.put({ ...target.result, ...changes });
    };
    if (list) putList(lists, list);
  });
  tell();
}

/** Forget an action with its photographs; where the ward took it, `list` is what came of it. */
export async function remove(key, list = null) {
  await within("readwrite", (kept, photos, lists) => {
    kept.index("key").getKey(key).onsuccess = ({ target }) => {
      if (target.result !== undefined) kept.delete(target.result);
    };
    photos.index("action").openKeyCursor(key).onsuccess = ({ target }) => {
      if (!target.result) return;
      photos.delete(target.result.primaryKey);
      target.result.continue();
    };
    if (list) putList(lists, list);
  });
  tell();
}
