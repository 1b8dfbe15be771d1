// Panels over the map's edge, one at a time: a button with data-panel="NAME" opens the section NAME-panel.

const all = () => [...document.querySelectorAll("#panels > .panel")];
const isSmall = matchMedia("(max-width: 759.98px)"); // as in css/boundaries.css
const buttons = () => [...document.querySelectorAll("[data-panel]")];

export const opened = () => all().find((panel) => !panel.hidden)?.id.replace(/-panel$/, "") ?? null;

/** Where a panel leaves the map to be seen, as Leaflet's fitBounds takes it. */
export function besidePanel() {
  const panel = document.getElementById(`${opened()}-panel`);
  if (isSmall.matches) return { padding: [24, 24] }; // it lies below the map
  return { paddingTopLeft: [24, 72], paddingBottomRight: [panel ? panel.offsetWidth + 40 : 24, 24] };
}

/** Open a panel, or with null close the one that is open; its button has the focus again. */
export function open(name) {
  const before = opened();
  if (before === name) return;
  for (const panel of all()) panel.hidden = panel.id !== `${name}-panel`;
  for (const button of buttons()) button.setAttribute("aria-expanded", String(button.dataset.panel === name));
  const panel = name && document.getElementById(`${name}-panel`);
  if (panel && isSmall.matches) panel.closest(".drawing").scrollIntoView({ block: "start" });
  if (panel) panel.focus({ preventScroll: true });
  else if (before) buttons().find((button) => button.dataset.panel === before && button.offsetParent !== null)?.focus();
  document.dispatchEvent(new CustomEvent("panel", { detail: { name, before } }));
}

export function start() {
  for (const panel of all()) panel.tabIndex = -1;
  for (const button of buttons()) {
    button.setAttribute("aria-expanded", "false");
    button.setAttribute("aria-controls", `${button.dataset.panel}-panel`);
    button.addEventListener("click", () => open(opened() === button.dataset.panel ? null : button.dataset.panel));
  }
  for (const button of document.querySelectorAll("[data-close-panel]")) button.addEventListener("click", () => open(null));
}
