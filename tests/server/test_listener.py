"""The connection that listens: what wakes it, and that a link which fell silent is noticed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from geo import changes
from geo.database import Database
from server import listener
from server.listener import Bell, Listener, bell_of
from tests.faults.link import Link, linked
from tests.server.live import eventually


@asynccontextmanager
async def over_a_link(url: str) -> AsyncIterator[tuple[Database, Link]]:
    async with linked(url) as link:
        database = Database(link.url())
        yield database, link
        await database.close()


@asynccontextmanager
async def running(listening: Listener) -> AsyncIterator[None]:
    task = asyncio.create_task(listening.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_bell_rings_for_all_and_not_for_each_commit(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    # So far apart that fifty commits of a slow machine are not twenty-five rings long.
    monkeypatch.setattr(listener, "_BETWEEN_RINGS", 0.5)
    heard = 0

    def hear() -> None:
        nonlocal heard
        heard += 1

    other = Database(database.url)
    bell = bell_of(other)
    other.committed.append(bell)
    listening = Listener(database, {changes.CHANNEL: hear})
    async with running(listening):
        await eventually(lambda: listening.connected)
        before = heard
        for _ in range(50):
            async with other.write():
                pass
        await bell.close()
        await eventually(lambda: heard > before)
        await asyncio.sleep(0.1)
        assert 1 <= heard - before < 25
    await other.close()


async def test_a_bell_without_a_database_is_no_trouble_to_who_commits() -> None:
    async def broken() -> None:
        raise ConnectionRefusedError

    bell = Bell(broken)
    bell()
    bell()
    await bell.close()


async def test_a_link_that_falls_silent_is_noticed_and_made_anew(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener, "_HEARTBEAT_SECONDS", 0.1)
    monkeypatch.setattr(listener, "_PATIENCE_SECONDS", 0.5)
    heard = asyncio.Event()
    async with over_a_link(database_url) as (database, link):
        listening = Listener(database, {changes.CHANNEL: heard.set})
        async with running(listening):
            await eventually(lambda: listening.connected)
            made = link.made
            heard.clear()
            link.silence()
            await eventually(lambda: not listening.connected)
            link.speak()
            await eventually(lambda: listening.connected)
            assert link.made > made
            assert heard.is_set()
