"""GeoJSON, KML and CSV, each row written by PostgreSQL as one text: no row ever becomes Python objects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from html import escape
from typing import Any

import sqlalchemy as sa

from geo.clock import ZONE
from geo.exporting.subjects import LABELS, WORDS, Subject, spoken
from geo.positions import DECIMALS

Line = sa.ColumnElement[str]


class Format(StrEnum):
    """What can be streamed."""

    GEOJSON = "geojson"
    KML = "kml"
    CSV = "csv"


MEDIA_TYPES = {
    Format.GEOJSON: "application/geo+json",
    Format.KML: "application/vnd.google-earth.kml+xml",
    Format.CSV: "text/csv; charset=utf-8",
}


@dataclass(frozen=True, slots=True)
class Document:
    """What stands before the rows, before the first one, between and after them; the statement gives each as a text."""

    head: str
    first: str
    between: str
    tail: str
    rows: sa.Select[Any]


def document(subject: Subject, form: Format, ward_name: str) -> Document:
    """A whole file of this subject. `ward_name` goes into its title."""
    match form:
        case Format.GEOJSON:
            parts = '{"type":"FeatureCollection","features":[', "\n", ",\n", "\n]}\n"
            line = _feature(subject)
        case Format.KML:
            parts = _kml_head(subject, ward_name), "", "\n", "\n</Document>\n</kml>\n"
            line = _placemark(subject)
        case Format.CSV:
            # The mark tells Excel that this is UTF-8; lines end as RFC 4180 wants them.
            header = ",".join([*_read(subject), "longitude", "latitude"])
            parts = f"\ufeff{header}", "\r\n", "\r\n", "\r\n"
            line = _record(subject)
    rows = sa.select(line.label("line")).select_from(subject.source).order_by(*subject.order)
    return Document(*parts, rows)


# GeoJSON (RFC 7946)


def _feature(subject: Subject) -> Line:
    feature = _json_object(
        type=sa.literal("Feature", sa.Text),
        id=subject.columns["id"],
        geometry=sa.cast(sa.func.ST_AsGeoJSON(subject.geometry, DECIMALS), sa.JSON),
        properties=_json_object(**{name: column for name, column in subject.columns.items() if name != "id"}),
    )
    return sa.cast(feature, sa.Text)


def _json_object(**members: Any) -> sa.ColumnElement[Any]:
    pairs = (part for name, value in members.items() for part in (sa.literal(name, sa.Text), value))
    return sa.func.json_build_object(*pairs)


# KML 2.2 (OGC 07-147r2)

# Outline and fill as aabbggrr: the river blue of the pages.
_STYLE = """\
<Style id="s"><IconStyle><color>ff8a5a0b</color></IconStyle><LineStyle><color>ff8a5a0b</color><width>2</width>\
</LineStyle><PolyStyle><color>1a8a5a0b</color></PolyStyle></Style>
"""


def _kml_head(subject: Subject, ward_name: str) -> str:
    title = escape(f"{subject.title.vi} · {ward_name}")
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="http://www.opengis.net/kml/2.2">\n<Document>\n'
        f"<name>{title}</name>\n{_STYLE}"
    )


def _placemark(subject: Subject) -> Line:
    """A description is shown as HTML by Google's maps, so in it every text is escaped twice; a name is plain text."""
    told = [
        sa.func.concat(f"{LABELS[name]}: ", _escaped(_escaped(_shown(spoken(name, column)))))
        for name, column in subject.columns.items()
        if name in LABELS
    ]
    given = [column for name, column in subject.columns.items() if name in LABELS]
    lines = [sa.case((column.is_not(None), line)) for column, line in zip(given, told, strict=True)]
    data = [
        sa.func.coalesce(
            sa.func.concat(_data(name))
            + sa.case((column.is_not(None), sa.func.concat(_escaped(_plain(column)), "</value></Data>"))),
            "",
        )
        for name, column in subject.columns.items()
        if name != "name"
    ]
    return sa.func.concat(
        "<Placemark><name>",
        _escaped(subject.name),
        "</name><description>",
        sa.func.concat_ws("&lt;br&gt;\n", *lines),
        "</description><styleUrl>#s</styleUrl><ExtendedData>",
        *data,
        "</ExtendedData>",
        sa.func.ST_AsKML(subject.geometry, DECIMALS),
        "</Placemark>",
        type_=sa.Text,
    )


def _data(name: str) -> str:
    label = f"<displayName>{escape(LABELS[name])}</displayName>" if name in LABELS else ""
    return f'<Data name="{name}">{label}<value>'


def _escaped(text: Any) -> Any:
    """As XML text; what XML 1.0 cannot hold at all is left out."""
    kept = sa.func.regexp_replace(text, "[\\x01-\\x08\\x0b\\x0c\\x0e-\\x1f\ufffe\uffff]", "", "g")
    for sign, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        kept = sa.func.replace(kept, sign, entity)
    return kept


# CSV (RFC 4180)


def _read(subject: Subject) -> dict[str, Any]:
    """The columns of a spreadsheet: beside a name for programs, such as IN_PROGRESS, what people call it."""
    read: dict[str, Any] = {}
    for name, column in subject.columns.items():
        read[name] = column
        if name in WORDS:
            read[f"{name}_name"] = sa.cast(spoken(name, column), sa.Text)
    return read


def _record(subject: Subject) -> Line:
    cells = [_cell(column) for column in _read(subject).values()]
    places = [sa.func.round(sa.cast(of(subject.spot), sa.Numeric), DECIMALS) for of in (sa.func.ST_X, sa.func.ST_Y)]
    pieces: list[Any] = []
    for cell in (*cells, *places):
        pieces += [cell, ","]
    return sa.func.concat(*pieces[:-1], type_=sa.Text)


def table(headings: Sequence[str], columns: Sequence[Any], source: Any, order: Sequence[Any]) -> Document:
    """A CSV with headings of its own, to be edited in a spreadsheet and taken in again."""
    pieces: list[Any] = []
    for column in columns:
        pieces += [_cell(column), ","]
    line = sa.func.concat(*pieces[:-1], type_=sa.Text)
    header = ",".join(f'"{heading}"' for heading in headings)
    rows = sa.select(line.label("line")).select_from(source).order_by(*order)
    return Document(f"\ufeff{header}", "\r\n", "\r\n", "\r\n", rows)


def _cell(column: Any) -> Any:
    """Numbers as they are. Text in quotes, and never a formula: before = + - @, a tab or a line break goes a '."""
    if isinstance(column.type, sa.Integer | sa.Numeric):
        return column
    if not isinstance(column.type, sa.Text | sa.String):
        return _shown(column)
    safe = sa.case((column.op("~")("^\\s*[=+\\-@\\t\\r\\n＝＋－＠]"), sa.func.concat("'", column)), else_=column)
    quoted = sa.func.concat('"', sa.func.replace(safe, '"', '""'), '"')
    return sa.case((column.is_not(None), quoted))


def _plain(column: Any) -> Any:
    """A value as a program reads it."""
    if isinstance(column.type, sa.DateTime):
        return sa.func.to_char(sa.func.timezone("UTC", column), 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
    return sa.cast(column, sa.Text)


def _shown(column: Any) -> Any:
    """A value as people in Vietnam, and their spreadsheets, read it."""
    if isinstance(column.type, sa.DateTime):
        return sa.func.to_char(sa.func.timezone(ZONE, column), "YYYY-MM-DD HH24:MI:SS")
    if isinstance(column.type, sa.Boolean):
        return sa.case((column, "có"), (sa.not_(column), "không"))
    return sa.cast(column, sa.Text)
