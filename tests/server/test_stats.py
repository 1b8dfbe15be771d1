"""`/stats`: what the page says of a ward, what it refuses, how long it may be old, and what may be taken along."""

from __future__ import annotations

import asyncio
import csv
import io
import re
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from html import unescape
from typing import Any

import pytest
import sqlalchemy as sa

from geo.language import Language
from geo.lifecycle import Status
from maps.choropleth_map import bounds, shade_of
from maps.window import ParameterError
from server.pages import stats, stats_figures
from server.pages.languages import translations
from server.pages.stats_asked import CHOICES, asked
from server.pages.stats_figures import Speech, shares, unbroken
from server.periods import Period, read_period
from tests import ward
from tests.asking import Desk, Opening
from tests.ward import CLEAN, CODE, FIRST, OTHER, REPORTED, ROADS, SECOND, TILES

ALL = "/stats?from=2026-11-01&to=2026-11-30"
HOSTILE = "<script>alert(1)</script>{{ 7*7 }}"
VI = Speech(Language.VI, translations(Language.VI).gettext)
EN = Speech(Language.EN, translations(Language.EN).gettext)


async def lay(desk: Desk) -> None:
    """Done in time and late, open and late, open in time, refused, and one of a private kind."""
    first, second = desk.ward.neighbourhoods[FIRST], desk.ward.neighbourhoods[SECOND]
    clean = {"neighbourhood_id": first, "crew_id": desk.ward.crews[CLEAN]}
    roads = {"neighbourhood_id": second, "crew_id": desk.ward.crews[ROADS], "category": "INFRASTRUCTURE"}
    past, far = REPORTED + timedelta(seconds=1), datetime(2099, 1, 1, tzinfo=UTC)
    reports: list[dict[str, Any]] = [
        {"status": Status.CLOSED, **clean},
        {"status": Status.CLOSED, "resolved_at": REPORTED + timedelta(hours=28), **clean},
        {"status": Status.RESOLVED, "resolved_at": REPORTED + timedelta(days=9), **roads},
        {"status": Status.ASSIGNED, "due_at": past, **roads},
        {"due_at": far, "neighbourhood_id": first},
        {"status": Status.REJECTED, "neighbourhood_id": second},
        {"status": Status.CLOSED, "category": "SECURITY", **clean},
    ]
    async with desk.database.write() as connection:
        for values in reports:
            await ward.report(connection, **values)


@pytest.fixture(scope="module")
async def shown(opening: Opening) -> AsyncIterator[Desk]:
    """A desk with a few incidents, for tests that change nothing."""
    async with opening() as desk:
        await lay(desk)
        yield desk


async def text(desk: Desk, path: str, by: str | None = None) -> str:
    """The page with its white space made one, but for what may not be broken."""
    headers = {} if by is None else {"Authorization": f"Bearer {desk.tokens[by]}"}
    answer = await desk.http.get(path, headers=headers)
    assert answer.status_code == 200
    return unescape(re.sub(r"[ \n]+", " ", answer.text))


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


async def test_the_figures_are_told_in_words_first(shown: Desk) -> None:
    said = words(await text(shown, ALL))
    assert (
        "Từ ngày 01/11/2026 đến hết ngày 30/11/2026: 6 phản ánh, 50% xử lý đúng hạn, một nửa số việc xong trong"
        " vòng 28 giờ; 1 việc đang quá hạn." in said
    )
    assert "việc xong trễ vẫn luôn là trễ" in said.lower()
    assert "chỉ đếm phản ánh công khai" in said


async def test_staff_see_all_and_are_told_so(shown: Desk) -> None:
    said = words(await text(shown, ALL, "staff"))
    assert "7 phản ánh" in said
    assert "đếm cả phản ánh không công khai" in said
    assert "An ninh trật tự" in said
    stranger = words(await text(shown, ALL))
    assert "6 phản ánh" in stranger


VIETNAMESE = re.compile("[àảãáạăằẳẵắặâầẩẫấậèẻẽéẹêềểễếệìỉĩíịòỏõóọôồổỗốộơờởỡớợùủũúụưừửữứựỳỷỹýỵđ]", re.IGNORECASE)


async def test_english_is_complete(shown: Desk) -> None:
    html = await text(shown, f"{ALL}&lang=en")
    shown.http.cookies.clear()  # the choice of a language is remembered there
    seen = re.sub(r"<(script|style)\b.*?</\1>", " ", html)
    attributes = re.findall(r' (?:alt|aria-label|content|placeholder|title|value)="([^"]*)"', seen)
    # Names stay as they are, and so does the way back.
    ours = {"Phường Hòa Xuân", "Phường Số", *TILES, "Tiếng Việt"}
    for one in [*re.split(r"<[^>]+>", seen), *attributes]:
        left = one.replace("\u00a0", " ")
        for name in sorted(ours, key=len, reverse=True):
            left = left.replace(name, "")
        assert not VIETNAMESE.search(left), one
    said = words(html)
    assert "6 received, 50% dealt with in time, half done within 28 hours; 1 open and late." in said, said[:1500]


async def test_neighbourhoods_come_with_the_highest_measure_first(shown: Desk) -> None:
    def names(html: str) -> list[str]:
        return re.findall(r'<span class="area-name">([^<]+)</span>', html)

    by_number, by_late = await text(shown, ALL), await text(shown, f"{ALL}&measure=late")
    whole = [unbroken(name) for name in (FIRST, SECOND, "Tổ dân phố Đông Hòa", "Tổ dân phố số 10")]
    assert names(by_number) == whole
    assert names(by_late)[:2] == [whole[1], whole[0]]
    assert re.findall(r'data-shown="([^"]+)"', by_late) == ["100%", "0%", "–", "–"]
    assert re.findall(r'<tr data-area="[^"]+" data-shade="([^"]+)"', by_late) == ["5", "0", "none", "none"]


async def test_links_keep_the_ward_the_period_and_the_measure(shown: Desk) -> None:
    html = await text(shown, f"{ALL}&ward={CODE}&measure=late")
    assert f'href="/stats?ward={CODE}&measure=reports&from=2026-11-01&to=2026-11-30#areas"' in html
    assert f'href="/stats?ward={CODE}&period=12m&measure=late"' in html
    assert f'href="/export/places.kml?ward={CODE}"' in html
    assert html.count(f'<input type="hidden" name="ward" value="{CODE}">') == 2


async def test_a_period_without_reports_is_said_to_be_empty(shown: Desk) -> None:
    said = words(await text(shown, "/stats?from=2020-01-01&to=2020-01-31"))
    assert "chưa có phản ánh nào" in said
    assert "Không có phản ánh công khai nào trong khoảng thời gian này" in said
    assert "Dữ liệu mở" in said


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("from=2026-13-01", "from"),
        ("from=hôm qua", "from"),
        ("to=0001-01-01", "to"),
        ("to=9999-12-31", "to"),
        ("from=2026-11-02&to=2026-11-01", "to"),
        ("from=%00", "from"),
        ("from=20261101", "from"),
    ],
)
async def test_a_day_that_is_none_is_told_beside_its_field(shown: Desk, query: str, name: str) -> None:
    answer = await shown.http.get(f"/stats?{query}")
    assert answer.status_code == 400
    assert f'href="#{name}"' in answer.text
    assert f'aria-describedby="{name}-problem"' in answer.text
    assert "Trong 90 ngày qua" in answer.text


async def test_what_a_reader_typed_stands_in_the_form_as_text(shown: Desk) -> None:
    answer = await shown.http.get("/stats", params={"from": '"><script>alert(1)</script>', "measure": "<b>"})
    assert answer.status_code == 400
    assert "<script>alert" not in answer.text


@pytest.mark.parametrize("code", ["abcde", "99999"])
async def test_an_unknown_ward_is_not_found(shown: Desk, code: str) -> None:
    answer = await shown.http.get(f"/stats?ward={code}")
    assert answer.status_code == 404
    assert "Chưa có phường này" in answer.text


async def test_hostile_names_are_text(opening: Opening) -> None:
    async with opening() as desk:
        await lay(desk)
        async with desk.database.write() as connection:
            renamed = sa.text("UPDATE neighbourhood SET name = :name WHERE id = :id")
            await connection.execute(renamed, {"name": HOSTILE, "id": desk.ward.neighbourhoods[FIRST]})
        html = (await desk.http.get(ALL)).text
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;{{ 7*7 }}" in html
    assert "49</span>" not in html


async def test_strangers_share_a_count_for_a_minute_and_staff_do_not(opening: Opening) -> None:
    async with opening() as desk:
        await lay(desk)
        with desk.statements() as statements:
            before = words(await text(desk, ALL))
            counted = counting(statements)
            async with desk.database.write() as connection:
                await ward.report(connection, due_at=datetime(2099, 1, 1, tzinfo=UTC))
            seen = counting(statements)
            assert words(await text(desk, f"{ALL}&measure=late")).count("6 phản ánh") == before.count("6 phản ánh")
            assert counting(statements) == seen
        assert counted == 1
        assert "8 phản ánh" in words(await text(desk, ALL, "staff"))
        figures: stats.Figures = desk.app.state.figures
        for key in list(figures._kept._made):
            kept = figures._kept.get(key)
            assert kept is not None
            figures._kept.put(key, stats.Counted(kept.ward, kept.at - stats.AGE))
        assert "7 phản ánh" in words(await text(desk, ALL))


def counting(statements: list[str]) -> int:
    """How many statements there were, but for asking when boundaries were saved last: one look into an index."""
    return sum("max(boundary_edit.at)" not in statement for statement in statements)


async def test_made_up_days_keep_nobody_waiting_for_long(opening: Opening, monkeypatch: pytest.MonkeyPatch) -> None:
    async with opening() as desk:
        await lay(desk)
        before = words(await text(desk, ALL))
        figures: stats.Figures = desk.app.state.figures
        for key in list(figures._kept._made):
            kept = figures._kept.get(key)
            assert kept is not None
            figures._kept.put(key, stats.Counted(kept.ward, kept.at - stats.AGE))
        count, begun, running = stats._count, 0, asyncio.Event()

        async def slow(*asked: Any) -> stats.Counted:
            nonlocal begun
            begun += 1
            await running.wait()
            return await count(*asked)

        monkeypatch.setattr(stats, "_count", slow)
        monkeypatch.setattr(stats, "PATIENCE", 0.2)
        days = [f"/stats?ward={CODE}&from=2026-11-{day:02}" for day in range(1, 8)]
        late = await asyncio.gather(*(desk.http.get(path) for path in (*days, days[0], ALL)))
        assert begun == 2, "few count at once, and each once"
        assert [answer.status_code for answer in late] == [503] * 8 + [200]
        assert late[0].headers["Retry-After"] == "10"
        assert "Hệ thống đang bận" in late[0].text
        told = [re.sub("lúc [0-9:]+", "", page) for page in (words(late[-1].text), before)]
        assert told[0] == told[1], "the last known figures"
        running.set()
        monkeypatch.setattr(stats, "PATIENCE", 10.0)
        again = await asyncio.gather(*(desk.http.get(path) for path in days))
        assert {answer.status_code for answer in again} == {200}
        assert begun == len(days) + 1


async def test_incidents_are_exported_by_day_status_and_kind(shown: Desk) -> None:
    async def count(query: str) -> int:
        answer = await shown.http.get(f"/export/incidents.csv?{query}")
        assert answer.status_code == 200
        return len(list(csv.DictReader(io.StringIO(answer.text, newline=""))))

    assert await count("from=&to=&category=&status=") == 6
    assert await count("category=INFRASTRUCTURE") == 2
    assert await count("status=RECEIVED,ASSIGNED") == 2
    assert await count("from=2026-11-20&to=2026-11-20") == 6
    assert await count("from=2026-11-21") == 0
    assert await count("to=2026-11-19") == 0
    assert await count("category=SECURITY") == 0


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("incidents.csv?from=2026-02-30", "from"),
        ("incidents.kml?status=GONE", "status"),
        ("incidents.geojson?category=a%00", "category"),
        ("places.csv?from=2026-01-01", "export"),
    ],
)
async def test_an_export_that_cannot_be_filtered_so_is_refused(shown: Desk, path: str, name: str) -> None:
    answer = await shown.http.get(f"/export/{path}")
    assert answer.status_code == 400
    assert answer.json()["error"]["parameter"] == name


async def test_every_file_that_the_page_offers_is_there(shown: Desk) -> None:
    html = await text(shown, f"{ALL}&ward={OTHER}")
    offered = set(re.findall(r'(?:href|formaction)="(/export/[^"]+)"', html))
    assert len(offered) == 9
    for path in offered:
        assert (await shown.http.get(path)).status_code == 200


# What is pure


def test_a_period_takes_both_its_days_in_by_vietnams_clock() -> None:
    period = read_period({"from": "2026-11-01", "to": "2026-11-30"})
    assert period.since == datetime(2026, 10, 31, 17, tzinfo=UTC)
    assert period.until == datetime(2026, 11, 30, 17, tzinfo=UTC)
    assert read_period({"from": " ", "to": ""}) == Period()
    with pytest.raises(ParameterError, match="to"):
        read_period({"from": "2026-11-02", "to": "2026-11-01"})


@pytest.mark.parametrize(
    ("key", "today", "first"),
    [
        ("30d", date(2026, 11, 23), date(2026, 10, 25)),
        ("90d", date(2026, 3, 1), date(2025, 12, 2)),
        ("12m", date(2026, 11, 23), date(2025, 12, 1)),
        ("12m", date(2026, 12, 31), date(2026, 1, 1)),
        ("all", date(2026, 11, 23), None),
        ("nonsense", date(2026, 11, 23), date(2026, 8, 26)),
    ],
)
def test_a_choice_begins_on_its_day(key: str, today: date, first: date | None) -> None:
    found = asked({"period": key}, today)
    assert found.choice in CHOICES
    assert found.period == Period(first)


def test_classes_hold_about_as_many_and_equal_ones_together() -> None:
    assert bounds([]) == ()
    assert bounds([4, 4, 4]) == (4,)
    assert bounds(range(1, 11)) == (2, 4, 6, 8, 10)
    assert bounds([1, 1, 1, 1, 1, 1, 9]) == (1, 9)
    for values in ([1, 2], [3, 3, 5, 8, 8, 8, 20, 90], list(range(100))):
        upper = bounds(values)
        shades = [shade_of(value, upper) for value in values]
        assert shades == sorted(shades)
        assert (min(shades), max(shades)) == (1, 5)


@pytest.mark.parametrize(
    ("hours", "vietnamese", "english"),
    [
        (None, None, None),
        (0.2, "dưới 1 giờ", "under an hour"),
        (1.2, "1 giờ", "1 hour"),
        (25.6, "26 giờ", "26 hours"),
        (75, "3,1 ngày", "3.1 days"),
    ],
)
def test_a_length_of_time_is_said_in_hours_then_days(
    hours: float | None, vietnamese: str | None, english: str | None
) -> None:
    assert (VI.hours(hours), EN.hours(hours)) == (vietnamese, english)


def test_a_share_is_all_only_when_all_were_in_time() -> None:
    assert stats_figures.in_time({"shareInTime": 0.999}) == 99
    assert stats_figures.in_time({"shareInTime": 1.0}) == 100
    assert stats_figures.in_time({"shareInTime": 0.29}) == 29
    assert stats_figures.in_time({"shareInTime": None}) is None


@pytest.mark.parametrize(
    ("numbers", "parts"),
    [
        ([76, 19, 4], [77, 19, 4]),
        ([1, 1, 1], [34, 33, 33]),
        ([2, 3, 2], [29, 43, 28]),
        ([5, 0, 0], [100, 0, 0]),
        ([999, 1, 0], [100, 0, 0]),
    ],
)
def test_shares_are_together_a_hundred(numbers: list[int], parts: list[int]) -> None:
    assert shares(numbers) == parts
    assert sum(parts) == 100


@pytest.mark.parametrize(
    ("name", "whole"),
    [
        ("Tổ dân phố số 58", "Tổ\u00a0dân\u00a0phố\u00a0số\u00a058"),
        ("Nhà văn hóa Tổ dân phố số 58", "Nhà văn hóa Tổ\u00a0dân\u00a0phố\u00a0số\u00a058"),
        ("Tổ dân phố Đông Hòa", "Tổ dân phố Đông Hòa"),
    ],
)
def test_a_numbered_name_stays_on_one_line(name: str, whole: str) -> None:
    assert unbroken(name) == whole


def test_months_without_reports_have_their_place_in_the_chart() -> None:
    def month(name: str, total: int) -> dict[str, Any]:
        return {**stats_figures.NOTHING, "month": name, "total": total}

    bars = stats_figures.months([month("2025-11", 2), month("2026-02", 4)], VI)
    assert [(bar.line.name, bar.height) for bar in bars] == [
        ("11/2025", 50),
        ("12/2025", 0),
        ("01/2026", 0),
        ("02/2026", 100),
    ]
    assert stats_figures.months([], VI) == []
    long = stats_figures.months([month("2000-01", 1), month("2026-11", 1)], VI)
    assert (len(long), long[-1].line.name, long[-1].label) == (36, "11/2026", "11/26")
