"""What a piece of work costs this process."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass
class Spent:
    """Seconds of the processor's time, once the work is done."""

    seconds: float = 0.0


@contextmanager
def spending() -> Iterator[Spent]:
    """Count the processor's time of what is done within, and not of what thousands of earlier tests left in memory.

    A full collection walks through everything the process holds: after a whole suite that alone can cost more than the
    work that happened to set it off.
    """
    spent = Spent()
    gc.collect()
    gc.freeze()
    began = time.process_time()
    try:
        yield spent
    finally:
        spent.seconds = time.process_time() - began
        gc.unfreeze()
