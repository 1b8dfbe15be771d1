// The link to what the map shows, and the snippet that shows it in a page of somebody else.

import { link } from "./address.js";
import { data, say } from "../common/words.js";

const dialog = document.getElementById("share");
const address = document.getElementById("share-link");
const embed = document.getElementById("share-embed");
const told = document.getElementById("share-told");
const send = document.getElementById("share-send");

function snippet() {
  const frame = document.createElement("iframe");
  const title = `${say("mapOf")} ${data.wardName}`;
  // No style: a page of somebody else may forbid them, as ours does.
  const parts = { src: link(true), title, width: "100%", height: "480", frameborder: "0", loading: "lazy" };
  for (const [name, value] of Object.entries(parts)) frame.setAttribute(name, value);
  return frame.outerHTML;
}

async function copy(field) {
  field.select();
  try {
    await navigator.clipboard.writeText(field.value);
    told.textContent = say("copied");
  } catch {
    told.textContent = say(document.execCommand("copy") ? "copied" : "notCopied");
  }
}

export function openShare() {
  address.value = link();
  embed.value = snippet();
  told.textContent = "";
  dialog.showModal();
}

export function start() {
  document.getElementById("open-share").addEventListener("click", openShare);
  document.getElementById("share-close").addEventListener("click", () => dialog.close());
  for (const button of dialog.querySelectorAll("[data-copy]"))
    button.addEventListener("click", () => copy(document.getElementById(button.dataset.copy)));
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  send.hidden = !navigator.share;
  send.addEventListener("click", () => navigator.share({ title: document.title, url: address.value }).catch(() => {}));
}
