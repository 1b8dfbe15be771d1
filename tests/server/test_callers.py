"""Who a session stands for is remembered, and forgotten as soon as it may have changed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
import sqlalchemy as sa

from geo import sessions
from geo.actor import Actor, Role
from geo.database import Database
from server.callers import CHANNEL, Callers
from server.events import Hub
from tests import ward
from tests.asking import Desk


@asynccontextmanager
async def remembering(desk: Desk) -> AsyncIterator[Callers]:
    """Callers that listen, as in a serving process."""
    callers = Callers(desk.database)
    hub = Hub(desk.database, 10, {CHANNEL: callers.forget})
    callers.listening = hub.listening
    hub.start()
    try:
        for _ in range(1_000):
            if hub.listening():
                break
            await asyncio.sleep(0.01)
        assert hub.listening()
        yield callers
    finally:
        await hub.close()


async def until(callers: Callers, token: str, holds: Callable[[Actor | None], bool]) -> None:
    """Until the lookup gives what `holds` accepts: the database's call takes milliseconds."""
    for _ in range(500):
        if holds(await callers.actor(token)):
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it is still remembered")


async def test_a_session_is_looked_up_once(desk: Desk) -> None:
    async with remembering(desk) as callers:
        first = await callers.actor(desk.tokens["staff"])
        with desk.statements() as statements:
            asked = desk.database.texts
            desk.database.texts = lambda: pytest.fail("asked again")  # type: ignore[method-assign]
            assert await callers.actor(desk.tokens["staff"]) == first
            desk.database.texts = asked  # type: ignore[method-assign]
        assert statements == []
    assert first is not None
    assert first.role is Role.STAFF


CHANGES: dict[str, tuple[str, Callable[[Actor | None], bool]]] = {
    "the session is ended": ("DELETE FROM session WHERE account_id = :account", lambda actor: actor is None),
    "the session is ended early": (
        "UPDATE session SET expires_at = now() - interval '1 s' WHERE account_id = :account",
        lambda actor: actor is None,
    ),
    "the account is disabled": (
        "UPDATE account SET disabled_at = now() WHERE id = :account",
        lambda actor: actor is None,
    ),
    "the account gets another name": (
        "UPDATE account SET name = 'Đội mới' WHERE id = :account",
        lambda actor: actor is not None and actor.name == "Đội mới",
    ),
    "the crew loses the member": (
        "DELETE FROM crew_member WHERE account_id = :account",
        lambda actor: actor is not None and actor.crew_id is None,
    ),
    "the member changes crews": (
        "UPDATE crew_member SET crew_id = :crew WHERE account_id = :account",
        lambda actor: actor is not None and actor.crew_id is not None,
    ),
}


@pytest.mark.parametrize("change", CHANGES)
async def test_a_change_made_elsewhere_counts_here_at_once(desk: Desk, change: str) -> None:
    statement, holds = CHANGES[change]
    token, elsewhere = desk.tokens["crew-clean"], Database(desk.database.url, pool_size=1)
    values = {"account": desk.ward.accounts["crew-clean"], "crew": desk.ward.crews[ward.ROADS]}
    try:
        async with remembering(desk) as callers:
            before = await callers.actor(token)
            assert before is not None
            assert before.crew_id == desk.ward.crews[ward.CLEAN]
            async with elsewhere.write() as connection:
                query = sa.text(statement)
                await connection.execute(query, {name: values[name] for name in query._bindparams})
            await until(callers, token, lambda actor: holds(actor) and actor != before)
    finally:
        await elsewhere.close()


async def test_who_joins_a_team_is_of_it_at_once(desk: Desk) -> None:
    token, account = desk.tokens["team-1"], desk.ward.accounts["team-1"]
    async with remembering(desk) as callers:
        before = await callers.actor(token)
        assert before is not None
        assert before.team_id is not None
        async with desk.database.write() as connection:
            await connection.execute(sa.text("DELETE FROM team_member WHERE account_id = :id"), {"id": account})
        await until(callers, token, lambda actor: actor is not None and actor.team_id is None)


async def test_nothing_is_remembered_while_nobody_listens(desk: Desk) -> None:
    callers, token = Callers(desk.database), desk.tokens["staff"]
    assert await callers.actor(token) is not None
    async with desk.database.write() as connection:
        await sessions.end(connection, token)
    assert await callers.actor(token) is None


async def test_what_was_read_before_a_call_is_not_kept(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The call may come between the reading and the keeping."""
    callers, token = Callers(desk.database), desk.tokens["staff"]
    callers.listening = lambda: True
    read: Callable[..., Awaitable[sessions.Opened | None]] = sessions.opened_by

    async def read_then_called(*arguments: object, **how: object) -> sessions.Opened | None:
        opened = await read(*arguments, **how)
        callers.forget()
        return opened

    with monkeypatch.context() as during:
        during.setattr(sessions, "opened_by", read_then_called)
        assert await callers.actor(token) is not None
    async with desk.database.write() as connection:
        await sessions.end(connection, token)
    assert await callers.actor(token) is None


async def test_a_session_is_not_remembered_beyond_its_end(desk: Desk) -> None:
    async with remembering(desk) as callers:
        async with desk.database.write() as connection:
            await connection.execute(
                sa.text("UPDATE session SET expires_at = now() + interval '2 s' WHERE account_id = :id"),
                {"id": desk.ward.accounts["staff"]},
            )
        await asyncio.sleep(0.1)
        assert await callers.actor(desk.tokens["staff"]) is not None
        await until(callers, desk.tokens["staff"], lambda actor: actor is None)


async def test_signing_out_counts_for_the_next_request(desk: Desk) -> None:
    headers = {"Authorization": f"Bearer {desk.tokens['staff']}"}
    async with remembering(desk) as callers:
        desk.app.state.callers.listening = callers.listening
        role = "{ viewer { role } }"
        assert (await desk.data(role, "staff"))["viewer"]["role"] == "STAFF"
        assert (await desk.http.delete("/session", headers=headers)).status_code == 204
        assert (await desk.post({"query": role}, "staff")).status_code == 401
