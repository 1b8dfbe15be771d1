// On a phone the ways run past the edge of the screen: the one that leads here is brought into view. The menus of
// those that are folded, and of one's own, close as menus do.

document.querySelector(".desk-line [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

const menus = [...document.querySelectorAll(".desk-more")];
for (const menu of menus) {
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    event.stopPropagation();
    menu.open = false;
    menu.querySelector("summary").focus();
  });
}
document.addEventListener("pointerdown", (event) => {
  for (const menu of menus) if (!menu.contains(event.target)) menu.open = false;
});
