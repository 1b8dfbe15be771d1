"""Lighthouse's accessibility and best practices, in full, on every page that a resident meets."""

from __future__ import annotations

import pytest

from benchmarks.lighthouse import audit
from geo.database import Database
from tests.maps.small_ward import build, report


@pytest.fixture(autouse=True)
async def ward(database: Database) -> None:
    await build(database)
    await report(database, 108.2300, 16.012)


@pytest.mark.parametrize("path", ["/", "/graphql"])
async def test_lighthouse_finds_nothing(address, path):
    found = await audit(address + path, "accessibility", "best-practices")
    assert found.costly == {}
    assert found.scores == {"accessibility": 100, "best-practices": 100}
