// A file to trace, read in this browser: GeoJSON or KML into shapes, or what is wrong with it in words. Nothing is sent.

import { say } from "../common/words.js";
import { onGrid } from "./shapes.js";

export const MOST_BYTES = 20_000_000;
const MOST_FEATURES = 5_000;
const MOST_VERTICES = 300_000;
const MOST_NAME = 200;
const NAMES = ["name", "ten", "ten_to", "tên", "title", "label", "code", "ma"];

class Unfit extends Error {}
const unfit = (key, values) => new Unfit(say(key, values));

/** What a file holds: { features: [{ number, name, polygons, lines, points }], left: how many had no shape }. Throws. */
export function read(text, name) {
  const start = text.replace(/^\ufeff/, "").trimStart();
  if (!start) throw unfit("underlayEmpty");
  if (/^PK\u0003\u0004/.test(start) || /\.kmz$/i.test(name)) throw unfit("underlayKmz");
  const found = start.startsWith("<") ? kml(start) : geojson(start);
  if (!found.length) throw unfit("underlayEmpty");
  if (found.length > MOST_FEATURES) throw unfit("underlayMany", { n: found.length, most: MOST_FEATURES });
  const budget = { left: MOST_VERTICES };
  const features = found.map(({ title, geometry }, at) => ({ number: at + 1, name: clean(title), ...shapes(geometry, at + 1, budget) }));
  const shaped = features.filter(({ polygons, lines, points }) => polygons.length || lines.length || points.length);
  if (!shaped.length) throw unfit("underlayEmpty");
  return { features: shaped, left: features.length - shaped.length };
}

const clean = (title) => String(title ?? "").normalize("NFC").replace(/\p{Cc}/gu, " ").trim().slice(0, MOST_NAME);

// --- GeoJSON

function geojson(text) {
  let document = null;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw unfit("underlayNotJson", { reason: error.message });
  }
  if (document?.type === "FeatureCollection" && Array.isArray(document.features)) return document.features.map(ofFeature);
  if (document?.type === "Feature") return [ofFeature(document)];
  if (typeof document?.type === "string" && (document.coordinates || document.geometries)) return [{ title: "", geometry: document }];
  throw unfit("underlayNotGeojson");
}

function ofFeature(feature) {
  const properties = feature?.properties ?? {};
  const key = Object.keys(properties).find((one) => NAMES.includes(one.toLowerCase()) && properties[one]);
  return { title: key ? properties[key] : "", geometry: feature?.geometry ?? null };
}

function shapes(geometry, number, budget) {
  const made = { polygons: [], lines: [], points: [] };
  gather(geometry, number, budget, made, 0);
  return made;
}

function gather(geometry, number, budget, made, depth) {
  if (!geometry || depth > 8) return;
  const { type, coordinates } = geometry;
  const line = (positions) => {
    if (!Array.isArray(positions)) throw unfit("underlayPosition", { n: number, text: shown(positions) });
    budget.left -= positions.length;
    if (budget.left < 0) throw unfit("underlayVertices", { most: MOST_VERTICES });
    return positions.map((one) => position(one, number));
  };
  const polygon = (rings) => {
    if (!Array.isArray(rings)) throw unfit("underlayPosition", { n: number, text: shown(rings) });
    const closed = rings.map((ring) => close(line(ring))).filter((ring) => ring.length > 3);
    if (closed.length) made.polygons.push(closed);
  };
  const each = (list, act) => {
    if (!Array.isArray(list)) throw unfit("underlayPosition", { n: number, text: shown(list) });
    list.forEach(act);
  };
  if (type === "Polygon") polygon(coordinates);
  else if (type === "MultiPolygon") each(coordinates, polygon);
  else if (type === "LineString") made.lines.push(line(coordinates));
  else if (type === "MultiLineString") each(coordinates, (one) => made.lines.push(line(one)));
  else if (type === "Point") made.points.push(position(coordinates, number));
  else if (type === "MultiPoint") made.points.push(...line(coordinates));
  else if (type === "GeometryCollection") each(geometry.geometries, (one) => gather(one, number, budget, made, depth + 1));
}

const shown = (value) => String(JSON.stringify(value) ?? value).slice(0, 40);

function close(ring) {
  const [first] = ring;
  const last = ring.at(-1);
  return first && (first[0] !== last[0] || first[1] !== last[1]) ? [...ring, first] : ring;
}

function position(given, number) {
  const isPair = Array.isArray(given) && typeof given[0] === "number" && typeof given[1] === "number";
  if (!isPair || !Number.isFinite(given[0]) || !Number.isFinite(given[1])) throw unfit("underlayPosition", { n: number, text: shown(given) });
  const [x, y] = given;
  if (Math.abs(x) > 1000 && Math.abs(y) > 1000) throw unfit("underlayMetres", { n: number });
  if (Math.abs(y) > 90 && Math.abs(x) <= 90) throw unfit("underlaySwapped", { n: number });
  if (Math.abs(x) > 180 || Math.abs(y) > 90) throw unfit("underlayPosition", { n: number, text: `${x}, ${y}` });
  return onGrid(given);
}

// --- KML

function kml(text) {
  if (/<!DOCTYPE|<!ENTITY/i.test(text)) throw unfit("underlayDoctype");
  const document = new DOMParser().parseFromString(text, "text/xml");
  if (document.querySelector("parsererror")) throw unfit("underlayNotXml");
  if (document.documentElement.localName !== "kml") throw unfit("underlayNotKml");
  const marks = [...document.getElementsByTagNameNS("*", "Placemark")];
  if (!marks.length && document.getElementsByTagNameNS("*", "NetworkLink").length) throw unfit("underlayLinked");
  return marks.map((mark, at) => ({ title: child(mark, "name")?.textContent, geometry: collected(mark, at + 1) }));
}

const child = (node, name) => [...node.children].find(({ localName }) => localName === name);
const children = (node, name) => [...node.children].filter(({ localName }) => localName === name);

function collected(node, number) {
  const geometries = [...node.children].flatMap((one) => {
    if (one.localName === "MultiGeometry") return [collected(one, number)];
    if (one.localName === "Point") return [{ type: "MultiPoint", coordinates: positions(one, number) }];
    if (one.localName === "LineString" || one.localName === "LinearRing") return [{ type: "LineString", coordinates: positions(one, number) }];
    if (one.localName !== "Polygon") return [];
    const sides = [...children(one, "outerBoundaryIs"), ...children(one, "innerBoundaryIs")].flatMap((side) => children(side, "LinearRing"));
    return [{ type: "Polygon", coordinates: sides.map((ring) => positions(ring, number)) }];
  });
  return { type: "GeometryCollection", geometries };
}

function positions(node, number) {
  const text = child(node, "coordinates")?.textContent.trim() ?? "";
  return (text ? text.split(/\s+/) : []).map((part) => {
    const numbers = part.split(",").map((one) => (one.trim() ? Number(one) : NaN));
    if (numbers.length < 2 || numbers.some(Number.isNaN)) throw unfit("underlayPosition", { n: number, text: part.slice(0, 40) });
    return numbers;
  });
}
