// Has the service worker made ready, so that reporting opens without a network, and the crew's page where a crew works:
// once the page itself has come to rest.

const PAUSE = ["/report", "/crew"].includes(location.pathname) ? 0 : 3000;

function register() {
  navigator.serviceWorker.register("/sw.js", { type: "module", updateViaCache: "none" }).catch(() => {
    // An old browser knows no modules there: pages work, they only do not open without a network.
  });
}

const whenIdle = () => setTimeout(() => (window.requestIdleCallback ?? setTimeout)(register), PAUSE);

// A map within another site's page keeps nothing on that site's readers' phones.
if ("serviceWorker" in navigator && window.top === window.self) {
  if (document.readyState === "complete") whenIdle();
  else window.addEventListener("load", whenIdle);
}
