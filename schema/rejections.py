"""Texts that staff reject reports with."""

from __future__ import annotations

from typing import Any

import strawberry
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import categories, rejections
from geo.contact import Checked
from geo.stepping import MOST_NOTE
from schema.categories import Category
from schema.context import Context
from schema.errors import InvalidInput, NotAllowed, NotFound
from schema.meant import refuse, ward_meant
from schema.mutating import STAFF, key_of, mutation
from schema.relay import Node
from schema.rows import Found, Rows, column, field, node_id


@strawberry.type(description="A text that the ward's staff reject reports with; only they see it.")
class RejectionTemplate(Node):
    id: strawberry.ID = node_id("RejectionTemplate")
    category: Category | None = field(
        lambda root: Rows("Category", categories.with_id(root.seen_by, root.ward_code, root.category_id), root.seen_by),
        "The kind of incident that it is for; none: for every kind.",
    )
    text: str = column("What it says in Vietnamese.")
    text_en: str = column("What it says in English.")


@strawberry.input(description="A text to add, or with `templateId` to change.")
class SaveRejectionTemplateInput:
    text: str = strawberry.field(description="What it says in Vietnamese; 2,000 characters at most.")
    text_en: str = strawberry.field(description="What it says in English; 2,000 characters at most.")
    category: str | None = strawberry.field(
        default=None, description="The code of the kind of incident that it is for; without it, for every kind."
    )
    template_id: strawberry.ID | None = strawberry.field(default=None, description="The text to change.")
    ward_code: str | None = strawberry.field(default=None, description="The ward; the caller's own without it.")


@strawberry.input(description="A text that is no longer used.")
class RemoveRejectionTemplateInput:
    template_id: strawberry.ID = strawberry.field(description="The text.")


@strawberry.type(description="The text was saved.")
class SaveRejectionTemplatePayload:
    rejection_template: RejectionTemplate = strawberry.field(description="The text as it is now.")


@strawberry.type(description="The text is no longer there.")
class RemoveRejectionTemplatePayload:
    template_id: strawberry.ID = strawberry.field(description="The id it had.")


async def _save(connection: AsyncConnection, context: Context, input: SaveRejectionTemplateInput) -> Any:
    actor = context.actor
    code, key = input.ward_code, None
    if input.template_id is not None:
        code, key = key_of(input.template_id, "RejectionTemplate", "templateId")
    ward_code = ward_meant(context, code, staff=True)
    check = Checked([])
    vi = check.needed(input.text, ("text",), MOST_NOTE)
    en = check.needed(input.text_en, ("textEn",), MOST_NOTE)
    refuse(check)
    key = await rejections.save(connection, ward_code, key, input.category, vi, en)
    found = Found("RejectionTemplate", rejections.with_id, actor, ward_code, key)
    return SaveRejectionTemplatePayload(rejection_template=found)  # type: ignore[arg-type]


async def _remove(connection: AsyncConnection, context: Context, input: RemoveRejectionTemplateInput) -> Any:
    ward_code, key = key_of(input.template_id, "RejectionTemplate", "templateId")
    await rejections.remove(connection, context.actor, ward_code, key)
    return RemoveRejectionTemplatePayload(template_id=input.template_id)


@strawberry.type
class RejectionMutation:
    save_rejection_template = mutation(
        "SaveRejectionTemplate",
        SaveRejectionTemplatePayload,
        SaveRejectionTemplateInput,
        _save,
        STAFF,
        "Add a text that reports are rejected with, or change it.",
        NotFound,
        NotAllowed,
        InvalidInput,
    )
    remove_rejection_template = mutation(
        "RemoveRejectionTemplate",
        RemoveRejectionTemplatePayload,
        RemoveRejectionTemplateInput,
        _remove,
        STAFF,
        "Remove a text that reports are rejected with.",
        NotFound,
        NotAllowed,
    )
