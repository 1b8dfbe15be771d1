// Photographs: chosen, read for where and when, made smaller, kept on the phone at once, shown with a way to take them out.

import { element, icon } from "../common/dom.js";
import { newKey } from "../common/keeping.js";
import { isPicture, shrink } from "../common/shrink.js";
import { data, say } from "../common/words.js";
import { readExif } from "./exif.js";
import { photosOf, putPhoto, removePhoto } from "./store.js";

const input = document.getElementById("photos");
const list = document.getElementById("thumbs");
const told = document.getElementById("photos-told");
const button = document.getElementById("photo-button");
const word = button.querySelector(".photo-button-word");
const firstWord = word.textContent;
const listening = [];

let owner = null;
let photos = [];
let working = Promise.resolve();
let any = false;

/** Call `listener(exif)` for each photograph that is added, and with null when one is taken out. */
export const onChange = (listener) => listening.push(listener);

/** Whether any was chosen on this page, kept already or not. */
export const wereChosen = () => any;

/** When all that was chosen so far is kept. */
export const settled = () => working;

/** Whether the server refused one of them. */
export const areWrong = () => photos.some((photo) => photo.isWrong);

export const count = () => photos.length;

/** Take photographs for the report that `keyOf` names once the first is chosen. */
export function begin(keyOf) {
  const chosen = () => {
    const files = [...input.files];
    // The form itself carries no file: what is sent is what is kept.
    input.value = "";
    any = true;
    working = working.then(() => take(files, keyOf)).catch(() => tell(say("photoFailed")));
  };
  input.addEventListener("change", chosen);
  if (input.files.length) chosen(); // by who was quicker than this page
}

/** Show the photographs of a report that was kept, or none. */
export async function load(key) {
  for (const photo of photos) URL.revokeObjectURL(photo.address);
  photos = [];
  owner = key;
  if (key) for (const photo of await photosOf(key)) add(photo);
  draw();
  tell("");
}

async function take(files, keyOf) {
  tell(files.length ? say("photoReading") : "");
  const complaints = [];
  for (const file of files) {
    if (photos.length >= data.mostPhotos) {
      complaints.push(say("photosTooMany", { most: data.mostPhotos }));
      break;
    }
    if (file.type && !file.type.startsWith("image/")) {
      complaints.push(say("photoIsNone", { name: file.name }));
      continue;
    }
    const told = await readExif(file);
    const small = await shrink(file);
    if (small === file && !(await isPicture(file))) {
      complaints.push(say("photoBroken", { name: file.name }));
      continue;
    }
    if (small.size > data.mostPhotoBytes) {
      complaints.push(say("photoTooLarge", { name: file.name }));
      continue;
    }
    owner = await keyOf();
    const photo = {
      id: newKey(),
      report: owner,
      order: Date.now() + photos.length / 100,
      name: small === file ? file.name : `${file.name.replace(/\.\w+$/, "")}.jpg`,
      type: small.type || "application/octet-stream",
      bytes: await small.arrayBuffer(),
      takenAt: told.takenAt,
      sentAs: null,
    };
    await putPhoto(photo);
    add(photo);
    draw();
    for (const listener of listening) listener(told);
  }
  tell(complaints.join(" ") || (photos.length ? say("photoCount", { n: photos.length }) : ""), complaints.length > 0);
}

function add({ id, name, type, bytes, takenAt }) {
  photos.push({ id, name, takenAt, address: URL.createObjectURL(new Blob([bytes], { type })) });
}

/** A camera's own time, as people here write it. */
const written = (time) => time.replace(/^(\d+)-(\d+)-(\d+)T(\d+:\d+).*$/, "$3/$2/$1 $4");

/** Mark the photographs that problems are about, each { field }: "photos.1" is the second. */
export function mark(problems) {
  const fields = problems.map(({ field }) => field);
  photos.forEach((photo, index) => {
    photo.isWrong = fields.includes(`photos.${index}`);
  });
  draw();
}

function tell(text, isWrong = false) {
  told.textContent = text;
  told.classList.toggle("is-refused", isWrong);
  told.hidden = !text;
}

function draw() {
  list.replaceChildren(...photos.map(thumb));
  list.hidden = !photos.length;
  button.classList.toggle("is-small", photos.length > 0);
  button.hidden = photos.length >= data.mostPhotos;
  word.textContent = photos.length ? say("photoMore") : firstWord;
}

function thumb(photo, index) {
  const name = say("photoNumber", { n: index + 1 });
  const picture = element("img", "", [], { src: photo.address, alt: name });
  // A kind of picture that this browser cannot show is sent all the same.
  picture.addEventListener("error", () => picture.replaceWith(element("span", "thumb-name", [icon("camera"), photo.name])));
  const remove = element("button", "thumb-remove", icon("x"), { type: "button", "aria-label": say("photoRemove", { n: index + 1 }) });
  remove.addEventListener("click", async () => {
    await removePhoto(photo.id);
    URL.revokeObjectURL(photo.address);
    photos = photos.filter((other) => other !== photo);
    draw();
    tell(say("photoRemoved"));
    (list.querySelector("button") ?? input).focus();
    for (const listener of listening) listener(null);
  });
  const taken = photo.takenAt ? element("span", "thumb-when", say("photoTaken", { when: written(photo.takenAt) })) : null;
  const wrong = photo.isWrong ? element("span", "thumb-wrong", [icon("triangle-alert"), say("photoWrong")]) : null;
  return element("li", photo.isWrong ? "thumb is-refused" : "thumb", [picture, remove, wrong, taken]);
}
