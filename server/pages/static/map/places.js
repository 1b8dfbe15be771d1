// Cultural houses, offices and other places: rounded squares with an icon for each kind.

import { icon } from "../common/dom.js";
import { marker } from "./markers.js";
import { fetched } from "./net.js";
import { data } from "../common/words.js";
import { element } from "../common/dom.js";

/** Draw every place into the layer group of its kind; gives feature and marker by id. */
export async function drawPlaces(groups, choose) {
  const { features } = await fetched("/map/places.geojson");
  const layerOf = {};
  for (const [key, kinds] of Object.entries(data.groups)) for (const kind of kinds) layerOf[kind] = groups[key];
  for (const key of Object.keys(data.groups)) groups[key].clearLayers();
  const drawn = new Map();
  for (const feature of features) {
    const { id, kind, name } = feature.properties;
    const [longitude, latitude] = feature.geometry.coordinates;
    const pin = marker([latitude, longitude], element("div", "place-shape", icon(data.places[kind].icon)), {
      size: [34, 34],
      className: "place",
      title: name,
      // The many cultural houses lie under the few offices.
      zIndexOffset: kind === "CULTURAL_HOUSE" ? 0 : 100,
    });
    pin.on("click", () => choose("place", id));
    pin.on("add", () => (pin.getElement().dataset.kind = kind));
    layerOf[kind].addLayer(pin);
    drawn.set(id, { feature, pin });
  }
  return drawn;
}

export function mark(pin, chosen) {
  pin.setZIndexOffset(chosen ? 2000 : 0);
  pin.getElement()?.classList.toggle("is-chosen", chosen);
}
