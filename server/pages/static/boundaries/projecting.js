// Positions in VN-2000, as surveyors write them, to WGS 84 and back. The same transform as geo/importing/projecting.py:
// EPSG:6960, whose rotations proj4 wants with the other sign (position vector instead of coordinate frame).

import { data } from "../common/words.js";

const SHIFT = "-191.90441429,-39.30318279,-111.45032835,0.00928836,-0.01975479,0.00427372,0.252906278";

let loading = null;

/** A classic script of our own server, once; what failed may be tried again. */
function library() {
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = data.tracing.library;
    script.addEventListener("load", () => resolve(window.proj4));
    script.addEventListener("error", () => {
      loading = null;
      script.remove();
      reject(new Error(script.src));
    });
    document.head.append(script);
  });
  return loading;
}

/** { toWgs84([easting, northing]), fromWgs84([longitude, latitude]) } of a zone of 3° by EPSG's code, in metres. */
export async function zone(code) {
  const { minutes } = data.tracing.zones.find((one) => one.code === code);
  const proj4 = await library();
  const definition = `+proj=tmerc +lat_0=0 +lon_0=${minutes / 60} +k=0.9999 +x_0=500000 +y_0=0 +ellps=WGS84 +towgs84=${SHIFT} +units=m +no_defs`;
  const way = proj4("+proj=longlat +datum=WGS84 +no_defs", definition);
  return { toWgs84: (position) => way.inverse([...position]), fromWgs84: (position) => way.forward([...position]) };
}
