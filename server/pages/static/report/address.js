// The report page's own address. Used by a page and by the service worker alike, so it knows no document.

/** The report page of the ward that `url` is about: one a ward, in whatever language, wherever it is opened from. */
export function reportPage(url) {
  const ward = url.searchParams.get("ward") ?? /^\/r\/(\d{5})-/.exec(url.pathname)?.[1];
  return ward ? `/report?ward=${encodeURIComponent(ward)}` : "/report";
}
