"""What staff, teams and crews keep up to date: places, crews and their duty."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import strawberry
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import consents, crew_ground, crews, duty, places
from geo.contact import Checked
from geo.errors import InvalidInput as InvalidInputRefusal
from geo.errors import NotAllowed as NotAllowedRefusal
from geo.errors import NotFound as NotFoundRefusal
from geo.errors import Problem
from geo.language import Text
from geo.positions import PositionError, sound
from schema.context import Context
from schema.enums import PlaceKind
from schema.errors import InvalidInput, NotAllowed, NotFound, OffDuty, OutsideWard
from schema.links import CrewLink, PlaceLink
from schema.meant import refuse, ward_meant
from schema.mutating import CREWS, CREWS_AND_STAFF, KEEPERS, STAFF, key_of, mutation, mutation_by
from schema.rows import Found
from schema.scalars import GeoJSONMultiPolygon, GeoJSONPoint

CAPACITY = Text("Sức chứa từ 0 đến 1.000 việc.", "A capacity is from 0 to 1,000.")
TOO_MANY = Text("Nhiều nhất {most} mục.", "At most {most} of them.")
MOST_NAMES = 1_000


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
    request_key: UUID | None = strawberry.field(
        default=None,
        description="For a place to add: a UUID that the client makes, once for each place. "
        "Sent again, by a second tap or after a lost answer, it changes nothing and answers with the same place.",
    )
    consent: bool | None = strawberry.field(
        default=None,
        description="For an official's home: whether the official agrees to its being public; "
        "without it, what was recorded stays.",
    )
    consent_wording: str | None = strawberry.field(
        default=None,
        description="The key of the words that were agreed to, where our pages showed them; see docs/privacy.md.",
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
        default=None, description="The ground it covers, drawn; without it and `neighbourhoodIds` the whole ward."
    )
    neighbourhood_ids: list[strawberry.ID] | None = strawberry.field(
        default=None,
        description="The neighbourhoods that it covers, one at least, instead of a drawn ground: "
        "as they are then, without another saving.",
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


async def _save_place(connection: AsyncConnection, context: Context, input: SavePlaceInput) -> Any:
    actor = context.actor
    place_id = None
    ward_code = ward_meant(context, input.ward_code, staff=False)
    if input.place_id is not None:
        ward_code, place_id = key_of(input.place_id, "Place", "placeId")
    check = Checked([])
    values: dict[str, Any] = {
        "kind": input.kind,
        "name": check.needed(input.name, ("name",), 200),
        "address": check.text(input.address, ("address",), 300),
        "phone": check.text(input.phone, ("phone",), 50),
        "opening_hours": check.text(input.opening_hours, ("openingHours",), 200),
    }
    refuse(check)
    key = await places.save(
        connection,
        actor,
        ward_code,
        place_id,
        input.location,
        consent=input.consent,
        wording=consents.agreed(input.consent_wording, consents.HOMES, consents.HOME, context.language, ("consent",)),
        request_key=input.request_key,
        **values,
    )
    return SavePlacePayload(place=Found("Place", places.with_id, actor, ward_code, key))  # type: ignore[arg-type]


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
    ward_code = ward_meant(context, ward_code, staff=True)
    check = Checked([])
    name = check.needed(input.name, ("name",), 100)
    if not 0 <= input.capacity <= 1_000:
        check.problems.append(Problem(("capacity",), CAPACITY))
    if input.coverage_area is not None:
        try:
            sound(input.coverage_area)
        except PositionError as error:
            check.problems.append(Problem(("coverageArea", *error.path), error.text))
    lists = (
        ("categories", input.categories),
        ("members", input.members or []),
        ("neighbourhoodIds", input.neighbourhood_ids or []),
    )
    for field, names in lists:
        if len(names) > MOST_NAMES:
            check.problems.append(Problem((field,), TOO_MANY, {"most": MOST_NAMES}))
    refuse(check)
    neighbourhoods = None if input.neighbourhood_ids is None else _of_ward(ward_code, input.neighbourhood_ids)
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
        neighbourhoods=neighbourhoods,
    )
    return SaveCrewPayload(crew=Found("Crew", crews.with_id, actor, ward_code, key))  # type: ignore[arg-type]


def _of_ward(ward_code: str, ids: Sequence[strawberry.ID]) -> list[UUID]:
    """The neighbourhoods with these ids; what is no id of this ward's refuses the input."""
    keys: list[UUID] = []
    problems = []
    for n, id_ in enumerate(ids):
        try:
            keys.append(key_of(id_, "Neighbourhood", "neighbourhoodIds", ward_code)[1])
        except NotFoundRefusal:
            problems.append(Problem(("neighbourhoodIds", str(n)), crew_ground.UNKNOWN_NEIGHBOURHOOD))
    if problems:
        raise InvalidInputRefusal(*problems)
    return keys


async def _set_duty(connection: AsyncConnection, context: Context, input: SetDutyInput) -> Any:
    actor = context.actor
    if input.crew_id is not None:
        ward_code, key = key_of(input.crew_id, "Crew", "crewId")
    elif actor.ward_code is not None and actor.crew_id is not None:
        ward_code, key = actor.ward_code, actor.crew_id
    else:
        raise NotAllowedRefusal(path=("crewId",))
    await duty.set_duty(connection, actor, ward_code, key, input.on_duty)
    return SetDutyPayload(crew=Found("Crew", crews.with_id, actor, ward_code, key))  # type: ignore[arg-type]


async def _report_position(context: Context, input: ReportPositionInput) -> Any:
    actor = context.actor
    if actor.ward_code is None or actor.crew_id is None:
        raise NotAllowedRefusal
    # No step of any incident: nobody who follows them is woken.
    async with context.database.write(silent=True) as connection:
        await duty.report_position(connection, actor.ward_code, actor.crew_id, input.position)
    found = Found("Crew", crews.with_id, actor, actor.ward_code, actor.crew_id)
    return ReportPositionPayload(crew=found)  # type: ignore[arg-type]


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
