"""Notices over the API and as a page: for whom they are, what they say, and what is no longer new."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from geo import notices
from geo.lifecycle import Status
from geo.notices import NewNotice
from geo.tables import NoticeKind
from tests import ward
from tests.asking import Desk
from tests.ward import CLEAN, CODE, FIRST, OTHER, ROADS, Reported

LISTED = """{ viewer { unseenNotices notices(first: 2) { totalCount pageInfo { endCursor hasNextPage }
  nodes { id at kind text textEn trackingCode seen incident { trackingCode category { name } } } } } }"""
SEEN = """mutation ($until: DateTime!) { markNoticesSeen(input: {until: $until}) {
  __typename ... on MarkNoticesSeenPayload { unseenNotices } } }"""


@pytest.fixture
async def made(desk: Desk) -> Reported:
    """Three notices to the staff, the last of something private; one to each of two crews; one next door."""
    async with desk.database.write() as connection:
        public = await ward.report(connection, status=Status.ASSIGNED, crew_id=desk.ward.crews[CLEAN])
        private = await ward.report(connection, category="SECURITY")
        for new in (
            NewNotice(CODE, NoticeKind.OVERDUE, None, public.key),
            NewNotice(CODE, NoticeKind.JOB_FAILED),
            NewNotice(CODE, NoticeKind.ATTENTION, None, private.key),
            NewNotice(CODE, NoticeKind.ASSIGNED, desk.ward.crews[CLEAN], public.key),
            NewNotice(CODE, NoticeKind.TAKEN_BACK, desk.ward.crews[ROADS], private.key),
            NewNotice(OTHER, NoticeKind.DUE_SOON),
        ):
            await notices.write(connection, [new])
    return public


async def viewer(desk: Desk, by: str | None, query: str = LISTED) -> Any:
    return (await desk.data(query, by))["viewer"]


@pytest.mark.parametrize(
    ("by", "kinds"),
    [
        (None, []),
        ("team-1", []),
        ("staff", ["ATTENTION", "JOB_FAILED"]),
        ("crew-clean", ["ASSIGNED"]),
        ("crew-roads", ["TAKEN_BACK"]),
        ("staff-other", ["DUE_SOON"]),
        ("crew-other", []),
    ],
)
async def test_everybody_reads_their_own_latest_first(
    desk: Desk, made: Reported, by: str | None, kinds: list[str]
) -> None:
    found = await viewer(desk, by)
    assert [node["kind"] for node in found["notices"]["nodes"]] == kinds
    assert found["unseenNotices"] == found["notices"]["totalCount"]


async def test_the_rest_follows_page_by_page(desk: Desk, made: Reported) -> None:
    first = (await viewer(desk, "staff"))["notices"]
    assert (first["totalCount"], first["pageInfo"]["hasNextPage"]) == (3, True)
    end = first["pageInfo"]["endCursor"]
    nodes = "nodes { kind text textEn incident { trackingCode } }"
    after = f'{{ viewer {{ notices(after: "{end}") {{ {nodes} }} }} }}'
    (last,) = (await viewer(desk, "staff", after))["notices"]["nodes"]
    assert last == {
        "kind": "OVERDUE",
        "text": "Đã quá hạn xử lý",
        "textEn": "Overdue",
        "incident": {"trackingCode": made.tracking_code},
    }


async def test_a_crew_knows_which_incident_left_it_though_it_may_not_see_it(desk: Desk, made: Reported) -> None:
    (node,) = (await viewer(desk, "crew-roads"))["notices"]["nodes"]
    assert node["incident"] is None
    assert node["trackingCode"].startswith("20314-")


async def test_a_notice_is_found_by_its_id_by_whom_it_is_for(desk: Desk, made: Reported) -> None:
    (node,) = (await viewer(desk, "crew-clean"))["notices"]["nodes"]
    query = "query ($id: ID!) { node(id: $id) { ... on Notice { kind } } }"
    assert (await desk.data(query, "crew-clean", id=node["id"]))["node"] == {"kind": "ASSIGNED"}
    for other in (None, "crew-roads", "staff", "team-1"):
        assert (await desk.data(query, other, id=node["id"]))["node"] is None


async def test_what_was_shown_is_seen_and_what_came_meanwhile_is_new(desk: Desk, made: Reported) -> None:
    shown = (await viewer(desk, "staff"))["notices"]["nodes"]
    async with desk.database.write() as connection:
        await notices.write(connection, [NewNotice(CODE, NoticeKind.DUE_SOON, None, made.key)])
    answer = (await desk.data(SEEN, "staff", until=shown[0]["at"]))["markNoticesSeen"]
    assert answer == {"__typename": "MarkNoticesSeenPayload", "unseenNotices": 1}
    found = await viewer(desk, "staff")
    assert [(node["kind"], node["seen"]) for node in found["notices"]["nodes"]] == [
        ("DUE_SOON", False),
        ("ATTENTION", True),
    ]
    assert (await viewer(desk, "crew-clean"))["unseenNotices"] == 1
    # Neither can be undone by an older page, nor done for what is yet to come.
    later = (datetime.now(UTC) + timedelta(days=9)).isoformat()
    await desk.data(SEEN, "staff", until=later)
    await desk.data(SEEN, "staff", until="2020-01-01T00:00:00Z")
    async with desk.database.write() as connection:
        await notices.write(connection, [NewNotice(CODE, NoticeKind.DUE_SOON, None, made.key)])
    assert (await viewer(desk, "staff"))["unseenNotices"] == 1


async def test_who_has_no_notices_marks_none(desk: Desk) -> None:
    before = await desk.dump()
    answer = (await desk.data(SEEN, None, until="2026-11-23T00:00:00Z"))["markNoticesSeen"]
    assert answer["__typename"] == "NotAllowed"
    assert await desk.dump() == before


async def test_the_count_and_the_list_are_one_statement(desk: Desk, made: Reported) -> None:
    await viewer(desk, "staff")
    with desk.statements() as statements:
        await viewer(desk, "staff")
    assert len(statements) == 1


async def test_a_thousand_notices_are_counted_as_a_hundred(desk: Desk) -> None:
    async with desk.database.write() as connection:
        await notices.write(connection, [NewNotice(CODE, NoticeKind.DUE_SOON)] * 1_000)
    assert (await viewer(desk, "staff"))["unseenNotices"] == notices.MOST_COUNTED
    async with desk.database.write() as connection:
        await connection.execute(sa.text("DELETE FROM notice"))


async def page_of(desk: Desk, by: str | None, path: str = "/notices") -> Any:
    headers = {} if by is None else {"Authorization": f"Bearer {desk.tokens[by]}"}
    return await desk.http.get(path, headers=headers)


async def test_the_page_lists_them_and_leads_to_where_they_are_seen_to(desk: Desk, made: Reported) -> None:
    text = (await page_of(desk, "staff")).text
    assert text.index("Cần cán bộ xem") < text.index("Có việc chạy nền không làm được") < text.index("Đã quá hạn xử lý")
    assert f'href="/staff/incidents/{made.tracking_code}"' in text
    assert 'href="/staff/jobs"' in text
    assert 'data-unseen="3"' in text
    crew = (await page_of(desk, "crew-roads", "/notices?lang=en")).text
    assert "No longer with your crew" in crew
    assert 'class="noticed-what" href' not in crew
    admin = (await page_of(desk, "admin")).text
    assert f'href="/staff/incidents/{made.tracking_code}?ward={CODE}"' in admin


async def test_hostile_words_are_text(desk: Desk) -> None:
    async with desk.database.write() as connection:
        hostile = await ward.report(connection, address="<script>alert(1)</script>{{ 7*7 }}")
        await notices.write(connection, [NewNotice(CODE, NoticeKind.OVERDUE, None, hostile.key)])
    text = (await page_of(desk, "staff")).text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;{{ 7*7 }}" in text


async def test_strangers_sign_in_first_and_team_members_have_only_their_own(desk: Desk, made: Reported) -> None:
    answer = await page_of(desk, None)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=%2Fnotices")
    async with desk.database.write() as connection:
        told = NewNotice(CODE, NoticeKind.BOUNDARIES, team_id=desk.ward.teams[FIRST])
        await notices.write(connection, [told])
    for by, count in (("team-1", 1), ("team-other", 0), ("crew-clean", 0)):
        text = (await page_of(desk, by)).text
        assert text.count("Ranh giới được vẽ lại") == count, by
    assert 'href="/team"' in (await page_of(desk, "team-1")).text


async def test_the_list_behind_the_bell_is_a_piece_by_itself(desk: Desk, made: Reported) -> None:
    text = (await page_of(desk, "staff", "/notices?part=list")).text
    assert text.lstrip().startswith("<div data-notices")
    assert "<html" not in text


async def test_older_ones_are_on_further_pages(desk: Desk) -> None:
    async with desk.database.write() as connection:
        await notices.write(connection, [NewNotice(CODE, NoticeKind.DUE_SOON)] * 51)
    first = (await page_of(desk, "staff")).text
    assert first.count('<li class="noticed-item') == 50
    assert 'data-count="51"' in first
    after = first.partition('href="/notices?after=')[2].partition('"')[0]
    second = (await page_of(desk, "staff", f"/notices?after={after}")).text
    assert second.count('<li class="noticed-item') == 1
    wrong = await page_of(desk, "staff", "/notices?after=nonsense")
    assert (wrong.status_code, wrong.headers["location"]) == (303, "/notices")


@pytest.mark.parametrize("until", ["", "yesterday", "2026-11-23T00:00:00"])
async def test_what_is_no_moment_marks_nothing(desk: Desk, made: Reported, until: str) -> None:
    headers = {"Authorization": f"Bearer {desk.tokens['staff']}"}
    answer = await desk.http.post("/notices/seen", data={"until": until}, headers=headers)
    assert answer.status_code == 303
    assert (await viewer(desk, "staff"))["unseenNotices"] == 3


async def test_a_form_marks_them_and_only_from_our_own_pages(desk: Desk, made: Reported) -> None:
    until = (await viewer(desk, "staff"))["notices"]["nodes"][0]["at"]
    headers = {"Authorization": f"Bearer {desk.tokens['staff']}"}
    foreign = headers | {"Sec-Fetch-Site": "cross-site"}
    assert (await desk.http.post("/notices/seen", data={"until": until}, headers=foreign)).status_code == 403
    assert (await viewer(desk, "staff"))["unseenNotices"] == 3
    answer = await desk.http.post("/notices/seen", data={"until": until}, headers=headers)
    assert (answer.status_code, answer.headers["location"]) == (303, "/notices")
    assert (await viewer(desk, "staff"))["unseenNotices"] == 0
    assert (await desk.http.get("/notices/seen", headers=headers)).status_code == 303
