"""The audit log, as the ward's staff read it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import sqlalchemy as sa
import strawberry

from geo import audit
from schema.enums import Role
from schema.inputs import key_named
from schema.relay import After, Connection, First, Node, identity, page
from schema.rows import Page, Row, Rows, column, field, node_id


def _by(root: Row) -> sa.ColumnElement[str]:
    id_ = sa.func.concat("Account:", root.ward_code, ":", root.account_id, type_=sa.Text)
    return sa.case((root.account_id.is_not(None), id_))


@strawberry.type(
    description="Something that was done for a ward by who works for it; to the ward's staff. Never edited."
)
class AuditEntry(Node):
    id: strawberry.ID = node_id("AuditEntry")
    at: datetime = column("When.")
    account_id: strawberry.ID | None = field(_by, "Whose account did it; none on the command line.")
    name: str | None = column("Who, by the name they had then; on the command line the system's user.")
    role: Role | None = field(
        lambda root: sa.case((root.role != audit.COMMAND_LINE, root.role)),
        "What the account was for then; none on the command line.",
    )
    action: str = column("What, as programs call it: the mutation, the export, the command.")
    text: str = column("The same in Vietnamese.")
    text_en: str = column("The same in English.")
    subject: strawberry.ID | None = column("What it was done to: an id for `node`, which may be gone by now.")
    details: str = field(
        lambda root: sa.cast(root.details, sa.Text),
        "More of it, as JSON: `changed` fields, what was `created` or `removed`, counts. Nobody's personal data.",
    )
    request_id: str | None = column("The request that it was done by, as the server's log has it.")


AuditConnection = Connection[AuditEntry]


def _named(subject: str | None) -> Any:
    """An id as the log has it; it may be a slot, whose parts alone are known. What is no id names nothing."""
    if subject is None:
        return None
    named = identity(subject)
    if named is None:
        return ""
    if isinstance(subject, str):
        return subject
    return sa.func.concat(f"{named.type_name}:", named.ward_code, ":", named.key, type_=sa.Text)


def audited(
    root: Row,
    first: First = 20,
    after: After = None,
    action: Annotated[str | None, strawberry.argument(description="Only this, such as `savePlace`.")] = None,
    account_id: Annotated[
        strawberry.ID | None, strawberry.argument(description="Only what was done with this account.")
    ] = None,
    subject: Annotated[strawberry.ID | None, strawberry.argument(description="Only what was done to this.")] = None,
    since: Annotated[datetime | None, strawberry.argument(description="At this moment or later.")] = None,
    until: Annotated[datetime | None, strawberry.argument(description="Before this moment.")] = None,
) -> Page:
    """A ward's entries, the latest first."""
    rows = audit.of_ward(
        root.seen_by,
        root.code,
        action=action,
        account_id=key_named(account_id, "Account"),
        subject=_named(subject),
        since=since,
        until=until,
    )
    return page(Rows("AuditEntry", rows, root.seen_by), audit.LATEST, first, after)
