// On a phone the ways run past the edge of the screen: the one that leads here is brought into view. The menu of those
// that are folded closes as menus do.

document.querySelector(".desk-line [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

const more = document.querySelector(".desk-more");
more?.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !more.open) return;
  more.open = false;
  more.querySelector("summary").focus();
});
document.addEventListener("pointerdown", (event) => {
  if (more && !more.contains(event.target)) more.open = false;
});
