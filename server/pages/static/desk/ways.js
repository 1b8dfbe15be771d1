// On a phone the ways run past the edge of the screen: the one that leads here is brought into view.

document.querySelector(".desk-way[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
