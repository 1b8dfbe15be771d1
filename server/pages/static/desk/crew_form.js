// The form of a crew: the map that shows its ground and where it starts from. What is chosen or drawn there is written
// into the form's own fields, which say the same without it.

import "./narrowing.js";

import { icon } from "../common/dom.js";
import { addGround } from "../common/ground.js";
import { choose, follow, typed } from "../common/position_field.js";
import { data, say } from "../common/words.js";
import { polygonsOf, textOf } from "./vertex_lines.js";

const form = document.getElementById("form");
const ground = document.getElementById("ground");
const lines = document.getElementById("area");
const guide = document.getElementById("ground-guide");
const frame = document.querySelector(".ground-frame");
const tools = Object.fromEntries([...ground.querySelectorAll("[data-tool]")].map((one) => [one.dataset.tool, one]));
const map = window.crew_ground_map;
const drawn = L.featureGroup();
const areas = new Map(); // key of a neighbourhood -> its layer
const base = L.marker([0, 0], { draggable: true, keyboard: false, pmIgnore: true, icon: pin(), title: say("baseHere") });
let tool = null;

const way = () => form.elements.coverage.value;
const boxes = () => [...ground.querySelectorAll('input[name="neighbourhoods"]')];
const keyOf = (box) => box.value.split(":").at(-1);

function pin() {
  const content = document.createElement("span");
  content.className = "ground-base";
  content.append(icon("truck"));
  return L.divIcon({ html: content, className: "", iconSize: [40, 40], iconAnchor: [20, 20] });
}

// --------------------------------------------------------------------------------------------- what the map shows

function show() {
  const named = new Set(boxes().filter((box) => box.checked).map(keyOf));
  for (const [key, layer] of areas) {
    const covered = way() === "all" || (way() === "neighbourhoods" && named.has(key));
    layer.getElement()?.classList.toggle("is-covered", covered);
    layer.getElement()?.classList.toggle("is-pickable", way() === "neighbourhoods");
  }
  if (way() === "drawn") drawn.addTo(map);
  else drawn.remove();
  const parts = drawn.getLayers().length;
  const told = {
    all: () => say("coversAll"),
    neighbourhoods: () => (named.size ? say("coversNamed", { n: named.size }) : say("coversNothing")),
    drawn: () => (parts ? say("coversDrawn", { n: parts }) : say("coversNothing")),
  };
  document.getElementById("ground-said").textContent = told[way()]();
  if (tool === null) guide.textContent = way() === "neighbourhoods" ? say("choosing") : "";
}

function showBase() {
  const chosen = form.elements.base.value;
  const point = typed();
  const known = chosen === "keep" ? data.base : chosen === "place" ? data.places[form.elements.place.value] : null;
  const at = chosen === "point" ? point && [point.latitude, point.longitude] : known && [known[1], known[0]];
  if (at) base.setLatLng(at).addTo(map);
  else base.remove();
}

// ------------------------------------------------------------------------------------------------------- drawing

const write = () => {
  lines.value = textOf(drawn.getLayers().map((layer) => layer.getLatLngs()));
  show();
};

function take(layer) {
  layer.options.className = "ground-drawn";
  layer.getElement()?.setAttribute("class", "leaflet-interactive ground-drawn");
  drawn.addLayer(layer);
  layer.on("pm:edit pm:vertexremoved", write);
  // With its last vertices taken away an area is gone.
  layer.on("pm:remove", () => {
    drawn.removeLayer(layer);
    write();
  });
}

function read() {
  drawn.clearLayers();
  for (const rings of polygonsOf(lines.value)) take(L.polygon(rings, { className: "ground-drawn" }));
  show();
}

function pick(name) {
  map.pm.disableDraw();
  for (const layer of drawn.getLayers()) layer.pm.disable();
  tool = tool === name ? null : name;
  for (const [each, button] of Object.entries(tools)) button.setAttribute("aria-pressed", each === tool);
  frame.classList.toggle("is-aiming", tool === "base");
  guide.textContent = tool ? say({ draw: "drawing", shape: "shaping", base: "basing" }[tool]) : "";
  if (tool === "draw") map.pm.enableDraw("Polygon", { snappable: true, snapDistance: 20, continueDrawing: false });
  if (tool === "shape") {
    for (const layer of drawn.getLayers()) layer.pm.enable({ snappable: true, snapDistance: 20, allowSelfIntersection: false });
  }
  if (!tool) show();
}

// ----------------------------------------------------------------------------------------------------- listening

function listen() {
  tools.draw.addEventListener("click", () => pick("draw"));
  tools.shape.addEventListener("click", () => pick("shape"));
  tools.clear.addEventListener("click", () => {
    if (tool) pick(tool);
    drawn.clearLayers();
    write();
  });
  map.on("pm:create", ({ layer }) => {
    take(layer);
    if (tool === "draw") pick("draw");
    write();
  });
  lines.addEventListener("change", () => {
    if (tool) pick(tool);
    read();
  });
  ground.addEventListener("change", ({ target }) => {
    if (target.name === "coverage" && tool) pick(tool);
    if (target.name === "coverage" || target.name === "neighbourhoods") show();
  });
  form.addEventListener("change", ({ target }) => ["base", "place"].includes(target.name) && showBase());
  document.getElementById("base-on-map").addEventListener("click", () => {
    pick("base");
    if (tool) frame.scrollIntoView({ block: "center", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
  });
  map.on("click", ({ latlng }) => {
    if (tool !== "base") return;
    settle(latlng);
    pick("base");
  });
  base.on("dragend", () => settle(base.getLatLng()));
  follow(() => {
    form.elements.base.value = "point";
    showBase();
  });
  document.addEventListener("keydown", ({ key }) => key === "Escape" && tool && pick(tool));
}

const settle = ({ lat, lng }) => choose({ latitude: lat, longitude: lng });

// ---------------------------------------------------------------------------------------------------- beginning

async function layer(name) {
  const response = await fetch(`/map/${name}.geojson?ward=${data.ward}`);
  if (!response.ok) throw new Error(`status ${response.status}`);
  return response.json();
}

/** A name stands in an area that has room for it. */
function makeRoom(shape, label) {
  const box = shape.getBounds();
  const [low, high] = [map.latLngToLayerPoint(box.getSouthWest()), map.latLngToLayerPoint(box.getNorthEast())];
  label.getElement()?.classList.toggle("has-room", high.x - low.x > 96 && low.y - high.y > 34);
}

function addAreas(found) {
  L.geoJSON(found, {
    style: () => ({ className: "ground-area" }),
    onEachFeature({ properties }, shape) {
      areas.set(properties.id, shape);
      shape.on("click", (event) => {
        if (tool !== null || way() !== "neighbourhoods") return;
        L.DomEvent.stop(event);
        const box = boxes().find((each) => keyOf(each) === properties.id);
        if (!box) return;
        box.checked = !box.checked;
        show();
      });
      const name = document.createElement("span");
      name.textContent = properties.name;
      const label = L.divIcon({ className: "ground-label", html: name, iconSize: null });
      const still = { interactive: false, keyboard: false, pmIgnore: true, snapIgnore: true };
      const named = L.marker(shape.getBounds().getCenter(), { icon: label, ...still }).addTo(map);
      makeRoom(shape, named);
      map.on("zoomend", () => makeRoom(shape, named));
    },
  }).addTo(map);
}

async function start() {
  map.getContainer().tabIndex = -1; // by keyboard the fields say the same
  map.attributionControl.setPrefix(false);
  L.control.zoom({ position: "topright", zoomInTitle: say("zoomIn"), zoomOutTitle: say("zoomOut") }).addTo(map);
  map.pm.setLang("vi", { tooltips: data.geoman }, "en");
  map.pm.setPathOptions({ className: "ground-drawn" });
  const [ward, neighbourhoods] = await Promise.all([layer("ward"), layer("neighbourhoods")]);
  const edge = L.geoJSON(ward, { interactive: false, pmIgnore: true, snapIgnore: true, style: () => ({ className: "ground-ward" }) });
  map.fitBounds(edge.getBounds(), { animate: false });
  edge.addTo(map);
  await addGround(map, data.ground).catch(() => null);
  addAreas(neighbourhoods);
  read();
  showBase();
  listen();
  document.documentElement.dataset.ground = "ready";
}

start().catch(() => {
  guide.textContent = say("failed");
});
document.getElementById("summary")?.focus();
