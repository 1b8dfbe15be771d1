// A map that Folium's script makes, loaded when somebody wants to see it.

import { element } from "./dom.js";

const { nonce } = document.querySelector("script[nonce]");

const loaded = (made, add) =>
  new Promise((resolve, reject) => {
    made.addEventListener("load", resolve);
    made.addEventListener("error", reject);
    add(made);
  });

/** The map called `name`, once Leaflet's `styles` and `scripts` are there; its script is the text of the element `id`. */
export async function mapMade({ styles, scripts }, id, name) {
  await Promise.all([
    // Before our own styles, which change some of Leaflet's.
    ...styles.map((href) => loaded(element("link", "", [], { rel: "stylesheet", href }), (made) => document.head.prepend(made))),
    ...scripts.map((src) =>
      loaded(Object.assign(document.createElement("script"), { src, nonce }), (made) => document.head.append(made)),
    ),
  ]);
  const script = element("script", "", document.getElementById(id).textContent);
  script.nonce = nonce;
  document.head.append(script);
  return window[name];
}
