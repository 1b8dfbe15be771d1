"""How a session of ours is set, and SQLAlchemy's engine of such sessions."""

from __future__ import annotations

import asyncpg
from sqlalchemy import URL, event, make_url
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

STATEMENT_MS = 7_000
"""What a statement may take. With the second that a silent server has besides, and the seconds that a connection is
waited for, whoever asks has an answer within ten."""
WAIT_SECONDS = 4
"""How long a connection is waited for."""
_SILENCE_SECONDS = 1.0
OWN_PLANS, SHARED_PLANS = "force_custom_plan", "force_generic_plan"
"""Each execution is planned for its own values, or one plan serves them all (`plan_cache_mode`)."""


def async_url(url: str) -> URL:
    """`postgresql://…` as SQLAlchemy's asyncpg dialect wants it. A socket's folder goes into `?host=`."""
    return make_url(url).set(drivername="postgresql+asyncpg")


def session_of(statement_timeout_ms: int) -> dict[str, str]:
    """How our sessions are set.

    JIT is off: our statements take milliseconds, compiling them would take longer. A page read at random costs as one
    read in order, as it does in memory and on solid disks: else fifty neighbourhoods are found by reading thousands.
    Every execution is planned for its own values: the plan that PostgreSQL settles on after five executions knows
    nothing of the box asked for, and counted 100,000 incidents of a map's window in 1,300 ms instead of 90.
    """
    return {
        "timezone": "UTC",
        "jit": "off",
        "random_page_cost": "1.1",
        "plan_cache_mode": OWN_PLANS,
        "statement_timeout": str(statement_timeout_ms),
        # Who waits for a lock holds a connection: half of its time is left to what it does then.
        "lock_timeout": str(statement_timeout_ms // 2),
        "application_name": "phuongso",
    }


def create_engine(url: str, *, pool_size: int = 4, statement_timeout_ms: int = STATEMENT_MS) -> AsyncEngine:
    """An engine whose sessions speak UTC and give up a statement after `statement_timeout_ms`, 0 for never.

    A broken connection is noticed before use, so the first request after a database restart succeeds. One that fell
    silent is closed: rolling back on it would wait as long again.
    """
    engine = create_async_engine(
        async_url(url),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=WAIT_SECONDS,
        pool_pre_ping=True,
        hide_parameters=True,  # what people tell of themselves is no matter for a log
        connect_args={
            "server_settings": session_of(statement_timeout_ms),
            "timeout": WAIT_SECONDS,
            "command_timeout": patience_of(statement_timeout_ms),
        },
    )
    event.listen(engine.sync_engine, "handle_error", _drop_silent)
    return engine


def _drop_silent(context: ExceptionContext) -> None:
    """Have SQLAlchemy replace a connection that did not answer in time, and this one only."""
    if isinstance(context.original_exception, TimeoutError) and context.connection is not None:
        context.is_disconnect, context.invalidate_pool_on_disconnect = True, False
        driver = context.connection.connection.driver_connection
        if isinstance(driver, asyncpg.Connection):
            driver.terminate()


def patience_of(statement_timeout_ms: int) -> float | None:
    """Seconds to wait for an answer: a server that has fallen silent does not time statements out itself."""
    return statement_timeout_ms / 1000 + _SILENCE_SECONDS if statement_timeout_ms else None
