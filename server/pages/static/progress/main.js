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

document.getElementById("print")?.addEventListener("click", () => window.print());
document.getElementById("summary")?.focus();

follow();
