// A copy of the digital map in one file: all that it shows lies in the page, nothing is fetched.

import * as card from "../map/card.js";
import { layersByKind, placeMarker } from "../map/markers.js";
import * as sheet from "../map/sheet.js";
import { element } from "../common/dom.js";
import { rank } from "../common/finding.js";
import { addGround } from "../common/ground.js";
import { data, say } from "../common/words.js";
import * as cards from "./cards.js";
import { Incidents } from "./incidents.js";
import { tilesOf } from "./tiles.js";

const map = window.ward_map;
const read = (id) => JSON.parse(document.getElementById(id).textContent);
const bounds = L.latLngBounds(data.bounds);
const groups = Object.fromEntries(
  ["neighbourhoods", ...Object.keys(data.groups), "incidents"].map((key) => [key, L.layerGroup().addTo(map)]),
);
const shown = new Map(); // by id: how to open what it stands for

const flip = (ring) => ring.map(([longitude, latitude]) => [latitude, longitude]);

function pane(name, order) {
  const made = map.createPane(name);
  made.style.zIndex = order;
  made.style.pointerEvents = "none";
  return name;
}

/** The ward's ground or, over a base map, a veil over what is not the ward; and its outline. */
function drawWard({ features }) {
  const rings = features[0].geometry.coordinates.flatMap((polygon) => polygon.map(flip));
  const world = [[-89, -179], [-89, 179], [89, 179], [89, -179]];
  const under = { pane: pane("ward", 350), interactive: false };
  if (data.ground) L.polygon([world, ...rings], { ...under, className: "ward-veil" }).addTo(map);
  else L.polygon(rings, { ...under, className: "ward-ground" }).addTo(map);
  L.polygon(rings, { pane: pane("ward-edge", 420), interactive: false, className: "ward-edge" }).addTo(map);
}

/** Bring a position to where neither the sheet nor the card hides it. */
function approach([longitude, latitude], zoom) {
  const shift = sheet.isPhone() ? L.point(0, innerHeight * 0.2) : L.point(-180, 0);
  map.setView(map.unproject(map.project([latitude, longitude], zoom).add(shift), zoom), zoom);
}

function mark(id, element, chosen) {
  element?.classList.toggle("is-chosen", chosen);
  const row = document.getElementById(id);
  if (chosen) row?.setAttribute("aria-current", "true");
  else row?.removeAttribute("aria-current");
}

function drawNeighbourhoods({ features }, houses) {
  pane("names", 550);
  const labels = [];
  for (const feature of features) {
    const { id, name, label } = feature.properties;
    const area = L.geoJSON(feature, { style: { className: "neighbourhood" } });
    const [longitude, latitude] = label.coordinates;
    const written = L.divIcon({ html: element("span", "", name), className: "neighbourhood-label", iconSize: [0, 0] });
    const sign = L.marker([latitude, longitude], { icon: written, interactive: false, keyboard: false, pane: "names" });
    groups.neighbourhoods.addLayer(area).addLayer(sign);
    labels.push([area.getBounds(), sign]);
    const open = (fly) => {
      if (fly) approach(label.coordinates, Math.max(14, Math.min(17, Math.floor(map.getBoundsZoom(area.getBounds().pad(0.15))))));
      const own = houses.filter(({ properties }) => properties.neighbourhoodId === id);
      const shape = area.getLayers()[0];
      card.open(cards.neighbourhood(feature, own, (house) => shown.get(house)(true)), () => mark(id, shape.getElement(), false));
      mark(id, shape.getElement(), true);
      area.bringToFront();
    };
    area.on("click", (event) => {
      L.DomEvent.stopPropagation(event);
      open(false);
    });
    shown.set(id, open);
  }
  return () => {
    for (const [box, sign] of labels) {
      const wide = map.project(box.getNorthEast()).x - map.project(box.getSouthWest()).x;
      sign.getElement()?.classList.toggle("has-room", map.getZoom() >= 15 && wide >= 110);
    }
  };
}

function drawPlaces({ features }) {
  const layerOf = layersByKind(groups);
  for (const feature of features) {
    const { id, kind } = feature.properties;
    const pin = placeMarker(feature);
    const open = (fly) => {
      if (fly) approach(feature.geometry.coordinates, Math.max(16, map.getZoom()));
      card.open(cards.place(feature), () => {
        pin.setZIndexOffset(0);
        mark(id, pin.getElement(), false);
      });
      pin.setZIndexOffset(2000);
      mark(id, pin.getElement(), true);
    };
    pin.on("click", () => open(false));
    layerOf[kind].addLayer(pin);
    shown.set(id, open);
  }
}

/** What a row of the list says: its parts with a space between, for 12 beside a street's name is still 12. */
const textOf = (row) => [...row.querySelectorAll(".item, .item-more")].map((part) => part.textContent).join(" ");

/** The search without diacritics over every row of the list, by the same rule as the page's. */
function search() {
  const field = document.getElementById("find");
  const body = document.getElementById("panel-body");
  const none = document.getElementById("no-match");
  field.addEventListener("focus", () => sheet.raise("half"));
  field.addEventListener("input", () => {
    const wanted = field.value.trim();
    let found = 0;
    for (const group of body.querySelectorAll(".group")) {
      let here = 0;
      for (const row of group.querySelectorAll(".items > li")) {
        row.hidden = wanted !== "" && rank(wanted, textOf(row)) === null;
        here += row.hidden ? 0 : 1;
      }
      group.hidden = wanted !== "" && here === 0;
      group.querySelector("details").open = wanted !== "" && here > 0;
      found += here;
    }
    none.hidden = wanted === "" || found > 0;
    none.textContent = none.hidden ? "" : say("noMatch", { text: wanted });
  });
}

function whole() {
  map.fitBounds(bounds, {
    paddingTopLeft: [16, sheet.isPhone() ? 76 : 24],
    paddingBottomRight: [sheet.isPhone() ? 60 : 16, sheet.covered() + 16],
    animate: false,
  });
}

function scale() {
  const zoom = map.getZoom();
  map.getContainer().dataset.scale = zoom < 14 ? "far" : zoom < 15 ? "mid" : "near";
  for (const [act, end] of [["in", map.getMaxZoom()], ["out", map.getMinZoom()]])
    document.querySelector(`[data-act="${act}"]`).disabled = zoom === end;
}

function start() {
  map.attributionControl.setPrefix(false);
  if (data.ground) addGround(map, { ...data.ground, url: tilesOf(read("tiles")) });
  else map.attributionControl.remove();
  sheet.start();
  card.start();
  map.setMaxBounds(bounds.pad(1));
  whole();
  map.setMinZoom(Math.max(9, map.getZoom() - 1));
  const places = read("places");
  drawWard(read("ward"));
  drawPlaces(places);
  const label = drawNeighbourhoods(
    read("neighbourhoods"),
    places.features.filter(({ properties }) => properties.kind === "CULTURAL_HOUSE"),
  );
  const incidents = new Incidents(map, groups.incidents, read("incidents").features, approach);
  map.on("zoomend", () => {
    scale();
    label();
  });
  map.on("click", card.hide);
  scale();
  label();
  search();
  document.getElementById("panel-body").addEventListener("click", (event) => {
    const row = event.target.closest(".item[id]");
    if (!row || !shown.has(row.id)) return;
    event.preventDefault();
    if (sheet.isPhone()) sheet.setHeight("peek");
    shown.get(row.id)(true);
  });
  for (const box of document.querySelectorAll("[data-switch]"))
    box.addEventListener("change", () => {
      const layer = groups[box.dataset.switch];
      if (box.checked) layer.addTo(map);
      else layer.remove();
      if (box.dataset.switch === "neighbourhoods") label();
    });
  for (const choice of document.querySelectorAll('[name="incidents"]'))
    choice.addEventListener("change", () => incidents.show(choice.value));
  const acts = { in: () => map.zoomIn(), out: () => map.zoomOut(), whole };
  for (const button of document.querySelectorAll("[data-act]"))
    button.addEventListener("click", acts[button.dataset.act]);
  document.querySelector(".skip").addEventListener("click", (event) => {
    event.preventDefault();
    map.getContainer().focus();
  });
}

start();
