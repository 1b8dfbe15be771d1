"""Import the boundaries of neighbourhoods (tổ dân phố, thôn) into wards that are there already."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import shapely
import sqlalchemy as sa
from shapely.geometry import MultiPolygon
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import locks
from geo.areas import shown, square_metres
from geo.ids import as_id
from geo.importing import troubles
from geo.importing.checking import Check
from geo.importing.cleaning import Group, Imported, clean, sound_areas
from geo.importing.coverage import Candidate, overlapping
from geo.importing.drawing import write
from geo.importing.features import CODE_FIELDS, NAME_FIELDS, NAME_LENGTH, FeatureFile, FileProblem
from geo.importing.matching import CODE_LENGTH, Found, Sound, Stored, matched
from geo.importing.troubles import Trouble, TroubleKind
from geo.importing.wards import Progress
from geo.language import Text
from geo.positions import MAX_VERTICES
from geo.tables import neighbourhood, neighbourhood_boundary, ward

OUTSIDE_TOLERANCE_M2 = 1.0
"""A boundary along the ward's edge, drawn from the same line but rounded, strays by fractions of a square metre."""

_NO_SUCH_WARD = Text(
    "Ở đây không có phường mã {code}; hãy nhập ranh giới phường trước.",
    "There is no ward {code} here; import its outline first.",
)


async def import_neighbourhoods(
    connection: AsyncConnection,
    file: FeatureFile,
    *,
    ward_code: str | None = None,
    code_field: str | None = None,
    name_field: str | None = None,
    skip_invalid: bool = False,
    snap: float | None = None,
    survey: bool = False,
    progress: Progress,
) -> Imported:
    """Add neighbourhoods or give them new boundaries, in the caller's transaction (READ COMMITTED).

    The ward is `ward_code`, else the one that each lies in. A neighbourhood is known by its id where it was exported
    from here, else by its code, else by its name. A changed boundary closes the period of the old one; the same
    boundary changes nothing. All or nothing, unless `skip_invalid` leaves out what is wrong. A new neighbourhood gets
    its team, still without members. `snap` and `survey` as for wards; the ward's outline is the ground to fill.
    """
    code_name, name_name = file.field(code_field, CODE_FIELDS), file.field(name_field, NAME_FIELDS)
    wards = await _wards(connection, ward_code)
    cleaning = None
    if snap is not None or survey:
        progress("Khớp ranh giới", 0, 1)
        file, cleaning = clean(file, await _groups(connection, file, code_name, name_name, wards), snap)
        progress("Khớp ranh giới", 1, 1)
    sound, wrong = _read(file, code_name, name_name, wards, progress)
    stored = {code: await _stored(connection, code) for code in sorted({code for _, code, *_ in sound})}
    found, more = matched(sound, stored)
    wrong += more
    progress("Kiểm tra chồng lấn", 0, 1)
    wrong += _beside_each_other(found, stored)
    progress("Kiểm tra chồng lấn", 1, 1)
    taken = _without(found, wrong)
    new = [one for one in taken if one.stored is None]
    changed = [one for one in taken if one.moved or one.renamed]
    writes = not wrong or skip_invalid
    if writes:
        await write(connection, new, changed, file.stem, progress)
    return Imported(
        features=len(file.features),
        added=len(new),
        changed=len(changed),
        unchanged=len(taken) - len(new) - len(changed),
        troubles=tuple(sorted(wrong, key=lambda trouble: trouble.feature)),
        notes=file.notes(),
        stored=writes,
        cleaning=cleaning,
    )


def _without(found: Sequence[Found], wrong: Iterable[Trouble]) -> list[Found]:
    rejected = {trouble.feature for trouble in wrong}
    return [one for one in found if one.number not in rejected]


async def _wards(connection: AsyncConnection, ward_code: str | None) -> dict[str, tuple[str, Any]]:
    """Names and outlines by code."""
    query = sa.select(ward.c.code, ward.c.name, sa.func.ST_AsBinary(ward.c.boundary)).order_by(ward.c.code)
    if ward_code is not None:
        query = query.where(ward.c.code == ward_code)
    wards = {code: (name, shapely.from_wkb(bytes(outline))) for code, name, outline in await connection.execute(query)}
    if ward_code is not None and not wards:
        raise FileProblem(_NO_SUCH_WARD, code=ward_code)
    return wards


def _read(
    file: FeatureFile,
    code_name: str | None,
    name_name: str | None,
    wards: Mapping[str, tuple[str, Any]],
    progress: Progress,
) -> tuple[list[Sound], list[Trouble]]:
    """The features that are sound by themselves and lie in a ward, and what is wrong with the others."""
    sound: list[Sound] = []
    wrong: list[Trouble] = []
    tree = shapely.STRtree([outline for _, outline in wards.values()])
    for feature in file.features:
        check = Check(feature)
        code = check.words(code_name, CODE_LENGTH)
        name = check.words(name_name, NAME_LENGTH)
        known = as_id(feature.properties.get("id"))
        check.label = name or code or ""
        if check.lacks(name_name, name):
            check.add(TroubleKind.NAME, troubles.NO_NAME)
        if code_name is not None and known is None and check.lacks(code_name, code):
            check.add(TroubleKind.CODE, troubles.NO_CODE)
        area = check.area(MAX_VERTICES)
        if area is not None:
            ward_code = _home(wards, tree, area)
            if ward_code is not None:
                ward_name, outline = wards[ward_code]
                stray = square_metres(shapely.difference(area, outline))
                if stray > OUTSIDE_TOLERANCE_M2:
                    other = f"{ward_name} ({ward_code})"
                    check.add(TroubleKind.OUTSIDE, troubles.OUTSIDE_BY, other=other, square_metres=shown(stray))
                elif name is not None and not check.troubles:
                    sound.append((feature.number, ward_code, code, name, area, known))
            else:
                inside = area.representative_point()
                check.add(TroubleKind.OUTSIDE, troubles.OUTSIDE, longitude=inside.x, latitude=inside.y)
        wrong += check.troubles
        progress("Kiểm tra từng đối tượng", feature.number, len(file.features))
    return sound, wrong


def _home(wards: Mapping[str, tuple[str, Any]], tree: shapely.STRtree, area: MultiPolygon) -> str | None:
    """The ward that an area lies in; the one there is to choose from, wherever it lies."""
    codes = list(wards)
    held = tree.query(area.representative_point(), predicate="covered_by").tolist()
    return codes[min(held, default=0)] if held or len(codes) == 1 else None


async def _groups(
    connection: AsyncConnection,
    file: FeatureFile,
    code_name: str | None,
    name_name: str | None,
    wards: Mapping[str, tuple[str, Any]],
) -> list[Group]:
    """The sound areas of the file by ward, with the neighbourhoods there that it does not renew."""
    tree = shapely.STRtree([outline for _, outline in wards.values()])
    homes: dict[str, dict[int, MultiPolygon]] = {}
    for number, area in sound_areas(file, MAX_VERTICES).items():
        home = _home(wards, tree, area)
        if home is not None:
            homes.setdefault(home, {})[number] = area
    codes, names, ids = (
        {feature.number: feature.properties.get(name or "") for feature in file.features}
        for name in (code_name, name_name, "id")
    )
    groups = []
    for ward_code, areas in sorted(homes.items()):
        renewed = {str(known[number]) for known in (codes, names, ids) for number in areas if known[number]}
        fixed = {
            one.name: one.area
            for one in await _stored(connection, ward_code)
            if one.area is not None and not renewed & {str(one.id), one.name, one.code or one.name}
        }
        labels = {number: str(names[number] or codes[number] or number) for number in areas}
        groups.append(Group(areas, labels, fixed, wards[ward_code][1]))
    return groups


async def _stored(connection: AsyncConnection, ward_code: str) -> list[Stored]:
    """The ward's neighbourhoods, with the boundary in force. Other editors of the ward wait until we are done."""
    await locks.take(connection, locks.BOUNDARIES, ward_code)
    boundary = neighbourhood_boundary.c
    current = sa.and_(
        boundary.ward_code == neighbourhood.c.ward_code,
        boundary.neighbourhood_id == neighbourhood.c.id,
        boundary.until.is_(None),
    )
    columns = neighbourhood.c
    query = (
        sa.select(columns.id, columns.code, columns.name, sa.func.ST_AsBinary(boundary.boundary), boundary.since)
        .select_from(neighbourhood.outerjoin(neighbourhood_boundary, current))
        .where(columns.ward_code == ward_code)
        .order_by(columns.id)
    )
    return [
        Stored(id_, code, name, None if area is None else _multi(shapely.from_wkb(bytes(area))), since)
        for id_, code, name, area, since in await connection.execute(query)
    ]


def _multi(shape: Any) -> MultiPolygon:
    return shape if isinstance(shape, MultiPolygon) else MultiPolygon([shape])


def _beside_each_other(found: Sequence[Found], stored: Mapping[str, list[Stored]]) -> list[Trouble]:
    """Overlaps, and names that other neighbourhoods keep. Leaving one out may bring out another: until none is left."""
    wrong: list[Trouble] = []
    while True:
        fresh: list[Trouble] = []
        for ward_code, here in stored.items():
            taken = [one for one in _without(found, wrong) if one.ward_code == ward_code]
            fresh += overlapping(
                [Candidate(one.number, one.key, one.name, one.area) for one in taken],
                {str(one.id): (one.name, one.area) for one in here if one.area is not None},
                0,
            )
            renewed = {one.stored.id for one in taken if one.stored is not None}
            names = {one.name for one in here if one.id not in renewed}
            fresh += [
                Trouble(one.number, one.name, TroubleKind.NAME, troubles.NAME_TAKEN, {"name": one.name})
                for one in taken
                if one.name in names
            ]
        if not fresh:
            return wrong
        wrong += fresh
