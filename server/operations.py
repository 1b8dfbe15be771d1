"""GraphQL operations as they run: each counted once, in one span, and named in what is logged meanwhile.

Named for our own documents (`server/pages/documents`), known by their text: what a stranger calls theirs is `other`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from graphql import DocumentNode, ExecutionResult, GraphQLSchema, get_operation_ast

from geo.outage import out_of_reach
from schema import execution, telling
from schema.context import Context
from server import logs, metrics
from server.answers import cause_of, later
from server.tracing import TRACING, Running

DOCUMENTS = Path(__file__).parent / "pages" / "documents"
OTHER = "other"


@cache
def _names() -> dict[str, str]:
    """Our documents' names by their texts."""
    return {path.read_text(): path.stem for path in sorted(DOCUMENTS.glob("*.graphql"))}


def name_of(document: DocumentNode) -> str:
    """The name of a document of ours; `OTHER` for any other."""
    return OTHER if document.loc is None else _names().get(document.loc.source.body, OTHER)


@contextmanager
def _observed(document: DocumentNode, operation_name: str | None, context: Context) -> Iterator[Running]:
    operation = get_operation_ast(document, operation_name)
    running = Running(name_of(document), "unknown" if operation is None else operation.operation.value)
    logs.operation.set(running.name)  # and never taken back: what is told of its answer belongs to it too
    began = time.perf_counter()
    with TRACING.spans.operation(running, context):
        try:
            yield running
        except Exception as error:
            running.outcome = _ended_by(error)
            raise
        except BaseException:
            running.outcome = "left"  # who asked is gone, or the server stops
            raise
        finally:
            metrics.count_operation(running.name, running.kind, running.outcome, time.perf_counter() - began)


async def run(
    schema: GraphQLSchema,
    document: DocumentNode,
    context: Context,
    variables: dict[str, Any] | None = None,
    operation_name: str | None = None,
) -> ExecutionResult:
    """`schema.execution.run`, observed."""
    with _observed(document, operation_name, context) as running:
        result = await execution.run(schema, document, context, variables, operation_name)
        running.outcome = outcome_of(result, context)
        return result


async def begin(
    schema: GraphQLSchema,
    document: DocumentNode,
    context: Context,
    variables: dict[str, Any] | None,
    operation_name: str | None,
    resume: str | None,
) -> Any:
    """`schema.telling.begin`, observed."""
    with _observed(document, operation_name, context) as running:
        begun = await telling.begin(schema, document, context, variables, operation_name, resume)
        running.outcome = "data"
        return begun


def outcome_of(result: ExecutionResult, context: Context) -> str:
    """`data`; the name of the refusal that was answered as data; `fault`, `timeout`, `unavailable` or `refused`."""
    if not result.errors:
        return context.refusal or "data"
    ends = {"refused" if (cause := cause_of(error)) is None else _ended_by(cause) for error in result.errors}
    return next((end for end in ("fault", "timeout", "unavailable") if end in ends), "refused")


def _ended_by(error: BaseException) -> str:
    passing = later(error)
    if passing is not None:
        return "timeout" if passing.status == 503 else "refused"
    return "unavailable" if out_of_reach(error) else "fault"


def count_refused() -> None:
    """Count a document that was refused before anything of it ran: it is nobody's."""
    metrics.count_operation(OTHER, "unknown", "refused", 0.0)
