"""Lists of incidents: the same arguments and orders wherever they hang, on a ward, a neighbourhood or a crew."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Annotated, Any

import strawberry
from graphql import GraphQLError

from geo import incidents
from geo.actor import Role
from geo.language import Text
from geo.locating import geography
from geo.ordering import Order
from schema.inputs import TOO_MANY, IncidentFilter
from schema.relay import MOST, MOST_ON_MAP, LateIds, identity, page
from schema.rows import Page, Row, Rows
from schema.texts import language

NEAR_MISSING = Text(
    "Xếp theo khoảng cách cần có vị trí `near`.", "Ordering by distance needs a position, `near`, to measure from."
)


@strawberry.enum(description="The order of a list of incidents.")
class IncidentOrder(Enum):
    NEWEST_FIRST = strawberry.enum_value("NEWEST_FIRST", description="The latest report first.")
    OLDEST_FIRST = strawberry.enum_value("OLDEST_FIRST", description="The earliest report first.")
    MOST_URGENT_FIRST = strawberry.enum_value(
        "MOST_URGENT_FIRST", description="By deadline, the earliest first; those without one last."
    )
    NEAREST_FIRST = strawberry.enum_value(
        "NEAREST_FIRST", description="By distance from `near`, or for a crew from where it is."
    )


Wanted = Annotated[IncidentFilter | None, strawberry.argument(name="filter", description="Which incidents.")]
Among = Annotated[
    list[strawberry.ID] | None,
    strawberry.argument(description="Only those of these incidents; 100 at most."),
]
Newest = Annotated[IncidentOrder, strawberry.argument(description="In which order.")]


def listed(
    root: Row, wanted: IncidentFilter | None, order_by: IncidentOrder, first: int, after: str | None, **of: Any
) -> Page:
    """A page of the readable incidents of a ward, neighbourhood or crew: `of` says which."""
    meaning = wanted.meaning() if wanted is not None else incidents.EVERYTHING
    select = incidents.matching(root.seen_by, meaning, **of)
    rows = Rows("Incident", select, root.seen_by, near=meaning.near)
    most = MOST if meaning.within is None else MOST_ON_MAP
    return page(rows, _order(root, order_by, meaning), first, after, most)


def keys_of(ids: Sequence[str | LateIds] | None) -> Any:
    """The keys of the incidents among `ids`; what is no incident's id names nothing."""
    if ids is None:
        return None
    if ids and isinstance(ids[0], LateIds):
        of_type = ids[0].of_type.get("Incident")
        return [] if of_type is None else of_type[1]
    if len(ids) > MOST:
        message = TOO_MANY.to(language.get(), most=MOST)
        raise GraphQLError(message, extensions={"code": "BAD_INPUT", "path": ["ids"]})
    named = [identity(id_) for id_ in ids if isinstance(id_, str)]
    return [one.key for one in named if one is not None and one.type_name == "Incident"]


def _order(root: Row, order_by: IncidentOrder, meaning: incidents.Filter) -> Order:
    match order_by:
        case IncidentOrder.NEWEST_FIRST:
            return incidents.NEWEST_FIRST
        case IncidentOrder.OLDEST_FIRST:
            return incidents.OLDEST_FIRST
        case IncidentOrder.MOST_URGENT_FIRST:
            return incidents.MOST_URGENT_FIRST
    if meaning.near is not None:
        return incidents.nearest_first(geography(meaning.near))
    actor = root.seen_by
    if actor.role is Role.CREW_MEMBER and actor.crew_id is not None:
        return incidents.nearest_first(incidents.position_of_crew(actor.ward_code, actor.crew_id))
    message = NEAR_MISSING.to(language.get())
    raise GraphQLError(message, extensions={"code": "BAD_INPUT", "path": ["filter", "near"]})
