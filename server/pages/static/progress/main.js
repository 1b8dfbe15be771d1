// A report's page: copying, sharing and printing; the rest of it works without.

import { data, say } from "../common/words.js";
import { follow } from "./live.js";

const copied = document.getElementById("copied") ?? document.getElementById("news");

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    copied.textContent = say("copied");
  } catch {
    copied.textContent = say("copyByHand");
  }
}

for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", () => copy(button.dataset.copy));
}

const share = document.getElementById("share");
if (share && navigator.share) {
  share.addEventListener("click", async () => {
    try {
      await navigator.share({ title: say("shareTitle", { code: data.code }), url: share.dataset.link });
    } catch (error) {
      if (error.name !== "AbortError") await copy(share.dataset.link);
    }
  });
} else {
  share?.remove();
}

// Photographs are made small before they are sent; one that this browser cannot read goes as it is.
document.addEventListener("change", async ({ target }) => {
  if (target.id !== "photo") return;
  document.getElementById("photo-told").textContent = target.files.length ? say("picked", { n: target.files.length }) : "";
  const send = target.form.querySelector("[type=submit]");
  send.disabled = true;
  try {
    const { shrink } = await import("../common/shrink.js");
    const made = new DataTransfer();
    for (const file of target.files) {
      const small = await shrink(file);
      made.items.add(small === file ? file : new File([small], file.name, { type: small.type }));
    }
    target.files = made.files;
  } finally {
    send.disabled = false;
  }
});

document.getElementById("print")?.addEventListener("click", () => window.print());
document.getElementById("summary")?.focus();

follow();
