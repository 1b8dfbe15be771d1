"""What somebody agrees to, as a form shows it: the words, and the key that comes back with the form."""

from __future__ import annotations

from typing import NamedTuple

from geo import consents
from geo.language import Language

FIELD = "consentWording"
"""The hidden field that says which words the form showed: they may have another version by the time it is sent."""


class Agreement(NamedTuple):
    """Words for the eye, and what they are called."""

    words: str
    key: str


def agreement(purpose: str, language: Language) -> Agreement:
    """What is to be agreed to today."""
    wording = consents.current(purpose)
    return Agreement(wording.text.to(language), wording.key(language))
