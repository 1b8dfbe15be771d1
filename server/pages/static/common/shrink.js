// A photograph made small enough for a poor signal: 1,600 pixels at its longer side, upright, JPEG.

const LONGEST = 1600;
const QUALITY = 0.8;

/** A smaller JPEG of the file; the file itself where the browser cannot read it (HEIC on most) or gains nothing. */
export async function shrink(file) {
  const picture = await decode(file);
  if (!picture) return file;
  const scale = Math.min(1, LONGEST / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  const ground = canvas.getContext("2d");
  if (!ground) return file;
  // JPEG knows no transparency: what was clear is white, not black.
  ground.fillStyle = "#fff";
  ground.fillRect(0, 0, canvas.width, canvas.height);
  ground.imageSmoothingQuality = "high";
  ground.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close?.();
  const made = await new Promise((resolve) => {
    canvas.toBlob(resolve, "image/jpeg", QUALITY);
  });
  canvas.width = 0; // an old phone gives the memory back now, not later
  return made && (made.size < file.size || file.type !== "image/jpeg") ? made : file;
}

/**
 * Whether a file that could not be made smaller is a picture all the same: by its first bytes, as the server looks, and by
 * whether this browser shows it. Few browsers show HEIC, which the server reads.
 */
export async function isPicture(file) {
  const head = String.fromCharCode(...new Uint8Array(await file.slice(0, 12).arrayBuffer()));
  if (head.slice(4, 8) === "ftyp") return true;
  if (!/^(\xff\xd8\xff|\x89PNG|RIFF....WEBP)/s.test(head)) return false;
  const address = URL.createObjectURL(file);
  const shown = await new Promise((resolve) => {
    const picture = new Image();
    picture.onload = () => resolve(true);
    picture.onerror = () => resolve(false);
    picture.src = address;
  });
  URL.revokeObjectURL(address);
  return shown;
}

/** The picture upright, as the camera's orientation says; null for what this browser cannot read. */
async function decode(file) {
  try {
    return await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    return null;
  }
}
