"""What staff, teams and crews keep up to date: places, crews and their duty, categories."""

from __future__ import annotations

import re
from typing import Any

import strawberry
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import categories, colours, crews, duty, places
from geo.contact import Checked
from geo.errors import InvalidInput as InvalidInputRefusal
from geo.errors import NotAllowed as NotAllowedRefusal
from geo.errors import Problem
from geo.language import Text
from schema.categories import Category
from schema.context import Context
from schema.enums import PlaceKind
from schema.errors import InvalidInput, NotAllowed, NotFound, OffDuty, OutsideWard
from schema.links import CrewLink, PlaceLink
from schema.mutating import CREWS, CREWS_AND_STAFF, KEEPERS, STAFF, key_of, mutation, mutation_by
from schema.rows import Rows
from schema.scalars import GeoJSONMultiPolygon, GeoJSONPoint

CODE = Text(
    "Mã loại gồm chữ in hoa không dấu, chữ số và dấu gạch dưới.",
    "A category's code is made of capitals, digits and underscores.",
)
COLOUR = Text("Màu ghi dạng #rrggbb.", "A colour is written as #rrggbb.")
PALE = Text(
    "Màu này nhạt nên khó đọc trên nền trắng (độ tương phản {found}, cần từ {least}). Hãy chọn màu đậm hơn.",
    "This colour is too pale to be read on white (a contrast of {found}, {least} is needed). Please choose a darker one.",
)
HOURS = Text("Thời hạn từ 1 đến 8.760 giờ.", "A deadline is from 1 to 8,760 hours.")
MINUTES = Text("Thời gian nhận việc từ 1 đến 1.440 phút.", "The time to accept is from 1 to 1,440 minutes.")
CAPACITY = Text("Sức chứa từ 0 đến 1.000 việc.", "A capacity is from 0 to 1,000.")
TOO_MANY = Text("Nhiều nhất {most} mục.", "At most {most} of them.")
MOST_NAMES = 1_000
WARD_NEEDED = Text("Cần mã phường.", "The ward's code is needed.")


@strawberry.input(description="A place to add, or with `placeId` to change.")
class SavePlaceInput:
    kind: PlaceKind = strawberry.field(description="What stands there.")
    name: str = strawberry.field(description="Its name; 200 characters at most.")
    location: GeoJSONPoint = strawberry.field(description="Where it is.")
    place_id: strawberry.ID | None = strawberry.field(default=None, description="The place to change.")
    ward_code: str | None = strawberry.field(default=None, description="The ward; the caller's own without it.")
    address: str | None = strawberry.field(default=None, description="Its address.")
    phone: str | None = strawberry.field(default=None, description="Its telephone number.")
    opening_hours: str | None = strawberry.field(default=None, description="When it is open, in words.")
    consent: bool | None = strawberry.field(
        default=None,
        description="For an official's home: whether the official agrees to its being public; "
        "without it, what was recorded stays.",
    )


@strawberry.input(description="A place to take off the map.")
class RemovePlaceInput:
    place_id: strawberry.ID = strawberry.field(description="The place.")


@strawberry.input(description="A crew to add, or with `crewId` to change.")
class SaveCrewInput:
    name: str = strawberry.field(description="Its name; 100 characters at most.")
    capacity: int = strawberry.field(description="How many incidents it can have in hand.")
    base: GeoJSONPoint = strawberry.field(description="Where it starts from.")
    categories: list[str] = strawberry.field(description="The codes of the categories that it handles.")
    crew_id: strawberry.ID | None = strawberry.field(default=None, description="The crew to change.")
    ward_code: str | None = strawberry.field(default=None, description="The ward; the caller's own without it.")
    coverage_area: GeoJSONMultiPolygon | None = strawberry.field(
        default=None, description="The ground it covers; the whole ward without it."
    )
    members: list[str] | None = strawberry.field(
        default=None, description="The usernames of its members; without it they stay as they are."
    )


@strawberry.input(description="Begin or end a crew's duty.")
class SetDutyInput:
    on_duty: bool = strawberry.field(description="On duty, or off.")
    crew_id: strawberry.ID | None = strawberry.field(default=None, description="The crew; the caller's own without it.")


@strawberry.input(description="Where the caller's crew is now.")
class ReportPositionInput:
    position: GeoJSONPoint = strawberry.field(description="Where it is; only the latest is kept, and only on duty.")


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


@strawberry.type(description="The place was saved.")
class SavePlacePayload:
    place: PlaceLink = strawberry.field(description="The place as it is now.")


@strawberry.type(description="The place is off the map.")
class RemovePlacePayload:
    place_id: strawberry.ID = strawberry.field(description="The id it had.")


@strawberry.type(description="The crew was saved.")
class SaveCrewPayload:
    crew: CrewLink = strawberry.field(description="The crew as it is now.")


@strawberry.type(description="The crew's duty was changed.")
class SetDutyPayload:
    crew: CrewLink = strawberry.field(description="The crew as it is now.")


@strawberry.type(description="The position was kept, in place of the one before.")
class ReportPositionPayload:
    crew: CrewLink = strawberry.field(description="The crew as it is now.")


@strawberry.type(description="The category was saved.")
class SaveCategoryPayload:
    category: Category = strawberry.field(description="The category as it is now.")


def _ward(context: Context, code: str | None, *, staff: bool) -> str:
    """The ward that is meant; raises where the caller names none and has none, or does not run it."""
    named = code if code is not None else context.actor.ward_code
    if named is None:
        raise InvalidInputRefusal(Problem(("wardCode",), WARD_NEEDED))
    if staff and not context.actor.runs(named):
        raise NotAllowedRefusal(path=("wardCode",))
    return named


def _refuse(check: Checked) -> None:
    if check.problems:
        raise InvalidInputRefusal(*check.problems)


async def _save_place(connection: AsyncConnection, context: Context, input: SavePlaceInput) -> Any:
    actor = context.actor
    place_id = None
    ward_code = _ward(context, input.ward_code, staff=False)
    if input.place_id is not None:
        ward_code, place_id = key_of(input.place_id, "Place", "placeId")
    check = Checked([])
    values = {
        "kind": input.kind,
        "name": check.needed(input.name, ("name",), 200),
        "address": check.text(input.address, ("address",), 300),
        "phone": check.text(input.phone, ("phone",), 50),
        "opening_hours": check.text(input.opening_hours, ("openingHours",), 200),
    }
    _refuse(check)
    key = await places.save(connection, actor, ward_code, place_id, input.location, consent=input.consent, **values)
    return SavePlacePayload(place=Rows("Place", places.with_id(actor, ward_code, key), actor))  # type: ignore[arg-type]


async def _remove_place(connection: AsyncConnection, context: Context, input: RemovePlaceInput) -> Any:
    ward_code, key = key_of(input.place_id, "Place", "placeId")
    await places.remove(connection, context.actor, ward_code, key)
    return RemovePlacePayload(place_id=input.place_id)


async def _save_crew(connection: AsyncConnection, context: Context, input: SaveCrewInput) -> Any:
    actor = context.actor
    crew_id = None
    ward_code = input.ward_code
    if input.crew_id is not None:
        ward_code, crew_id = key_of(input.crew_id, "Crew", "crewId")
    ward_code = _ward(context, ward_code, staff=True)
    check = Checked([])
    name = check.needed(input.name, ("name",), 100)
    if not 0 <= input.capacity <= 1_000:
        check.problems.append(Problem(("capacity",), CAPACITY))
    for field, names in (("categories", input.categories), ("members", input.members or [])):
        if len(names) > MOST_NAMES:
            check.problems.append(Problem((field,), TOO_MANY, {"most": MOST_NAMES}))
    _refuse(check)
    key = await crews.save(
        connection,
        ward_code,
        crew_id,
        name=name,
        capacity=input.capacity,
        base=input.base,
        coverage=input.coverage_area,
        categories=input.categories,
        members=input.members,
    )
    return SaveCrewPayload(crew=Rows("Crew", crews.with_id(actor, ward_code, key), actor))  # type: ignore[arg-type]


async def _set_duty(connection: AsyncConnection, context: Context, input: SetDutyInput) -> Any:
    actor = context.actor
    if input.crew_id is not None:
        ward_code, key = key_of(input.crew_id, "Crew", "crewId")
    elif actor.ward_code is not None and actor.crew_id is not None:
        ward_code, key = actor.ward_code, actor.crew_id
    else:
        raise NotAllowedRefusal(path=("crewId",))
    await duty.set_duty(connection, actor, ward_code, key, input.on_duty)
    return SetDutyPayload(crew=Rows("Crew", crews.with_id(actor, ward_code, key), actor))  # type: ignore[arg-type]


async def _report_position(context: Context, input: ReportPositionInput) -> Any:
    actor = context.actor
    if actor.ward_code is None or actor.crew_id is None:
        raise NotAllowedRefusal
    # No step of any incident: nobody who follows them is woken.
    async with context.database.write(silent=True) as connection:
        await duty.report_position(connection, actor.ward_code, actor.crew_id, input.position)
    rows = Rows("Crew", crews.with_id(actor, actor.ward_code, actor.crew_id), actor)
    return ReportPositionPayload(crew=rows)  # type: ignore[arg-type]


async def _save_category(connection: AsyncConnection, context: Context, input: SaveCategoryInput) -> Any:
    actor = context.actor
    ward_code = _ward(context, input.ward_code, staff=True)
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
    _refuse(check)
    key = await categories.save(connection, ward_code, input.code, **values)
    rows = Rows("Category", categories.with_id(actor, ward_code, key), actor)
    return SaveCategoryPayload(category=rows)  # type: ignore[arg-type]


@strawberry.type
class KeepingMutation:
    save_place = mutation(
        "SavePlace",
        SavePlacePayload,
        SavePlaceInput,
        _save_place,
        KEEPERS,
        "Put a place on the map or change it: staff, and teams in their own neighbourhood.",
        NotFound,
        NotAllowed,
        InvalidInput,
        OutsideWard,
    )
    remove_place = mutation(
        "RemovePlace",
        RemovePlacePayload,
        RemovePlaceInput,
        _remove_place,
        KEEPERS,
        "Take a place off the map: staff, and teams in their own neighbourhood.",
        NotFound,
        NotAllowed,
    )
    save_crew = mutation(
        "SaveCrew",
        SaveCrewPayload,
        SaveCrewInput,
        _save_crew,
        STAFF,
        "Add a crew or change it, its members included.",
        NotFound,
        NotAllowed,
        InvalidInput,
    )
    set_duty = mutation(
        "SetDuty",
        SetDutyPayload,
        SetDutyInput,
        _set_duty,
        CREWS_AND_STAFF,
        "Begin or end a crew's duty: the crew itself, or staff. What it had not begun goes to the next crew at once.",
        NotFound,
        NotAllowed,
        InvalidInput,
    )
    report_position = mutation_by(
        "ReportPosition",
        ReportPositionPayload,
        ReportPositionInput,
        _report_position,
        CREWS,
        "Say where the caller's crew is now, while it is on duty.",
        NotAllowed,
        InvalidInput,
        OffDuty,
    )
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
