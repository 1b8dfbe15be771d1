// Where and when a photograph was taken, as the camera wrote it into a JPEG (Exif 2.32, TIFF 6.0). Read before the photograph
// is shrunk, which leaves all of that behind. Anything that is not as it should be counts as nothing told.

const HEAD = 256 * 1024;
const GPS = 0x8825;
const DETAILS = 0x8769;
const TAKEN = 0x9003;
const SIZES = { 2: 1, 3: 2, 4: 4, 5: 8 };

/** { latitude, longitude, takenAt } of a file: each null where the camera did not tell. */
export async function readExif(file) {
  const nothing = { latitude: null, longitude: null, takenAt: null };
  try {
    const view = new DataView(await file.slice(0, HEAD).arrayBuffer());
    const start = findTiff(view);
    return start === null ? nothing : read(view, start);
  } catch (error) {
    if (error instanceof RangeError) return nothing; // cut off, or offsets that lead nowhere
    throw error;
  }
}

/** Where the TIFF structure begins: in the first APP1 segment that says Exif. */
function findTiff(view) {
  if (view.byteLength < 4 || view.getUint16(0) !== 0xffd8) return null;
  let at = 2;
  while (at + 4 <= view.byteLength) {
    const marker = view.getUint16(at);
    if (marker >> 8 !== 0xff || marker === 0xffda) return null;
    if (marker === 0xffe1 && view.getUint32(at + 4) === 0x45786966) return at + 10;
    at += 2 + view.getUint16(at + 2);
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
  const taken = /^(\d{4}):(\d\d):(\d\d) (\d\d):(\d\d)/.exec(pointer(DETAILS).get(TAKEN)?.text ?? "");
  return {
    latitude: told ? latitude : null,
    longitude: told ? longitude : null,
    takenAt: taken ? `${taken[3]}/${taken[2]}/${taken[1]} ${taken[4]}:${taken[5]}` : null,
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
