"""What staff set of a kind of incident: what it counts, how soon a crew accepts, a colour that can be read."""

from __future__ import annotations

from typing import Any

import pytest

from tests.asking import Desk
from tests.ward import CODE

SAVE = """
mutation($input: SaveCategoryInput!) { saveCategory(input: $input) {
  __typename ... on InvalidInput { problems { path message } }
  ... on SaveCategoryPayload { category { deadlineHours workingHours acceptMinutes photoRequired public colour } }
} }
"""
KIND = {
    "wardCode": CODE, "code": "TREES", "name": "Cây xanh", "nameEn": "Trees", "icon": "trees", "colour": "#2E7D4F",
    "deadlineHours": 24,
}  # fmt: skip


async def save(desk: Desk, **given: Any) -> Any:
    return (await desk.data(SAVE, "staff", input={**KIND, **given}))["saveCategory"]


async def test_a_kind_counts_what_it_is_told_to_and_keeps_what_is_left_out(desk: Desk) -> None:
    made = (await save(desk))["category"]
    assert made == {
        "deadlineHours": 24, "workingHours": False, "acceptMinutes": 30, "photoRequired": False, "public": True,
        "colour": "#2e7d4f",
    }  # fmt: skip
    changed = (await save(desk, workingHours=True, acceptMinutes=1, photoRequired=True))["category"]
    assert (changed["workingHours"], changed["acceptMinutes"], changed["photoRequired"]) == (True, 1, True)
    kept = (await save(desk, deadlineHours=8))["category"]
    assert (kept["deadlineHours"], kept["workingHours"], kept["acceptMinutes"]) == (8, True, 1)
    assert kept["photoRequired"] is True
    assert (await save(desk, workingHours=False, acceptMinutes=1_440))["category"]["acceptMinutes"] == 1_440


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"acceptMinutes": 0}, "acceptMinutes"),
        ({"acceptMinutes": 1_441}, "acceptMinutes"),
        ({"deadlineHours": 0}, "deadlineHours"),
        ({"colour": "red"}, "colour"),
        ({"colour": "#777777"}, "colour"),
    ],
)
async def test_what_no_kind_can_have_is_refused_at_its_input(desk: Desk, given: dict[str, Any], path: str) -> None:
    before = await desk.dump()
    refused = await save(desk, **given)
    assert [problem["path"] for problem in refused["problems"]] == [["input", path]]
    assert await desk.dump() == before


async def test_a_colour_is_taken_from_the_contrast_that_text_needs_on(desk: Desk) -> None:
    # 4.48:1 and 4.54:1 on white.
    assert (await save(desk, colour="#777777"))["__typename"] == "InvalidInput"
    assert (await save(desk, colour="#767676"))["__typename"] == "SaveCategoryPayload"
