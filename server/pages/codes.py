"""Tracking codes as people type them: in small letters, with spaces, without the dash, or as a whole link.

Codes are written in Crockford's base 32, which has no I, L and O: these are read as the digits they look like.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

MOST_TYPED = 500
"""No more of what was typed is looked at."""

_LOOKALIKES = str.maketrans("OIL", "011")
_BETWEEN = re.compile(r"[\s_.\-\u2010-\u2015]")
_ENDING = re.compile(r"[0-9A-Z]{6}", re.ASCII)
_WHOLE = re.compile(r"([0-9]{5})([0-9A-Z]{6})", re.ASCII)
_WITHIN = re.compile(r"(?<![0-9A-Z])([0-9]{5})[\s_.\-\u2010-\u2015]{0,3}([0-9A-Z]{6})(?![0-9A-Z])", re.ASCII)
_LINK = re.compile(r"/r/([^/?#\s]{1,40})", re.IGNORECASE)
_KEY = re.compile(r"[?&#]key=([A-Za-z0-9_-]{1,100})(?![A-Za-z0-9_-])", re.ASCII)


class Typed(NamedTuple):
    """A tracking code as it is kept, and the secret of a private link where one was typed."""

    code: str
    key: str | None = None


def read(text: str, ward_code: str | None = None) -> Typed | None:
    """What was meant; `ward_code` stands in where only the six letters were typed. None where it is no code."""
    typed = unicodedata.normalize("NFKC", text[:MOST_TYPED])
    link = _LINK.search(typed)
    code = _code(link[1] if link else typed, ward_code)
    if code is None:
        return None
    key = _KEY.search(typed) if link else None
    return Typed(code, key[1] if key else None)


def is_key(text: str) -> bool:
    """Whether this can be a reporter's secret."""
    return re.fullmatch(r"[A-Za-z0-9_-]{1,100}", text, re.ASCII) is not None


def _code(text: str, ward_code: str | None) -> str | None:
    letters = text.upper().translate(_LOOKALIKES)
    bare = _BETWEEN.sub("", letters)
    found = _WHOLE.fullmatch(bare) or _WITHIN.search(letters)
    if found is not None:
        return f"{found[1]}-{found[2]}"
    if ward_code is not None and _ENDING.fullmatch(bare):
        return f"{ward_code}-{bare}"
    return None
