"""Which version of the tables this code is written for.

By the names of the migrations, not by Alembic: a serving process asks for nothing else of it, and would carry it along.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "migrations"


@cache
def expected() -> str:
    """The revision that `geo.migrating.upgrade` brings a database to."""
    return max(path.name.partition("_")[0] for path in (FOLDER / "versions").glob("[0-9][0-9][0-9][0-9]_*.py"))
