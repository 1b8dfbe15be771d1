"""One application on one database for all tests of permissions; nothing that these do changes it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from graphql import GraphQLSchema, build_schema

from tests.asking import Opening, both_wards, opening
from tests.permissions.callers import Scene
from tests.permissions.scene import lay

__all__ = ["both_wards", "opening"]


@pytest.fixture(scope="session")
def published() -> GraphQLSchema:
    """The schema as everybody reads it."""
    root = Path(__file__).parent.parent.parent
    return build_schema((root / "schema" / "schema.graphql").read_text())


@pytest.fixture(scope="session")
async def scene(opening: Opening, published: GraphQLSchema) -> AsyncIterator[Scene]:
    """The scene, which tests only read."""
    async with opening() as desk:
        laid = await lay(desk.database, desk.app.state.photographs, desk.ward)
        yield Scene(desk, laid, published)
