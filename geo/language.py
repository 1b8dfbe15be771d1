"""Text that a person reads, in the ward's two languages. Both are required, so neither can be forgotten."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Language(StrEnum):
    """Vietnamese is the first language everywhere."""

    VI = "vi"
    EN = "en"


class Text(NamedTuple):
    """One sentence in both languages; `{name}` marks what is filled in."""

    vi: str
    en: str

    def to(self, language: Language, **values: object) -> str:
        """The sentence in `language`. Values are inserted as they are: the reader shows it as text, never as markup."""
        return (self.vi if language is Language.VI else self.en).format(**values)
