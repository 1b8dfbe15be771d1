// What lies under a map: picture tiles from an address, or our own .pmtiles file drawn in the page's colours.
//
// Names in the disputed sea are shown in Vietnamese (name:vi) or not at all, and no borders are drawn from the file:
// the ward's own outlines are on the map already. docs/decisions/0029 says why.

const COPYRIGHT = "https://www.openstreetmap.org/copyright";
const ESCAPES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** A credit as Leaflet wants it, HTML: the text it is, with OpenStreetMap's page on its terms behind its name. */
export function credit(text) {
  const safe = text.replace(/[&<>"']/g, (sign) => ESCAPES[sign]);
  const link = `<a href="${COPYRIGHT}" target="_blank" rel="noopener noreferrer">OpenStreetMap</a>`;
  return safe.replace("OpenStreetMap", link);
}

/**
 * Lay the ground under a map. `ground` is null, {kind: "tiles", url, attribution}, or {kind: "pmtiles", url,
 * attribution, minZoom, maxZoom, bounds, library}; for pmtiles `url` may also be an object with `getZxy(z, x, y)`.
 * Gives Leaflet's layer, or null for the plain ground.
 */
export async function addGround(map, ground) {
  if (!ground) return null;
  const attribution = credit(ground.attribution);
  if (ground.kind === "tiles") return L.tileLayer(ground.url, { attribution, maxZoom: map.getMaxZoom() }).addTo(map);
  if (!window.protomapsL) await load(ground.library);
  const layer = window.protomapsL.leafletLayer({
    url: ground.url,
    attribution,
    maxDataZoom: ground.maxZoom,
    lang: "vi",
    noWrap: true,
    tasks: [document.fonts.load('13px "Be Vietnam Pro"', "Đường Tố Hữu")],
    ...rules(),
  });
  layer.addTo(map);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const repaint = () => {
    Object.assign(layer, rules());
    layer.clearLayout();
    layer.rerenderTiles();
  };
  dark.addEventListener("change", repaint);
  layer.on("remove", () => dark.removeEventListener("change", repaint));
  return layer;
}

/** A classic script of our own server, once. */
function load(address) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = address;
    script.addEventListener("load", resolve);
    script.addEventListener("error", () => reject(new Error(address)));
    document.head.append(script);
  });
}

/** The colours of css/design.css, by what follows `--chart-`. */
function colours() {
  const style = getComputedStyle(document.documentElement);
  const names = ["land", "green", "built", "sand", "water", "building", "road", "road-edge", "road-major", "rail"];
  const all = [...names, "label", "label-water", "halo"];
  return Object.fromEntries(all.map((name) => [name, style.getPropertyValue(`--chart-${name}`).trim()]));
}

const GREEN = ["park", "garden", "forest", "wood", "grass", "grassland", "scrub", "meadow", "farmland", "cemetery",
  "nature_reserve", "national_park", "protected_area", "golf_course", "pitch", "playground", "orchard", "wetland"];
const BUILT = ["school", "university", "college", "hospital", "industrial", "commercial", "retail", "railway", "aerodrome"];
const SAND = ["beach", "sand"];
const PATHS = ["path", "other"];

const kind = (...kinds) => (_, feature) => kinds.includes(feature.props.kind);
const POLYGON = 3;

/** How things are drawn and named: `paintRules`, `labelRules` and `backgroundColor` of the drawing library. */
function rules() {
  const { PolygonSymbolizer, LineSymbolizer, exp } = window.protomapsL;
  const c = colours();
  const area = (dataLayer, fill, filter, more = {}) => ({ dataLayer, symbolizer: new PolygonSymbolizer({ fill }), filter, ...more });
  const line = (dataLayer, color, stops, filter, more = {}) => ({
    dataLayer,
    symbolizer: new LineSymbolizer({ color, width: (zoom) => exp(1.6, stops)(zoom), lineCap: "round", lineJoin: "round" }),
    filter,
    ...more,
  });
  const roads = [
    [PATHS, c["road-edge"], [[14, 0.4], [19, 3]], null],
    [["minor_road"], c.road, [[12, 0.4], [15, 2.2], [19, 15]], [[12, 0.6], [15, 3.4], [19, 17]]],
    [["major_road"], c["road-major"], [[9, 0.7], [12, 1.8], [15, 5], [19, 24]], [[9, 1.2], [12, 3], [15, 6.6], [19, 26.5]]],
    [["highway"], c["road-major"], [[6, 0.8], [12, 2.4], [15, 6.5], [19, 30]], [[6, 1.4], [12, 3.8], [15, 8.4], [19, 33]]],
  ];
  return {
    backgroundColor: c.land,
    paintRules: [
      area("earth", c.land),
      area("landuse", c.built, kind(...BUILT)),
      area("landuse", c.green, kind(...GREEN)),
      area("landuse", c.sand, kind(...SAND)),
      area("water", c.water, (_, { geomType }) => geomType === POLYGON),
      line("water", c.water, [[9, 0.6], [14, 2.5], [19, 14]], kind("river", "canal")),
      line("water", c.water, [[12, 0.4], [15, 1], [19, 5]], kind("stream", "ditch", "drain")),
      area("buildings", c.building, undefined, { minzoom: 15 }),
      ...roads.filter(([, , , edge]) => edge).map(([kinds, , , edge]) => line("roads", c["road-edge"], edge, kind(...kinds))),
      ...roads.map(([kinds, colour, width]) => line("roads", colour, width, kind(...kinds))),
      line("roads", c.rail, [[10, 0.6], [19, 3]], kind("rail")),
    ],
    labelRules: labels(c),
  };
}

function labels(c) {
  const { CenteredTextSymbolizer, LineLabelSymbolizer } = window.protomapsL;
  const named = (Symbolizer, options) => new Named((labelProps) => new Symbolizer({ labelProps, width: 3, stroke: c.halo, ...options }));
  const font = (weight, size) => `${weight} ${size}px "Be Vietnam Pro", system-ui, "Noto Sans", sans-serif`;
  const point = (weight, size, fill, more = {}) => named(CenteredTextSymbolizer, { fill, font: font(weight, size), lineHeight: 1.25, ...more });
  const along = (weight, size, fill) => named(LineLabelSymbolizer, { fill, font: font(weight, size) });
  const large = (_, { props }) => ["city", "town", "island", "archipelago"].includes(props.kind_detail ?? props.kind);
  const isPoint = (_, { geomType }) => geomType === 1;
  return [
    { dataLayer: "places", symbolizer: point(600, 14, c.label), filter: large },
    { dataLayer: "roads", symbolizer: along(600, 12, c.label), filter: kind("highway", "major_road"), minzoom: 13 },
    { dataLayer: "water", symbolizer: point(400, 13, c["label-water"]), filter: isPoint, minzoom: 13 },
    { dataLayer: "water", symbolizer: along(400, 13, c["label-water"]), filter: kind("river", "canal"), minzoom: 13 },
    { dataLayer: "places", symbolizer: point(600, 12, c.label), filter: (...which) => !large(...which), minzoom: 13 },
    { dataLayer: "roads", symbolizer: along(400, 12, c.label), filter: kind("minor_road", ...PATHS), minzoom: 16 },
  ];
}

/** The sea in which other states name islands of Hoàng Sa and Trường Sa otherwise: east of every coast of Vietnam. */
const SEA = { west: 109.5, south: 6, east: 118, north: 18 };

/** A name in Vietnamese where there is one; in the disputed sea nothing else. */
class Named {
  constructor(make) {
    this.usual = make(["name:vi", "name"]);
    this.atSea = make(["name:vi"]);
  }

  place(layout, geometry, feature) {
    const { lng, lat } = position(geometry[0][0], layout.zoom);
    const sea = lng >= SEA.west && lng <= SEA.east && lat >= SEA.south && lat <= SEA.north;
    return (sea ? this.atSea : this.usual).place(layout, geometry, feature);
  }
}

/** Where a point lies that is given in pixels of the whole world at a level. */
const position = ({ x, y }, zoom) => L.CRS.EPSG3857.pointToLatLng(L.point(x, y), zoom);
