// A new assignment is heard and felt: two rising tones and a vibration. Browsers let no page sound before a tap, so the
// page says how it stands, and the first tap anywhere brings the sound back for who wanted it before.

const WANTED = "crew-sound";
const SHAKE = [300, 120, 300, 120, 500];
const TONES = [[660, 0], [880, 0.22], [660, 0.6], [880, 0.82]];

let audio = null;
let changed = () => {};

const isWanted = () => {
  try {
    return localStorage.getItem(WANTED) === "yes";
  } catch {
    return false;
  }
};

/** Whether a tone would be heard now. */
export const isOn = () => audio?.state === "running" && isWanted();

async function unlock() {
  audio ??= new AudioContext();
  if (audio.state !== "running") await audio.resume();
  changed();
}

/** Call `listener` when the sound is on or off again. */
export function begin(listener) {
  changed = listener;
  const wake = () => isWanted() && unlock().catch(() => {});
  document.addEventListener("pointerup", wake);
  document.addEventListener("keydown", wake);
}

/** Turn the sound on, to be heard at once, or off. */
export async function toggle() {
  const on = !isOn();
  try {
    localStorage.setItem(WANTED, on ? "yes" : "no");
  } catch {
    // Kept for this page only: some browsers keep nothing in private windows.
  }
  if (on) {
    await unlock();
    play();
  } else {
    await audio?.suspend();
  }
  changed();
}

function play() {
  for (const [pitch, after] of TONES) {
    const at = audio.currentTime + after;
    const [tone, volume] = [audio.createOscillator(), audio.createGain()];
    tone.type = "triangle";
    tone.frequency.value = pitch;
    volume.gain.setValueAtTime(0, at);
    volume.gain.linearRampToValueAtTime(0.9, at + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.001, at + 0.2);
    tone.connect(volume).connect(audio.destination);
    tone.start(at);
    tone.stop(at + 0.22);
  }
}

/** Something new has come. */
export function alert() {
  // Before the first touch browsers do not allow it, and complain.
  if (navigator.userActivation?.hasBeenActive ?? true) navigator.vibrate?.(SHAKE);
  if (isOn()) play();
}
