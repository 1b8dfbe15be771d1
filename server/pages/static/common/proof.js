// Solves a challenge of our server (ALTCHA's scheme, version 2): seconds of work for a phone, nothing to do for a person.
// The browser's own PBKDF2 does the work, beside the page, which goes on; used by the service worker as well.

const AT_ONCE = 8;
const PATIENCE = 5 * 60 * 1000;

const bytes = (hex) => Uint8Array.from(hex.match(/../g), (pair) => Number.parseInt(pair, 16));
const hex = (found) => [...found].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/** Fetch the challenge at this address and solve it: what to send along. Throws where that cannot be done here. */
export async function prove(address) {
  const response = await fetch(address, { headers: { Accept: "application/json" }, cache: "no-store" });
  if (!response.ok) throw new Error(`status ${response.status}`);
  const challenge = await response.json();
  const solution = await solve(challenge.parameters);
  return btoa(JSON.stringify({ challenge, solution }));
}

/** The number that a key begins so with, and that key. */
export async function solve({ nonce, salt, cost, keyLength, keyPrefix }) {
  const [head, salted] = [bytes(nonce), bytes(salt)];
  const derive = async (counter) => {
    const password = new Uint8Array(head.length + 4);
    password.set(head);
    new DataView(password.buffer).setUint32(head.length, counter);
    const key = await crypto.subtle.importKey("raw", password, "PBKDF2", false, ["deriveBits"]);
    const how = { name: "PBKDF2", hash: "SHA-256", salt: salted, iterations: cost };
    return hex(new Uint8Array(await crypto.subtle.deriveBits(how, key, keyLength * 8)));
  };
  const until = performance.now() + PATIENCE; // by no clock that may be wrong
  for (let first = 0; performance.now() < until; first += AT_ONCE) {
    const keys = await Promise.all(Array.from({ length: AT_ONCE }, (_, n) => derive(first + n)));
    const found = keys.findIndex((key) => key.startsWith(keyPrefix));
    if (found >= 0) return { counter: first + found, derivedKey: keys[found] };
  }
  throw new Error("not found in time");
}
