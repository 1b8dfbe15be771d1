"""Accounts as the staff of a ward read them: who may sign in, with what role, in which crew or team."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from geo.actor import Actor, Role
from geo.ordering import by_name
from geo.reading import Condition, contains_text, staff_of
from geo.tables import AccountRole, account, crew_member, team_member

Rows = sa.Select[Any]

BY_NAME = by_name(account)

_CREWS_AND_TEAMS = (AccountRole.TEAM_MEMBER, AccountRole.CREW_MEMBER)
_ALL_BUT_ADMINS = (*_CREWS_AND_TEAMS, AccountRole.STAFF)


def kept_by(actor: Actor) -> tuple[AccountRole, ...]:
    """The roles whose accounts this caller may create and change.

    Whoever can give an account a new password can act in its name, so nobody reaches an account that may do as much as
    they may themselves: staff keep the accounts of crews and teams, an administrator of a ward those of its staff too,
    an administrator of every ward those of the wards' administrators as well.
    """
    if actor.role is Role.ADMIN:
        return tuple(AccountRole) if actor.ward_code is None else _ALL_BUT_ADMINS
    return _CREWS_AND_TEAMS if actor.role is Role.STAFF else ()


def readable(actor: Actor) -> Rows:
    """The accounts of wards, to the staff of each; never a password's hash.

    Accounts that belong to no ward are no ward's to read. `changeable` says whether `actor` may change the account.
    """
    columns = account.c
    joined = account.outerjoin(
        crew_member, sa.and_(crew_member.c.ward_code == columns.ward_code, crew_member.c.account_id == columns.id)
    ).outerjoin(
        team_member, sa.and_(team_member.c.ward_code == columns.ward_code, team_member.c.account_id == columns.id)
    )
    return (
        sa.select(
            columns.ward_code,
            columns.id,
            columns.username,
            columns.name,
            columns.role,
            columns.demo,
            columns.created_at,
            columns.email,
            columns.second_factor_since.is_not(None).label("has_second_factor"),
            (columns.password_hash == "").label("invited"),  # nosec B105 - nobody has set one
            columns.disabled_at.is_not(None).label("disabled"),
            crew_member.c.crew_id,
            team_member.c.team_id,
            _changeable(actor).label("changeable"),
        )
        .select_from(joined)
        .where(columns.ward_code.is_not(None), staff_of(actor, columns.ward_code))
    )


def of_ward(actor: Actor, ward_code: Any, search: str | None = None, role: Role | None = None) -> Rows:
    """A ward's accounts; `search` looks into names and usernames."""
    rows = readable(actor).where(account.c.ward_code == ward_code)
    if search:
        rows = rows.where(contains_text(sa.func.fold(account.c.name + " " + account.c.username), search))
    return rows if role is None else rows.where(account.c.role == role)


def with_id(actor: Actor, ward_code: Any, account_id: Any) -> Rows:
    return readable(actor).where(account.c.ward_code == ward_code, account.c.id == account_id)


def of_crew(actor: Actor, ward_code: Any, crew_id: Any) -> Rows:
    """The accounts of a crew's members, by name."""
    rows = readable(actor).where(account.c.ward_code == ward_code, crew_member.c.crew_id == crew_id)
    return _listed(rows, (AccountRole.CREW_MEMBER,))


def of_team(actor: Actor, ward_code: Any, team_id: Any) -> Rows:
    """The accounts of a team's members, by name."""
    rows = readable(actor).where(account.c.ward_code == ward_code, team_member.c.team_id == team_id)
    return _listed(rows, (AccountRole.TEAM_MEMBER,))


def _listed(rows: Rows, roles: Sequence[AccountRole]) -> Rows:
    return rows.where(account.c.role.in_(roles)).order_by(*(key.expression for key in BY_NAME.keys))


def _changeable(actor: Actor) -> Condition:
    kept = kept_by(actor)
    if not kept:
        return sa.false()
    return sa.and_(account.c.role.in_(kept), account.c.id != actor.account_id)
