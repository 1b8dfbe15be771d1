// The address as one types it, with places and neighbourhoods of the ward offered below (WAI-ARIA's combobox with a list).

import { element, icon } from "../common/dom.js";
import { data, say } from "../common/words.js";
import { ask } from "../common/asking.js";

const PAUSE = 250;
const LEAST = 2;
/** How long a check of the form waits for an answer, in milliseconds. */
const PATIENCE = 1500;

const input = document.getElementById("address");
const list = document.getElementById("address-offers");
const said = document.getElementById("address-said");

let choosing = { place: () => {}, area: () => {} };
let offers = [];
/** What was typed when these were offered. */
let offered = "";
let active = -1;
let timer = 0;
let turn = 0;

/** Offer places; `choose(place)` is called with { name, address, location } and `chooseArea` with { id, name }. */
export function begin(choose, chooseArea) {
  choosing = { place: choose, area: chooseArea };
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(look, PAUSE);
  });
  input.addEventListener("keydown", onKey);
  input.addEventListener("blur", () => setTimeout(close, 150));
}

/** The one place that the typed address may mean, { name, take }; null where there is none, or more than one. */
export async function only() {
  const text = input.value.trim();
  if (text.length < LEAST) return null;
  if (text !== offered) {
    const late = new Promise((resolve) => setTimeout(resolve, PATIENCE));
    await Promise.race([find(text), late]).catch(() => null);
  }
  return text === offered && offers.length === 1 ? offers[0] : null;
}

/** Make the offers for a text. */
async function find(text) {
  const found = (await ask("search", { ward: data.ward, text })).ward;
  if (text !== input.value.trim()) return;
  offered = text;
  offers = [
    ...found.places.nodes.map((place) => offer(place.name, place.address, "map-pin", () => choosing.place(place))),
    ...found.neighbourhoods.nodes.map((area) => offer(area.name, say("wholeArea"), "map", () => choosing.area(area))),
  ];
}

async function look() {
  const text = input.value.trim();
  const mine = ++turn;
  if (text.length < LEAST) {
    close();
    return;
  }
  try {
    await find(text);
  } catch {
    close(); // without a network there is nothing to offer
    return;
  }
  if (mine !== turn || document.activeElement !== input) return;
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
  return { name, item, take };
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
