"""Background jobs that failed for good: what staff see of them, and another try."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import strawberry
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import failed_jobs
from geo.errors import InvalidInput as InvalidInputRefusal
from geo.errors import NotFound as NotFoundRefusal
from geo.errors import Problem
from geo.language import Text
from schema.context import Context
from schema.errors import InvalidInput, NotAllowed, NotFound
from schema.mutating import STAFF, mutation
from schema.rows import Row, Rows, column

TOO_MANY = Text(
    "Nhiều nhất {most} việc mỗi lần; hoặc bỏ trống để chạy lại tất cả.",
    "At most {most} jobs at once; or leave them out to try all again.",
)
_LARGEST = 2**63


@strawberry.type(description="A background job that was tried as often as it may and given up; to the ward's staff.")
class FailedJob:
    id: strawberry.ID = column("Its number in the queue.")
    name: str = column("What programs call it.")
    what: str = column("What it was to do, in Vietnamese.")
    what_en: str = column("What it was to do, in English.")
    ward_code: str | None = column("The ward that it was for, where it was for one.")
    payload: str = column("What it was given: codes and ids alone, anything else is left out.")
    error: str = column("The kind of the last error; empty where none was noted.")
    attempts: int = column("How often it was tried.")
    at: datetime = column("When it was tried last.")


def failed_in(root: Row) -> Rows:
    """A ward's failed jobs."""
    return Rows("FailedJob", failed_jobs.of_ward(root.seen_by, root.code), root.seen_by, weight=20)


@strawberry.input(description="Failed jobs to try again.")
class RetryJobsInput:
    ward_code: str = strawberry.field(description="The ward.")
    job_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Which ones, 200 at most: all or none of them. Null: every one that the caller sees."
    )


@strawberry.type(description="The jobs wait to be done again.")
class RetryJobsPayload:
    retried: int = strawberry.field(description="How many there were.")


async def _retry(connection: AsyncConnection, context: Context, input: RetryJobsInput) -> Any:
    ids = None if input.job_ids is None else [_number(text) for text in input.job_ids]
    if ids is not None and len(ids) > failed_jobs.MOST:
        raise InvalidInputRefusal(Problem(("jobIds",), TOO_MANY, {"most": failed_jobs.MOST}))
    count = await failed_jobs.retry(connection, context.actor, input.ward_code, ids)
    return RetryJobsPayload(retried=count)


def _number(text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) < 20 and int(text) < _LARGEST:
        return int(text)
    raise NotFoundRefusal(failed_jobs.GONE, ("jobIds",))


@strawberry.type
class FailedJobMutation:
    retry_jobs = mutation(
        "RetryJobs",
        RetryJobsPayload,
        RetryJobsInput,
        _retry,
        STAFF,
        "Try failed background jobs again, with all their tries.",
        NotFound,
        NotAllowed,
        InvalidInput,
    )
