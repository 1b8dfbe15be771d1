"""How a page gets its data: a named GraphQL document of `documents/`, run in this process in the reader's right."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, cast

import orjson
from graphql import DocumentNode
from starlette.requests import Request

from geo.tables import Channel
from schema import texts
from schema.api import SCHEMA
from schema.documents import prepared
from server.answers import cause_of
from server.contexts import context_of
from server.operations import run
from server.pages.languages import language_of

DOCUMENTS = Path(__file__).parent / "documents"


class Unanswered(Exception):
    """A page's own query was refused: what it asked with was not checked before, or is no longer in the schema."""


@cache
def document(name: str) -> DocumentNode:
    """The parsed document of `documents/NAME.graphql`."""
    return prepared(SCHEMA, (DOCUMENTS / f"{name}.graphql").read_text())


@cache
def for_modules(part: str, *names: str) -> dict[str, str]:
    """The texts of `documents/PART_NAME.graphql` by name, for a page whose modules ask (`static/common/asking.js`)."""
    return {name: (DOCUMENTS / f"{part}_{name}.graphql").read_text() for name in names}


async def ask(request: Request, name: str, variables: dict[str, Any] | None = None) -> dict[str, Any]:
    """The data that the document answers with. What is refused as expected is data too: look at `__typename`.

    Raises what made a field fail, such as a database out of reach, and `Unanswered`.
    """
    language = language_of(request)
    texts.language.set(language)
    result = await run(SCHEMA, document(name), context_of(request, language, Channel.WEB), variables)
    for error in result.errors or ():
        raise cause_of(error) or Unanswered(f"{name}: {error.message}")
    return cast(dict[str, Any], orjson.loads(orjson.dumps(result.data)))
