"""The audit log as a table to be kept or handed on: in Vietnamese, as its readers are."""

from __future__ import annotations

import sqlalchemy as sa

from geo.clock import ZONE
from geo.exporting.writing import Document, table

_HEADINGS = ("Lúc", "Người làm", "Vai trò", "Việc", "Mã việc", "Đối tượng", "Chi tiết", "Mã yêu cầu")


def exported(rows: sa.Select[tuple[object, ...]]) -> Document:
    """These entries, of `audit.of_ward`, the latest first."""
    row = rows.subquery("e")
    at = sa.func.to_char(sa.func.timezone(ZONE, row.c.at), "DD/MM/YYYY HH24:MI:SS", type_=sa.Text)
    details = sa.cast(row.c.details, sa.Text)
    cells = (at, row.c.name, row.c.role, row.c.text, row.c.action, row.c.subject, details, row.c.request_id)
    return table(_HEADINGS, cells, row, (row.c.at.desc(), row.c.id.desc()))
