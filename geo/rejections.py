"""Texts that staff reject reports with: a ward's own, for one kind of incident or for all."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from geo.actor import Actor
from geo.categories import UNKNOWN_CATEGORY
from geo.errors import InvalidInput, NotAllowed, NotFound, Problem
from geo.ids import new_id
from geo.language import Text
from geo.reading import staff_of
from geo.tables import category, rejection_template

Rows = sa.Select[Any]

MOST = 200
"""How many a ward may have."""
TOO_MANY = Text("Phường đã có {most} mẫu trả lời. Hãy bỏ bớt.", "The ward has {most} texts already. Remove some first.")
KNOWN = Text("Đã có mẫu này cho lĩnh vực này.", "There is such a text for this kind already.")


def readable(actor: Actor) -> Rows:
    """To the staff of the ward alone: what they answer with they may still be thinking about."""
    columns = rejection_template.c
    return sa.select(*columns).where(staff_of(actor, columns.ward_code))


def of_ward(actor: Actor, ward_code: Any, category_code: str | None = None) -> Rows:
    """A ward's texts: those for a kind of incident before those for all; of one kind and for all, where it is named."""
    columns = rejection_template.c
    kind = sa.and_(category.c.ward_code == columns.ward_code, category.c.id == columns.category_id)
    rows = readable(actor).outerjoin(category, kind).where(columns.ward_code == ward_code)
    if category_code is not None:
        rows = rows.where(sa.or_(columns.category_id.is_(None), category.c.code == category_code))
    return rows.order_by(category.c.position.nulls_last(), columns.position, columns.id)


def with_id(actor: Actor, ward_code: Any, template_id: Any) -> Rows:
    columns = rejection_template.c
    return readable(actor).where(columns.ward_code == ward_code, columns.id == template_id)


async def save(
    connection: AsyncConnection, ward_code: str, template_id: UUID | None, category_code: str | None, vi: str, en: str
) -> UUID:
    """Add a text, the last of its ward, or change the one with `template_id`; gives its id.

    Raises `NotFound`, `InvalidInput` for a category that the ward has not, for a text that stands there for the same
    kind already, or where it has `MOST` texts.
    """
    columns = rejection_template.c
    values: dict[str, Any] = {"text": vi, "text_en": en, "category_id": None}
    if category_code is not None:
        query = sa.select(category.c.id).where(category.c.ward_code == ward_code, category.c.code == category_code)
        values["category_id"] = await connection.scalar(query)
        if values["category_id"] is None:
            raise InvalidInput(Problem(("category",), UNKNOWN_CATEGORY))
    same = sa.and_(
        columns.ward_code == ward_code,
        columns.text == vi,
        columns.category_id.is_not_distinct_from(values["category_id"]),
        columns.id.is_distinct_from(template_id),
    )
    if await connection.scalar(sa.select(sa.exists().where(same))):
        raise InvalidInput(Problem(("text",), KNOWN))
    if template_id is not None:
        named = sa.and_(columns.ward_code == ward_code, columns.id == template_id)
        changed = await connection.execute(sa.update(rejection_template).where(named).values(**values))
        if changed.rowcount == 0:
            raise NotFound(path=("templateId",))
        return template_id
    known = sa.select(sa.func.count(), sa.func.coalesce(sa.func.max(columns.position) + 1, 0))
    count, last = (await connection.execute(known.where(columns.ward_code == ward_code))).one()
    if count >= MOST:
        raise InvalidInput(Problem(("text",), TOO_MANY, {"most": MOST}))
    key = new_id()
    await connection.execute(insert(rejection_template).values(ward_code=ward_code, id=key, position=last, **values))
    return key


async def remove(connection: AsyncConnection, actor: Actor, ward_code: str, template_id: UUID) -> None:
    """Forget a text. Raises `NotAllowed` to other staff, `NotFound`."""
    if not actor.runs(ward_code):
        raise NotAllowed(path=("templateId",))
    columns = rejection_template.c
    named = sa.and_(columns.ward_code == ward_code, columns.id == template_id)
    if (await connection.execute(sa.delete(rejection_template).where(named))).rowcount == 0:
        raise NotFound(path=("templateId",))
