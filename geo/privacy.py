"""A person's right to have deleted what is kept about them.

`geo.erasing` deletes what belongs to reports; here is whose, and what else names them: the words of others, the list
of a team, a place's contact.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import audit, consents, erasing, personal
from geo.erasing import Key
from geo.lifecycle import OPEN
from geo.personal import FREE_TEXTS, Person
from geo.tables import ConsentChannel, Ending, PlaceKind, incident, incident_event, place, team_member

ACTION = "erasePersonalData"


@dataclass(slots=True)
class Erased:
    """How much was deleted, by what it was, and the pictures whose objects a job removes from the store."""

    counts: dict[str, int] = field(default_factory=dict)
    open_reports: int = 0
    """Reports that somebody still works on, without the words from now on."""
    accounts: list[str] = field(default_factory=list)
    """Usernames of accounts that are this person's: they are disabled by themselves, for the history refers to them."""
    pictures: list[UUID] = field(default_factory=list)

    @property
    def nothing(self) -> bool:
        return not any(self.counts.values())


async def erase(connection: AsyncConnection, who: Person, *, dry_run: bool = False) -> Erased:
    """Delete what is kept about this person, in one transaction; with `dry_run` only count what that would be.

    Asked twice, the second time finds nothing. Whoever works on one of the reports waits, or is waited for.
    """
    savepoint = await connection.begin_nested()
    erased = await _erase(connection, who)
    if dry_run:
        await savepoint.rollback()
    else:
        await savepoint.commit()
    return erased


async def _erase(connection: AsyncConnection, who: Person) -> Erased:
    own = await personal.reports_of(connection, who)
    naming = await personal.reports_naming(connection, who, await personal.naming(connection, who, own))
    await erasing.lock(connection, {*own, *naming})
    patterns = await personal.identities(connection, who, own)
    rows = incident.c
    going_on = sa.select(sa.func.count()).where(
        erasing.among(rows.ward_code, rows.id, own), rows.status.in_(OPEN), rows.description.is_not(None)
    )
    erased = Erased(open_reports=(await connection.execute(going_on)).scalar_one())
    erased.accounts = [row.username for row in await personal.accounts_of(connection, who)]
    erased.pictures = await erasing.forget_pictures(connection, own)
    counts = erased.counts
    counts["photographs"] = len(erased.pictures)
    counts["contacts"] = await erasing.forget_contacts(connection, own, Ending.ERASED)
    counts["texts"] = await erasing.forget_words(connection, own)
    counts["mentions"] = await _take_out(connection, sorted({*own, *naming}), patterns)
    if who.pattern is not None:
        counts["members"] = await _forget_members(connection, who)
        counts["places"] = await _forget_places(connection, who)
        for table, columns in FREE_TEXTS.items():
            counts["mentions"] += await erasing.take_out(
                connection, table, columns, who.pattern, who.within(table.c.ward_code)
            )
    if not erased.nothing:
        wards = sorted({ward for ward, _ in (*own, *naming)}) or [who.ward_code or audit.NO_WARD]
        for ward_code in wards:
            of_ward = sum(ward == ward_code for ward, _ in own)
            details = {"reports": of_ward, **({} if len(wards) > 1 else counts)}
            await audit.record(connection, audit.operator(), ACTION, None, ward_code, details)
    return erased


async def _take_out(connection: AsyncConnection, keys: list[Key], patterns: list[str]) -> int:
    """Take out of these incidents' words and notes, whoever wrote them, whatever matches."""
    if not keys or not patterns:
        return 0
    pattern = erasing.one_of(patterns)
    here = erasing.among(incident.c.ward_code, incident.c.id, keys)
    texts = [text.name for text in erasing.TEXTS]
    count = await erasing.take_out(connection, incident, texts, pattern, here)
    there = erasing.among(incident_event.c.ward_code, incident_event.c.incident_id, keys)
    return count + await erasing.take_out(connection, incident_event, ("note",), pattern, there)


async def _forget_members(connection: AsyncConnection, who: Person) -> int:
    """Delete the number of a member of a team, who is public no more; the ward's list of its members stays."""
    columns = team_member.c
    changed = await connection.execute(
        sa.update(team_member)
        .where(who.within(columns.ward_code), erasing.says(columns.phone, who.pattern or ""))
        .values(phone=None, consented_at=None)
        .returning(columns.ward_code)
    )
    wards = [row.ward_code for row in changed]
    for ward_code in sorted(set(wards)):
        await consents.settle_members(connection, ward_code, ConsentChannel.STAFF)
    return len(wards)


async def _forget_places(connection: AsyncConnection, who: Person) -> int:
    """Delete the number of a place, and the home of an official altogether."""
    columns = place.c
    named = sa.and_(who.within(columns.ward_code), erasing.says(columns.phone, who.pattern or ""))
    home = sa.delete(place).where(named, columns.kind == PlaceKind.OFFICIAL_HOME).returning(columns.ward_code)
    homes = [row.ward_code for row in await connection.execute(home)]
    for ward_code in sorted(set(homes)):
        await consents.settle_homes(connection, ward_code, ConsentChannel.STAFF)
    others = await connection.execute(sa.update(place).where(named).values(phone=None))
    return len(homes) + others.rowcount
