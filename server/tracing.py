"""One span for each GraphQL operation, where a collector of OpenTelemetry is named; else nothing, at no cost.

What makes spans is loaded with the libraries it needs, a hundred modules, only then (`server/spans.py`). Only a
variable of the environment names it, so it is found as a plug-in would be and imported by nothing.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Protocol, cast

from schema.context import Context

parent: ContextVar[str | None] = ContextVar("traceparent", default=None)
"""The `traceparent` that our own proxies gave the request."""


@dataclass(slots=True)
class Running:
    """An operation: what it is, and how it ended once it has."""

    name: str
    kind: str
    outcome: str = "fault"


class Spans(Protocol):
    """What makes spans."""

    def operation(self, running: Running, context: Context) -> AbstractContextManager[object]:
        """A span for as long as the operation runs, told at its end how it went."""
        ...

    def close(self) -> None:
        """Send what was not sent yet."""
        ...


class _NoSpans:
    _nothing = nullcontext()

    def operation(self, running: Running, context: Context) -> AbstractContextManager[object]:
        return self._nothing

    def close(self) -> None:
        return


class Tracing:
    """Where operations are told to: nowhere, until it `begin`s."""

    def __init__(self) -> None:
        self.spans: Spans = _NoSpans()

    def begin(self) -> None:
        """Have operations traced from now on, as the variables of OpenTelemetry's specification say."""
        made = cast(Callable[[], Spans], pkgutil.resolve_name("server.spans:Exported"))
        self.spans = made()

    def end(self) -> None:
        """Send what was not sent yet, and trace no more."""
        ended, self.spans = self.spans, _NoSpans()
        ended.close()


TRACING = Tracing()
