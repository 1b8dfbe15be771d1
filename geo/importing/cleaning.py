"""What snapping did to each feature, and what is still wrong between areas, with its size: nothing is done silently."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import shapely
from shapely.geometry import MultiPolygon, Polygon, mapping

from geo.areas import overlaps, same_area, square_metres
from geo.importing.checking import Check
from geo.importing.features import FeatureFile
from geo.importing.snapping import snap
from geo.importing.troubles import Report
from geo.language import Text
from geo.plane import Plane


class SpotKind(StrEnum):
    """What can be wrong between areas that should share their edges."""

    GAP = "GAP"
    OVERLAP = "OVERLAP"
    OUTSIDE = "OUTSIDE"


SPOT_NAMES: dict[SpotKind, Text] = {
    SpotKind.GAP: Text("Khoảng trống", "Gap"),
    SpotKind.OVERLAP: Text("Chồng lấn", "Overlap"),
    SpotKind.OUTSIDE: Text("Nằm ngoài ranh giới phường", "Outside the ward"),
}


@dataclass(frozen=True, slots=True)
class Spot:
    """Ground that is no area's, or several areas', or an area's beyond the outline."""

    kind: SpotKind
    labels: tuple[str, ...]
    """Whose it is, or who lies around it."""
    square_metres: float
    shape: Any


@dataclass(frozen=True, slots=True)
class Moved:
    """What snapping changed in one feature."""

    feature: int
    label: str
    vertices: int
    """How many of its vertices are no longer where they were."""
    metres: float
    """How far its edge moved, at most."""
    square_metres: float
    """How much larger it became."""


@dataclass(frozen=True, slots=True)
class State:
    """How far areas are from sharing every edge."""

    strict: bool
    unmatched: int
    """Areas with an edge that no neighbour has vertex for vertex, or that reaches into one."""
    spots: tuple[Spot, ...]

    def total(self, kind: SpotKind) -> float:
        return sum(spot.square_metres for spot in self.spots if spot.kind is kind)


@dataclass(frozen=True, slots=True)
class Cleaning:
    """What was found between the areas, and with `metres` what was done about it."""

    before: State
    after: State
    metres: float | None = None
    moved: tuple[Moved, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """Features that should fill an outline together: those of one ward, or the wards themselves without one.

    `areas` are the sound ones by their number, `fixed` the neighbours that stay, by what they are called.
    """

    areas: Mapping[int, MultiPolygon]
    labels: Mapping[int, str]
    fixed: Mapping[str, MultiPolygon]
    outline: Any = None


@dataclass(frozen=True, slots=True)
class Imported(Report):
    """What an import of areas came to; `cleaning` says how well they fit together, where that was asked."""

    cleaning: Cleaning | None = None


def sound_areas(file: FeatureFile, most_vertices: int) -> dict[int, MultiPolygon]:
    """The areas of a file that are valid by themselves, by the number of their feature."""
    checked = ((feature.number, Check(feature).area(most_vertices)) for feature in file.features)
    return {number: area for number, area in checked if area is not None}


def clean(file: FeatureFile, groups: Sequence[Group], metres: float | None) -> tuple[FeatureFile, Cleaning]:
    """The file with the areas of each group brought together within `metres`, or as it was; and the account of it."""
    before, after, moved = [], [], []
    replaced: dict[int, MultiPolygon] = {}
    for group in groups:
        numbers, areas = list(group.areas), list(group.areas.values())
        names = [group.labels[number] for number in numbers]
        before.append(_state(areas, names, group))
        if metres is None or not areas:
            continue
        snapped = [
            # Vertices given twice are no difference.
            old if same_area(shapely.remove_repeated_points(old), new) else new
            for old, new in zip(areas, snap(areas, metres, list(group.fixed.values()), group.outline), strict=True)
        ]
        after.append(_state(snapped, names, group))
        plane = Plane.around(areas)
        for number, name, old, new in zip(numbers, names, areas, snapped, strict=True):
            if new is not old:
                replaced[number] = new
                moved.append(_moved(number, name, old, new, plane))
    features = tuple(
        replace(feature, geometry=replaced[feature.number]) if feature.number in replaced else feature
        for feature in file.features
    )
    first = _together(before)
    last = first if metres is None else _together(after)
    moved.sort(key=lambda one: one.feature)
    return replace(file, features=features), Cleaning(first, last, metres, tuple(moved))


def spots_as_geojson(spots: Sequence[Spot]) -> str:
    """The spots as a FeatureCollection, the largest first."""
    features = [
        {
            "type": "Feature",
            "geometry": mapping(spot.shape),
            "properties": {
                "kind": spot.kind,
                "name": SPOT_NAMES[spot.kind].vi,
                "of": list(spot.labels),
                "square_metres": round(spot.square_metres, 4),
            },
        }
        for spot in spots
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)


def _together(states: Sequence[State]) -> State:
    spots = sorted((spot for state in states for spot in state.spots), key=lambda spot: -spot.square_metres)
    return State(all(state.strict for state in states), sum(state.unmatched for state in states), tuple(spots))


def _state(areas: list[MultiPolygon], names: list[str], group: Group) -> State:
    shapes, labels = [*areas, *group.fixed.values()], [*names, *group.fixed]
    spots = [
        Spot(SpotKind.OVERLAP, (labels[one], labels[other]), size, shapely.intersection(shapes[one], shapes[other]))
        for one, other, size in overlaps(shapes, 0)
        if one < len(areas)
    ]
    tree = shapely.STRtree(shapes)
    for gap in _gaps(shapes, group.outline):
        around = tuple(labels[index] for index in sorted(tree.query(gap, predicate="intersects").tolist()))
        spots.append(Spot(SpotKind.GAP, around, square_metres(gap), gap))
    if group.outline is not None:
        for area, name in zip(areas, names, strict=True):
            beyond = shapely.difference(area, group.outline)
            if not beyond.is_empty:
                spots.append(Spot(SpotKind.OUTSIDE, (name,), square_metres(beyond), beyond))
    edges: Any = shapely.coverage_invalid_edges(areas) if areas else []
    unmatched = sum(not edge.is_empty for edge in edges)
    return State(unmatched == 0, unmatched, tuple(spots))


def _gaps(shapes: list[Any], outline: Any) -> list[Polygon]:
    """What the shapes leave free: of the outline, or within the ground that they enclose together."""
    if not shapes:
        return []
    covered = shapely.union_all(shapes)
    if outline is None:
        whole = [Polygon(part.exterior) for part in shapely.get_parts(covered)]
        free = [shapely.difference(one, covered) for one in whole]
    else:
        free = [shapely.difference(outline, covered)]
    return [gap for one in free for gap in shapely.get_parts(one) if isinstance(gap, Polygon) and gap.area > 0]


def _moved(number: int, name: str, old: MultiPolygon, new: MultiPolygon, plane: Plane) -> Moved:
    kept = {tuple(point) for point in shapely.get_coordinates(new).tolist()}
    gone = {tuple(point) for point in shapely.get_coordinates(old).tolist()} - kept
    return Moved(number, name, len(gone), plane.furthest(old, new), square_metres(new) - square_metres(old))
