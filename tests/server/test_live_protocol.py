"""graphql-transport-ws by the book: whatever a client sends, it gets the close code that the specification names."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from server import listener, websocket
from server.app import create_app
from server.settings import Settings
from tests.asking import SERVER_KEY
from tests.server.live import FOLLOW, PROTOCOL, Socket, Station, Stations, eventually, serving
from tests.ward import CODE


@pytest.fixture(scope="module")
async def door(stations: Stations) -> AsyncIterator[Station]:
    """A station for tests that change nothing; patient with a database that is held up, which is worth a line."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(listener, "_PATIENCE_SECONDS", 60.0)
        async with stations() as opened:
            yield opened


@pytest.fixture(autouse=True)
def _no_trace(caplog: pytest.LogCaptureFixture) -> Any:
    """Nothing of this is worth a line in the log."""
    with caplog.at_level(logging.WARNING):
        yield
    assert [record.getMessage() for record in caplog.records] == []


SUBSCRIBE = {"id": "1", "type": "subscribe", "payload": {"query": FOLLOW, "variables": {"wardCode": CODE}}}


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("không phải JSON", 4400),
        ("", 4400),
        ("null", 4400),
        ("[]", 4400),
        ("1", 4400),
        ('"text"', 4400),
        ("[" * 30_000, 4400),
        (b'{"type":"ping"}', 4400),
        ({}, 4400),
        ({"type": None}, 4400),
        ({"type": "start"}, 4400),
        ({"type": ["ping"]}, 4400),
        ({"type": "connection_init"}, 4429),
        ({"type": "subscribe"}, 4400),
        ({"type": "complete"}, 4400),
        ({"type": "complete", "id": 1}, 4400),
        ({**SUBSCRIBE, "id": ""}, 4400),
        ({**SUBSCRIBE, "id": 7}, 4400),
        ({**SUBSCRIBE, "id": "x" * 129}, 4400),
        ({**SUBSCRIBE, "payload": None}, 4400),
        ({**SUBSCRIBE, "payload": []}, 4400),
        ({**SUBSCRIBE, "payload": {"query": None}}, 4400),
        ({**SUBSCRIBE, "payload": {"query": ["{ viewer { role } }"]}}, 4400),
        ({**SUBSCRIBE, "payload": {"query": "{ viewer { role } }", "variables": []}}, 4400),
        ({**SUBSCRIBE, "payload": {"query": "{ viewer { role } }", "operationName": 1}}, 4400),
        ({**SUBSCRIBE, "payload": {"query": "{ viewer { role } }", "extensions": "x"}}, 4400),
        ({"type": "ping", "payload": "x" * 70_000}, 1009),
    ],
)
async def test_what_is_no_message_closes_the_socket(door: Station, frame: Any, code: int) -> None:
    async with door.socket() as socket:
        await socket.connection.send(orjson.dumps(frame).decode() if isinstance(frame, dict) else frame)
        assert await socket.close_code() == code


async def test_nothing_is_answered_before_the_connection_is_initialised(door: Station) -> None:
    async with door.socket(init=False) as socket:
        await socket.send(**SUBSCRIBE)
        assert await socket.close_code() == 4401


async def test_who_says_nothing_is_shown_out(door: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websocket, "_INIT_SECONDS", 1)
    async with door.socket(init=False) as silent, door.socket(init=False) as chatty:
        await chatty.send(type="ping")
        assert await chatty.receive() == {"type": "pong"}
        assert await silent.close_code() == 4408
        assert await chatty.close_code() == 4408
    async with door.socket() as socket:
        await asyncio.sleep(1.2)
        await socket.send(type="ping")
        assert await socket.receive() == {"type": "pong"}


@pytest.mark.parametrize("id_", ["1", "ậ" * 128])
async def test_an_id_is_used_once_at_a_time(door: Station, id_: str) -> None:
    async with door.socket() as socket:
        await socket.send(**{**SUBSCRIBE, "id": id_})
        await door.followers(1)
        await socket.send(**{**SUBSCRIBE, "id": id_})
        assert await socket.close_code() == 4409
    await door.followers(0)


async def test_a_completed_id_may_be_used_again(door: Station) -> None:
    async with door.socket() as socket:
        for _ in range(3):
            await socket.send(**SUBSCRIBE)
            await door.followers(1)
            await socket.send(id="1", type="complete")
            await door.followers(0)
        await socket.send(id="nobody", type="complete")
        await socket.send(type="pong")
        await socket.send(type="ping", payload={"a": 1})
        assert await socket.receive() == {"type": "pong"}


async def test_one_socket_has_only_so_many_operations(door: Station) -> None:
    async with door.socket() as socket:
        for number in range(21):
            await socket.send(**{**SUBSCRIBE, "id": str(number)})
        assert await socket.close_code() == 4429
    await door.followers(0)


@pytest.mark.parametrize("offered", [None, [Subprotocol("graphql-ws")], [Subprotocol("x")]])
async def test_only_one_protocol_is_spoken(door: Station, offered: Any) -> None:
    async with door.socket(init=False, subprotocols=offered) as socket:
        assert await socket.close_code() == 4406


async def test_only_so_many_sockets_are_open(stations: Stations) -> None:
    async with stations(max_subscriptions=2) as station, station.socket(), station.socket():
        with pytest.raises(InvalidStatus) as refused:
            async with station.socket():
                raise AssertionError("let in")
        assert refused.value.response.status_code == 503


@pytest.mark.parametrize(
    "payload", [{"authorization": "Bearer no such token"}, {"authorization": "Basic eA=="}, {"Authorization": 1}]
)
async def test_a_token_that_opens_nothing_is_refused(door: Station, payload: dict[str, Any]) -> None:
    async with door.socket(init=False) as socket:
        await socket.send(type="connection_init", payload=payload)
        assert await socket.close_code() == 4403


@pytest.mark.parametrize("payload", [[], "x", 1])
async def test_what_comes_with_the_initialisation_is_an_object(door: Station, payload: Any) -> None:
    async with door.socket(init=False) as socket:
        await socket.send(type="connection_init", payload=payload)
        assert await socket.close_code() == 4400


async def test_a_header_or_our_own_cookie_signs_in_too(door: Station) -> None:
    token = door.tokens["staff"]
    for headers in (
        {"Authorization": f"Bearer {token}"},
        {"Cookie": f"session={token}", "Origin": f"http://{door.host}"},
        {"Cookie": f"session={token}", "Sec-Fetch-Site": "same-origin"},
    ):
        async with door.socket(additional_headers=headers) as socket:
            await socket.follow(query="{ viewer { role } }")
            assert (await socket.receive())["payload"] == {"data": {"viewer": {"role": "STAFF"}}}


@pytest.mark.parametrize(
    "origin",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://[not-an-address"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
@pytest.mark.parametrize("by", ["cookie", "nothing", "bearer"])
async def test_a_foreign_page_is_shown_out_whoever_it_comes_as(door: Station, origin: dict[str, str], by: str) -> None:
    token = door.tokens["staff"]
    held = {"cookie": {"Cookie": f"session={token}"}, "bearer": {"Authorization": f"Bearer {token}"}}
    async with door.socket(init=False, additional_headers=held.get(by, {}) | origin) as socket:
        assert await socket.close_code() == 4403


def frame(opcode: int, payload: bytes, *, final: bool = True, masked: bool = True, first: int = 0) -> bytes:
    """A frame as RFC 6455, 5.2 draws it, right or wrong."""
    length = len(payload)
    head = bytes([(0x80 if final else 0) | first | opcode])
    mask = 0x80 if masked else 0
    if length < 126:
        head += bytes([mask | length])
    elif length < 65_536:
        head += bytes([mask | 126]) + length.to_bytes(2, "big")
    else:
        head += bytes([mask | 127]) + length.to_bytes(8, "big")
    return head + (bytes(4) if masked else b"") + payload


CONTINUATION, TEXT, PING = 0, 1, 9
PIECE = frame(CONTINUATION, b"x" * 60_000, final=False)
BROKEN: dict[str, tuple[bytes, int]] = {
    "broken UTF-8": (frame(TEXT, b'{"type":"\xff\xfe"}'), 1007),
    "half of a character": (frame(TEXT, b'"\xe1\xba"'), 1007),
    "an unknown opcode": (frame(3, b"{}"), 1002),
    "a frame without its mask": (frame(TEXT, b"{}", masked=False), 1002),
    "a reserved bit": (frame(TEXT, b"{}", first=0x20), 1002),
    "a continuation of nothing": (frame(CONTINUATION, b"{}"), 1002),
    "a ping in two": (frame(PING, b"x", final=False), 1002),
    "a long ping": (frame(PING, b"x" * 200), 1002),
    "a frame of 2 GiB by its head": (b"\x81\xff" + (2**31).to_bytes(8, "big") + bytes(4), 1009),
    "a frame longer than any": (b"\x81\xff" + b"\xff" * 8 + bytes(4), 1009),
    "64 KiB in pieces": (frame(TEXT, b"x" * 60_000, final=False) + PIECE, 1009),
    "a close code that is none": (frame(8, (999).to_bytes(2, "big")), 1002),
}


@pytest.mark.parametrize("what", BROKEN)
async def test_what_is_no_frame_closes_the_socket(door: Station, what: str) -> None:
    sent, code = BROKEN[what]
    async with door.socket() as socket:
        socket.connection.transport.write(sent)
        assert await socket.close_code() == code


async def test_a_small_frame_that_unfolds_is_too_large(door: Station) -> None:
    async with door.socket(compression="deflate", max_size=None) as socket:
        assert [extension.name for extension in socket.connection.protocol.extensions] in (["permessage-deflate"], [])
        await socket.connection.send('{"type":"ping","payload":"' + "x" * 2_000_000 + '"}')
        assert await socket.close_code() == 1009


async def test_as_many_operations_at_once_as_are_allowed(door: Station) -> None:
    async with door.socket() as socket:
        for number in range(20):
            await socket.send(**{**SUBSCRIBE, "id": str(number)})
        await socket.send(type="ping")
        assert await socket.receive() == {"type": "pong"}
        await door.followers(20)
        await socket.send(**{**SUBSCRIBE, "id": "one more", "payload": {"query": "{ __typename }"}})
        assert await socket.close_code() == 4429
    await door.followers(0)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("{", "Syntax Error"),
        ("{ nothing }", "Cannot query field"),
        ("subscription { incidentChanged }", "must have a selection"),
        (
            'subscription { a: incidentChanged(wardCode: "1") { cursor } b: incidentChanged { cursor } }',
            "one top level",
        ),
        ("subscription { __typename }", "introspection"),
        ("query A { viewer { role } } query B { viewer { role } }", "operation"),
        ('subscription ($x: Int!) { incidentChanged(after: "a") { cursor @include(if: $x) } }', "position expecting"),
    ],
)
async def test_an_operation_that_cannot_run_is_answered_with_its_errors(
    door: Station, query: str, message: str
) -> None:
    async with door.socket(additional_headers={"Accept-Language": "en"}) as socket:
        await socket.follow(query=query)
        answer = await socket.receive()
        assert (answer["id"], answer["type"]) == ("1", "error")
        assert message in " ".join(error["message"] for error in answer["payload"])
        await socket.send(type="ping")  # and the socket stays open
        assert await socket.receive() == {"type": "pong"}


async def test_a_database_out_of_reach_is_told_without_a_trace(caplog: pytest.LogCaptureFixture) -> None:
    nowhere = Settings(database_url="postgresql://nobody@127.0.0.1:1/nowhere", secret_key=SERVER_KEY, worker=False)
    app = create_app(nowhere)
    async with serving(app) as host:
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"ws://{host}/graphql", additional_headers={"Authorization": "Bearer x"})
        assert refused.value.response.status_code == 503
        async with connect(f"ws://{host}/graphql", subprotocols=[PROTOCOL]) as connection:
            socket = Socket(connection)
            await socket.send(type="connection_init")
            assert await socket.receive() == {"type": "connection_ack"}
            await socket.send(**SUBSCRIBE)
            answer = await socket.receive()
            assert (answer["type"], answer["payload"][0]["extensions"]["code"]) == ("error", "UNAVAILABLE")
        async with connect(f"ws://{host}/graphql", subprotocols=[PROTOCOL]) as connection:
            socket = Socket(connection)
            await socket.send(type="connection_init", payload={"authorization": "Bearer x"})
            assert await socket.close_code() == 1013
    assert all(record.exc_info is None for record in caplog.records)
    caplog.clear()


async def test_a_stopping_server_says_that_another_try_is_worth_while(stations: Stations) -> None:
    async with stations() as station, station.socket("staff") as following, station.socket() as idle:
        await following.send(**SUBSCRIBE)
        await station.followers(1)
        station.hub.stop()
        assert await following.close_code() == 1012
        await idle.send(**SUBSCRIBE)
        assert (await idle.receive())["type"] == "error"


async def test_two_hundred_abrupt_departures_leave_nothing_behind(door: Station) -> None:
    def state() -> tuple[int, int, int, int, int]:
        hub = door.hub
        pool = door.database.engine.sync_engine.pool
        return len(hub), hub.groups, len(hub._followers._interested), door.live.sockets.taken, pool.checkedout()  # type: ignore[attr-defined]

    await eventually(lambda: state() == (0, 0, 0, 0, 0))
    before = len(asyncio.all_tasks())
    for _ in range(10):
        sockets = []
        for _ in range(20):
            manager = door.socket("staff")
            socket = await manager.__aenter__()
            sockets.append(socket)
            await socket.send(**SUBSCRIBE)
            await socket.send(**{**SUBSCRIBE, "id": "2"})
        for socket in sockets:
            socket.connection.transport.abort()
    await eventually(lambda: state() == (0, 0, 0, 0, 0))
    await eventually(lambda: len(asyncio.all_tasks()) <= before)
