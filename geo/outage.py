"""What using a database may raise that is away, has just come back, is full, or takes too long: told apart from faults
of ours, for such a thing is told as 503, and to come again soon helps.
"""

from __future__ import annotations

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

BROKEN = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # the server's farewell came in the middle of our question
    asyncpg.AdminShutdownError,
    ConnectionError,
)
"""What a connection raises that is of no more use, while the next one may be."""

OUT_OF_REACH = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    DBAPIError,
    PoolTimeoutError,
    OSError,
    TimeoutError,
)
"""The classes among which `out_of_reach` looks."""

_LOCK_NOT_AVAILABLE, _READ_ONLY = "55P03", "25006"
_ENDS = ("FATAL", "PANIC")
"""How grave an error is that refuses or ends a session, whatever its state: a database that lets nobody in just now
(ALLOW_CONNECTIONS false) gives 55000, which a statement may raise by a fault of ours."""
_CLASSES = (
    "08",  # connection exception
    "28",  # not let in: a password that was changed a moment ago
    "3D",  # no such database: it is being restored
    "40",  # rolled back to make way for others
    "53",  # insufficient resources: connections, memory, disk
    "57",  # operator intervention: shut down, starting up, cancelled for its time
    "58",  # system error: the disk does not answer
)
"""Classes of SQLSTATE (PostgreSQL's Appendix A) that are no fault of a statement's."""


def out_of_reach(error: BaseException | None) -> bool:
    """Whether the database could not be used: not what asyncpg calls an argument that is wrong, a ValueError too."""
    if isinstance(error, DBAPIError):
        if error.connection_invalidated:
            return True
        error = error.driver_exception
    if isinstance(error, asyncpg.PostgresError):
        if error.severity_en in _ENDS:
            return True
        state = error.sqlstate or ""
        return state[:2] in _CLASSES or state in (_LOCK_NOT_AVAILABLE, _READ_ONLY)
    return isinstance(error, OUT_OF_REACH) and not isinstance(error, ValueError)
