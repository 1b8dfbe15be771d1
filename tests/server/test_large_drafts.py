"""A draft of a whole ward's boundaries may be larger than what everybody may send; nobody else's may."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest

from server.limits import MIB
from tests.asking import Desk
from tests.schema.drafts import CHECK, removal
from tests.ward import CODE, TILES

COLUMNS, ROWS, STEPS = 20, 10, 125


def ring(column: int, row: int) -> list[list[float]]:
    """A tile of four times `STEPS` vertices, which its neighbours have too."""
    west, south = 108.20 + 0.002 * column, 15.98 + 0.004 * row
    along = [n / STEPS for n in range(STEPS)]
    sides = [
        *([west + 0.002 * n, south] for n in along),
        *([west + 0.002, south + 0.004 * n] for n in along),
        *([west + 0.002 * (1 - n), south + 0.004] for n in along),
        *([west, south + 0.004 * (1 - n)] for n in along),
    ]
    rounded = [[round(x, 7), round(y, 7)] for x, y in sides]
    return [*rounded, rounded[0]]


def whole_ward(desk: Desk) -> dict[str, Any]:
    draw = [
        {"name": f"Ô {row}-{column}", "boundary": {"type": "MultiPolygon", "coordinates": [[ring(column, row)]]}}
        for row in range(ROWS)
        for column in range(COLUMNS)
    ]
    gone = [removal(desk, name) for name in TILES]
    return {"query": CHECK, "variables": {"input": {"wardCode": CODE, "draw": draw, "remove": gone}}}


async def test_staff_draw_two_hundred_neighbourhoods_of_five_hundred_vertices_at_once(desk: Desk) -> None:
    body = orjson.dumps(whole_ward(desk))
    assert MIB < len(body) < 8 * MIB
    answer = (await desk.post(body, "staff")).json()
    assert "errors" not in answer, answer
    checked = answer["data"]["checkBoundaries"]
    assert checked["__typename"] == "CheckBoundariesPayload", checked
    assert len(checked["areas"]) == COLUMNS * ROWS


@pytest.mark.parametrize("by", [None, "team-1", "crew-clean"])
async def test_others_may_send_no_more_than_before(desk: Desk, by: str | None) -> None:
    large = b'{"query": "{ ward { name } }"' + b" " * MIB + b"}"

    async def in_pieces() -> Any:
        yield large[: MIB // 2]
        yield large[MIB // 2 :]

    headers = {"Content-Type": "application/json"}
    if by is not None:
        headers["Authorization"] = f"Bearer {desk.tokens[by]}"
    for content in (large, in_pieces()):
        refused = await desk.http.post("/graphql", content=content, headers=headers)
        assert (refused.status_code, refused.json()["errors"][0]["extensions"]["code"]) == (413, "TOO_LARGE")
        assert "1 MiB" in refused.json()["errors"][0]["message"]


async def test_staff_have_a_limit_too_and_elsewhere_the_same_one(desk: Desk) -> None:
    within, beyond = b'{"query": "{ ward { name } }"' + b" " * (7 * MIB) + b"}", b" " * (8 * MIB + 1)
    assert (await desk.post(within, "admin")).status_code == 200
    refused = await desk.post(beyond, "staff")
    assert (refused.status_code, "8 MiB" in refused.json()["errors"][0]["message"]) == (413, True)
    headers = {"Authorization": f"Bearer {desk.tokens['staff']}", "Content-Type": "application/json"}
    assert (await desk.http.post("/session", content=within, headers=headers)).status_code == 413


async def test_no_more_than_two_large_ones_are_taken_at_once(desk: Desk) -> None:
    rest = asyncio.Event()

    async def slow() -> Any:
        yield b'{"query": "{ ward { name } }"' + b" " * MIB
        await rest.wait()
        yield b"}"

    headers = {"Authorization": f"Bearer {desk.tokens['staff']}", "Content-Type": "application/json"}
    sending = {asyncio.create_task(desk.http.post("/graphql", content=slow(), headers=headers)) for _ in range(3)}
    (busy,), others = await asyncio.wait(sending, return_when=asyncio.FIRST_COMPLETED)
    assert (busy.result().status_code, busy.result().headers["Retry-After"]) == (503, "5")
    rest.set()
    assert [one.status_code for one in await asyncio.gather(*others)] == [200, 200]
    assert (await desk.post(b'{"query": "{ ward { name } }"' + b" " * MIB + b"}", "staff")).status_code == 200
