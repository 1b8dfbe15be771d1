"""Telling those who work for the ward in the pages they work with: as notices behind a bell."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from geo import notices
from geo.notices import NewNotice
from geo.telling import Told, Who


class InPage:
    """A sender to staff and crews."""

    async def tell(self, connection: AsyncConnection, told: Sequence[Told]) -> None:
        """Write a notice of each."""
        new = [
            NewNotice(one.ward_code, one.kind, one.crew_id, one.incident_id, one.steps[0])
            for one in told
            if one.who is not Who.REPORTER and one.kind is not None
        ]
        await notices.write(connection, new)
