"""What a change is about, looked at before and after it: so that an entry says which fields it changed.

Looked at as a whole row, with the rows that belong to it: what came out the same was not changed, whatever was sent.
Of what is found only the names of fields leave this module, and the values of a few that say nothing of anybody.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import locks

State = Mapping[str, Any]

_OWN = {
    "Account": "account",
    "Category": "category",
    "Crew": "crew",
    "Incident": "incident",
    "Photo": "photo",
    "Place": "place",
    "RejectionTemplate": "rejection_template",
    "Team": "team",
    "TeamMember": "team_member",
}
"""Which table a type's rows stand in."""

_BELONGING = {
    "Account": {
        "crew": "SELECT crew_id FROM crew_member WHERE ward_code = t.ward_code AND account_id = t.id",
        "team": "SELECT team_id FROM team_member WHERE ward_code = t.ward_code AND account_id = t.id",
    },
    "Crew": {
        "categories": "SELECT category_id FROM crew_category WHERE ward_code = t.ward_code AND crew_id = t.id",
        "members": "SELECT account_id FROM crew_member WHERE ward_code = t.ward_code AND crew_id = t.id",
        "neighbourhoods": "SELECT neighbourhood_id FROM crew_neighbourhood "
        "WHERE ward_code = t.ward_code AND crew_id = t.id",
    },
    # A remark leaves the incident as it is.
    "Incident": {"history": "SELECT id FROM incident_event WHERE ward_code = t.ward_code AND incident_id = t.id"},
}
"""Rows that belong to one of that type: the ids that they name."""

_DERIVED = ("search", "geog", "position", "position_at")
_KEPT_BY_PROGRAM = ("notices_seen_at", "due_soon_told", "due_passed_told", "accept_by", "attention", "written")
NOT_COMPARED = frozenset((*_DERIVED, *_KEPT_BY_PROGRAM))
"""Columns that follow from others, or that no person sets."""

TOLD_VALUES = frozenset({"status", "published", "on_duty"})
"""Columns whose values an entry may tell."""

_NATURAL = {"Category": "code"}
"""By which column a row is known where its id is not."""


@dataclass(frozen=True, slots=True)
class Subject:
    """One object of the API: its type, its ward, its uuid, or what else it is known by."""

    type_name: str
    ward_code: str
    key: UUID | str

    def __str__(self) -> str:
        return f"{self.type_name}:{self.ward_code}:{self.key}"


async def hold(connection: AsyncConnection, subject: Subject) -> None:
    """Let nobody else change it until the transaction ends: what is looked at from now on is what the change found.

    A statement of its own before the look, whose rows are then younger than the lock. Of a crew its turn is taken and
    not its row: whoever locks crews has locked their incidents before.
    """
    if subject.type_name == "Crew":
        await locks.take(connection, "audit", str(subject))
    elif subject.type_name in _OWN:
        await connection.execute(_HOLDS[subject.type_name, _column(subject)], _names(subject))


async def look(connection: AsyncConnection, subject: Subject) -> State | None:
    """How it stands now, as this transaction sees it; None where it is not there, or is of a kind not looked at.

    Beside the columns: `written`, whether this very transaction wrote the row.
    """
    if subject.type_name not in _OWN:
        return None
    found = await connection.execute(_LOOKS[subject.type_name, _column(subject)], _names(subject))
    return found.scalar_one_or_none()


def changed(before: State | None, after: State | None) -> list[str]:
    """The fields that differ, by name in the API's spelling and in order."""
    ours, theirs = before or {}, after or {}
    names = (ours.keys() | theirs.keys()) - NOT_COMPARED
    return sorted(spelled(name) for name in names if ours.get(name) != theirs.get(name))


def spelled(column: str) -> str:
    """`opening_hours` as the API spells it: `openingHours`. What is named by its id is called by what it is."""
    first, *others = column.removesuffix("_id").removesuffix("_hash").split("_")
    return first + "".join(map(str.capitalize, others))


def _column(subject: Subject) -> str:
    return "id" if isinstance(subject.key, UUID) else _NATURAL[subject.type_name]


def _names(subject: Subject) -> dict[str, Any]:
    return {"ward": subject.ward_code, "key": subject.key}


def _bound(query: str, column: str) -> sa.TextClause:
    """Of our own constants alone; the ward and the key are bound."""
    return sa.text(query).bindparams(sa.bindparam("key", type_=sa.Uuid if column == "id" else sa.Text))


def _look(type_name: str, column: str) -> sa.TextClause:
    belonging = _BELONGING.get(type_name, {}).items()
    each = [f", '{name}', ({_LISTED.format(ids)})" for name, ids in belonging]
    return _bound(_LOOK.format("".join(each), _OWN[type_name], column), column)


def _hold(type_name: str, column: str) -> sa.TextClause:
    return _bound(_HOLD.format(_OWN[type_name], column), column)


# A change runs without savepoints, so what it wrote carries its own number.
_LOOK = (
    "SELECT to_jsonb(t) || jsonb_build_object('written', t.xmin = pg_current_xact_id_if_assigned()::xid{}) "
    "FROM {} AS t WHERE t.ward_code = :ward AND t.{} = :key"
)
_HOLD = "SELECT FROM {} AS t WHERE t.ward_code = :ward AND t.{} = :key FOR NO KEY UPDATE"
_LISTED = "SELECT coalesce(jsonb_agg(one ORDER BY one), '[]') FROM ({}) AS of (one)"
_KNOWN = [(name, column) for name in _OWN for column in {"id", _NATURAL.get(name, "id")}]
_LOOKS = {known: _look(*known) for known in _KNOWN}
_HOLDS = {known: _hold(*known) for known in _KNOWN}
