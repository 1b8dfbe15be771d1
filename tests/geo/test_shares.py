"""A few connections for many callers: who goes first, who waits, and who is given up."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from geo import shares
from geo.shares import CrowdedOutError, Shares, Turn


async def settled(tasks: list[asyncio.Task[Turn]]) -> list[bool]:
    for _ in range(5):
        await asyncio.sleep(0)
    return [task.done() for task in tasks]


def asked(turns: Shares, *whos: str) -> list[asyncio.Task[Turn]]:
    return [asyncio.create_task(turns.enter(who, who)) for who in whos]


async def test_who_holds_least_goes_first() -> None:
    turns = Shares(2, 2, 10)
    first, second = await turns.enter("a"), await turns.enter("a")
    waiting = asked(turns, "a", "a", "b")
    assert await settled(waiting) == [False, False, False]
    turns.leave(first)
    assert await settled(waiting) == [False, False, True]
    turns.leave(second)
    assert await settled(waiting) == [True, False, True]
    turns.leave(waiting[2].result())
    turns.leave(waiting[0].result())
    turns.leave(await waiting[1])
    assert turns.taken == 0


async def test_one_caller_has_only_its_part() -> None:
    turns = Shares(4, 2, 3)
    waiting = asked(turns, "a", "a", "a", "a", "b")
    assert await settled(waiting) == [True, True, False, True, True]
    with pytest.raises(CrowdedOutError):
        waiting[3].result()
    turns.leave(waiting[0].result())
    assert await settled(waiting[2:3]) == [True]


async def test_what_is_known_to_be_slow_holds_half() -> None:
    turns = Shares(4, 4, 10)
    turns.took("a", shares.SLOW_SECONDS)
    waiting = asked(turns, "a", "a", "a", "b")
    assert await settled(waiting) == [True, True, False, True]
    turns.leave(waiting[0].result())
    assert await settled(waiting) == [True, True, True, True]
    turns.took("a", 0.01)
    assert await settled(asked(turns, "a")) == [True]


async def test_who_waits_no_more_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shares, "_WAIT_SECONDS", 0.05)
    turns = Shares(1, 1, 10)
    held = await turns.enter("a")
    waiting = asked(turns, "b", "c")
    await settled(waiting)
    waiting[0].cancel()
    with pytest.raises(TimeoutError):
        await waiting[1]
    turns.leave(held)
    assert turns.taken == 0


async def test_a_turn_given_in_the_moment_of_leaving_goes_on_to_the_next() -> None:
    turns = Shares(1, 1, 10)
    held = await turns.enter("a")
    waiting = asked(turns, "b", "c")
    await settled(waiting)
    turns.leave(held)
    waiting[0].cancel()
    assert await settled(waiting) == [True, True]
    turns.leave(waiting[1].result())
    assert turns.taken == 0


async def test_the_oldest_of_who_holds_most_is_given_up_when_others_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shares, "SLOW_SECONDS", 0.1)
    monkeypatch.setattr(shares, "_LOOK_SECONDS", 0.02)
    turns = Shares(4, 4, 10)
    given_up: asyncio.Queue[str] = asyncio.Queue()
    held: dict[str, Turn] = {}
    for name in ("one", "two", "three", "four"):
        who = "a" if name != "two" else "b"
        held[name] = await turns.enter(who, name, partial(given_up.put_nowait, name))
    (waiting,) = asked(turns, "c")
    async with asyncio.timeout(5):
        assert await given_up.get() == "one"
        turns.leave(held["one"])
        await waiting
    assert given_up.empty()
