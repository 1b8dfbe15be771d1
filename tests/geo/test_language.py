"""Every sentence that a person reads exists in both languages, with the same things to fill in."""

from __future__ import annotations

import ast
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from geo.language import Language, Text

ROOT = Path(__file__).parents[2]


def texts() -> Iterator[tuple[str, Text]]:
    """Every `Text("…", "…")` written in the packages, wherever it stands."""
    for package in ("geo", "schema", "server"):
        for path in sorted((ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Text":
                    values = [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
                    if len(values) == 2:
                        yield f"{path.relative_to(ROOT)}:{node.lineno}", Text(*values)


TEXTS = dict(texts())


def fields(sentence: str) -> set[str]:
    """What is filled in; `reason_vi` and `reason_en` are one thing, itself told in two languages."""
    names = {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}
    return {name.removesuffix("_vi").removesuffix("_en") for name in names}


def test_the_sentences_are_found() -> None:
    assert len(TEXTS) > 50


@pytest.mark.parametrize("where", TEXTS)
def test_both_languages_say_something_and_fill_in_the_same(where: str) -> None:
    text = TEXTS[where]
    assert text.vi.strip() == text.vi != ""
    assert text.en.strip() == text.en != ""
    assert text.vi != text.en
    assert fields(text.vi) == fields(text.en)
    assert "" not in fields(text.vi), "a value is named, for the order of words differs"


def test_values_are_inserted_as_they_are() -> None:
    text = Text("Chào {name}.", "Hello {name}.")
    assert text.to(Language.VI, name="{x} <b>%s") == "Chào {x} <b>%s."
    assert text.to(Language.EN, name="Ân") == "Hello Ân."
