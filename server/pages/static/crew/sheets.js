// What a step needs to be told: photographs and a note of what is done, why a job is given back, that duty is to end.

import { element, icon } from "../common/dom.js";
import { isPicture, shrink } from "../common/shrink.js";
import { data, say } from "../common/words.js";
import { nameOf } from "./saying.js";

const part = (id) => document.getElementById(id);
let reading = Promise.resolve();

for (const sheet of document.querySelectorAll("dialog.sheet")) {
  sheet.addEventListener("click", ({ target }) => target.closest("[data-close]") && sheet.close("cancel"));
}

/** Open a sheet; gives whether it was confirmed. `check()` says whether what was given suffices. */
function opened(sheet, form, check = () => true) {
  return new Promise((resolve) => {
    form.onsubmit = async (event) => {
      event.preventDefault();
      await reading; // a photograph that is still being made small belongs to it
      if (sheet.open && check()) sheet.close("done");
    };
    sheet.returnValue = "";
    sheet.onclose = () => resolve(sheet.returnValue === "done");
    sheet.showModal();
    sheet.scrollTop = 0;
  });
}

function problem(id, words) {
  part(`${id}-problem`).hidden = !words;
  part(`${id}-problem`).querySelector("span").textContent = words;
  part(`${id}-field`).classList.toggle("is-wrong", Boolean(words));
  return !words;
}

// The work is done

let pictures = [];

for (const { text, word } of data.notes) {
  const box = element("input", "", [], { type: "checkbox", value: text });
  part("resolve-ready").append(element("label", "choice", [box, element("span", "", word)]));
}

part("resolve-file").addEventListener("change", ({ target }) => {
  const files = [...target.files];
  target.value = "";
  reading = reading.then(() => take(files)).catch(() => problem("resolve-photo", say("photoNone")));
});

async function take(files) {
  problem("resolve-photo", "");
  tellPhotos(say("photoReading"));
  for (const file of files) {
    if (pictures.length >= data.mostPhotos) {
      problem("resolve-photo", say("photosMost", { n: data.mostPhotos }));
      break;
    }
    const small = await shrink(file);
    if ((small === file && !(await isPicture(file))) || small.size > data.mostPhotoBytes) {
      problem("resolve-photo", say("photoNone"));
      continue;
    }
    const name = small === file ? file.name : `${file.name.replace(/\.\w+$/, "")}.jpg`;
    const takenAt = file.lastModified ? new Date(file.lastModified).toISOString() : null;
    pictures.push({ name, type: small.type || "application/octet-stream", bytes: await small.arrayBuffer(), takenAt });
  }
  tellPhotos("");
  drawPhotos();
}

function tellPhotos(words) {
  part("resolve-photo-told").textContent = words;
  part("resolve-photo-told").hidden = !words;
}

function drawPhotos() {
  const thumbs = part("resolve-photos");
  for (const picture of thumbs.querySelectorAll("img")) URL.revokeObjectURL(picture.src);
  thumbs.replaceChildren(
    ...pictures.map((photo, index) => {
      const src = URL.createObjectURL(new Blob([photo.bytes], { type: photo.type }));
      const away = element("button", "sheet-remove", icon("x"), { type: "button", "aria-label": say("photoRemove", { n: index + 1 }) });
      away.addEventListener("click", () => {
        pictures = pictures.filter((other) => other !== photo);
        drawPhotos();
        (thumbs.querySelector("button") ?? part("resolve-file")).focus();
      });
      return element("li", "", [element("img", "", [], { src, alt: say("withPhotos", { n: index + 1 }) }), away]);
    }),
  );
  thumbs.hidden = !pictures.length;
  part("resolve-file-button").hidden = pictures.length >= data.mostPhotos;
}

/** Ask what was done to a job; gives { note, photos }, or null. `given` ({ note, photos }) is where to go on from. */
export async function askResolve(job, given = { note: "", photos: [] }) {
  part("resolve-about").textContent = nameOf(job);
  part("resolve-photos-optional").hidden = job.photoRequired;
  pictures = given.photos.map(({ name, type, bytes, takenAt }) => ({ name, type, bytes, takenAt }));
  drawPhotos();
  problem("resolve-photo", "");
  problem("resolve-note", "");
  part("resolve-note").value = given.note;
  const boxes = [...part("resolve-ready").querySelectorAll("input")];
  for (const box of boxes) box.checked = false;
  const note = () => [...boxes.filter((box) => box.checked).map((box) => box.value), part("resolve-note").value.trim()].filter(Boolean).join(" ");
  const check = () => {
    const photoFits = problem("resolve-photo", job.photoRequired && !pictures.length ? say("photoMissing") : "");
    const noteFits = problem("resolve-note", note() ? "" : say("noteMissing"));
    if (!photoFits) part("resolve-file").focus();
    else if (!noteFits) boxes[0].focus();
    return photoFits && noteFits;
  };
  const confirmed = await opened(part("resolve-sheet"), part("resolve-form"), check);
  return confirmed ? { note: note(), photos: pictures } : null;
}

// A job is given back

for (const { key, word } of data.reasons) {
  const radio = element("input", "", [], { type: "radio", name: "reason", value: key });
  part("decline-reasons").append(element("label", "choice", [radio, element("span", "", word)]));
}

/** Ask why a job is given back; gives { reason, more }, or null. */
export async function askDecline(job) {
  part("decline-about").textContent = nameOf(job);
  part("decline-form").reset();
  problem("decline", "");
  const chosen = () => part("decline-form").querySelector("[name=reason]:checked")?.value;
  const more = () => part("decline-more").value.trim();
  const check = () => {
    const fits = problem("decline", !chosen() || (chosen() === data.other && !more()) ? say("reasonMissing") : "");
    if (!fits) (chosen() ? part("decline-more") : part("decline-reasons").querySelector("input")).focus();
    return fits;
  };
  return (await opened(part("decline-sheet"), part("decline-form"), check)) ? { reason: chosen(), more: more() } : null;
}

/** Ask whether duty is to end with so many jobs in hand. */
export function askOff(count) {
  part("duty-title").textContent = say("dutyConfirm", { n: count });
  return opened(part("duty-sheet"), part("duty-form"));
}
