// Drafts of boundaries that were not saved yet, in a database of this browser: one for each account and ward, so that
// nobody meets another's. Signing out leaves them for the next time that the same account signs in; what they hold is
// ground and names, nothing of any resident.
//
// { of, account, ward, draft, at, tab, reason, sending, dropped }
//   draft: as model.js writes it, null where there is none; at: when it was last changed (milliseconds);
//   tab: the tab that writes it; reason: what was typed for the history; sending: what was sent to the server without an
//   answer so far; dropped: { draft, at } of a draft that was thrown away, until there is another.

import { keeper, newKey } from "../common/keeping.js";

const { isThere, within } = keeper("phuongso-boundaries", ["drafts"], "boundaries-drafts", (database) => {
  database.createObjectStore("drafts", { keyPath: "of" });
});
export { isThere };

const tab = newKey();
const nothing = { draft: null, at: null, reason: "", sending: null, dropped: null };

/** Another tab writes this draft now. */
export class Elsewhere extends Error {}

/** The draft of an account for a ward, for this tab alone to write from now on. */
export function take(account, ward) {
  const of = `${account}/${ward}`;
  return within("readwrite", (drafts, give) => {
    drafts.get(of).onsuccess = ({ target }) => {
      const mine = { ...nothing, ...target.result, of, account, ward, tab };
      drafts.put(mine);
      give(mine);
    };
  });
}

/** Change the draft from what it is now. Throws `Elsewhere` where another tab has taken it. */
export async function change(account, ward, changes) {
  const isMine = await within("readwrite", (drafts, give) => {
    drafts.get(`${account}/${ward}`).onsuccess = ({ target }) => {
      const before = target.result;
      if (before?.tab !== tab) return give(false);
      drafts.put({ ...before, ...changes });
      give(true);
    };
  });
  if (!isMine) throw new Elsewhere();
}
