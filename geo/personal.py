"""Whose data is asked for: a person, known by a telephone number, an e-mail address or one report's tracking code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import erasing
from geo.contact import Checked
from geo.erasing import Key
from geo.errors import InvalidInput, Problem
from geo.language import Text
from geo.tables import (
    account,
    boundary_edit,
    incident,
    incident_event,
    neighbourhood_boundary,
    place,
    rejection_template,
    reporter,
    team_member,
)

ONE = Text(
    "Cần đúng một trong ba: số điện thoại, email hoặc mã phản ánh.",
    "Give exactly one of three: a phone number, an e-mail address or a tracking code.",
)

FREE_TEXTS: dict[sa.Table, tuple[str, ...]] = {
    boundary_edit: ("reason",),
    neighbourhood_boundary: ("reason",),
    place: ("name", "address", "phone", "opening_hours"),
    rejection_template: ("text", "text_en"),
    team_member: ("organisation",),
}
"""Where else people write what they like: somebody's number may stand there. Incidents and their notes are apart."""


@dataclass(frozen=True, slots=True)
class Person:
    """Exactly one of the first three is given, as it is stored; `ward_code` narrows it to one ward."""

    phone: str | None = None
    email: str | None = None
    tracking_code: str | None = None
    ward_code: str | None = None

    @property
    def pattern(self) -> str | None:
        """What finds the person in free text, however it was written; None for who is known by a report alone."""
        if self.phone is not None:
            return erasing.phone_pattern(self.phone)
        return None if self.email is None else erasing.words_pattern(self.email)

    def within(self, ward_code: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
        """Whether a row is of the wards that are asked about."""
        return sa.true() if self.ward_code is None else ward_code == self.ward_code


def person(
    phone: str | None = None, email: str | None = None, tracking_code: str | None = None, ward_code: str | None = None
) -> Person:
    """Whoever is meant, however the number is written. Raises `InvalidInput`."""
    check = Checked([])
    found = Person(
        check.phone(phone, ("phone",)),
        check.email(email, ("email",)),
        code.upper() if (code := check.text(tracking_code, ("trackingCode",), 40)) is not None else None,
        ward_code,
    )
    if not check.problems and sum(one is not None for one in (found.phone, found.email, found.tracking_code)) != 1:
        check.problems.append(Problem(("phone",), ONE))
    if check.problems:
        raise InvalidInput(*check.problems)
    return found


async def reports_of(connection: AsyncConnection, who: Person) -> list[Key]:
    """The incidents that this person reported."""
    rows, told = incident.c, reporter.c
    if who.tracking_code is not None:
        ward_code = who.tracking_code.partition("-")[0]
        query = sa.select(rows.ward_code, rows.id).where(
            rows.ward_code == ward_code, rows.tracking_code == who.tracking_code, who.within(rows.ward_code)
        )
    else:
        same = (
            erasing.says(told.phone, who.pattern or "")
            if who.phone is not None
            else sa.func.lower(told.email) == (who.email or "").lower()
        )
        query = sa.select(told.ward_code, told.incident_id.label("id")).where(same, who.within(told.ward_code))
    return sorted((row.ward_code, row.id) for row in await connection.execute(query))


async def naming(connection: AsyncConnection, who: Person, keys: list[Key]) -> str | None:
    """A pattern that finds this person in others' words: what they are asked for by, and the e-mail addresses that they
    told in their reports, which are `keys`. Not their names, which many share. None for who is known by a report alone.
    """
    if who.pattern is None:
        return None
    told = reporter.c
    emails = await connection.scalars(
        sa.select(told.email).where(erasing.among(told.ward_code, told.incident_id, keys), told.email.is_not(None))
    )
    return erasing.one_of(sorted({who.pattern, *map(erasing.words_pattern, emails)}))


async def reports_naming(connection: AsyncConnection, who: Person, pattern: str | None) -> list[Key]:
    """The incidents in whose words, or whose history, this pattern of `naming` finds the person."""
    if pattern is None:
        return []
    rows, steps = incident.c, incident_event.c
    named = sa.or_(*(erasing.says(text, pattern) for text in erasing.TEXTS))
    found = sa.union(
        sa.select(rows.ward_code, rows.id).where(who.within(rows.ward_code), named),
        sa.select(steps.ward_code, steps.incident_id).where(
            who.within(steps.ward_code), erasing.says(steps.note, pattern)
        ),
    )
    return sorted((row[0], row[1]) for row in await connection.execute(found))


async def identities(connection: AsyncConnection, who: Person, keys: list[Key]) -> list[str]:
    """Patterns for all that this person told of themselves in these reports, and for what they are asked about by."""
    columns = reporter.c
    query = sa.select(columns.name, columns.phone, columns.email).where(
        erasing.among(columns.ward_code, columns.incident_id, keys)
    )
    patterns = {who.pattern} if who.pattern is not None else set()
    for row in await connection.execute(query):
        patterns |= {erasing.words_pattern(text) for text in (row.name, row.email) if text}
        patterns |= {erasing.phone_pattern(row.phone)} if row.phone else set()
    return sorted(patterns)


async def accounts_of(connection: AsyncConnection, who: Person) -> list[Any]:
    """Accounts that this person signs in with, as far as their names or a team's list tell."""
    if who.pattern is None:
        return []
    listed = sa.select(team_member.c.account_id).where(erasing.says(team_member.c.phone, who.pattern))
    columns = account.c
    query = sa.select(columns.username, columns.name, columns.role, columns.ward_code, columns.created_at).where(
        sa.or_(
            erasing.says(columns.username, who.pattern),
            sa.func.lower(columns.email) == (who.email or "").lower(),
            columns.id.in_(listed),
        ),
        sa.or_(columns.ward_code.is_(None), who.within(columns.ward_code)),
    )
    return list((await connection.execute(query.order_by(columns.username))).all())
