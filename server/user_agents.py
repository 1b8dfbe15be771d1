"""What somebody signs in with, as its User-Agent says: enough to know one's own devices again, no more is kept."""

from __future__ import annotations

from starlette.datastructures import Headers

from geo.sessions import Device

# The first that is named counts: browsers name those that they are like, too.
_BROWSERS = (
    ("Zalo/", "Zalo"),
    ("coc_coc_browser/", "Cốc Cốc"),
    ("EdgA/", "Edge"),
    ("EdgiOS/", "Edge"),
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Macintosh", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
_MOST_LETTERS = 1_000


def device_of(headers: Headers) -> Device:
    """The browser and the system; None for what is neither known nor said. Only our own words are kept of it."""
    told = headers.get("user-agent", "")[:_MOST_LETTERS]
    browser = next((name for mark, name in _BROWSERS if mark in told), None)
    system = next((name for mark, name in _SYSTEMS if mark in told), None)
    return Device(browser, system)
