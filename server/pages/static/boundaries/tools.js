// One tool at a time: what a click or a drag on the map does. Parts of the editor add theirs by name.

const known = new Map();
const listeners = new Set();
let current = null;

/**
 * `tool`: { start(), stop(), guide } for a button with data-tool="name". `guide` is the line that says what to do next,
 * a text or a function that gives it; a tool that is `instant` does its work by `start()` and leaves the map as it is.
 */
export function add(name, tool) {
  known.set(name, tool);
  for (const button of document.querySelectorAll(`[data-tool="${name}"]`)) button.addEventListener("click", (event) => {
      use(name);
      // Who takes a tool with a pointer goes on with the map, and its keys are the map's.
      if (event.detail && !tool.instant) document.querySelector(".folium-map")?.focus({ preventScroll: true });
    });
}

export const inUse = () => current;

/** Take a tool in hand; one that is in hand already is begun anew. */
export function use(name) {
  const tool = known.get(name);
  if (!tool) return;
  if (tool.instant) {
    tool.start();
    return;
  }
  if (current) known.get(current).stop();
  current = name;
  for (const button of document.querySelectorAll("[data-tool]"))
    button.setAttribute("aria-pressed", String(button.dataset.tool === name));
  tool.start();
  for (const listener of listeners) listener(name);
}

/** Done with a tool: choose again, unless another one is in hand already. */
export function leave(name) {
  if (current === name) use("choose");
}

export const onUse = (listener) => listeners.add(listener);

/** What to do next with the tool in hand. */
export function guideOf(name) {
  const { guide = "" } = known.get(name) ?? {};
  return typeof guide === "function" ? guide() : guide;
}
