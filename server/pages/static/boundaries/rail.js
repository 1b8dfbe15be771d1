// The rail of tools as one stop of the Tab key, with the arrows from tool to tool (the toolbar pattern of WAI-ARIA).

const rail = document.getElementById("rail");
const buttons = () => [...rail.querySelectorAll("button")].filter((button) => !button.disabled && button.offsetParent !== null);

let stop = null; // where Tab comes to

function settle() {
  const all = buttons();
  if (!all.includes(stop)) stop = all[0] ?? null;
  for (const button of rail.querySelectorAll("button")) button.tabIndex = button === stop ? 0 : -1;
}

function pressed(event) {
  const all = buttons();
  const at = all.indexOf(event.target.closest("button"));
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || at < 0) return;
  const to = { ArrowDown: (at + 1) % all.length, ArrowUp: (at - 1 + all.length) % all.length, Home: 0, End: all.length - 1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  all[to].focus();
}

export function start() {
  rail.addEventListener("keydown", pressed);
  rail.addEventListener("focusin", ({ target }) => {
    stop = target.closest("button") ?? stop;
    settle();
  });
  // Undo and redo come and go; what cannot be pressed is nowhere to stop at.
  new MutationObserver(() => {
    const isHere = stop === document.activeElement || (stop?.disabled && document.activeElement === document.body);
    const isGone = stop?.disabled;
    settle();
    if (isHere && isGone) stop?.focus();
  }).observe(rail, { attributeFilter: ["disabled", "hidden"], subtree: true });
  new ResizeObserver(settle).observe(rail);
  settle();
}
