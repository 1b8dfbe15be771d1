// Shortcuts of one letter, never while something is typed. Who does not want them switches them off (WCAG 2.1.4), and this
// browser remembers it. The page has a dialog #keys that lists them, with the switch #keys-on, and a button #show-keys.

const dialog = document.getElementById("keys");
const on = document.getElementById("keys-on");

export const areOn = () => on.checked;

/** Whether an event is somebody's typing; `more` are selectors of what takes letters as well. */
export const isTyping = ({ target }, ...more) =>
  target.closest?.(["input:not([type=checkbox], [type=radio])", "textarea", "select", "[contenteditable]", ...more].join()) !== null;

export function show() {
  if (!dialog.open) dialog.showModal();
}

function wereOn(name) {
  try {
    return localStorage.getItem(name) !== "off";
  } catch {
    return true;
  }
}

/** `name` is what the switch is kept under. */
export function start(name) {
  on.checked = wereOn(name);
  on.addEventListener("change", () => {
    try {
      localStorage.setItem(name, on.checked ? "on" : "off");
    } catch {
      // Not kept then: it holds for this page.
    }
  });
  document.getElementById("show-keys").addEventListener("click", show);
}
