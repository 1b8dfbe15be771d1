"""Incidents, their history, and who reported them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import sqlalchemy as sa
import strawberry

from geo import categories, incidents, records
from geo.actor import Role
from schema.categories import Category
from schema.enums import Attention, IncidentChannel, IncidentStatus, Obstacle, Satisfaction
from schema.links import CrewLink, IncidentLink, NeighbourhoodLink, TeamLink, WardLink
from schema.places import distance
from schema.relations import crew_of, neighbourhood_of, team_of, ward_of
from schema.relay import Node
from schema.rows import Row, Rows, answers, column, field, node_id
from schema.scalars import GeoJSONPoint


def _address(root: Row, picture_id: sa.ColumnElement[Any], query: str = "") -> sa.ColumnElement[str]:
    return sa.func.concat("/photos/Photo:", root.ward_code, ":", picture_id, query, type_=sa.Text)


@strawberry.type(description="A photograph.")
class Photo(Node):
    id: strawberry.ID = node_id("Photo")
    url: str = field(
        lambda root: _address(root, root.shown_id),
        "Where it is served: the photograph to who works on the incident or reported it, to everybody else the copy "
        "with parts made unrecognisable, where there is one. For who holds the report's secret: with `?report=` and "
        "its tracking code, in our pages.",
    )
    thumbnail_url: str = field(
        lambda root: _address(root, root.shown_id, "?size=thumbnail"),
        "A small version of it.",
    )
    width: int = column("Its width in pixels.")
    height: int = column("Its height in pixels.")
    taken_at: datetime | None = column("When it was taken, where the camera told.")
    published: bool = column("Whether everybody may see it, once the incident's text is published too.")
    redacted: bool = column("Whether everybody gets a copy in which parts are unrecognisable.")
    redacted_url: str | None = field(
        lambda root: sa.case((root.copy_id.is_not(None), _address(root, root.copy_id))),
        "Where that copy is served; for staff.",
    )
    rectangles: list[list[float]] | None = column(
        "The parts that are unrecognisable, each left, top, width and height as fractions of the picture; for staff."
    )


@strawberry.type(description="A crew that dispatch could give an incident to: why this crew, or why not.")
class DispatchCandidate:
    crew: CrewLink | None = field(crew_of, "The crew.")
    metres: float = column("How far from the incident it was expected to be, as the crow flies.")
    in_hand: int = column("How many incidents it had in hand.")
    capacity: int = column("How many it could have in hand.")
    seconds: int = column("Until it could begin: the way by road, after the work in hand.")
    chosen: bool = column("Whether it was given the incident.")
    why: Obstacle | None = column("Why it could not be; null where it could.")


@strawberry.type(description="A step in an incident's life.")
class IncidentEvent:
    at: datetime = column("When it happened.")
    from_status: IncidentStatus | None = strawberry.field(
        name="from", description="The status before; none for the report."
    )
    to_status: IncidentStatus = strawberry.field(name="to", description="The status after.")
    note: str | None = column("What was said, where the caller may read it.")
    actor: str | None = column("Who took the step, where the caller may know it.")
    public: bool = column("Whether the reporter and the public see this step.")
    by_reporter: bool = column("Whether the resident who reported it took this step; never who that is.")
    candidates: list[DispatchCandidate] | None = field(
        lambda root: Rows(
            "DispatchCandidate",
            records.candidates_of(root.ward_code, root.candidates),
            root.seen_by,
            weight=20,
            present=root.candidates.is_not(None),
        ),
        "The crews that dispatch weighed for this step, the best first, for staff; null where it weighed none.",
    )
    photos: list[Photo] = field(
        lambda root: Rows(
            "Photo",
            records.photos_of(root.seen_by, root.ward_code, incident_id=root.incident_id, event_id=root.id),
            root.seen_by,
            weight=5,
        ),
        "The photographs taken for it.",
    )


@strawberry.type(description="Who reported an incident, as far as they told and agreed to be asked.")
class Reporter:
    name: str | None = column("The reporter's name.")
    phone: str | None = column("The reporter's telephone number.")


def _similar(
    root: Row,
    radius_metres: Annotated[float, strawberry.argument(description="How far around, in metres; 1,000 at most.")] = 50,
    first: Annotated[int, strawberry.argument(description="How many; 20 at most.")] = 5,
) -> Rows:
    most = min(max(first, 0), 20)
    select = incidents.similar_to(
        root.seen_by, root.ward_code, root.id, root.category_id, root.geog, min(max(radius_metres, 0.0), 1_000.0), most
    )
    return Rows("Incident", select, root.seen_by, weight=max(most, 1))


def _duplicates(
    root: Row, first: Annotated[int, strawberry.argument(description="How many; 20 at most.")] = 10
) -> Rows:
    most = min(max(first, 0), 20)
    select = incidents.duplicates_of(root.seen_by, root.ward_code, root.id, most)
    return Rows("Incident", select, root.seen_by, weight=max(most, 1))


def _distance(root: Row) -> sa.ColumnElement[Any]:
    actor = root.seen_by
    if root.near is None and actor.role is Role.CREW_MEMBER and actor.crew_id is not None:
        here = incidents.position_of_crew(actor.ward_code, actor.crew_id)
        return sa.func.ST_Distance(root.geog, here, type_=sa.Float)
    return distance(root)


@strawberry.type(description="Something that a resident reported and the ward deals with.")
class Incident(Node):
    id: strawberry.ID = node_id("Incident")
    tracking_code: str = column("The code by which a resident follows it.")
    category: Category = field(
        lambda root: Rows("Category", categories.with_id(root.seen_by, root.ward_code, root.category_id), root.seen_by),
        "What kind of incident it is.",
    )
    status: IncidentStatus = column("Where it stands.")
    description: str | None = column("What the resident wrote; null to those who may not read it.")
    location: GeoJSONPoint = column("Where it is.")
    address: str | None = column("Where it is, in the resident's words; null to those who may not read it.")
    ward: WardLink = field(ward_of, "The ward it is in.")
    neighbourhood: NeighbourhoodLink | None = field(
        neighbourhood_of,
        "The neighbourhood it is in; none on ground not yet drawn.",
    )
    team: TeamLink | None = field(
        team_of,
        "The community digital team of its neighbourhood.",
    )
    crew: CrewLink | None = field(
        crew_of,
        "The crew that has it, where the caller may know.",
    )
    channel: IncidentChannel = column("How the report came in.")
    published: bool = column("Whether its text is shown to everybody; never where its kind is not public.")
    photos: list[Photo] = field(
        lambda root: Rows(
            "Photo", records.photos_of(root.seen_by, root.ward_code, incident_id=root.id), root.seen_by, weight=5
        ),
        "Its photographs that the caller may see.",
    )
    reported_at: datetime = column("When it was reported.")
    due_at: datetime | None = column("By when it is to be dealt with.")
    accept_by: datetime | None = column(
        "By when its crew is to accept it, or another is asked; for staff and the crew."
    )
    attention: Attention | None = column("Why it needs a person of the ward; for staff and the crew that has it.")
    resolved_at: datetime | None = column("When it was dealt with.")
    overdue: bool = column("Whether it is late, or was dealt with late.")
    erased_at: datetime | None = column(
        "When what its reporter wrote was deleted: because somebody asked for it, or because it was kept long enough."
    )
    distance_metres: float | None = field(_distance, "How far it is from `near`, or for a crew from where it is.")
    duplicate_of: IncidentLink | None = field(
        lambda root: Rows(
            "Incident", incidents.with_id(root.seen_by, root.ward_code, root.duplicate_of_id), root.seen_by
        ),
        "The earlier report of the same problem.",
    )
    duplicates: list[IncidentLink] = answers(_duplicates, "The later reports of the same problem, the oldest first.")
    similar: list[IncidentLink] = answers(_similar, "Open incidents of the same kind nearby, the nearest first.")
    history: list[IncidentEvent] = field(
        lambda root: Rows(
            "IncidentEvent", records.events_of(root.seen_by, root.ward_code, root.id), root.seen_by, weight=10
        ),
        "Its steps, the oldest first, as far as the caller may see them.",
    )
    reporter: Reporter | None = field(
        lambda root: Rows("Reporter", records.reporter_of(root.seen_by, root.ward_code, root.id), root.seen_by),
        "Who reported it: for staff, the crew that has it, and the reporter.",
    )
    satisfaction: Satisfaction | None = column("The reporter's verdict, where the caller may know it.")
    reported_by_viewer: bool = column("Whether the caller holds the secret of its reporter.", "reported")
