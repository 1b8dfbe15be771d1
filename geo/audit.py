"""The audit log: who of those who work for a ward did what, when, to what. Written with the change it tells of.

An entry is told in the transaction of its change: neither is ever there without the other. It says who by the name and
the role they had then, and what by an action's name, the subject's opaque id and small details: fields that changed,
ids, counts. Nobody's password, token, phone, e-mail or report is ever a detail.
"""

from __future__ import annotations

import getpass
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from geo.actor import Actor
from geo.audit_words import ACTIONS
from geo.ids import new_id
from geo.ordering import by_time
from geo.reading import staff_of
from geo.tables import account, audit_entry

Rows = sa.Select[Any]

NO_WARD = ""
"""Where entries stand that are of no ward: an administrator of every ward signing in, a command for all of them."""
COMMAND_LINE = "COMMAND_LINE"
"""The role of whoever uses the `phuongso` command."""
LEAST = timedelta(days=366)
"""What is younger stays: twelve months, as the table's trigger counts them."""
BITE = 1_000

LATEST = by_time("latest first", audit_entry, audit_entry.c.at, descending=True)

asked_in: ContextVar[str | None] = ContextVar("asked_in", default=None)
"""The id of the request that is being answered, where there is one."""


@dataclass(frozen=True, slots=True)
class Operator:
    """Whoever uses the command line, by the name that the operating system knows them by."""

    name: str


def operator() -> Operator:
    """Who runs this program; `unknown` where the system has no name for them, as in some containers."""
    try:
        return Operator(getpass.getuser())
    except (KeyError, OSError):
        return Operator("unknown")


def account_subject(ward_code: str | None, account_id: UUID) -> str | None:
    """The opaque id of an account, as entries name their subject; an account of no ward has none in the API."""
    return None if ward_code is None else f"Account:{ward_code}:{account_id}"


async def record(
    connection: AsyncConnection,
    actor: Actor | Operator,
    action: str,
    subject: str | None = None,
    ward_code: str | None = None,
    details: Mapping[str, Any] = {},
) -> None:
    """Write down that `actor` did `action` to `subject`, in the transaction of the change.

    `action` is a mutation's or a route's name (`saveBoundaries`); `subject` an id as the API shows it
    (`Place:20314:…`). Without `ward_code` it is the actor's own, and of no ward where they have none.
    """
    values: dict[str, Any] = {"action": action, "subject": subject, "details": dict(details)}
    if isinstance(actor, Operator):
        values |= {"ward_code": ward_code or NO_WARD, "name": actor.name, "role": COMMAND_LINE}
    else:
        named = sa.select(account.c.name).where(account.c.id == actor.account_id).scalar_subquery()
        values |= {
            "ward_code": ward_code or actor.ward_code or NO_WARD,
            "account_id": actor.account_id,
            "name": actor.name if actor.name is not None else named,
            "role": actor.role,
        }
    await connection.execute(sa.insert(audit_entry).values(id=new_id(), request_id=asked_in.get(), **values))


def readable(actor: Actor) -> Rows:
    """The entries of the wards whose staff this caller is; nobody else reads any.

    Beside the table's columns: `text` and `text_en`, what was done in words.
    """
    columns = audit_entry.c
    said = (_said("vi").label("text"), _said("en").label("text_en"))
    return sa.select(*columns, *said).where(staff_of(actor, columns.ward_code))


def _said(language: str) -> sa.ColumnElement[str]:
    words = {action: sa.literal(getattr(text, language), sa.Text) for action, text in ACTIONS.items()}
    return sa.case(words, value=audit_entry.c.action, else_=audit_entry.c.action)


def of_ward(
    actor: Actor,
    ward_code: Any,
    *,
    action: str | None = None,
    account_id: UUID | None = None,
    subject: str | sa.ColumnElement[str] | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Rows:
    """A ward's entries: of one kind, of one account, about one subject, from `since` on and before `until`.

    Each has its index, which ends with the moment: however large the log, a page of it is read from one end.
    """
    columns = audit_entry.c
    rows = readable(actor).where(columns.ward_code == ward_code)
    if action is not None:
        rows = rows.where(columns.action == action)
    if account_id is not None:
        rows = rows.where(columns.account_id == account_id)
    if subject is not None:
        rows = rows.where(columns.subject == subject)
    if since is not None:
        rows = rows.where(columns.at >= since)
    if until is not None:
        rows = rows.where(columns.at < until)
    return rows


def with_id(actor: Actor, ward_code: Any, entry_id: Any) -> Rows:
    return readable(actor).where(audit_entry.c.ward_code == ward_code, audit_entry.c.id == entry_id)


async def forget_old(connection: AsyncConnection, kept: timedelta) -> int:
    """Delete a bite of the entries older than that; how many there were. Served by `ix_audit_entry_at`.

    The database itself refuses to delete what is younger than `LEAST`, whoever asks.
    """
    columns = audit_entry.c
    old = sa.select(columns.ward_code, columns.id).where(columns.at < sa.func.now() - kept).limit(BITE)
    gone = sa.delete(audit_entry).where(sa.tuple_(columns.ward_code, columns.id).in_(old))
    return (await connection.execute(gone)).rowcount
