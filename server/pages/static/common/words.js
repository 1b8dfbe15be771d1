// What the server tells the page (constants and translated words, no person's text), and how things are said.

export const data = JSON.parse(document.getElementById("page-data").textContent);

/** A message of the catalogue; `{name}` is filled in as text. */
export function say(key, values = {}) {
  return data.messages[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

const numbers = new Intl.NumberFormat(data.language === "vi" ? "vi-VN" : "en-GB");
export const count = (n) => numbers.format(n);

const parts = new Intl.DateTimeFormat("en-GB", {
  timeZone: "Asia/Ho_Chi_Minh",
  day: "2-digit",
  month: "2-digit",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
});

/** A moment as people here write it: 22/11/2026 17:05, in Vietnam's time wherever the reader is. */
export function moment(text) {
  const part = Object.fromEntries(parts.formatToParts(new Date(text)).map(({ type, value }) => [type, value]));
  return `${part.day}/${part.month}/${part.year} ${part.hour}:${part.minute}`;
}

/** The time of day of a moment, and its day where that is not today: [time, day | null]. */
export function when(text) {
  const [day, time] = moment(text).split(" ");
  return [time, day === moment(new Date()).split(" ")[0] ? null : day];
}

/** The same in one piece. */
export const clock = (text) => when(text).filter(Boolean).join(" ");

/** A phone number as a phone dials it. */
export const dialled = (number) => number.replace(/[^\d+]/g, "");

/** A phone number as people read it aloud, 0900 094 835; one of another kind as it was written. As `phone` in words.py. */
export function phoneShown(number) {
  const [, ...groups] = /^(0\d{3})(\d{3,4})(\d{3})$/.exec(dialled(number).replace(/^\+84/, "0")) ?? [];
  return groups.length ? groups.join(" ") : number;
}

/** Without diacritics and case, so that 'nha van hoa' finds 'Nhà văn hóa'. */
export function fold(text) {
  return text.normalize("NFD").replace(/\p{Diacritic}/gu, "").replace(/đ/gi, "d").toLowerCase();
}

/** The colour group of an incident: late ones are red while somebody still has to act. */
export function tone(incident) {
  return isLate(incident) ? "late" : data.tones[incident.status];
}

export const isLate = (incident) => incident.overdue && data.open.includes(incident.status);

export const kindName = (incident) => (data.language === "vi" ? incident.name : incident.nameEn);
