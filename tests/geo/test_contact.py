"""Text from people: its form, its length, and Vietnamese telephone numbers."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.contact import EMAIL, PHONE, REQUIRED, TOO_LONG, UNSTORABLE, Checked, visible
from geo.language import Language


@pytest.mark.parametrize(
    "written",
    [
        "0905123456",
        "+84905123456",
        "84905123456",
        "+84 905 123 456",
        "84 905.123.456",
        "0905 123 456",
        "0905.123.456",
        "0905-123-456",
        "(0905) 123 456",
        "  0905\u00a0123\u00a0456 ",
    ],
)
def test_a_phone_number_is_kept_in_one_form(written: str) -> None:
    check = Checked([])
    assert check.phone(written, ("phone",)) == "0905123456"
    assert not check.problems


@pytest.mark.parametrize(
    "written",
    [
        "1022",
        "0905",
        "090512345",
        "09051234567",
        "0105123456",
        "84905",
        "8490512345",
        "++84905123456",
        "0905123456; DROP",
        "٠٩٠٥١٢٣٤٥٦",
        "０９０５１２３４５６",
        "0" * 31,
    ],
)
def test_what_is_no_mobile_number_is_refused(written: str) -> None:
    check = Checked([])
    assert check.phone(written, ("reporter", "phone")) is None
    assert [problem.path for problem in check.problems] == [("reporter", "phone")]
    assert check.problems[0].text in (PHONE, TOO_LONG)


@given(st.from_regex(r"0[35789][0-9]{8}", fullmatch=True), st.sampled_from(["0", "+84", "84", "+84 "]), st.text(" .-"))
def test_prefix_and_spacing_never_matter(number: str, prefix: str, spacing: str) -> None:
    check = Checked([])
    written = prefix + number[1:4] + spacing[:2] + number[4:7] + spacing[2:4] + number[7:]
    assert check.phone(written, ("phone",)) == number


@pytest.mark.parametrize("written", [None, "", "   ", "\n\t"])
def test_an_empty_contact_is_nothing(written: str | None) -> None:
    check = Checked([])
    assert (check.phone(written, ("p",)), check.email(written, ("e",)), check.text(written, ("t",), 5)) == (
        None,
        None,
        None,
    )
    assert not check.problems


def test_a_needed_text_must_not_be_empty() -> None:
    check = Checked([])
    check.needed("  ", ("name",), 10)
    assert [(problem.path, problem.text) for problem in check.problems] == [(("name",), REQUIRED)]


@pytest.mark.parametrize(
    ("written", "good"), [("a@b.vn", True), ("a@b", False), ("a b@c.vn", False), ("a@@b.vn", False)]
)
def test_an_email_address_looks_like_one(written: str, good: bool) -> None:
    check = Checked([])
    assert check.email(written, ("email",)) == (written if good else None)
    assert [problem.text for problem in check.problems] == ([] if good else [EMAIL])


@given(st.text(max_size=40))
def test_text_comes_out_in_nfc_and_without_space_around_it(written: str) -> None:
    check = Checked([])
    kept = check.text(written, ("description",), 200)
    if "\x00" in written:
        assert [problem.text for problem in check.problems] == [UNSTORABLE]
    else:
        assert (kept or "") == unicodedata.normalize("NFC", visible(written)).strip()


@given(st.text(max_size=40))
def test_nothing_is_left_out_but_what_shows_nothing(written: str) -> None:
    kept = visible(written)
    left_out = list(written)
    for letter in kept:
        left_out.remove(letter)
    assert all(unicodedata.category(one) in ("Cc", "Cf") or one in "\u115f\u1160\u2800\u3164\uffa0" for one in left_out)
    assert visible(kept) == kept


HIDDEN = {
    "right-to-left override": "\u202e",
    "left-to-right mark": "\u200e",
    "isolate": "\u2066",
    "Arabic letter mark": "\u061c",
    "zero-width space": "\u200b",
    "zero-width joiner": "\u200d",
    "byte order mark": "\ufeff",
    "soft hyphen": "\u00ad",
    "word joiner": "\u2060",
    "tag": "\U000e0041",
    "filler": "\u3164",
    "bell": "\x07",
    "escape": "\x1b",
    "C1": "\x85",
}


@pytest.mark.parametrize("hidden", HIDDEN.values(), ids=HIDDEN)
def test_what_nobody_sees_is_left_out_of_a_name(hidden: str) -> None:
    check = Checked([])
    written = f"{hidden}Đội{hidden} Phản{hidden}ứng{hidden} 1{hidden}"
    assert check.needed(written, ("name",), 17) == "Đội Phảnứng 1"
    assert check.text(hidden, ("note",), 10) is None, "nothing is left of it"
    assert check.needed(hidden, ("name",), 10) == ""
    assert [problem.text for problem in check.problems] == [REQUIRED]


def test_lines_and_joined_pictures_stay() -> None:
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f467 \u2764\ufe0f\u200d\U0001f525"
    assert Checked([]).text(f"Dòng một\n\tdòng hai {family}", ("note",), 100) == f"Dòng một\n\tdòng hai {family}"


@pytest.mark.parametrize("written", ["a\x00b", "\ud800", "tốt \udfff", "\x00"])
def test_what_the_database_cannot_hold_is_refused(written: str) -> None:
    check = Checked([])
    assert check.text(written, ("description",), 100) is None
    assert [(problem.path, problem.text) for problem in check.problems] == [(("description",), UNSTORABLE)]


def test_decomposed_vietnamese_is_counted_and_kept_composed() -> None:
    check = Checked([])
    decomposed = unicodedata.normalize("NFD", "Nhà văn hóa tổ dân phố")
    assert check.text(decomposed, ("name",), len("Nhà văn hóa tổ dân phố")) == "Nhà văn hóa tổ dân phố"
    assert not check.problems


def test_a_text_too_long_says_how_long_it_may_be() -> None:
    check = Checked([])
    assert check.text("a" * 5_000, ("description",), 5_000) == "a" * 5_000
    assert check.text("a" * 5_001, ("description",), 5_000) is None
    assert "5.000" in check.problems[0].message(Language.VI)


def test_all_that_is_wrong_is_told_at_once() -> None:
    check = Checked([])
    check.text("x" * 9, ("address",), 5)
    check.phone("12", ("phone",))
    check.email("x", ("email",))
    assert [problem.path for problem in check.problems] == [("address",), ("phone",), ("email",)]
