"""Work that makes very many objects and no cycle, without the cyclic garbage collector."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def resting_collector() -> Iterator[None]:
    """Let the collector rest meanwhile.

    Left to itself it would run again and again while lists are made, through everything that the process holds: most
    of what such work costs. Where several threads do so at once it may begin again before the last is done, which
    costs time and nothing else.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()
