// The address as one types it, with places and neighbourhoods of the ward offered below (WAI-ARIA's combobox with a list).

import { element, icon } from "../common/dom.js";
import { data, say } from "../common/words.js";
import { ask } from "./asking.js";

const PAUSE = 250;
const LEAST = 2;

const input = document.getElementById("address");
const list = document.getElementById("address-offers");
const said = document.getElementById("address-said");

let offers = [];
let active = -1;
let timer = 0;
let turn = 0;

/** Offer places; `choose(place)` is called with { name, address, location } and `chooseArea` with { id, name }. */
export function begin(choose, chooseArea) {
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-expanded", "false");
  input.setAttribute("aria-controls", list.id);
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => look(choose, chooseArea), PAUSE);
  });
  input.addEventListener("keydown", onKey);
  input.addEventListener("blur", () => setTimeout(close, 150));
}

async function look(choose, chooseArea) {
  const text = input.value.trim();
  const mine = ++turn;
  if (text.length < LEAST) {
    close();
    return;
  }
  let found;
  try {
    found = (await ask("search", { ward: data.ward, text })).ward;
  } catch {
    close(); // without a network the typed address serves by itself
    return;
  }
  if (mine !== turn || document.activeElement !== input) return;
  offers = [
    ...found.places.nodes.map((place) => offer(place.name, place.address, "map-pin", () => choose(place))),
    ...found.neighbourhoods.nodes.map((area) => offer(area.name, say("wholeArea"), "map", () => chooseArea(area))),
  ];
  active = -1;
  list.replaceChildren(...offers.map((one) => one.item));
  list.hidden = !offers.length;
  input.setAttribute("aria-expanded", String(offers.length > 0));
  said.textContent = offers.length ? say("offers", { n: offers.length }) : say("noOffers");
}

function offer(name, more, sign, choose) {
  const words = element("span", "", [element("strong", "", name), more ? element("span", "hint", more) : null]);
  const id = `offer-${newId()}`;
  const item = element("li", "offer", [icon(sign), words], { role: "option", id, "aria-selected": "false" });
  const take = () => {
    input.value = name;
    input.dispatchEvent(new Event("change", { bubbles: true }));
    close();
    said.textContent = say("offerTaken", { name });
    choose();
  };
  // Before the input loses its focus, which would close the list.
  item.addEventListener("pointerdown", (event) => event.preventDefault());
  item.addEventListener("click", take);
  return { item, take };
}

let ids = 0;
const newId = () => (ids += 1);

function onKey(event) {
  if (list.hidden) return;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    const step = event.key === "ArrowDown" ? 1 : -1;
    move((active + step + offers.length) % offers.length);
  } else if (event.key === "Enter" && active >= 0) {
    event.preventDefault();
    offers[active].take();
  } else if (event.key === "Escape") {
    event.preventDefault();
    close();
  }
}

function move(to) {
  offers[active]?.item.setAttribute("aria-selected", "false");
  active = to;
  offers[active].item.setAttribute("aria-selected", "true");
  offers[active].item.scrollIntoView({ block: "nearest" });
  input.setAttribute("aria-activedescendant", offers[active].item.id);
}

function close() {
  turn += 1;
  list.hidden = true;
  active = -1;
  input.setAttribute("aria-expanded", "false");
  input.removeAttribute("aria-activedescendant");
}
