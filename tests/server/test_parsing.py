"""JSON that came from outside: read without the cyclic collector, which is left as it was."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest

from server.parsing import parsed


@pytest.fixture
def collections() -> Iterator[list[str]]:
    """The collector's runs while a test runs, as often as Python itself would have them."""
    usual = gc.get_threshold()
    gc.set_threshold(700, 10, 10)
    runs: list[str] = []

    def noted(phase: str, _: dict[str, int]) -> None:
        runs.append(phase)

    gc.callbacks.append(noted)
    yield runs
    gc.callbacks.remove(noted)
    gc.set_threshold(*usual)


def test_the_collector_rests_while_a_wide_value_is_read(collections: list[str]) -> None:
    text = orjson.dumps([[[[1]]]] * 80_000)
    collections.clear()
    orjson.loads(text)
    assert len(collections) > 10
    collections.clear()
    read = parsed(text)
    assert len(collections) <= 4  # each is told twice, and afterwards it may run at any moment
    assert read == [[[[1]]]] * 80_000
    assert gc.isenabled()


@pytest.mark.parametrize("switch", [gc.enable, gc.disable])
def test_the_collector_is_left_as_it_was_also_after_a_fault(switch: Callable[[], Any]) -> None:
    switch()
    before = gc.isenabled()
    try:
        with pytest.raises(orjson.JSONDecodeError):
            parsed(b'{"a": ')
        assert gc.isenabled() is before
    finally:
        gc.enable()
