"""pgqueuer as we use it: which tables, how a job ends, how a failed one is tried again.

Stock pgqueuer notes that a job is done after the job's own transaction, by its id alone. A worker that was held up so
long that another took its job over would then delete or restart what the other is doing, and a worker that is stopped
would delete what it broke off. Here the end of a job belongs to the job's transaction (`geo.jobs`), and what pgqueuer
notes besides concerns only jobs that this worker still has.
"""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from uuid import UUID

from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment, QueryQueueBuilder, QuerySchedulerBuilder
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.domain.models import Job, TracebackRecord
from pgqueuer.domain.settings import DBSettings, Durability
from pgqueuer.domain.types import JOB_STATUS, Channel

from geo.jobs import SCHEMA

# Every name is given: pgqueuer would else take them from the environment, from variables as common as FUNCTION.
SETTINGS = DBSettings(
    prefix="",
    db_schema=SCHEMA,
    channel=Channel("ch_pgqueuer"),
    function="fn_pgqueuer_changed",
    statistics_table="pgqueuer_statistics",
    queue_status_type="pgqueuer_status",
    queue_table="pgqueuer",
    queue_table_log="pgqueuer_log",
    trigger="tg_pgqueuer_changed",
    schedules_table="pgqueuer_schedules",
    durability=Durability.durable,
)

# Jobs and errors by two arrays of one length, and the worker that must still have them.
_MINE = " FROM unnest($1::bigint[], $2::text[]) AS given (job, error) WHERE id = job AND queue_manager_id = $3"
_GIVE_UP = "UPDATE jobs.pgqueuer SET updated = now(), queue_manager_id = NULL"
_NOTE = "headers = coalesce(headers, '{}') || jsonb_build_object('error', error)"
_HOLD = f"{_GIVE_UP}, status = 'failed', {_NOTE} {_MINE}"
_RELEASE = f"{_GIVE_UP}, status = 'queued' {_MINE}"
_RETRY = (
    f"{_GIVE_UP}, status = 'queued', attempts = attempts + 1, execute_after = now() + $4::interval, {_NOTE} {_MINE}"
)


@dataclasses.dataclass
class OwnJobs(Queries):
    """pgqueuer's queries on our tables, noting only what becomes of the jobs of one worker."""

    owner: UUID | None = None

    async def log_jobs(self, job_status: list[tuple[Job, JOB_STATUS, TracebackRecord | None]]) -> None:
        """Hold what failed for good, give back what was broken off; what is done is gone already."""
        failed = [(job.id, note.exception_message if note else "") for job, to, note in job_status if to == "failed"]
        broken_off = [job.id for job, to, _ in job_status if to == "canceled"]
        if failed:
            await self.driver.execute(_HOLD, [job for job, _ in failed], [error for _, error in failed], self.owner)
        if broken_off:
            await self.driver.execute(_RELEASE, broken_off, [""] * len(broken_off), self.owner)

    async def retry_job(self, job: Job, delay: timedelta, traceback_record: TracebackRecord | None) -> None:
        """Have it tried again after `delay`."""
        error = traceback_record.exception_message if traceback_record else ""
        await self.driver.execute(_RETRY, [job.id], [error], self.owner, delay)


def queries_on(driver: AsyncpgDriver) -> OwnJobs:
    """pgqueuer's queries over one connection."""
    builders = (QueryBuilderEnvironment(SETTINGS), QueryQueueBuilder(SETTINGS), QuerySchedulerBuilder(SETTINGS))
    return OwnJobs(driver, *builders)
