"""What a client is told of an operation that ran: its data, and its errors without our inner workings."""

from __future__ import annotations

import logging
from typing import Any

from graphql import ExecutionResult, GraphQLError, GraphQLFormattedError

from geo.language import Language, Text

_LOG = logging.getLogger(__name__)

FAULT = Text(
    "Hệ thống gặp trục trặc. Hãy thử lại sau ít phút.", "Something went wrong here. Please try again in a few minutes."
)


def formatted(result: ExecutionResult, language: Language) -> dict[str, Any]:
    """The response as the GraphQL specification has it; without `data` where nothing was executed."""
    body: dict[str, Any] = {}
    if result.errors:
        body["errors"] = [told(error, language) for error in result.errors]
    if result.data is not None or not result.errors or any(error.path is not None for error in result.errors):
        body["data"] = result.data
    return body


def told(error: GraphQLError, language: Language) -> GraphQLFormattedError:
    """An error as the client sees it. A fault of ours is logged in full and told in general."""
    cause = cause_of(error)
    if cause is None:
        return error.formatted
    _LOG.error("fault at %s", error.path, exc_info=cause)
    shown = error.formatted
    shown["message"] = FAULT.to(language)
    shown["extensions"] = {"code": "INTERNAL"}
    return shown


def cause_of(error: GraphQLError) -> Exception | None:
    """The exception of ours behind an error; None where the client is to read the error itself."""
    cause = error.original_error
    while isinstance(cause, GraphQLError):
        cause = cause.original_error
    return cause
