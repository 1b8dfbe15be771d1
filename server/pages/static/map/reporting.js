// Ways on from the map that carry where it looks.

const report = document.getElementById("report");
const CLOSE = 16; // from here on the middle of the map is a place that somebody means

/** The form for a report at a position: [longitude, latitude]. */
export function reportAt([longitude, latitude]) {
  const address = new URL(report.href);
  address.searchParams.set("lat", latitude.toFixed(6));
  address.searchParams.set("lon", longitude.toFixed(6));
  return address.pathname + address.search;
}

export function start(map) {
  const plain = report.getAttribute("href");
  const point = () => {
    const { lat, lng } = map.getCenter();
    report.href = plain;
    if (map.getZoom() >= CLOSE) report.href = reportAt([lng, lat]);
  };
  map.on("moveend", point);
  point();
}
