"""How staff keep the kinds of incident of their ward."""

from __future__ import annotations

import re
from typing import Any

import strawberry
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import categories, colours
from geo.contact import Checked
from geo.errors import Problem
from geo.language import Text
from schema.categories import Category
from schema.context import Context
from schema.errors import InvalidInput, NotAllowed
from schema.meant import refuse, ward_meant
from schema.mutating import STAFF, mutation
from schema.rows import Found

CODE = Text(
    "Mã loại gồm chữ in hoa không dấu, chữ số và dấu gạch dưới.",
    "A category's code is made of capitals, digits and underscores.",
)
COLOUR = Text("Màu ghi dạng #rrggbb.", "A colour is written as #rrggbb.")
PALE = Text(
    "Màu này nhạt nên khó đọc trên nền trắng (độ tương phản {found}, cần từ {least}). Hãy chọn màu đậm hơn.",
    "This colour is too pale to be read on white (a contrast of {found}, {least} is needed). Choose a darker one.",
)
HOURS = Text("Thời hạn từ 1 đến 8.760 giờ.", "A deadline is from 1 to 8,760 hours.")
MINUTES = Text("Thời gian nhận việc từ 1 đến 1.440 phút.", "The time to accept is from 1 to 1,440 minutes.")


@strawberry.input(description="A category to add, or to change when the ward has one with this code.")
class SaveCategoryInput:
    code: str = strawberry.field(description="Its code: capitals, digits and underscores.")
    name: str = strawberry.field(description="Its name in Vietnamese.")
    name_en: str = strawberry.field(description="Its name in English.")
    icon: str = strawberry.field(description="The name of its icon.")
    colour: str = strawberry.field(description="Its colour, `#rrggbb`: at least 4.5:1 on white.")
    deadline_hours: int = strawberry.field(description="Within how many hours such an incident is to be dealt with.")
    public: bool = strawberry.field(default=True, description="Whether such incidents appear on the public map.")
    photo_required: bool | None = strawberry.field(
        default=None,
        description="Whether a crew must show by a photograph that such an incident is dealt with; null: as it is.",
    )
    accept_minutes: int | None = strawberry.field(
        default=None,
        description="Within how many minutes a crew is to accept it, 1 to 1,440; null: as it is.",
    )
    working_hours: bool | None = strawberry.field(
        default=None,
        description="Whether its deadline counts working hours only, or every hour; null: as it is.",
    )
    ward_code: str | None = strawberry.field(default=None, description="The ward; the caller's own without it.")


@strawberry.type(description="The category was saved.")
class SaveCategoryPayload:
    category: Category = strawberry.field(description="The category as it is now.")


async def _save_category(connection: AsyncConnection, context: Context, input: SaveCategoryInput) -> Any:
    actor = context.actor
    ward_code = ward_meant(context, input.ward_code, staff=True)
    check = Checked([])
    if not re.fullmatch("[A-Z][A-Z0-9_]{0,49}", input.code):
        check.problems.append(Problem(("code",), CODE))
    colour = input.colour.lower()
    if not re.fullmatch("#[0-9a-f]{6}", colour):
        check.problems.append(Problem(("colour",), COLOUR))
    elif (found := colours.contrast_on_white(colour)) < colours.LEAST:
        check.problems.append(Problem(("colour",), PALE, {"found": f"{found:.1f}:1", "least": f"{colours.LEAST}:1"}))
    if not 1 <= input.deadline_hours <= 8_760:
        check.problems.append(Problem(("deadlineHours",), HOURS))
    values: dict[str, Any] = {
        "name": check.needed(input.name, ("name",), 100),
        "name_en": check.needed(input.name_en, ("nameEn",), 100),
        "icon": check.needed(input.icon, ("icon",), 50),
        "colour": colour,
        "deadline_hours": input.deadline_hours,
        "public": input.public,
    }
    if input.accept_minutes is not None and not 1 <= input.accept_minutes <= 1_440:
        check.problems.append(Problem(("acceptMinutes",), MINUTES))
    for name in ("photo_required", "accept_minutes", "working_hours"):
        if (given := getattr(input, name)) is not None:
            values[name] = given
    refuse(check)
    key = await categories.save(connection, ward_code, input.code, **values)
    saved = Found("Category", categories.with_id, actor, ward_code, key)
    return SaveCategoryPayload(category=saved)  # type: ignore[arg-type]


@strawberry.type
class CategoryMutation:
    save_category = mutation(
        "SaveCategory",
        SaveCategoryPayload,
        SaveCategoryInput,
        _save_category,
        STAFF,
        "Add a category or change it.",
        NotAllowed,
        InvalidInput,
    )
