"""What a resident tells of themselves, and other text from people: its form and its length, checked."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from geo.errors import Problem
from geo.language import Text

TOO_LONG = Text("Nội dung quá dài (tối đa {most} ký tự).", "The text is too long ({most} characters at most).")
REQUIRED = Text("Cần điền mục này.", "This is required.")
UNSTORABLE = Text("Văn bản có ký tự không lưu được.", "The text holds a character that cannot be stored.")
PHONE = Text(
    "Số điện thoại gồm 10 chữ số, bắt đầu bằng 03, 05, 07, 08 hoặc 09.",
    "A phone number has ten digits and begins with 03, 05, 07, 08 or 09.",
)
EMAIL = Text("Email cần có dạng ten@vidu.vn.", "An e-mail address looks like name@example.com.")
CONSENT = Text(
    "Phường chỉ lưu tên, số điện thoại và email khi có sự đồng ý. Hãy đánh dấu đồng ý, hoặc để trống các mục đó.",
    "Name, phone and e-mail are kept only with consent. Please agree, or leave them empty.",
)

# Letters that show nothing, though Unicode calls them letters or symbols.
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")
# Joins pictures into one: a family, a flag. Between letters it only hides.
_JOINER = "\u200d"
_LOOSE = re.compile(r"(?<![^\w\s\u200d])\u200d|\u200d(?![^\w\s\u200d])")
_PHONE = re.compile(r"0[35789][0-9]{8}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def storable(text: str) -> bool:
    """Whether PostgreSQL can hold it: no NUL, no half of a surrogate pair."""
    return "\x00" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)


def visible(text: str) -> str:
    """The text without what nobody sees: direction marks, zero-width and control characters, but for lines and tabs.

    They let one name pass for another, turn the words after them round, or come along unnoticed from a word processor;
    so they are left out, not refused.
    """
    return _LOOSE.sub("", "".join(one for one in text if one == _JOINER or not _hides(one)))


def _hides(letter: str) -> bool:
    return letter in _BLANK or (unicodedata.category(letter) in ("Cc", "Cf") and letter not in "\t\n\r")


@dataclass
class Checked:
    """Collects what is wrong with several texts, so that all of it is told at once."""

    problems: list[Problem]

    def text(self, value: str | None, path: tuple[str, ...], most: int, *, required: bool = False) -> str | None:
        """The text in NFC, without what is `visible` to nobody or white space around it; None when nothing is left."""
        if value is None:
            cleaned = ""
        elif not storable(value):
            self.problems.append(Problem(path, UNSTORABLE))
            return None
        else:
            cleaned = unicodedata.normalize("NFC", visible(value)).strip()
        if len(cleaned) > most:
            self.problems.append(Problem(path, TOO_LONG, {"most": f"{most:,}".replace(",", ".")}))
            return None
        if required and not cleaned:
            self.problems.append(Problem(path, REQUIRED))
        return cleaned or None

    def needed(self, value: str | None, path: tuple[str, ...], most: int) -> str:
        """Like `text`, but it must not be empty."""
        return self.text(value, path, most, required=True) or ""

    def phone(self, value: str | None, path: tuple[str, ...]) -> str | None:
        """A Vietnamese mobile number as `0xxxxxxxxx`, however it was spaced, with +84 or without."""
        text = self.text(value, path, 30)
        if text is None:
            return None
        digits = re.sub(r"[\s.\-()]", "", text)
        digits = re.sub(r"^(\+84|84(?=[35789][0-9]{8}$))", "0", digits)
        if not _PHONE.fullmatch(digits):
            self.problems.append(Problem(path, PHONE))
            return None
        return digits

    def email(self, value: str | None, path: tuple[str, ...]) -> str | None:
        text = self.text(value, path, 200)
        if text is not None and not _EMAIL.fullmatch(text):
            self.problems.append(Problem(path, EMAIL))
            return None
        return text
