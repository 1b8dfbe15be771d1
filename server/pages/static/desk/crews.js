// The crews' load stays fresh while somebody looks at it: the page asks for itself and takes over the list.

const EVERY = 30_000;

async function refresh() {
  const list = document.getElementById("crews");
  // Who is about to press a button is not to find another under the finger.
  if (document.hidden || list.contains(document.activeElement)) return;
  try {
    const answer = await fetch(location.pathname + location.search, { headers: { Accept: "text/html" } });
    if (!answer.ok || answer.redirected) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("crews");
    if (fresh && !list.contains(document.activeElement)) list.replaceWith(fresh);
  } catch {
    // Without a network the list stays as it is; the next look comes by itself.
  }
}

setInterval(refresh, EVERY);
document.addEventListener("visibilitychange", refresh);
