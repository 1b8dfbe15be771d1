// The list beside the map: rows that open the card of what they name.

const body = document.getElementById("panel-body");

/** `choose(kind, id)` is called with the row that is activated. */
export function start(choose) {
  body.addEventListener("click", (event) => {
    const row = event.target.closest(".group .item[id]");
    if (!row || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    choose(row.dataset.kind ? "place" : "neighbourhood", row.id);
  });
}

/** Mark the row that the card is about. */
export function mark(id, chosen) {
  const row = document.getElementById(id);
  if (chosen) row?.setAttribute("aria-current", "true");
  else row?.removeAttribute("aria-current");
}
