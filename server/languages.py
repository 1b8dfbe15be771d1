"""The language that a program asks for with `Accept-Language` (RFC 9110, 12.5.4). Pages let their reader choose."""

from __future__ import annotations

from starlette.datastructures import Headers

from geo.language import Language


def language_of(headers: Headers) -> Language:
    """The language of ours that is wanted most; Vietnamese where none is."""
    best, weight = Language.VI, 0.0
    for wanted in headers.get("accept-language", "").split(","):
        tag, _, quality = wanted.strip().partition(";")
        primary = tag.strip().lower().partition("-")[0]
        given = _quality(quality)
        if primary in list(Language) and given > weight:
            best, weight = Language(primary), given
    return best


def _quality(text: str) -> float:
    name, _, value = text.strip().partition("=")
    if not name:
        return 1.0
    try:
        return float(value) if name.strip() == "q" else 0.0
    except ValueError:
        return 0.0
