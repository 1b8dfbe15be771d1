"""What a client is told of an operation that ran: its data, and its errors without our inner workings."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

import asyncpg
from graphql import ExecutionResult, GraphQLError, GraphQLFormattedError
from sqlalchemy.exc import DBAPIError

from geo.language import Language, Text
from geo.outage import out_of_reach
from geo.shares import CrowdedOutError
from schema.context import OperationTimeout

_LOG = logging.getLogger(__name__)

FAULT = Text(
    "Hệ thống gặp trục trặc. Hãy thử lại sau ít phút.", "Something went wrong here. Please try again in a few minutes."
)


_TOOK_TOO_LONG = Text(
    "Xử lý yêu cầu này mất quá nhiều thời gian nên đã dừng. Hãy hỏi ít hơn, hoặc thử lại sau ít giây.",
    "This took too long and was given up. Ask for less, or try again in a few seconds.",
)
_CROWDED_OUT = Text(
    "Bạn có quá nhiều yêu cầu đang chờ. Hãy thử lại sau ít giây.",
    "You have too many requests under way. Please try again in a few seconds.",
)
_RETRY_AFTER = 5


@dataclass(frozen=True, slots=True)
class Later:
    """An operation that was not done, and may be asked again: the HTTP status, the code, the words, the seconds."""

    status: int
    code: str
    text: Text
    retry_after: int = _RETRY_AFTER

    def error(self, language: Language) -> GraphQLError:
        return GraphQLError(self.text.to(language), extensions={"code": self.code})


def later(error: BaseException | None) -> Later | None:
    """What is told of an operation that took too long, or found no turn; None of all else."""
    if isinstance(error, DBAPIError):
        error = error.driver_exception
    if isinstance(error, OperationTimeout | asyncpg.QueryCanceledError):
        return Later(503, "TIMEOUT", _TOOK_TOO_LONG)
    if isinstance(error, CrowdedOutError):
        return Later(429, "TOO_MANY_REQUESTS", _CROWDED_OUT, error.retry_after)
    return None


def raise_passing(result: ExecutionResult) -> None:
    """Raise what kept a field from being read where that will pass: then the whole operation is to be asked again."""
    for error in result.errors or ():
        cause = cause_of(error)
        if cause is not None and (out_of_reach(cause) or later(cause) is not None):
            raise cause


def formatted(result: ExecutionResult, language: Language) -> dict[str, Any]:
    """The response as the GraphQL specification has it; without `data` where nothing was executed."""
    body: dict[str, Any] = {}
    if result.errors:
        body["errors"] = [told(error, language) for error in result.errors]
    if not unread(result):
        body["data"] = result.data
    return body


def unread(result: ExecutionResult) -> bool:
    """Whether nothing was executed: the variables were refused."""
    return result.data is None and bool(result.errors) and all(error.path is None for error in result.errors or ())


def told(error: GraphQLError, language: Language) -> GraphQLFormattedError:
    """An error as the client sees it. A fault of ours is logged and told in general."""
    cause = cause_of(error)
    if cause is None:
        return error.formatted
    # Without the error's path: who asks may call a field anything.
    _LOG.error("an operation met a fault", exc_info=cause)
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
