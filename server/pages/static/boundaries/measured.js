// Lengths and areas as people here read them: 1.234,5 m.

import { data, say } from "../common/words.js";

const locale = data.language === "vi" ? "vi-VN" : "en-GB";
const kept = new Map();

export function number(value, digits, least = 0) {
  const name = `${digits}/${least}`;
  if (!kept.has(name))
    kept.set(name, new Intl.NumberFormat(locale, { maximumFractionDigits: digits, minimumFractionDigits: least }));
  return kept.get(name).format(value);
}

export function length(metres) {
  return metres < 10_000 ? say("lengthMetres", { n: number(metres, 1) }) : say("lengthKilometres", { n: number(metres / 1000, 2) });
}

export function area(squareMetres) {
  return squareMetres < 10_000
    ? say("squareMetres", { n: number(squareMetres, 1) })
    : say("hectares", { n: number(squareMetres / 10_000, 4) });
}
