"""The page on which boundaries are drawn: who may open it, what it brings along, and what it asks by."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator

import httpx
import pytest

from maps import vendor
from server.pages import boundaries, boundaries_keeping, boundaries_starting, boundaries_tracing, boundaries_words
from server.pages.asking import document
from tests.asking import Desk, Opening
from tests.ward import CODE, OTHER

PAGE = boundaries.AT


@pytest.fixture(scope="module")
async def desk(opening: Opening) -> AsyncIterator[Desk]:
    async with opening() as opened:
        yield opened


async def get(desk: Desk, path: str, by: str | None) -> httpx.Response:
    cookies = {} if by is None else {"Cookie": f"session={desk.tokens[by]}"}
    return await desk.http.get(path, headers={"Accept": "text/html", **cookies})


def told(html: str) -> dict[str, object]:
    found = re.search(r'<script type="application/json" id="page-data">(.*?)</script>', html, re.DOTALL)
    assert found is not None
    data: dict[str, object] = json.loads(found[1])
    return data


@pytest.mark.parametrize("by", ["crew-clean", "team-1"])
async def test_others_who_work_for_the_ward_may_not_draw(desk: Desk, by: str) -> None:
    answer = await get(desk, PAGE, by)
    assert answer.status_code == 403
    assert "page-data" not in answer.text


async def test_a_stranger_is_asked_to_sign_in_and_comes_back(desk: Desk) -> None:
    answer = await get(desk, PAGE, None)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=%2Fstaff%2Fboundaries"


@pytest.mark.parametrize(("by", "code"), [("staff", CODE), ("staff-other", OTHER)])
async def test_staff_draw_their_own_ward_whatever_the_address_says(desk: Desk, by: str, code: str) -> None:
    for path in (PAGE, f"{PAGE}?ward={CODE}", f"{PAGE}?ward={OTHER}"):
        answer = await get(desk, path, by)
        assert answer.status_code == 200
        assert told(answer.text)["ward"] == code


async def test_an_administrator_draws_the_ward_that_is_named(desk: Desk) -> None:
    assert told((await get(desk, f"{PAGE}?ward={OTHER}", "admin")).text)["ward"] == OTHER
    assert (await get(desk, f"{PAGE}?ward=99999", "admin")).status_code == 404


async def test_the_way_to_it_is_in_the_frame(desk: Desk) -> None:
    html = (await get(desk, "/staff/crews", "staff")).text
    assert re.search(r'<a class="desk-way" href="/staff/boundaries">.*Ranh giới', html)


async def test_only_this_page_loads_what_draws(desk: Desk) -> None:
    script = vendor.url(f"{vendor.GEOMAN}/leaflet-geoman.js")
    assert f'<script src="{script}" nonce="' in (await get(desk, PAGE, "staff")).text
    assert vendor.GEOMAN not in (await get(desk, "/staff", "staff")).text


async def test_shapes_and_names_come_as_data_and_never_through_the_maps_shell(desk: Desk) -> None:
    html = (await get(desk, PAGE, "staff")).text
    assert "Tổ dân phố số 10" not in html
    assert "Tổ dân phố Đông Hòa" not in html


@pytest.mark.parametrize("name", boundaries.DOCUMENTS)
def test_every_document_that_it_asks_by_is_in_the_schema(name: str) -> None:
    assert document(f"boundaries_{name}").definitions


def test_no_two_parts_call_different_words_the_same() -> None:
    parts = (boundaries_words.WORDS, boundaries_keeping.WORDS, boundaries_starting.STARTING, boundaries_tracing.TRACING)
    for number, part in enumerate(parts):
        for other in parts[number + 1 :]:
            assert {key: text for key, text in part.items() if other.get(key, text) != text} == {}
