"""A ward's figures through the API: in one statement, in groups, at a cost that is known before."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from geo.lifecycle import Status
from tests import ward
from tests.asking import Desk, Opening
from tests.ward import CLEAN, CODE, FIRST, SECOND

FIGURES = """
fragment Figures on IncidentFigures {
  total openInTime openLate doneInTime doneLate rejected duplicate reopened shareInTime medianHours rated satisfied
}
"""
WHOLE = (
    """
query Whole($from: DateTime, $to: DateTime) { ward { statistics(from: $from, to: $to) {
  __typename ...Figures
  byCategory { __typename category { code } ...Figures }
  byNeighbourhood { neighbourhood { id name ward { code } } ...Figures }
  byMonth { month ...Figures }
} } }
"""
    + FIGURES
)


@pytest.fixture(scope="module")
async def shown(opening: Opening) -> AsyncIterator[Desk]:
    async with opening() as desk:
        first, second = desk.ward.neighbourhoods[FIRST], desk.ward.neighbourhoods[SECOND]
        crew = desk.ward.crews[CLEAN]
        async with desk.database.write() as connection:
            await ward.report(connection, status=Status.CLOSED, crew_id=crew, neighbourhood_id=first)
            await ward.report(connection, status=Status.REJECTED, neighbourhood_id=second, category="TRAFFIC")
            await ward.report(connection, category="SECURITY", neighbourhood_id=second)
            await ward.report(connection)
        yield desk


async def test_all_groups_come_in_one_statement(shown: Desk) -> None:
    with shown.statements() as statements:
        found = (await shown.data(WHOLE))["ward"]["statistics"]
    assert len(statements) == 1
    assert (found["__typename"], found["total"], found["rejected"]) == ("WardStatistics", 3, 1)
    kinds = {one["category"]["code"]: one["total"] for one in found["byCategory"]}
    assert kinds["ENVIRONMENT"] == 2
    assert kinds["TRAFFIC"] == 1
    assert "SECURITY" not in kinds
    around = [(one["neighbourhood"] and one["neighbourhood"]["name"], one["total"]) for one in found["byNeighbourhood"]]
    assert around[-1] == (None, 1)
    assert dict(around) == {FIRST: 1, SECOND: 1, "Tổ dân phố số 10": 0, "Tổ dân phố Đông Hòa": 0, None: 1}
    assert [(one["month"], one["total"]) for one in found["byMonth"]] == [("2026-11", 3)]


async def test_what_is_private_is_counted_for_staff_alone(shown: Desk) -> None:
    totals = {}
    for who in (None, "team-1", "crew-clean", "staff-other", "staff", "admin"):
        found = (await shown.data(WHOLE, who))["ward"]["statistics"]
        totals[who] = (found["total"], "SECURITY" in {one["category"]["code"] for one in found["byCategory"]})
    public = (3, False)
    assert totals == {
        None: public,
        "team-1": public,
        "crew-clean": public,
        "staff-other": public,
        "staff": (4, True),
        "admin": (4, True),
    }


async def test_one_plan_serves_every_period(shown: Desk) -> None:
    async def total(**period: Any) -> int:
        return int((await shown.data(WHOLE, **period))["ward"]["statistics"]["total"])

    assert await total(**{"from": "2026-11-20T00:00:00+07:00", "to": "2026-11-21T00:00:00+07:00"}) == 3
    assert await total(**{"from": "2026-11-21T00:00:00+07:00", "to": "2026-11-22T00:00:00+07:00"}) == 0
    assert await total(to="2026-11-20T00:00:00+07:00") == 0


async def test_groups_of_several_wards_and_under_aliases_stay_apart(shown: Desk) -> None:
    of_all = "{ wards(first: 2) { nodes { code statistics { total byMonth { total } } } } }"
    nodes = (await shown.data(of_all))["wards"]["nodes"]
    assert {one["code"]: (one["statistics"]["total"], one["statistics"]["byMonth"]) for one in nodes} == {
        CODE: (3, [{"total": 3}]),
        ward.OTHER: (0, []),
    }
    of_one = (
        "{ ward { a: statistics { total byMonth { total } }"
        ' b: statistics(to: "2020-01-01T00:00:00Z") { total byMonth { total } } } }'
    )
    assert (await shown.data(of_one))["ward"] == {
        "a": {"total": 3, "byMonth": [{"total": 3}]},
        "b": {"total": 0, "byMonth": []},
    }


async def test_figures_cost_what_it_takes_to_count_them(shown: Desk) -> None:
    query = "{ wards(first: 4) { nodes { statistics { total } } } }"
    with shown.statements() as statements:
        answer = await shown.ask(query)
    assert answer["errors"][0]["extensions"]["code"] == "TOO_COSTLY"
    assert statements == []
    assert "errors" not in await shown.ask(query.replace("4", "3"))
    aliases = " ".join(f"a{n}: statistics {{ total }}" for n in range(4))
    assert (await shown.ask(f"{{ ward {{ {aliases} }} }}"))["errors"][0]["extensions"]["code"] == "TOO_COSTLY"
