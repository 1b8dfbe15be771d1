"""Deleting what people told of themselves: for good, at their word or because it was kept long enough.

What stays is the ward's record: that there was an incident of a kind, where, when, what became of it and who worked on
it. What goes: name, telephone and e-mail; what the resident wrote, and the address they gave; the photographs. Rows and
a job for the objects in the store go in one transaction, so nothing is forgotten by a crash in between.

Whoever calls holds the incidents' rows locked, so that nobody takes a step in them meanwhile.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import consents, jobs
from geo.lifecycle import Party
from geo.tables import Ending, consent, incident, incident_event, photo, photo_upload, reporter

MARK = "[đã xóa · removed]"
"""What stands where words were taken out: the database lets the history lose words only where it says so."""
JOB = "remove_pictures"
_MOST_IN_A_JOB = 40

Key = tuple[str, UUID]
"""An incident: its ward and id."""

TEXTS = (incident.c.description, incident.c.address, incident.c.satisfaction_comment)
"""What residents write into an incident; what they add later stands in its history."""
SENT_BY_REPORTER = sa.or_(incident_event.c.party == Party.REPORTER, incident_event.c.from_status.is_(None))
"""Steps whose photographs are the reporter's own: the report itself, whoever took it down, and theirs after it."""

_BETWEEN = "[\\s.()/,_\u00a0\u200b-\u200f\u2010-\u2015\u2060-]*"
_DIGIT = "[0-9\uff10-\uff19]"
_WORD = "[[:alnum:]]"


async def lock(connection: AsyncConnection, keys: Collection[Key]) -> None:
    """Hold these incidents: in order, as everywhere."""
    rows = incident.c
    query = sa.select(rows.id).where(among(rows.ward_code, rows.id, keys)).order_by(rows.ward_code, rows.id)
    await connection.execute(query.with_for_update(key_share=True))


def among(ward_code: sa.ColumnElement[Any], key: sa.ColumnElement[Any], keys: Collection[Key]) -> Any:
    """Whether a row is of one of these incidents."""
    wards, ids = [ward for ward, _ in keys], [one for _, one in keys]
    given = sa.func.unnest(sa.literal(wards, ARRAY(sa.Text)), sa.literal(ids, ARRAY(sa.Uuid)))
    rows = given.table_valued(sa.column("ward_code", sa.Text), sa.column("id", sa.Uuid)).render_derived(name="given")
    return sa.tuple_(ward_code, key).in_(sa.select(rows.c.ward_code, rows.c.id))


async def forget_contacts(connection: AsyncConnection, keys: Collection[Key], why: Ending) -> int:
    """Delete who reported these; of how many anything was kept. That they had agreed stays, without who they are."""
    columns = reporter.c
    gone = await connection.execute(sa.delete(reporter).where(among(columns.ward_code, columns.incident_id, keys)))
    await connection.execute(consents.end(among(consent.c.ward_code, consent.c.subject_id, keys), why))
    return gone.rowcount


async def forget_words(connection: AsyncConnection, keys: Collection[Key]) -> int:
    """Delete what residents wrote in these, the history included; in how many there was anything."""
    rows, steps = incident.c, incident_event.c
    theirs = sa.select(steps.ward_code, steps.incident_id).where(
        among(steps.ward_code, steps.incident_id, keys), steps.party == Party.REPORTER, steps.note != MARK
    )
    told = sa.tuple_(rows.ward_code, rows.id).in_(theirs)
    had = sa.or_(*(text.is_not(None) for text in TEXTS), told)
    here = among(rows.ward_code, rows.id, keys)
    count: int = (await connection.execute(sa.select(sa.func.count()).where(here, had))).scalar_one()
    await connection.execute(
        sa.update(incident)
        .where(here, sa.or_(rows.erased_at.is_(None), had))
        .values({**dict.fromkeys(TEXTS), rows.erased_at: sa.func.now()})
    )
    await connection.execute(
        sa.update(incident_event)
        .where(
            among(steps.ward_code, steps.incident_id, keys),
            steps.party == Party.REPORTER,
            steps.note.is_not(None),
            steps.note != MARK,
        )
        .values(note=MARK)
    )
    return count


async def forget_pictures(connection: AsyncConnection, keys: Collection[Key], *, every: bool = False) -> list[UUID]:
    """Delete the photographs of these that their reporters sent, or `every` one, with the copies made of them.

    Gives the ids of the pictures; a job removes them from the store after the commit.
    """
    columns, steps = photo.c, incident_event.c
    sent = sa.exists().where(
        steps.ward_code == columns.ward_code,
        steps.incident_id == columns.incident_id,
        steps.id == columns.event_id,
        SENT_BY_REPORTER,
    )
    doomed = sa.delete(photo).where(among(columns.ward_code, columns.incident_id, keys))
    doomed = doomed if every else doomed.where(sent)
    rows = (await connection.execute(doomed.returning(columns.ward_code, columns.id, columns.redacted_id))).all()
    pictures: dict[str, list[UUID]] = defaultdict(list)
    for row in rows:
        pictures[row.ward_code] += [one for one in (row.id, row.redacted_id) if one is not None]
    for ward_code, ids in sorted(pictures.items()):
        for start in range(0, len(ids), _MOST_IN_A_JOB):
            named = " ".join(map(str, ids[start : start + _MOST_IN_A_JOB]))
            await jobs.enqueue(connection, JOB, {"ward": ward_code, "pictures": named})
    return [one for ids in pictures.values() for one in ids]


async def unknown(connection: AsyncConnection, pictures: Collection[UUID]) -> set[UUID]:
    """Of these pictures, those that no row names any more."""
    known = sa.union_all(
        sa.select(photo.c.id).where(photo.c.id.in_(pictures)),
        sa.select(photo.c.redacted_id).where(photo.c.redacted_id.in_(pictures)),
        sa.select(photo_upload.c.id).where(photo_upload.c.id.in_(pictures)),
    )
    return set(pictures) - set(await connection.scalars(known))


def phone_pattern(phone: str) -> str:
    """A regular expression, PostgreSQL's, for every way that people write the number `0xxxxxxxxx`."""
    country = f"([+\uff0b]|{_digits('00')}{_BETWEEN})?{_digits('84')}{_BETWEEN}{_digits('0')}?"
    return f"(?<!{_DIGIT})({country}|{_digits('0')}){_BETWEEN}{_digits(phone[1:])}(?!{_DIGIT})"


def _digits(number: str) -> str:
    """These digits, narrow or as wide as some keyboards write them, whatever stands between."""
    return _BETWEEN.join(f"[{digit}{chr(0xFF10 + int(digit))}]" for digit in number)


def words_pattern(text: str) -> str:
    """The same for a name or an address: as it is written, whatever its letters' case, and not within other words."""
    parts = [re.sub(r"([^\w\s])", r"\\\1", part) for part in text.split()]
    return f"(?<!{_WORD})" + "\\s+".join(parts) + f"(?!{_WORD})"


def one_of(patterns: Iterable[str]) -> str:
    return "|".join(f"({pattern})" for pattern in patterns)


def without(text: sa.ColumnElement[Any], pattern: str) -> sa.ColumnElement[str]:
    """`text` with `MARK` in place of whatever matches."""
    return sa.func.regexp_replace(text, sa.literal(pattern, sa.Text), MARK, "gi", type_=sa.Text)


def says(text: sa.ColumnElement[Any], pattern: str) -> sa.ColumnElement[bool]:
    return text.op("~*", is_comparison=True)(sa.literal(pattern, sa.Text))


async def take_out(
    connection: AsyncConnection, table: sa.Table, columns: Sequence[str], pattern: str, where: sa.ColumnElement[bool]
) -> int:
    """Take out of these columns of free text whatever matches; in how many rows there was anything."""
    named = [table.c[name] for name in columns]
    changed = await connection.execute(
        sa.update(table)
        .where(where, sa.or_(*(says(column, pattern) for column in named)))
        .values({column.name: without(column, pattern) for column in named})
    )
    return changed.rowcount
