// What is shown once, a password, a link or codes: copied by a button, printed with what belongs to it.

import { data } from "../common/words.js";

const shown = document.getElementById("password");
const said = document.getElementById("said");

document.getElementById("copy").addEventListener("click", async () => {
  try {
    await navigator.clipboard.writeText(shown.innerText.trim());
    said.textContent = data.messages.copied;
  } catch {
    getSelection().selectAllChildren(shown);
    said.textContent = data.messages.notCopied;
  }
});
document.getElementById("print").addEventListener("click", () => print());
document.getElementById("handing").hidden = false; // now a press does something
