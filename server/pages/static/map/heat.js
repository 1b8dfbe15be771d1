// Where incidents are dense: drawn under the pins, and told in words.

import { keep, shown } from "./address.js";
import { nameAt } from "./boundaries.js";
import * as filters from "./filters.js";
import { HeatLayer } from "./heat_layer.js";
import { wantedOf } from "./incidents.js";
import { fetched, shown as loading } from "./net.js";
import { element } from "../common/dom.js";
import { count, say } from "../common/words.js";

const words = document.getElementById("heat-words");
const legend = document.getElementById("heat-legend");
const box = document.querySelector('[data-switch="heat"]');
const TOLD = 5;

export class Heat {
  #map;
  #areas;
  #layer = new HeatLayer();
  #asked = null;

  /** `areas` gives the neighbourhoods that are drawn, by id. */
  constructor(map, areas) {
    this.#map = map;
    this.#areas = areas;
    map.on("moveend", () => this.refresh());
    box.checked = shown.heat;
    box.addEventListener("change", () => {
      keep({ heat: box.checked });
      document.getElementById("group-heat").open = box.checked;
      this.refresh();
    });
  }

  refresh() {
    this.#asked?.abort();
    legend.hidden = !shown.heat;
    if (!shown.heat) {
      this.#layer.remove();
      words.replaceChildren();
      return Promise.resolve();
    }
    const asked = (this.#asked = new AbortController());
    return loading("heat", async () => {
      const cells = filters.isNothing() ? [] : await fetched("/map/heat", wantedOf(this.#map), asked.signal);
      if (this.#asked !== asked) return;
      if (!this.#map.hasLayer(this.#layer)) this.#layer.addTo(this.#map);
      this.#layer.show(cells);
      this.#tell(cells);
    });
  }

  /** In which neighbourhoods there are most, of what is in view. A cell counts for the ground its middle is on. */
  #tell(cells) {
    const visible = this.#map.getBounds();
    const sums = new Map();
    for (const [longitude, latitude, n] of cells) {
      if (!visible.contains([latitude, longitude])) continue;
      const name = nameAt(this.#areas(), longitude, latitude);
      if (name) sums.set(name, (sums.get(name) ?? 0) + n);
    }
    const most = [...sums].sort(([, one], [, other]) => other - one).slice(0, TOLD);
    const rows = most.map(([name, n]) => element("li", "", [name, element("span", "count", say("about", { n: count(n) }))]));
    words.replaceChildren(
      element("p", "quiet", say(most.length ? "heatMost" : "heatNone")),
      ...(rows.length ? [element("ol", "heat-list", rows)] : []),
    );
  }
}
