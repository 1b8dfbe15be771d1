"""The page that a browser finds at the API's address."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from pydantic import SecretStr
from starlette.applications import Starlette

from geo.database import Database
from schema.api import SCHEMA
from schema.documents import prepared
from server.app import create_app
from server.pages.explorer import SAMPLE
from server.settings import Settings

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture
async def client(database: Database) -> AsyncIterator[httpx.AsyncClient]:
    app: Starlette = create_app(Settings(database_url=database.url, secret_key=SecretStr("k" * 40)))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as opened:
        yield opened
    await app.state.database.close()


async def test_a_browser_finds_a_page_to_try_the_api_on(client: httpx.AsyncClient) -> None:
    response = await client.get("/graphql", headers=HTML)
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/html")
    assert "Thử GraphQL" in response.text
    assert "unsafe-inline" not in response.headers["content-security-policy"]


async def test_a_query_in_the_address_is_answered_even_in_a_browser(client: httpx.AsyncClient) -> None:
    response = await client.get("/graphql", params={"query": "{ __typename }"}, headers=HTML)
    assert response.json() == {"data": {"__typename": "Query"}}


def test_the_sample_is_a_valid_query() -> None:
    assert prepared(SCHEMA, SAMPLE).definitions
