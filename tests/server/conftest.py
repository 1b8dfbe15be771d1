"""The desk: the whole application, asked through ASGI; and a station: the same behind a real socket."""

from tests.asking import both_wards, desk, opening
from tests.server.live import live, stations

__all__ = ["both_wards", "desk", "live", "opening", "stations"]
