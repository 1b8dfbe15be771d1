"""How the list without scripts orders what a search finds."""

import pytest

from server.pages.map_asked import answers
from server.pages.words import phone
from tests.maps.searches import FOUND, THINGS


@pytest.mark.parametrize(("search", "titles"), FOUND)
def test_what_a_number_names_is_found_first(search: str, titles: list[str]) -> None:
    assert [title for title, _ in answers(search, THINGS, lambda thing: thing)] == titles


def test_without_a_search_everything_stays_in_its_order() -> None:
    assert answers("", THINGS, lambda thing: thing) == THINGS


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("0900094835", "0900 094 835"),
        ("+84900094835", "0900 094 835"),
        ("0236.3000.111", "0236 3000 111"),
        ("1900 1234", "1900 1234"),
        ("113", "113"),
    ],
)
def test_a_phone_number_is_shown_in_groups(written: str, shown: str) -> None:
    assert phone(written) == shown
