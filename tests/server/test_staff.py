"""The staff console's page and its pieces: who may see it, what the address asks for, and what its map is sent."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from starlette.datastructures import QueryParams

from geo.lifecycle import Status
from server.pages.asking import document
from server.pages.staff_asked import GROUPS, NEEDS, asked
from tests import ward
from tests.asking import Desk, Opening
from tests.ward import CLEAN, FIRST, IN_FIRST, IN_SECOND, OTHER, SECOND

WINDOW = {"zoom": "13", "bbox": "108.19,15.97,108.25,16.03"}


@pytest.fixture(scope="module")
async def desk(opening: Opening) -> AsyncIterator[Desk]:
    """A queue that nothing here changes: its incidents by name."""
    async with opening() as opened:
        now = datetime.now(UTC)
        first, second = (opened.ward.neighbourhoods[name] for name in (FIRST, SECOND))
        rows: dict[str, dict[str, Any]] = {
            "late": {"due_at": now - timedelta(hours=30), "address": "12 Võ Chí Công", "neighbourhood_id": first},
            "soon": {"due_at": now + timedelta(hours=2), "description": "Đèn đường <b>tắt</b>", "category": "TRAFFIC"},
            "held": {"due_at": now + timedelta(days=2), "status": Status.ASSIGNED, "crew_id": opened.ward.crews[CLEAN]},
            "stuck": {"due_at": now + timedelta(days=3), "attention": "NO_CREW", "at": IN_SECOND},
            "secret": {"due_at": now + timedelta(days=4), "category": "SECURITY"},
            "done": {"status": Status.CLOSED, "reported_at": now - timedelta(days=40)},
            "theirs": {"code": OTHER, "at": ward.IN_OTHER},
        }
        async with opened.database.write() as connection:
            for name, row in rows.items():
                values = {"reported_at": now - timedelta(days=2), "neighbourhood_id": second, "at": IN_FIRST, **row}
                if name in ("done", "theirs"):
                    values.pop("neighbourhood_id")
                if name == "done":
                    values |= {"due_at": now - timedelta(days=37), "resolved_at": now - timedelta(days=38)}
                opened.incidents[name] = await ward.report(connection, **values)
        yield opened


async def get(desk: Desk, path: str, by: str | None = "staff", **parameters: Any) -> httpx.Response:
    cookies = {} if by is None else {"Cookie": f"session={desk.tokens[by]}"}
    return await desk.http.get(path, params=parameters or None, headers={"Accept": "text/html", **cookies})


def named(desk: Desk, html: str) -> list[str]:
    """The names of the incidents whose rows these are, in their order."""
    names = {one.tracking_code: name for name, one in desk.incidents.items()}
    return [names[code] for code in re.findall(r'data-code="([^"]+)"', html)]


async def listed(desk: Desk, **parameters: Any) -> list[str]:
    answer = await get(desk, "/staff", part="queue", **parameters)
    assert answer.status_code == 200
    found = named(desk, answer.text)
    assert f'data-total="{len(found)}"' in answer.text
    return found


async def test_strangers_are_asked_to_sign_in_and_come_back(desk: Desk) -> None:
    answer = await get(desk, "/staff", None, need="late")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=%2Fstaff%3Fneed%3Dlate")


@pytest.mark.parametrize("path", ["/staff", "/staff/rows", "/staff/map"])
async def test_only_staff_have_a_console(desk: Desk, path: str) -> None:
    for by in ("crew-clean", "team-1"):
        assert (await get(desk, path, by, **WINDOW)).status_code == 403
    for by in ("staff", "admin"):
        assert (await get(desk, path, by, **WINDOW)).status_code == 200


async def test_the_queue_is_what_is_open_by_urgency(desk: Desk) -> None:
    page = await get(desk, "/staff")
    assert named(desk, page.text) == ["late", "soon", "held", "stuck", "secret"]
    assert "Quá hạn 30 giờ" in page.text
    assert "Không có đội nào nhận được" in page.text
    assert "&lt;b&gt;tắt&lt;/b&gt;" in page.text
    assert page.headers["cache-control"] == "private, no-cache"


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"need": "late"}, ["late"]),
        ({"need": "soon"}, ["soon"]),
        ({"need": "attention"}, ["stuck"]),
        ({"need": "waiting"}, ["late", "soon", "stuck", "secret"]),
        ({"status": "assigned"}, ["held"]),
        ({"status": "done"}, ["done"]),
        ({"status": "all", "q": "vo chi cong"}, ["late"]),
        ({"kind": "TRAFFIC,SECURITY"}, ["soon", "secret"]),
        ({"kind": ["TRAFFIC", "SECURITY"], "need": "soon"}, ["soon"]),
        ({"status": "all", "to": "2000-01-01"}, []),
        ({"q": "12\x00 võ"}, ["late"]),
        ({"status": "nonsense", "need": "nonsense", "crew": "nonsense"}, ["late", "soon", "held", "stuck", "secret"]),
    ],
)
async def test_the_address_says_what_is_listed_and_the_map_shows_the_same(
    desk: Desk, parameters: dict[str, Any], expected: list[str]
) -> None:
    assert await listed(desk, **parameters) == expected
    shown = (await get(desk, "/staff/map", **parameters, **WINDOW)).json()
    assert shown["total"] == len(expected)


async def test_a_crew_and_a_neighbourhood_are_filters(desk: Desk) -> None:
    assert await listed(desk, crew=desk.ward.crews[CLEAN]) == ["held"]
    assert await listed(desk, area=desk.ward.neighbourhoods[FIRST]) == ["late"]
    shown = (await get(desk, "/staff/map", area=desk.ward.neighbourhoods[FIRST], zoom="17", bbox=WINDOW["bbox"])).json()
    assert [one["properties"]["code"] for one in shown["features"]] == [desk.incidents["late"].tracking_code]


async def test_a_day_that_is_none_is_told_at_its_field(desk: Desk) -> None:
    page = await get(desk, "/staff", **{"from": "2026-13-01"})
    assert page.status_code == 200
    assert 'id="from-problem"' in page.text


async def test_the_list_is_leafed_through_by_cursor(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.pages.staff.FIRST_ROWS", 2)
    monkeypatch.setattr("server.pages.staff.MORE_ROWS", 2)
    page = (await get(desk, "/staff")).text
    found = named(desk, page)
    after = re.search(r'data-after="([^"]+)"', page)
    assert 'data-total="5"' in page
    while after:
        more = await get(desk, "/staff", part="page", after=after[1])
        assert "<html" not in more.text
        found += named(desk, more.text)
        after = re.search(r'data-after="([^"]+)"', more.text)
    assert found == ["late", "soon", "held", "stuck", "secret"]
    # Without scripts the same cursor leads to a page of the list.
    way = re.search(r'href="(/staff\?[^"]*after=[^"]+)"', page)
    assert way is not None
    assert named(desk, (await get(desk, way[1].replace("&amp;", "&"))).text) == ["held", "stuck"]


async def test_a_cursor_that_is_none_begins_the_list(desk: Desk) -> None:
    for wrong in ("nonsense", "WyJuZXdlc3QiLCJ4Il0="):
        assert named(desk, (await get(desk, "/staff", after=wrong)).text)[0] == "late"


async def test_rows_are_told_anew_with_what_is_out_and_never_another_wards(desk: Desk) -> None:
    ids = [desk.incidents[name].id for name in ("late", "held", "theirs")]
    answer = await get(desk, "/staff/rows", id=[*ids, "nonsense"], need="late")
    assert sorted(named(desk, answer.text)) == ["held", "late"]
    assert len(re.findall("is-out", answer.text)) == 1
    assert 'data-total="1"' in answer.text
    assert named(desk, (await get(desk, "/staff/rows")).text) == []


async def test_what_needs_a_person_and_the_crews_are_counted(desk: Desk) -> None:
    answer = await get(desk, "/staff", part="overview")
    counts = re.findall(r'data-need="(\w*)".*?need-count">(\d+)<', answer.text)
    assert dict(counts) == {"late": "1", "soon": "1", "attention": "1", "waiting": "4", "": "5"}
    crew = re.search(rf'data-name="{CLEAN}"[^>]*', answer.text)
    assert crew is not None
    assert 'data-held="1" data-capacity="10"' in crew[0]
    assert 'data-longitude="108.23"' in crew[0]


async def test_the_map_is_for_the_staffs_own_ward_and_refuses_nonsense(desk: Desk) -> None:
    for parameters in ({}, {"zoom": "13"}, {"zoom": "13", "bbox": "1,2,3"}, {"zoom": "x", "bbox": WINDOW["bbox"]}):
        assert (await get(desk, "/staff/map", **parameters)).status_code == 400
    everywhere = {"zoom": "10", "bbox": "100,10,110,20"}
    assert (await get(desk, "/staff/map", "staff-other", **everywhere)).json()["total"] == 1
    assert (await get(desk, "/staff/map", "admin", ward=OTHER, **everywhere)).json()["total"] == 1
    assert (await get(desk, "/staff/map", "admin", ward="99999", **everywhere)).status_code == 404
    answer = await get(desk, "/staff/map", q="đèn", **everywhere)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json()["total"] == 1


async def test_an_administrator_sees_the_ward_that_is_named(desk: Desk) -> None:
    page = await get(desk, "/staff", "admin", ward=OTHER)
    assert named(desk, page.text) == ["theirs"]
    assert f'href="/staff?ward={OTHER}&amp;need=late"' in page.text
    assert (await get(desk, "/staff", "admin", ward="99999")).status_code == 404


async def test_the_console_speaks_english_too(desk: Desk) -> None:
    page = await get(desk, "/staff", lang="en")
    assert "30 hours late" in page.text
    assert "No crew can take it" in page.text


def test_the_modules_documents_are_of_the_schema() -> None:
    for name in ("changed", "assign", "reject", "publish", "close", "dispatch", "templates"):
        assert document(f"staff_{name}").definitions


def test_an_address_makes_itself_again() -> None:
    for status in GROUPS:
        for need in ("", *NEEDS):
            wanted = asked(QueryParams({"status": status, "need": need, "q": "a b", "from": "2026-11-01"}))
            assert asked(QueryParams(wanted.query())) == wanted
