"""The words of boundary drawing: a ward's coverage, a draft of changes to it, what became of it, what stood against it.

Shapes are shapely MultiPolygons in WGS 84 degrees on the grid of 7 decimals. An area's key is whatever the caller
knows it by: a neighbourhood's id, or the place of a new one in the draft.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from shapely.geometry import MultiPolygon

SNAP_METRES = 2.0
"""What is drawn goes to a vertex or an edge that is this near: a vertex first."""
SLIVER_METRES = 2.0
SLIVER_SQUARE_METRES = 100.0
"""A gap or overlap that is nowhere wider and no larger is a sliver: closed, and told. Anything more is refused."""
CUT_SQUARE_METRES = 5.0
"""How much ground a ward's outline may gain or lose by the rounding of one cut's two end points."""

MOST_FAULTS = 50
"""Nobody reads more of what stands against one draft."""
MOST_PARTS = 100
"""A line that would cut an area into more is no cut that somebody means."""

Key = Hashable


class FaultKind(StrEnum):
    """What stands against a draft."""

    OVERLAP = "OVERLAP"
    GAP = "GAP"
    OUTSIDE_WARD = "OUTSIDE_WARD"
    SELF_INTERSECTION = "SELF_INTERSECTION"
    TOO_MANY_VERTICES = "TOO_MANY_VERTICES"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that stands against a draft: where, how much ground, and whose areas (the draft's first)."""

    kind: FaultKind
    geometry: Any
    """The ground in question; for a crossing the point; for too many vertices the box around the shape."""
    square_metres: float
    keys: tuple[Key, ...]


class BoundaryFault(Exception):
    """A draft that cannot stand, with what stands against it, the largest first."""

    def __init__(self, *faults: Fault) -> None:
        self.faults = tuple(sorted(faults, key=lambda fault: -fault.square_metres)[:MOST_FAULTS])
        super().__init__(", ".join(f"{fault.kind} {fault.square_metres:.1f} m²" for fault in self.faults))


@dataclass(frozen=True, slots=True)
class Coverage:
    """A ward's outline and the areas that it has now, which share their edges; some ground may be nobody's."""

    outline: MultiPolygon
    areas: Mapping[Key, MultiPolygon]


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to change, all or nothing: new areas, areas with another shape, areas that are given up."""

    drawn: Mapping[Key, MultiPolygon] = field(default_factory=dict)
    redrawn: Mapping[Key, MultiPolygon] = field(default_factory=dict)
    removed: frozenset[Key] = frozenset()


@dataclass(frozen=True, slots=True)
class Sliver:
    """A narrow gap or overlap that was closed."""

    kind: FaultKind
    square_metres: float
    keys: tuple[Key, ...]


@dataclass(frozen=True, slots=True)
class Settled:
    """What a draft comes to. Together with what it leaves alone, `areas` are a coverage of the ward again."""

    outline: MultiPolygon
    """The ward's own, with the cuts' end points as vertices of its own."""
    areas: Mapping[Key, MultiPolygon]
    """Every area drawn and redrawn, as it is to be kept, and the neighbours in `noded`."""
    noded: frozenset[Key]
    """Neighbours outside the draft that got a vertex of a shared edge as their own; no ground changed hands."""
    slivers: tuple[Sliver, ...]
    drift_square_metres: float
    """How much ground the outline gained and lost by rounding."""
