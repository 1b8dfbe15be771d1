// Cultural houses, offices and other places: rounded squares with an icon for each kind.

import { layersByKind, placeMarker } from "./markers.js";
import { fetched } from "./net.js";
import { data } from "../common/words.js";

/** Draw every place into the layer group of its kind; gives feature and marker by id. */
export async function drawPlaces(groups, choose) {
  const { features } = await fetched("/map/places.geojson");
  const layerOf = layersByKind(groups);
  for (const key of Object.keys(data.groups)) groups[key].clearLayers();
  const drawn = new Map();
  for (const feature of features) {
    const { id, kind } = feature.properties;
    const pin = placeMarker(feature);
    pin.on("click", () => choose("place", id));
    layerOf[kind].addLayer(pin);
    drawn.set(id, { feature, pin });
  }
  return drawn;
}

export function mark(pin, chosen) {
  pin.setZIndexOffset(chosen ? 2000 : 0);
  pin.getElement()?.classList.toggle("is-chosen", chosen);
}
