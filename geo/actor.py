"""Who is asking, and what that lets them see: the actor goes into every statement that reads.

An actor is made in one place (`server/sessions.py`) and never changes; a report's secret or a change just made widens
it for one read (`holding`, `witnessing`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    """The kinds of caller."""

    ANONYMOUS = "ANONYMOUS"
    REPORTER = "REPORTER"
    TEAM_MEMBER = "TEAM_MEMBER"
    CREW_MEMBER = "CREW_MEMBER"
    STAFF = "STAFF"
    ADMIN = "ADMIN"


@dataclass(frozen=True, slots=True)
class Actor:
    """A caller. `ward_code` is None for residents and for an administrator of every ward."""

    role: Role = Role.ANONYMOUS
    account_id: UUID | None = None
    name: str | None = None
    ward_code: str | None = None
    crew_id: UUID | None = None
    team_id: UUID | None = None
    neighbourhood_id: UUID | None = None
    session_id: UUID | None = None
    """Names the session in use, and opens nothing."""
    secret_hash: bytes | None = None
    """SHA-256 of the reporter's secret, for the one report it belongs to."""
    witnessed: UUID | None = None
    """An incident this caller changed a moment ago: its answer is read with the rights held before the change."""
    witnessed_until: datetime | None = None
    """Given where that was earlier: only that it is there, and its steps until then, are read."""

    def holding(self, secret_hash: bytes) -> Actor:
        """This caller with a reporter's secret in hand."""
        role = Role.REPORTER if self.role is Role.ANONYMOUS else self.role
        return replace(self, role=role, secret_hash=secret_hash)

    def witnessing(self, incident_id: UUID, until: datetime | None = None) -> Actor:
        """This caller, who may read `incident_id` for the answer to a change of their own.

        In full when it was made now. When they ask again what came of it, they no longer work on the incident: they
        read where it stands, and its internal steps no further than `until`, their own last one.
        """
        return replace(self, witnessed=incident_id, witnessed_until=until)

    def runs(self, ward_code: str) -> bool:
        """Whether this caller is staff of that ward."""
        if self.role is Role.ADMIN:
            return self.ward_code in (None, ward_code)
        return self.role is Role.STAFF and self.ward_code == ward_code


ANONYMOUS = Actor()
