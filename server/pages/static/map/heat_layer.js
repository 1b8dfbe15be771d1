// A heat map on a canvas of its own, between the ground and the pins. Counts add up as shadows; a ramp of colours then
// says how dark each pixel's shadow is.

const RADIUS = 42; // pixels: about the width of the server's cells, so that neighbours run into each other
const PIXEL = 0.5; // a canvas of half the screen's pixels is soft enough, and a quarter of the work
const STOPS = {
  light: [[0.08, 253, 200, 116, 0], [0.22, 253, 190, 100, 150], [0.5, 239, 120, 56, 185], [0.78, 190, 40, 70, 205], [1, 105, 14, 74, 220]],
  dark: [[0.08, 90, 40, 120, 0], [0.22, 120, 48, 130, 150], [0.5, 206, 74, 98, 180], [0.78, 250, 150, 76, 205], [1, 255, 236, 160, 225]],
};
const dark = matchMedia("(prefers-color-scheme: dark)");

/** 256 colours, from nothing to the most. */
function ramp() {
  const stops = STOPS[dark.matches ? "dark" : "light"];
  const colours = new Uint8ClampedArray(256 * 4);
  for (let level = 0; level < 256; level += 1) {
    const at = level / 255;
    const upper = stops.findIndex(([stop]) => stop >= at);
    if (at < stops[0][0]) continue;
    const [from, ...low] = stops[Math.max(0, upper - 1)];
    const [to, ...high] = stops[upper];
    const part = to === from ? 1 : (at - from) / (to - from);
    for (let channel = 0; channel < 4; channel += 1)
      colours[level * 4 + channel] = low[channel] + part * (high[channel] - low[channel]);
  }
  return colours;
}

function stamp(radius) {
  const made = document.createElement("canvas");
  made.width = made.height = radius * 2;
  const brush = made.getContext("2d");
  const fade = brush.createRadialGradient(radius, radius, 0, radius, radius, radius);
  for (const [at, alpha] of [[0, 1], [0.35, 0.72], [0.7, 0.2], [1, 0]]) fade.addColorStop(at, `rgb(0 0 0 / ${alpha})`);
  brush.fillStyle = fade;
  brush.fillRect(0, 0, radius * 2, radius * 2);
  return made;
}

export const HeatLayer = L.Layer.extend({
  onAdd(map) {
    const pane = map.getPane("heat") ?? map.createPane("heat");
    pane.style.zIndex = 430; // above areas and outlines, below names and every marker
    pane.style.pointerEvents = "none";
    this._canvas = L.DomUtil.create("canvas", "heat leaflet-zoom-hide", pane);
    this._canvas.setAttribute("aria-hidden", "true");
    this._repaint = () => this._draw();
    dark.addEventListener("change", this._repaint);
    this._draw();
  },

  onRemove() {
    dark.removeEventListener("change", this._repaint);
    this._canvas.remove();
    this._canvas = null;
  },

  getEvents() {
    return { moveend: this._draw, resize: this._draw };
  },

  /** `cells`: [longitude, latitude, n] each. */
  show(cells) {
    this._cells = cells;
    this._draw();
  },

  _draw() {
    if (!this._canvas) return;
    const size = this._map.getSize();
    const width = Math.max(1, Math.round(size.x * PIXEL));
    const height = Math.max(1, Math.round(size.y * PIXEL));
    Object.assign(this._canvas, { width, height });
    Object.assign(this._canvas.style, { width: `${size.x}px`, height: `${size.y}px` });
    L.DomUtil.setPosition(this._canvas, this._map.containerPointToLayerPoint([0, 0]));
    const cells = this._cells ?? [];
    if (!cells.length) return;
    const brush = this._canvas.getContext("2d", { willReadFrequently: true });
    const radius = Math.round(RADIUS * PIXEL);
    const shadow = stamp(radius);
    // A few crowded cells must not make all others look empty: the scale ends at the crowded end, and goes by roots.
    const counts = cells.map(([, , n]) => n).sort((one, other) => one - other);
    const most = Math.max(2, counts[Math.floor(counts.length * 0.97)]);
    for (const [longitude, latitude, n] of cells) {
      const at = this._map.latLngToContainerPoint([latitude, longitude]);
      brush.globalAlpha = Math.min(1, 0.12 + 0.75 * Math.sqrt(n / most));
      brush.drawImage(shadow, at.x * PIXEL - radius, at.y * PIXEL - radius);
    }
    const picture = brush.getImageData(0, 0, width, height);
    const pixels = picture.data;
    const colours = ramp();
    for (let at = 3; at < pixels.length; at += 4) {
      const level = pixels[at] * 4;
      pixels[at - 3] = colours[level];
      pixels[at - 2] = colours[level + 1];
      pixels[at - 1] = colours[level + 2];
      pixels[at] = colours[level + 3];
    }
    brush.putImageData(picture, 0, 0);
  },
});
