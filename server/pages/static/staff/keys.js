// One-letter shortcuts. Never while something is typed, never with a dialog open; who does not want them switches them
// off (WCAG 2.1.4), and this browser remembers it.

const KEPT = "staff-keys";
const dialog = document.getElementById("keys");
const on = document.getElementById("keys-on");

const isTyping = ({ target }) =>
  target.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable], .beside-body") !== null;

function stored() {
  try {
    return localStorage.getItem(KEPT) !== "off";
  } catch {
    return true;
  }
}

export function show() {
  if (!dialog.open) dialog.showModal();
}

/** `acts` by key; one that gives false has had nothing to do, and the browser does what it always does. */
export function start(acts) {
  on.checked = stored();
  on.addEventListener("change", () => {
    try {
      localStorage.setItem(KEPT, on.checked ? "on" : "off");
    } catch {
      // Not kept then: it holds for this page.
    }
  });
  document.getElementById("show-keys").addEventListener("click", show);
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (document.querySelector("dialog[open]")) return;
    if (event.key === "Escape") {
      if (acts.Escape(event) !== false) event.preventDefault();
      return;
    }
    if (isTyping(event) || !on.checked) return;
    const act = acts[event.key === "?" ? "?" : event.key.toLowerCase()];
    if (event.repeat && !["j", "k"].includes(event.key)) return;
    if (act && act(event) !== false) event.preventDefault();
  });
}
