"""What a file of boundaries would make of a ward's neighbourhoods: a draft to review, with what is wrong. Pure.

Nothing is stored and nothing left out silently. Where the shape itself is unfit the feature is refused; what only
stands against its neighbours (ground in common, ground outside the ward) is told with its size: the map can mend it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import shapely
from shapely.geometry import MultiPolygon

from geo.areas import overlaps, same_area, shown, square_metres
from geo.ids import as_id
from geo.importing import troubles
from geo.importing.checking import Check
from geo.importing.cleaning import Group, Moved, Spot, clean
from geo.importing.features import CODE_FIELDS, NAME_FIELDS, NAME_LENGTH, FeatureFile, FileProblem
from geo.importing.matching import CODE_LENGTH, Found, Sound, Stored, matched
from geo.importing.troubles import Trouble, TroubleKind
from geo.language import Text
from geo.positions import MAX_VERTICES

MOST_FEATURES = 1_000
"""Of a file with one ward's neighbourhoods, which are some tens."""
MOST_VERTICES = 300_000
"""Of all its shapes together: an answer of some ten megabytes."""
TOLD_M2 = 1.0
"""Less ground than this in common, or outside, is rounding: closed at the next step, and not worth a word."""

_NAMES = (
    "ten_to",
    "ten_tdp",
    "tento",
    "tentdp",
    "ten_thon",
    "tenthon",
    "to_dan_pho",
    "ten_to_dan_pho",
    "title",
    "label",
)
_CODES = ("ma_to", "ma_tdp", "mato", "matdp", "ma_thon")

_MANY = Text(
    "Tệp có {count} hình với {vertices} đỉnh; mỗi lần nhập tối đa {most} hình và {most_vertices} đỉnh. Hãy chia tệp.",
    "The file holds {count} shapes with {vertices} vertices; at most {most} and {most_vertices}. Divide it.",
)
_UNNAMED = Text("Hình {number}", "Shape {number}")


class State(StrEnum):
    """What taking a feature would mean."""

    NEW = "NEW"
    REPLACES = "REPLACES"
    UNCHANGED = "UNCHANGED"
    REFUSED = "REFUSED"


@dataclass(frozen=True, slots=True)
class Ward:
    """The ward that is drawn: its name, its outline, its neighbourhoods as they are stored."""

    name: str
    outline: Any
    stored: Sequence[Stored]


@dataclass(slots=True)
class Drafted:
    """One feature of the file, and what it would become. `renews` is the neighbourhood whose boundary it is."""

    number: int
    label: str
    state: State
    name: str | None = None
    """None where the file has none."""
    code: str | None = None
    area: MultiPolygon | None = None
    renews: Stored | None = None
    renamed: bool = False
    differs_m2: float = 0.0
    """How much ground changes hands against what is stored."""
    moved: Moved | None = None
    """What snapping changed."""
    troubles: list[Trouble] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Drawing:
    """All that a file would make. `gaps` is ground of the ward that nobody would hold, where most of it is held."""

    features: Sequence[Drafted]
    name_field: str | None
    code_field: str | None
    spots: Sequence[Spot] = ()


def draft(file: FeatureFile, ward: Ward, *, metres: float | None = None, name_field: str | None = None) -> Drawing:
    """What the features would become; with `metres`, edges no further apart are first brought together.

    Raises `FileProblem` for more than is taken at once, or a `name_field` that is not there.
    """
    _check_size(file)
    name_name = file.field(name_field, ()) if name_field else _usual(file, (*NAME_FIELDS, *_NAMES))
    code_name = _usual(file, (*CODE_FIELDS, *_CODES))
    drafted = [_read(Check(feature), name_name, code_name) for feature in file.features]
    _match(drafted, file, ward)
    spots = _snap(drafted, file, ward, metres)
    _beside(drafted, ward)
    for one in drafted:
        one.troubles.sort(key=lambda trouble: trouble.kind)
    return Drawing(drafted, name_name, code_name, spots)


def _check_size(file: FeatureFile) -> None:
    shapes = [feature.geometry for feature in file.features if feature.geometry is not None]
    vertices = int(shapely.get_num_coordinates(shapes).sum()) if shapes else 0
    if len(file.features) > MOST_FEATURES or vertices > MOST_VERTICES:
        count = len(file.features)
        raise FileProblem(_MANY, count=count, vertices=vertices, most=MOST_FEATURES, most_vertices=MOST_VERTICES)


def _usual(file: FeatureFile, wanted: Sequence[str]) -> str | None:
    """The first field that is called so, however it is written: “Tên tổ”, TEN_TO, ten_to."""
    fields = {_plain(one): one for one in reversed(file.fields)}
    return next((fields[_plain(one)] for one in wanted if _plain(one) in fields), None)


def _plain(name: str) -> str:
    bare = unicodedata.normalize("NFD", name.casefold().replace("đ", "d"))
    return "".join(letter for letter in bare if letter.isalnum())


def _read(check: Check, name_name: str | None, code_name: str | None) -> Drafted:
    """A feature by itself: refused where its shape or its words are unfit."""
    name = check.words(name_name, NAME_LENGTH)
    code = check.words(code_name, CODE_LENGTH)
    number = check.feature.number
    check.label = name or code or _UNNAMED.vi.format(number=number)
    area = check.area(MAX_VERTICES)
    refused = bool(check.troubles) or area is None
    if name is None and not refused:
        check.add(TroubleKind.NAME, troubles.NO_NAME)
    state = State.REFUSED if refused else State.NEW
    return Drafted(number, check.label, state, name, code, area, troubles=check.troubles)


def _match(drafted: Sequence[Drafted], file: FeatureFile, ward: Ward) -> None:
    """Find each one's neighbourhood. Of two that are the same one the later is refused."""
    by_number = {one.number: one for one in drafted}
    ids = {feature.number: as_id(feature.properties.get("id")) for feature in file.features}
    sound: list[Sound] = []
    for one in drafted:
        if one.area is None or one.state is State.REFUSED:
            continue
        inside = one.area.representative_point()
        if not shapely.intersects(ward.outline, one.area):
            at = {"longitude": round(inside.x, 7), "latitude": round(inside.y, 7), "ward": ward.name}
            _refuse(one, Trouble(one.number, one.label, TroubleKind.OUTSIDE, troubles.OUTSIDE_NAMED, at))
        else:
            sound.append((one.number, "", one.code, one.label, one.area, ids[one.number]))
    found, wrong = matched(sound, {"": list(ward.stored)})
    for trouble in wrong:
        _refuse(by_number[trouble.feature], trouble)
    for match in found:
        one = by_number[match.number]
        if match.stored is None:
            continue
        one.renews = match.stored
        one.renamed = one.name is not None and one.name != match.stored.name
        one.state = State.REPLACES if _changes(match, one) else State.UNCHANGED
        if one.state is State.UNCHANGED:
            one.troubles.clear()  # it has its name already


def _changes(match: Found, one: Drafted) -> bool:
    return match.moved or one.renamed


def _refuse(one: Drafted, trouble: Trouble) -> None:
    one.state = State.REFUSED
    one.troubles.append(trouble)


def _taken(drafted: Sequence[Drafted]) -> dict[int, MultiPolygon]:
    """The areas that would be drawn or redrawn, by number."""
    states = (State.NEW, State.REPLACES)
    return {one.number: one.area for one in drafted if one.area is not None and one.state in states}


def _kept(drafted: Sequence[Drafted], ward: Ward) -> dict[str, MultiPolygon]:
    """The neighbourhoods that would stay as they are, by name."""
    renewed = {one.renews.id for one in drafted if one.renews is not None and one.state is State.REPLACES}
    return {one.name: one.area for one in ward.stored if one.area is not None and one.id not in renewed}


def _snap(drafted: Sequence[Drafted], file: FeatureFile, ward: Ward, metres: float | None) -> Sequence[Spot]:
    """Bring the areas together, and tell what moved; gives what is still wrong between them."""
    areas = _taken(drafted)
    labels = {one.number: one.label for one in drafted}
    group = Group(areas, {number: labels[number] for number in areas}, _kept(drafted, ward), ward.outline)
    cleaned, account = clean(file, [group], metres)
    shapes: Mapping[int, Any] = {feature.number: feature.geometry for feature in cleaned.features}
    moved = {one.feature: one for one in account.moved}
    for one in drafted:
        if one.number in moved:
            one.area, one.moved = shapes[one.number], moved[one.number]
        if one.area is not None and one.renews is not None and one.renews.area is not None:
            one.differs_m2 = square_metres(shapely.symmetric_difference(one.area, one.renews.area))
            if one.moved and not one.renamed and same_area(one.area, one.renews.area):
                one.state, one.moved = State.UNCHANGED, None
    return account.after.spots


def _beside(drafted: Sequence[Drafted], ward: Ward) -> None:
    """Tell of each area what it has in common with others, what lies outside the ward, and whose name it takes."""
    areas, kept = _taken(drafted), _kept(drafted, ward)
    by_number = {one.number: one for one in drafted}
    numbers = list(areas)
    labels = [by_number[number].label for number in numbers] + list(kept)
    shapes = [*areas.values(), *kept.values()]
    for lower, higher, common in overlaps(shapes, TOLD_M2):
        for one, other in ((lower, higher), (higher, lower)):
            if one < len(numbers):
                values: dict[str, object] = {"other": labels[other], "square_metres": shown(common)}
                _tell(by_number[numbers[one]], TroubleKind.OVERLAP, troubles.OVERLAP, values)
    for number, area in areas.items():
        name = by_number[number].name
        if name in kept:
            _tell(by_number[number], TroubleKind.NAME, troubles.NAME_TAKEN, {"name": name})
        stray = square_metres(shapely.difference(area, ward.outline))
        if stray > TOLD_M2:
            _tell(
                by_number[number],
                TroubleKind.OUTSIDE,
                troubles.OUTSIDE_BY,
                {"other": ward.name, "square_metres": shown(stray)},
            )


def _tell(one: Drafted, kind: TroubleKind, text: Text, values: dict[str, object]) -> None:
    one.troubles.append(Trouble(one.number, one.label, kind, text, values))
