// Signing out takes along what the crew's page keeps on this device: its own database, and nothing of a resident's.
//
// The rule between the pages: the database is called `phuongso-crew`, and steps that were not sent yet lie in its store
// `actions`. Where there are any, whoever signs out is asked first; else they would be lost without a word.

const NAME = "phuongso-crew";
const UNSENT = "actions";

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
  let waiting = 0;
  try {
    waiting = await unsent(database);
  } finally {
    database.close();
  }
  if (waiting > 0 && !window.confirm(form.dataset.unsent)) return false;
  await forget();
  return true;
}

form?.addEventListener("submit", async (event) => {
  if (!globalThis.indexedDB) return;
  event.preventDefault();
  const leaves = await mayLeave().catch(() => true);
  if (leaves) form.submit(); // calls no listener again
});
