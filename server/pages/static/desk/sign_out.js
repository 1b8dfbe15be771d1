// Signing out takes along what the crew's page keeps on this device: its own database, and nothing of a resident's.
//
// The rule between the pages: the database is called `phuongso-crew`, and steps that were not sent yet lie in its store
// `actions`, their photographs in `photos`. Where there are any, whoever signs out is told: they stay for the next time
// that the same account signs in, and all else goes. The document is told of it before (`signing-out`).

const NAME = "phuongso-crew";
const UNSENT = "actions";
const STAYS = [UNSENT, "photos"];

const form = document.getElementById("sign-out");

/** The database where this device has it; null elsewhere. Never makes one. */
function kept() {
  return new Promise((resolve) => {
    const asked = indexedDB.open(NAME);
    asked.onupgradeneeded = () => asked.transaction.abort(); // it was not there
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => resolve(null);
    asked.onblocked = () => resolve(null);
  });
}

function unsent(database) {
  if (!database.objectStoreNames.contains(UNSENT)) return 0;
  return new Promise((resolve, reject) => {
    const counted = database.transaction(UNSENT).objectStore(UNSENT).count();
    counted.onsuccess = () => resolve(counted.result);
    counted.onerror = () => reject(counted.error);
  });
}

/** Leave in the database nothing but what waits to be sent. */
function forgetRest(database) {
  const rest = [...database.objectStoreNames].filter((name) => !STAYS.includes(name));
  if (!rest.length) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const all = database.transaction(rest, "readwrite");
    for (const name of rest) all.objectStore(name).clear();
    all.oncomplete = resolve;
    all.onabort = () => reject(all.error);
  });
}

/** Deleted, or about to be: another tab that holds it open closes it when told. */
function forget() {
  return new Promise((resolve) => {
    const asked = indexedDB.deleteDatabase(NAME);
    asked.onsuccess = asked.onerror = asked.onblocked = () => resolve();
  });
}

async function mayLeave() {
  const database = await kept();
  if (database === null) return true;
  try {
    const waiting = await unsent(database);
    if (waiting > 0 && !window.confirm(form.dataset.unsent)) return false;
    document.dispatchEvent(new Event("signing-out"));
    if (waiting > 0) {
      await forgetRest(database);
      return true;
    }
  } finally {
    database.close();
  }
  await forget();
  return true;
}

form?.addEventListener("submit", async (event) => {
  if (!globalThis.indexedDB) return;
  event.preventDefault();
  const leaves = await mayLeave().catch(() => true);
  if (leaves) form.submit(); // calls no listener again
});
