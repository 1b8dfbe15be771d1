// The ward as it holds, asked page by page.

import { ask } from "../common/asking.js";
import { data } from "../common/words.js";

/** `model.load`'s base: every neighbourhood with its boundary and version, and the ward's outline. */
export async function readBase() {
  const neighbourhoods = [];
  let outline = null;
  let after = null;
  for (;;) {
    const { ward } = await ask("areas", { code: data.ward, after, outlined: outline === null });
    outline ??= ward.boundary;
    neighbourhoods.push(...ward.neighbourhoods.nodes);
    if (!ward.neighbourhoods.pageInfo.hasNextPage) return { wardCode: ward.code, outline, neighbourhoods };
    after = ward.neighbourhoods.pageInfo.endCursor;
  }
}
