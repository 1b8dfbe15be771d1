"""The language of a page. Vietnamese is the first one and the source of every text; English is a gettext catalogue.

Pages are Vietnamese until their reader chooses otherwise (`?lang=en`, kept in a cookie): many phones here are set to
English by people who read Vietnamese. Catalogues are read from `.po` at the start, so nothing needs compiling.
"""

from __future__ import annotations

from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from starlette.requests import Request
from starlette.responses import Response

from geo.language import Language
from server import cookies

FOLDER = Path(__file__).parent / "translations"
COOKIE = "language"
_YEAR = 365 * 24 * 3600


def catalogue(language: Language) -> Catalog:
    """What all the `.po` files of a language hold together: one of what pages share, others of a page each."""
    whole = Catalog(locale=language)
    for path in sorted((FOLDER / language / "LC_MESSAGES").glob("*.po")):
        with path.open("rb") as source:
            for message in read_po(source, locale=language):
                if message.id:
                    whole[message.id] = message
    return whole


class _Translations(GNUTranslations):
    """Finds the word for one of a kind also where it is asked for without a number, as newer Pythons do."""

    def gettext(self, message: str) -> str:
        found = super().gettext(message)
        return self.ngettext(message, message, 1) if found == message else found


@cache
def translations(language: Language) -> NullTranslations:
    """gettext for a language; for Vietnamese every message is its own translation."""
    if language is Language.VI:
        return NullTranslations()
    compiled = BytesIO()
    write_mo(compiled, catalogue(language))
    compiled.seek(0)
    return _Translations(compiled)


def _known(value: str | None) -> Language | None:
    return Language(value) if value in list(Language) else None


def language_of(request: Request) -> Language:
    """What the reader chose: by this address, or before; else Vietnamese."""
    asked = _known(request.query_params.get("lang"))
    return asked or _known(request.cookies.get(COOKIE)) or Language.VI


def remember(request: Request, response: Response) -> None:
    """Keep a choice that this address carries."""
    asked = _known(request.query_params.get("lang"))
    if asked is not None:
        cookies.keep(response, COOKIE, asked, _YEAR, secure=request.app.state.settings.secure_cookies)
