"""Lighthouse's accessibility and best practices, in full, on every page that a resident meets."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from benchmarks.chromium import SHELL
from benchmarks.lighthouse import audit
from geo.database import Database
from tests.maps.small_ward import build, report


@pytest.fixture(autouse=True)
async def code(database: Database) -> str:
    """A ward with a report, whose tracking code this is."""
    await build(database)
    await report(database, 108.2300, 16.012)
    async with database.read() as connection:
        found: str = await connection.scalar(sa.text("SELECT tracking_code FROM incident"))
    return found


@pytest.mark.parametrize("path", ["/", "/report", "/r", "/r/{code}", "/stats", "/graphql"])
async def test_lighthouse_finds_nothing(address: str, code: str, path: str) -> None:
    found = await audit(address + path.format(code=code), "accessibility", "best-practices", browser=SHELL)
    assert found.costly == {}
    assert found.scores == {"accessibility": 100, "best-practices": 100}
