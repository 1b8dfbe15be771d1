"""Import places: points with a name and a kind."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import locks
from geo.ids import as_id, new_id
from geo.importing import troubles
from geo.importing.checking import Check
from geo.importing.features import NAME_LENGTH, FeatureFile, FileProblem
from geo.importing.kinds import KINDS, called
from geo.importing.troubles import Report, Trouble, TroubleKind
from geo.importing.wards import Progress
from geo.language import Text
from geo.locating import neighbourhood_at, ward_at
from geo.tables import SRID, PlaceKind, place

KIND_FIELDS = ("kind", "category", "amenity", "office", "military", "loai")
PLACE_NAME_FIELDS = ("name", "ten", "name:vi")
ADDRESS_FIELDS = ("address", "addr:full", "dia_chi", "diachi")
NUMBER_FIELDS = ("housenumber", "addr:housenumber", "so_nha")
STREET_FIELDS = ("street", "addr:street", "duong")
PHONE_FIELDS = ("phone", "contact:phone", "dien_thoai", "sdt")
HOURS_FIELDS = ("opening_hours", "hours", "gio_mo_cua")
KEY_FIELDS = ("id", "@id", "osm_id", "key", "fid", "ma")

_NO_KIND_FIELD = Text(
    "Tệp không có trường cho biết loại địa điểm; dùng --kind-field hoặc --kind.",
    "The file has no field for the kind of place; use --kind-field or --kind.",
)
_KEY_TWICE = Text("Khóa “{key}” trùng với đối tượng {other}.", "The key “{key}” is that of feature {other}, too.")


@dataclass(frozen=True, slots=True)
class PlaceFields:
    """Which property says what; None: the first usual one that the file has."""

    kind: str | None = None
    name: str | None = None
    address: str | None = None
    phone: str | None = None
    hours: str | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True)
class _Found:
    number: int
    at: tuple[float, float]
    key: str
    values: dict[str, Any]
    """kind, name, address, phone, opening_hours: columns of the table."""
    id: UUID | None
    """The key, where it may be the id of a place that was exported from here."""


@dataclass(frozen=True, slots=True)
class _Stored:
    id: UUID
    ward_code: str
    row: dict[str, Any]


async def import_places(
    connection: AsyncConnection,
    file: FeatureFile,
    *,
    fields: PlaceFields = PlaceFields(),
    kind: PlaceKind | None = None,
    kind_map: Mapping[str, PlaceKind] | None = None,
    ward_code: str | None = None,
    source: str | None = None,
    skip_invalid: bool = False,
    progress: Progress,
) -> Report:
    """Add places or bring them to what the file says, in the caller's transaction.

    Ward and neighbourhood follow from the position, by the same rule as everywhere; with `ward_code` a place outside
    that ward is refused. A place is known again by `source` (default: the file's name) and its key, or by its own id
    where it was exported from here, so importing a file twice changes nothing. `kind` is for every feature, or
    `kind_map` adds to `KINDS`. All or nothing, unless `skip_invalid`.
    """
    reader = _Reader(file, fields, kind, {**KINDS, **(kind_map or {})}, source or file.stem)
    found, wrong = reader.read(progress)
    progress("Tìm phường và tổ dân phố", 0, 1)
    homes = await locate_all(connection, [one.at for one in found])
    progress("Tìm phường và tổ dân phố", 1, 1)
    for one, (home, _) in zip(found, homes, strict=True):
        if home is None or (ward_code is not None and home != ward_code):
            wrong.append(_outside(one, ward_code))
    rejected = {trouble.feature for trouble in wrong}
    stored = await _stored(connection, found)
    new: list[dict[str, Any]] = []
    changed: list[tuple[_Stored, dict[str, Any]]] = []
    taken = 0
    for one, (home, neighbourhood_id) in zip(found, homes, strict=True):
        if one.number in rejected or home is None:
            continue
        taken += 1
        row = {"ward_code": home, "source_key": one.key, "at": one.at, "neighbourhood_id": neighbourhood_id}
        row |= one.values
        known = _known(stored.get(one.key, ()), home)
        if known is not None:
            row["source_key"] = known.row["source_key"]
        if known is None:
            new.append(row)
        elif known.row != row:
            changed.append((known, row))
    writes = not wrong or skip_invalid
    if writes:
        await _write(connection, new, changed, progress)
    return Report(
        features=len(file.features),
        added=len(new),
        changed=len(changed),
        unchanged=taken - len(new) - len(changed),
        troubles=tuple(sorted(wrong, key=lambda trouble: trouble.feature)),
        notes=(*file.notes(), *reader.notes(rejected)),
        stored=writes,
    )


async def locate_all(
    connection: AsyncConnection, positions: Sequence[tuple[float, float]]
) -> list[tuple[str | None, UUID | None]]:
    """Ward and neighbourhood of many positions in one statement, by the rule of `geo.locating`; in the same order."""
    numbers = sa.func.unnest(
        sa.bindparam("longitudes", [x for x, _ in positions], ARRAY(sa.Double)),
        sa.bindparam("latitudes", [y for _, y in positions], ARRAY(sa.Double)),
    )
    rows = numbers.table_valued("x", "y", with_ordinality="number", joins_implicitly=True).render_derived("given")
    at = sa.func.ST_SetSRID(sa.func.ST_MakePoint(rows.c.x, rows.c.y), SRID)
    found = sa.select(rows.c.number, at.label("at"), ward_at(at).label("ward_code")).offset(0).subquery("found")
    query = sa.select(found.c.ward_code, neighbourhood_at(found.c.ward_code, found.c.at)).order_by(found.c.number)
    return [(ward_code, neighbourhood_id) for ward_code, neighbourhood_id in await connection.execute(query)]


class _Reader:
    """Turns features into places."""

    def __init__(
        self,
        file: FeatureFile,
        fields: PlaceFields,
        kind: PlaceKind | None,
        kinds: Mapping[str, PlaceKind],
        source: str,
    ) -> None:
        self.file, self.kind, self.kinds, self.source = file, kind, kinds, source
        self.kind_field = None if kind else file.field(fields.kind, KIND_FIELDS)
        self.name_field = file.field(fields.name, PLACE_NAME_FIELDS)
        self.address_field = file.field(fields.address, ADDRESS_FIELDS)
        self.number_field, self.street_field = file.field(None, NUMBER_FIELDS), file.field(None, STREET_FIELDS)
        self.phone_field = file.field(fields.phone, PHONE_FIELDS)
        self.hours_field = file.field(fields.hours, HOURS_FIELDS)
        self.key_field = file.field(fields.key, KEY_FIELDS)
        self.unnamed: dict[int, str] = {}
        if kind is None and self.kind_field is None:
            raise FileProblem(_NO_KIND_FIELD)

    def read(self, progress: Progress) -> tuple[list[_Found], list[Trouble]]:
        found: list[_Found] = []
        wrong: list[Trouble] = []
        seen: dict[str, int] = {}
        for feature in self.file.features:
            check = Check(feature)
            one = self._place(check)
            if one is not None and (other := seen.setdefault(one.key, one.number)) != one.number:
                check.add(TroubleKind.CODE, _KEY_TWICE, key=one.key, other=other)
            elif one is not None:
                found.append(one)
            wrong += check.troubles
            progress("Kiểm tra từng đối tượng", feature.number, len(self.file.features))
        return found, wrong

    def notes(self, rejected: set[int]) -> list[Text]:
        names = [name for number, name in self.unnamed.items() if number not in rejected]
        if not names:
            return []
        text, values = troubles.UNNAMED, {"count": len(names), "example": names[0]}
        return [Text(text.vi.format(**values), text.en.format(**values))]

    def _place(self, check: Check) -> _Found | None:
        key = check.words(self.key_field, 200)
        name = check.words(self.name_field, NAME_LENGTH)
        check.label = name or key or ""
        kind, meant = self._kind(check)
        address = check.words(self.address_field, 300) or self._street(check)
        phone, hours = check.words(self.phone_field, 100), check.words(self.hours_field, 200)
        at = check.point()
        if kind is None or at is None or check.troubles:
            return None
        if name is None:
            name = self.unnamed[check.feature.number] = called(meant, kind)
        if key is None:
            # Without a key a place is what and where it is: moved or renamed, it would be another.
            key = hashlib.sha256(f"{kind}|{name}|{at[0]:.7f}|{at[1]:.7f}".encode()).hexdigest()[:32]
        values = {"kind": kind.value, "name": name, "address": address, "phone": phone, "opening_hours": hours}
        return _Found(check.feature.number, at, f"{self.source}:{key}", values, as_id(key))

    def _kind(self, check: Check) -> tuple[PlaceKind | None, str]:
        if self.kind is not None:
            return self.kind, ""
        value = check.words(self.kind_field, 100)
        if value is None:
            check.add(TroubleKind.KIND, troubles.NO_KIND)
            return None, ""
        kind = self.kinds.get(value) or self.kinds.get(value.lower())
        if kind is None:
            check.add(TroubleKind.KIND, troubles.BAD_KIND, value=value)
        return kind, value

    def _street(self, check: Check) -> str | None:
        """Number and street where the file keeps them apart."""
        street = check.words(self.street_field, 250)
        number = check.words(self.number_field, 40) if street else None
        return f"{number} {street}" if number else street


def _outside(one: _Found, ward_code: str | None) -> Trouble:
    text = troubles.OUTSIDE if ward_code is None else troubles.OUTSIDE_NAMED
    values: dict[str, object] = {"longitude": one.at[0], "latitude": one.at[1], "ward": ward_code}
    return Trouble(one.number, one.values["name"], TroubleKind.OUTSIDE, text, values)


async def _stored(connection: AsyncConnection, found: Sequence[_Found]) -> dict[str, list[_Stored]]:
    """By key, what earlier imports made of it in any ward, or the place of which it is the id.

    Locked, so that two imports take turns.
    """
    by_id = {one.id: one.key for one in found if one.id is not None}
    await locks.take(connection, locks.PLACES)
    x, y = sa.func.ST_X(place.c.location), sa.func.ST_Y(place.c.location)
    query = sa.select(*(column for column in place.c if column.name not in ("location", "geog", "search")), x, y).where(
        sa.or_(
            place.c.source_key == sa.any_(sa.bindparam("keys", [one.key for one in found], ARRAY(sa.Text))),
            place.c.id == sa.any_(sa.bindparam("ids", list(by_id), ARRAY(sa.Uuid))),
        )
    )
    stored: dict[str, list[_Stored]] = {}
    for *values, longitude, latitude in await connection.execute(query):
        names = (column.name for column in place.c if column.name not in ("location", "geog", "search"))
        row = dict(zip(names, values, strict=True))
        one = _Stored(row.pop("id"), row["ward_code"], {**row, "at": (longitude, latitude)})
        del one.row["consented_at"]  # consent is given by people, never by a file
        stored.setdefault(by_id.get(one.id) or row["source_key"], []).append(one)
    return stored


def _known(candidates: Sequence[_Stored], ward_code: str) -> _Stored | None:
    """The place of a key: in the same ward, else the one that has moved from another."""
    return next((one for one in candidates if one.ward_code == ward_code), candidates[0] if candidates else None)


async def _write(
    connection: AsyncConnection,
    new: Sequence[dict[str, Any]],
    changed: Sequence[tuple[_Stored, dict[str, Any]]],
    progress: Progress,
) -> None:
    everything = len(new) + len(changed)
    if new:
        await connection.execute(sa.insert(place), [_columns(row) | {"id": new_id()} for row in new])
        progress("Ghi vào cơ sở dữ liệu", len(new), everything)
    for done, (stored, row) in enumerate(changed, start=len(new) + 1):
        mine = sa.and_(place.c.ward_code == stored.ward_code, place.c.id == stored.id)
        if row["ward_code"] == stored.ward_code:
            await connection.execute(sa.update(place).where(mine).values(**_columns(row)))
        else:  # a row does not change wards: it leaves one and joins the other
            consented_at = await connection.scalar(sa.delete(place).where(mine).returning(place.c.consented_at))
            moved = _columns(row) | {"id": stored.id, "consented_at": consented_at}
            await connection.execute(sa.insert(place).values(**moved))
        progress("Ghi vào cơ sở dữ liệu", done, everything)


def _columns(row: Mapping[str, Any]) -> dict[str, Any]:
    longitude, latitude = row["at"]
    others = {name: value for name, value in row.items() if name != "at"}
    return others | {"location": f"SRID={SRID};POINT({longitude:.7f} {latitude:.7f})"}
