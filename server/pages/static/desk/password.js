// A password that is shown once: copied by a button, printed with what belongs to it.

import { data } from "../common/words.js";

const password = document.getElementById("password");
const said = document.getElementById("said");

document.getElementById("copy").addEventListener("click", async () => {
  try {
    await navigator.clipboard.writeText(password.textContent);
    said.textContent = data.messages.copied;
  } catch {
    getSelection().selectAllChildren(password);
    said.textContent = data.messages.notCopied;
  }
});
document.getElementById("print").addEventListener("click", () => print());
