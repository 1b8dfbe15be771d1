"""One scene, laid once: read on one database by one application, and changed on copies of it, one for each caller."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from graphql import GraphQLSchema, build_schema
from sqlalchemy import make_url

from geo.database import Database
from server.app import create_app
from server.settings import Settings
from server.storage import Photographs
from tests import ward
from tests.asking import SERVER_KEY, URL, Desk, both_wards, close
from tests.asking import Laid as Wards
from tests.permissions.callers import Scene
from tests.permissions.scene import Laid, lay

__all__ = ["both_wards"]


@pytest.fixture(scope="session")
def published() -> GraphQLSchema:
    """The schema as everybody reads it."""
    root = Path(__file__).parent.parent.parent
    return build_schema((root / "schema" / "schema.graphql").read_text())


UNBOUNDED: dict[str, Any] = {name: 0 for name in Settings.model_fields if name.endswith("_minute")}
"""More is asked here in a minute than anybody may."""


@dataclass(frozen=True)
class Kept:
    """The scene in a database to be copied, and where its photographs are."""

    template: str
    laid: Laid
    var: Path
    tokens: dict[str, str]


@pytest.fixture(scope="session")
async def kept(copying: Any, both_wards: Wards, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Kept]:
    var = tmp_path_factory.mktemp("permissions")
    async with copying(both_wards.template) as address:
        database = Database(address)
        laid = await lay(database, Photographs(var / "photos"), both_wards.ward)
        await database.close()
        yield Kept(make_url(address).database or "", laid, var, both_wards.tokens)


Staging = Callable[[], AbstractAsyncContextManager[Scene]]


@pytest.fixture(scope="session")
def staging(copying: Any, kept: Kept, published: GraphQLSchema) -> Staging:
    """`staging()` is the scene for the length of a block, on a copy of its own."""

    @asynccontextmanager
    async def stage() -> AsyncIterator[Scene]:
        async with copying(kept.template) as address:
            settings = Settings(
                database_url=address, secret_key=SERVER_KEY, default_ward=ward.CODE, var=kept.var, **UNBOUNDED
            )
            app = create_app(settings)
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=URL) as http:
                yield Scene(Desk(app, http, kept.laid.ward, kept.tokens), kept.laid, published)
            await close(app)

    return stage


@pytest.fixture(scope="session")
async def scene(staging: Staging) -> AsyncIterator[Scene]:
    """The scene, which tests only read."""
    async with staging() as staged:
        yield staged
