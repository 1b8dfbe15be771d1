"""The types that refer to each other, by name.

A ward has incidents and an incident has a ward: the graph of types is a circle, the modules that declare them are
not, for they meet only here. For the type checker a link is the type itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ForwardRef

import strawberry

from schema.relay import Connection

if TYPE_CHECKING:
    from schema.crews import Crew as CrewLink
    from schema.incidents import Incident as IncidentLink
    from schema.neighbourhoods import Neighbourhood as NeighbourhoodLink
    from schema.places import Place as PlaceLink
    from schema.teams import Team as TeamLink
    from schema.wards import Ward as WardLink
else:

    def _link(name: str, module: str) -> Any:
        return strawberry.lazy(f"schema.{module}").resolve_forward_ref(ForwardRef(name))

    CrewLink = _link("Crew", "crews")
    IncidentLink = _link("Incident", "incidents")
    NeighbourhoodLink = _link("Neighbourhood", "neighbourhoods")
    PlaceLink = _link("Place", "places")
    TeamLink = _link("Team", "teams")
    WardLink = _link("Ward", "wards")

CrewConnection = Connection[CrewLink]
IncidentConnection = Connection[IncidentLink]
NeighbourhoodConnection = Connection[NeighbourhoodLink]
PlaceConnection = Connection[PlaceLink]
TeamConnection = Connection[TeamLink]
WardConnection = Connection[WardLink]

__all__ = [
    "CrewConnection",
    "CrewLink",
    "IncidentConnection",
    "IncidentLink",
    "NeighbourhoodConnection",
    "NeighbourhoodLink",
    "PlaceConnection",
    "PlaceLink",
    "TeamConnection",
    "TeamLink",
    "WardConnection",
    "WardLink",
]
