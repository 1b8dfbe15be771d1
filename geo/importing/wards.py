"""Import the outlines of wards."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import shapely
import sqlalchemy as sa
from shapely.geometry import MultiPolygon
from sqlalchemy.ext.asyncio import AsyncConnection

from geo.areas import same_area, shown, square_metres
from geo.importing import troubles
from geo.importing.checking import Check
from geo.importing.cleaning import Group, Imported, clean, sound_areas
from geo.importing.coverage import Candidate, overlapping
from geo.importing.features import CODE_FIELDS, NAME_FIELDS, NAME_LENGTH, FeatureFile
from geo.importing.troubles import Trouble, TroubleKind
from geo.plane import VIETNAM
from geo.rejection_seeds import seed_rejections
from geo.seeds import seed_categories
from geo.tables import SRID, neighbourhood, neighbourhood_boundary, ward

Progress = Callable[[str, int, int], None]

MAX_VERTICES = 50_000
"""A ward along a coast has several thousand."""
OVERLAP_TOLERANCE_M2 = 1.0
"""Published outlines of neighbouring wards differ by rounding: 0.5 m² over all of Đà Nẵng. So much is taken a pair; a
point on such a sliver has one ward all the same, the lowest code."""


@dataclass(frozen=True, slots=True)
class _Ward:
    number: int
    code: str
    name: str
    outline: MultiPolygon


@dataclass(frozen=True, slots=True)
class _Stored:
    name: str
    outline: MultiPolygon
    demo: bool


async def import_wards(
    connection: AsyncConnection,
    file: FeatureFile,
    *,
    code_field: str | None = None,
    name_field: str | None = None,
    skip_invalid: bool = False,
    snap: float | None = None,
    survey: bool = False,
    progress: Progress,
) -> Imported:
    """Add the wards of a file or renew their outlines, in the caller's transaction; a new one gets its categories.

    With `snap`, the outlines are brought together within so many metres first; with `survey`, what is wrong between
    them is looked for. All or nothing: where anything is wrong nothing is written, unless `skip_invalid` leaves
    those features out.
    """
    code_name, name_name = file.field(code_field, CODE_FIELDS), file.field(name_field, NAME_FIELDS)
    await connection.execute(sa.text("LOCK TABLE ward IN SHARE ROW EXCLUSIVE MODE"))
    stored = await _stored(connection)
    cleaning = None
    if snap is not None or survey:
        progress("Khớp ranh giới", 0, 1)
        file, cleaning = clean(file, [_group(file, code_name, name_name, stored)], snap)
        progress("Khớp ranh giới", 1, 1)
    found, wrong = _read(file, code_name, name_name, stored, progress)
    wrong += await _losing_ground(connection, found, stored)
    rejected = {trouble.feature for trouble in wrong}
    progress("Kiểm tra chồng lấn", 0, 1)
    wrong += overlapping(
        [Candidate(one.number, one.code, _called(one), one.outline) for one in found if one.number not in rejected],
        {code: (f"{code} {one.name}", one.outline) for code, one in stored.items()},
        OVERLAP_TOLERANCE_M2,
    )
    progress("Kiểm tra chồng lấn", 1, 1)
    rejected = {trouble.feature for trouble in wrong}
    taken = [one for one in found if one.number not in rejected]
    new = [one for one in taken if one.code not in stored]
    changed = [one for one in taken if one.code in stored and _differs(one, stored[one.code])]
    writes = not wrong or skip_invalid
    if writes:
        await _write(connection, new, changed, progress)
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


def _group(file: FeatureFile, code_name: str | None, name_name: str | None, stored: Mapping[str, _Stored]) -> Group:
    """All wards together, with those that the file does not renew."""
    codes = {feature.number: str(feature.properties.get(code_name or "") or "") for feature in file.features}
    names = {feature.number: str(feature.properties.get(name_name or "") or "") for feature in file.features}
    renewed = set(codes.values())
    return Group(
        areas=sound_areas(file, MAX_VERTICES),
        labels={number: f"{code} {names[number]}".strip() for number, code in codes.items()},
        fixed={f"{code} {one.name}": one.outline for code, one in stored.items() if code not in renewed},
    )


async def _stored(connection: AsyncConnection) -> dict[str, _Stored]:
    columns = (ward.c.code, ward.c.name, sa.func.ST_AsBinary(ward.c.boundary).label("outline"), ward.c.demo)
    rows = await connection.execute(sa.select(*columns).order_by(ward.c.code))
    return {row.code: _Stored(row.name, _area(row.outline), row.demo) for row in rows}


def _area(binary: bytes) -> MultiPolygon:
    shape = shapely.from_wkb(bytes(binary))
    if not isinstance(shape, MultiPolygon):
        raise TypeError(f"a boundary is stored as {shape.geom_type}")
    return shape


def _read(
    file: FeatureFile, code_name: str | None, name_name: str | None, stored: Mapping[str, _Stored], progress: Progress
) -> tuple[list[_Ward], list[Trouble]]:
    """The wards that are sound by themselves, and what is wrong with the others."""
    found: list[_Ward] = []
    wrong: list[Trouble] = []
    seen: dict[str, int] = {}
    for feature in file.features:
        check = Check(feature)
        name = check.words(name_name, NAME_LENGTH)
        code = check.words(code_name, 20)
        check.label = code or name or ""
        if check.lacks(code_name, code):
            check.add(TroubleKind.CODE, troubles.NO_CODE)
        elif code is None:
            pass  # told already
        elif not re.fullmatch("[0-9]{5}", code):
            check.add(TroubleKind.CODE, troubles.BAD_CODE, code=code)
        elif (other := seen.setdefault(code, feature.number)) != feature.number:
            check.add(TroubleKind.CODE, troubles.CODE_TWICE, code=code, other=other)
        elif code in stored and stored[code].demo:
            check.add(TroubleKind.CODE, troubles.DEMO_WARD, code=code)
        if check.lacks(name_name, name):
            check.add(TroubleKind.NAME, troubles.NO_NAME)
        outline = check.area(MAX_VERTICES)
        if outline is not None and not shapely.box(*VIETNAM).covers(outline):
            check.add(TroubleKind.OUTSIDE, troubles.ABROAD)
        if code is not None and name is not None and outline is not None and not check.troubles:
            found.append(_Ward(feature.number, code, name, outline))
        wrong += check.troubles
        progress("Kiểm tra từng đối tượng", feature.number, len(file.features))
    return found, wrong


async def _losing_ground(
    connection: AsyncConnection, found: Sequence[_Ward], stored: Mapping[str, _Stored]
) -> list[Trouble]:
    """A new outline must still hold the neighbourhoods that the ward has now."""
    outlines = {one.code: one for one in found if one.code in stored and _differs(one, stored[one.code])}
    boundary = neighbourhood_boundary
    query = (
        sa.select(boundary.c.ward_code, neighbourhood.c.name, sa.func.ST_AsBinary(boundary.c.boundary).label("area"))
        .join(
            neighbourhood,
            sa.and_(
                neighbourhood.c.ward_code == boundary.c.ward_code, neighbourhood.c.id == boundary.c.neighbourhood_id
            ),
        )
        .where(boundary.c.until.is_(None), boundary.c.ward_code.in_(list(outlines)))
        .order_by(boundary.c.ward_code, neighbourhood.c.name)
    )
    wrong = []
    for row in await connection.execute(query):
        one = outlines[row.ward_code]
        lost = square_metres(shapely.difference(_area(row.area), one.outline))
        if lost > OVERLAP_TOLERANCE_M2:
            values: dict[str, object] = {"other": row.name, "square_metres": shown(lost)}
            wrong.append(Trouble(one.number, one.code, TroubleKind.OUTSIDE, troubles.LOSES, values))
    return wrong


def _called(one: _Ward) -> str:
    return f"{one.code} {one.name}"


def _differs(one: _Ward, stored: _Stored) -> bool:
    return one.name != stored.name or not same_area(one.outline, stored.outline)


async def _write(
    connection: AsyncConnection, new: Sequence[_Ward], changed: Sequence[_Ward], progress: Progress
) -> None:
    everything = len(new) + len(changed)
    for done, one in enumerate([*new, *changed], start=1):
        values = {"name": one.name, "boundary": sa.func.ST_GeomFromWKB(one.outline.wkb, SRID)}
        if done <= len(new):
            await connection.execute(sa.insert(ward).values(code=one.code, **values))
            await seed_categories(connection, one.code)
            await seed_rejections(connection, one.code)
        else:
            await connection.execute(sa.update(ward).where(ward.c.code == one.code).values(**values))
        progress("Ghi vào cơ sở dữ liệu", done, everything)
