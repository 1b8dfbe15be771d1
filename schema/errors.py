"""Expected refusals as GraphQL types, each named as the exception it shows."""

from __future__ import annotations

from typing import Any

import strawberry

from geo import boundary_refusals, errors
from geo.language import Language
from schema.enums import BoundaryFaultKind, IncidentStatus
from schema.scalars import GeoJSONGeometry


@strawberry.interface(description="Something that could be expected to go wrong, told as data.")
class UserError:
    code: str = strawberry.field(description="For programs: stays the same across languages and versions.")
    message: str = strawberry.field(description="For people: in the caller's language, Vietnamese by default.")
    path: list[str] | None = strawberry.field(description="Which argument is at fault, from the field's arguments on.")


@strawberry.type(description="One thing that is wrong with one input.")
class Problem:
    path: list[str] = strawberry.field(description="Which input, from the field's arguments on.")
    message: str = strawberry.field(description="What is wrong with it, in the caller's language.")


@strawberry.type(description="One or more inputs need correcting; nothing was stored.")
class InvalidInput(UserError):
    problems: list[Problem] = strawberry.field(description="All that is wrong.")


@strawberry.type(description="There is no such thing, or the caller may not see it.")
class NotFound(UserError):
    pass


@strawberry.type(description="The caller's role may not do this.")
class NotAllowed(UserError):
    pass


@strawberry.type(description="The place lies outside the ward, or outside every ward kept here; nothing was stored.")
class OutsideWard(UserError):
    pass


CHALLENGE = "/challenge"
"""Where challenges are given."""


@strawberry.type(description="Too many requests; wait before the next.")
class TooManyRequests(UserError):
    retry_after_seconds: int = strawberry.field(description="How long to wait, in seconds.")
    challenge: str | None = strawberry.field(
        description="Where to fetch a challenge (ALTCHA's, version 2) whose solution, sent along as `proof`, does "
        "instead of waiting; null where only waiting helps."
    )


@strawberry.type(description="The incident's present status does not allow this step.")
class InvalidTransition(UserError):
    from_status: IncidentStatus = strawberry.field(name="from", description="The status it has.")
    to_status: IncidentStatus = strawberry.field(name="to", description="The status that was asked for.")


@strawberry.type(description="The crew is off duty, full, or does not handle this kind of incident.")
class CrewUnavailable(UserError):
    pass


@strawberry.type(description="The crew is off duty: its position was not kept.")
class OffDuty(UserError):
    pass


@strawberry.type(description="A neighbourhood that somebody changed meanwhile.")
class ConflictingVersion:
    neighbourhood_id: strawberry.ID = strawberry.field(description="The neighbourhood.")
    current_version: int = strawberry.field(description="The version it has now.")


@strawberry.type(
    description="Somebody else changed the boundary of what was to be changed; nothing was stored. Look at what it is "
    "now, then send the draft again with its version."
)
class VersionConflict(UserError):
    neighbourhood_id: strawberry.ID | None = strawberry.field(description="The first of the neighbourhoods.")
    current_version: int | None = strawberry.field(description="The version that it has now.")
    conflicts: list[ConflictingVersion] = strawberry.field(description="All that were changed.")


@strawberry.type(description="One thing that stands against a draft of boundaries.")
class BoundaryProblemDetail:
    kind: BoundaryFaultKind = strawberry.field(description="What it is.")
    geometry: GeoJSONGeometry | None = strawberry.field(
        description="The ground in question; of a crossing the point; of too many vertices the box around the shape."
    )
    square_metres: float = strawberry.field(description="How much ground it is.")
    message: str = strawberry.field(description="The same in words, in the caller's language.")
    neighbourhood_ids: list[strawberry.ID] = strawberry.field(
        description="The neighbourhoods it is about; not the new ones of the draft, which have no id yet."
    )


@strawberry.type(description="Boundaries that cannot stand; nothing was stored. Tells of the largest problem first.")
class BoundaryProblem(UserError):
    kind: BoundaryFaultKind = strawberry.field(description="What it is.")
    geometry: GeoJSONGeometry | None = strawberry.field(
        description="The ground in question; of a crossing the point; of too many vertices the box around the shape."
    )
    square_metres: float = strawberry.field(description="How much ground it is.")
    neighbourhood_ids: list[strawberry.ID] = strawberry.field(
        description="The neighbourhoods it is about; not the new ones of the draft, which have no id yet."
    )
    problems: list[BoundaryProblemDetail] = strawberry.field(
        description="What stands against them, the largest first: 20 at most."
    )


MOST_PROBLEMS = 20
"""What is told of one draft: who mends so many sees what is left."""


def _boundary_problem(
    refusal: boundary_refusals.BoundaryProblem, common: dict[str, Any], language: Language
) -> BoundaryProblem:
    told = [
        BoundaryProblemDetail(
            kind=fault.kind,
            geometry=None if fault.geometry is None or fault.geometry.is_empty else fault.geometry,
            square_metres=fault.square_metres,
            message=refusal.detail(fault, language),
            neighbourhood_ids=[
                strawberry.ID(f"Neighbourhood:{refusal.ward_code}:{key}") for key in refusal.ids_of(fault)
            ],
        )
        for fault in refusal.faults[:MOST_PROBLEMS]
    ]
    first = told[0]
    return BoundaryProblem(
        **common,
        kind=first.kind,
        geometry=first.geometry,
        square_metres=first.square_metres,
        neighbourhood_ids=first.neighbourhood_ids,
        problems=told,
    )


def _version_conflict(refusal: errors.VersionConflict, common: dict[str, Any]) -> VersionConflict:
    conflicts = [
        ConflictingVersion(
            neighbourhood_id=strawberry.ID(f"Neighbourhood:{one.ward_code}:{one.neighbourhood_id}"),
            current_version=one.current_version,
        )
        for one in refusal.conflicts
    ]
    first = conflicts[0]
    return VersionConflict(
        **common,
        neighbourhood_id=first.neighbourhood_id,
        current_version=first.current_version,
        conflicts=conflicts,
    )


def _coded(name: str) -> str:
    return "".join(f"_{letter}" if letter.isupper() else letter for letter in name).lstrip("_").upper()


def shown(refusal: errors.Refusal, language: Language) -> UserError:
    """The GraphQL object that tells of `refusal` in `language`."""
    common: dict[str, Any] = {
        "code": _coded(type(refusal).__name__),
        "message": refusal.message(language),
        "path": ["input", *refusal.path] if refusal.path else None,
    }
    match refusal:
        case errors.InvalidInput(problems=problems):
            told = [Problem(path=["input", *item.path], message=item.message(language)) for item in problems]
            return InvalidInput(**common, problems=told)
        case errors.TooManyRequests(retry_after=seconds, challenge=challenge):
            return TooManyRequests(**common, retry_after_seconds=seconds, challenge=CHALLENGE if challenge else None)
        case errors.InvalidTransition(current=current, to=to):
            return InvalidTransition(**common, from_status=IncidentStatus(current), to_status=IncidentStatus(to))
        case errors.VersionConflict():
            return _version_conflict(refusal, common)
        case boundary_refusals.BoundaryProblem():
            return _boundary_problem(refusal, common, language)
        case errors.NotFound():
            return NotFound(**common)
        case errors.NotAllowed():
            return NotAllowed(**common)
        case errors.OutsideWard():
            return OutsideWard(**common)
        case errors.CrewUnavailable():
            return CrewUnavailable(**common)
        case errors.OffDuty():
            return OffDuty(**common)
        case _:
            raise refusal
