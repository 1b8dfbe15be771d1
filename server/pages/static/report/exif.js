// Where and when a photograph was taken, as the camera wrote it (Exif 2.32, TIFF 6.0) into JPEG, HEIC, WebP or PNG. Read before
// the photograph is shrunk, which leaves all of that behind. Anything that is not as it should be counts as nothing told.

const GPS = 0x8825;
const DETAILS = 0x8769;
const TAKEN = 0x9003;
const SIZES = { 2: 1, 3: 2, 4: 4, 5: 8 };

/** { latitude, longitude, takenAt } of a file: each null where the camera did not tell; takenAt is 2026-11-20T09:05:00. */
export async function readExif(file) {
  const nothing = { latitude: null, longitude: null, takenAt: null };
  try {
    const bytes = new Uint8Array(await file.arrayBuffer());
    const start = findTiff(bytes);
    return start === null ? nothing : read(new DataView(bytes.buffer), start);
  } catch (error) {
    if (error instanceof RangeError) return nothing; // cut off, or offsets that lead nowhere
    throw error;
  }
}

const MARKS = ["Exif\0\0", "EXIF", "eXIf"];
const ORDERS = ["II*\0", "MM\0*"];

/** Where the TIFF structure begins: behind the mark that JPEG and HEIC, WebP, or PNG set; WebP tells its length between. */
function findTiff(bytes) {
  const is = (text, at) => [...text].every((letter, n) => bytes[at + n] === letter.charCodeAt(0));
  // Every mark has an x, small or capital, as its second letter.
  for (let at = 0; at < bytes.length; at += 1) {
    if (bytes[at] !== 0x78 && bytes[at] !== 0x58) continue;
    const mark = MARKS.find((one) => is(one, at - 1));
    const found = mark && [at - 1 + mark.length, at + 7].find((start) => ORDERS.some((order) => is(order, start)));
    if (found) return found;
  }
  return null;
}

function read(view, start) {
  const little = view.getUint16(start) === 0x4949;
  const whole = directory(view, start, start + view.getUint32(start + 4, little), little);
  const pointer = (tag) => (whole.has(tag) ? directory(view, start, start + whole.get(tag).numbers[0], little) : new Map());
  const gps = pointer(GPS);
  const latitude = degrees(gps, 1, 2, "S", 90);
  const longitude = degrees(gps, 3, 4, "W", 180);
  const told = latitude !== null && longitude !== null && !(latitude === 0 && longitude === 0);
  const taken = /^(\d{4}):(\d\d):(\d\d) (\d\d):(\d\d):(\d\d)/.exec(pointer(DETAILS).get(TAKEN)?.text ?? "");
  return {
    latitude: told ? latitude : null,
    longitude: told ? longitude : null,
    takenAt: taken ? `${taken[1]}-${taken[2]}-${taken[3]}T${taken[4]}:${taken[5]}:${taken[6]}` : null,
  };
}

/** A directory's entries by tag: `text` of ASCII ones, `numbers` of the rest. */
function directory(view, start, at, little) {
  const entries = new Map();
  const length = Math.min(view.getUint16(at, little), 200);
  for (let n = 0; n < length; n += 1) {
    const entry = at + 2 + 12 * n;
    const type = view.getUint16(entry + 2, little);
    const many = view.getUint32(entry + 4, little);
    if (!(type in SIZES) || many > 100) continue;
    const value = SIZES[type] * many <= 4 ? entry + 8 : start + view.getUint32(entry + 8, little);
    const numbers = Array.from({ length: many }, (_, index) => number(view, type, value + SIZES[type] * index, little));
    const text = type === 2 ? String.fromCharCode(...numbers).replace(/\0.*$/s, "") : "";
    entries.set(view.getUint16(entry, little), { text, numbers });
  }
  return entries;
}

function number(view, type, at, little) {
  if (type === 2) return view.getUint8(at);
  if (type === 3) return view.getUint16(at, little);
  if (type === 4) return view.getUint32(at, little);
  return view.getUint32(at, little) / view.getUint32(at + 4, little);
}

/** Degrees, minutes and seconds as degrees with a sign; null for what is no such place. */
function degrees(gps, side, value, negative, most) {
  const parts = gps.get(value)?.numbers;
  if (parts?.length !== 3) return null;
  const sum = parts[0] + (Number.isFinite(parts[1]) ? parts[1] : 0) / 60 + (Number.isFinite(parts[2]) ? parts[2] : 0) / 3600;
  if (!Number.isFinite(sum) || sum > most) return null;
  return gps.get(side)?.text === negative ? -sum : sum;
}
