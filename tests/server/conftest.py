"""The desk: the whole application, asked through ASGI; and a station: the same behind a real socket."""

from tests.asking import desk, opening
from tests.server.live import live, stations

__all__ = ["desk", "live", "opening", "stations"]
