"""Areas beside each other: which features of a file overlap one another, or what is stored already. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shapely.geometry import MultiPolygon

from geo.areas import overlaps, shown
from geo.importing import troubles
from geo.importing.troubles import Trouble, TroubleKind


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sound feature that would become the area with this `key`."""

    number: int
    key: str
    label: str
    area: MultiPolygon


def overlapping(
    candidates: Sequence[Candidate], stored: Mapping[str, tuple[str, MultiPolygon]], tolerance: float
) -> list[Trouble]:
    """What overlaps by more than `tolerance` m² (0: by anything). `stored` gives label and area by key.

    A candidate replaces what is stored under its key. Of two features of the file the later one is at fault, for one
    has to give way; a stored area whose renewal is refused stays, and the others must respect it.
    """
    wrong: dict[int, Trouble] = {}
    while True:
        taken = [one for one in candidates if one.number not in wrong]
        replaced = {one.key for one in taken}
        kept = [one for key, one in stored.items() if key not in replaced]
        labels = [label for label, _ in kept] + [one.label for one in taken]
        shapes = [area for _, area in kept] + [one.area for one in taken]
        fresh: dict[int, Trouble] = {}
        for lower, higher, common in overlaps(shapes, tolerance):
            if higher < len(kept):
                continue  # both are stored: not this file's doing
            if lower >= len(kept) and taken[lower - len(kept)].number in fresh:
                continue  # the earlier one is out already
            one = taken[higher - len(kept)]
            values: dict[str, object] = {"other": labels[lower], "square_metres": shown(common)}
            fresh.setdefault(one.number, Trouble(one.number, one.label, TroubleKind.OVERLAP, troubles.OVERLAP, values))
        if not fresh:
            return list(wrong.values())
        wrong |= fresh
