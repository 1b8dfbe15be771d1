"""JSON that came from outside."""

from __future__ import annotations

import gc
from typing import Any

import orjson


def parsed(text: bytes | str) -> Any:
    """What a text says; raises orjson.JSONDecodeError.

    The parser makes up to half a million lists from 1 MiB and not one cycle. Left to itself, the cyclic collector would
    run again and again while they are made, through everything the process holds: most of what such a body costs.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        return orjson.loads(text)
    finally:
        if collects:
            gc.enable()
