"""One house for all tests of a process, and one server in it: to make them takes longer than to break them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.asking import both_wards, desk, opening
from tests.faults.house import House
from tests.faults.house import house as a_house
from tests.faults.served import Served
from tests.faults.served import served as a_served

__all__ = ["both_wards", "desk", "house", "opening", "served", "whole"]


@pytest.fixture(scope="session")
async def house() -> AsyncIterator[House]:
    async with a_house() as opened:
        yield opened


@pytest.fixture(scope="session")
async def whole(house: House) -> AsyncIterator[Served]:
    async with a_served(house) as opened:
        yield opened


@pytest.fixture
async def served(whole: Served) -> AsyncIterator[Served]:
    """A server that is well, and must be well again in the end, without ever having told a stack trace."""
    await whole.is_well()
    yield whole
    await whole.is_well()
    assert "Traceback" not in whole.server.said, whole.server.said
