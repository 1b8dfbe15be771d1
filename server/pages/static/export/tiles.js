// The base map's tiles that lie in a copied page: {"z/x/y": base64 of a gzipped vector tile}.

const bytes = (text) => Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));

/** What ground.js reads tiles from, as from a .pmtiles file. */
export function tilesOf(tiles) {
  return {
    async getZxy(z, x, y) {
      const text = tiles[`${z}/${x}/${y}`];
      if (text === undefined) return undefined;
      const stream = new Blob([bytes(text)]).stream().pipeThrough(new DecompressionStream("gzip"));
      return { data: await new Response(stream).arrayBuffer() };
    },
  };
}
