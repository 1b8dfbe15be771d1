"""JSON that came from outside."""

from __future__ import annotations

from typing import Any

import orjson

from geo.resting import resting_collector


def parsed(text: bytes | str) -> Any:
    """What a text says; raises orjson.JSONDecodeError. The parser makes up to half a million lists from 1 MiB."""
    with resting_collector():
        return orjson.loads(text)
