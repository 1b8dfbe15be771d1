"""Nothing of a column is ever said to whoever it is not for: not in any body, header, cursor, tile or refusal.

Everything that can be read is read by every kind of caller. What stands in the database is then looked for in all that
was said to each of them: in the text as it is, and in whatever of it is base64, as cursors are.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from graphql import GraphQLObjectType, get_named_type, is_leaf_type, is_object_type
from starlette.routing import Route

from geo.audiences import Audience, Caller, Cell
from geo.private_columns import columns_of
from geo.tables import metadata
from schema.permissions import data_types
from server.app import ROUTES
from tests.permissions import reading
from tests.permissions.addresses import paths_of
from tests.permissions.callers import ACCOUNTS, Scene
from tests.permissions.test_addresses import _is_stream
from tests.permissions.test_fields import BLOCKS
from tests.ward import CLEAN, CODE, FIRST, OTHER, ROADS

UNTOLD = {"incident_cell", "incident_cell_change", "incident_cell_ward", "bookmark", "working_time", "photo_upload"}
"""Tables of the machinery, of which nothing is one row's alone."""


KIND = re.compile(r"[A-Z_]+|[a-z]+([A-Z][a-z]+)*")
"""Names of kinds and of deeds, which stand in every schema."""


@dataclass
class Secret:
    """A value that may be told to some: where it stands."""

    where: set[str] = field(default_factory=set)
    told_to: set[Caller] = field(default_factory=set)


class Standings:
    """Who has what to do with a row."""

    def __init__(self, scene: Scene, rows: dict[str, list[Any]]) -> None:
        self.scene, self.laid, self.rows = scene, scene.laid, rows
        self.names = {one.key: name for name, one in self.laid.incidents.items()}
        self.incidents = {row.id: row for row in rows["incident"]}
        self.private = {row.id for row in rows["category"] if not row.public}
        self.accounts = {self.laid.ward.accounts[name]: caller for caller, name in ACCOUNTS.items() if name is not None}

    def code(self, table: str, row: Any) -> str | None:
        if table in ("session", "account_link", "recovery_code", "pending_sign_in"):
            return next(one.ward_code for one in self.rows["account"] if one.id == row.account_id)
        code: str | None = getattr(row, "ward_code", None)
        return code

    def block(self, table: str, row: Any) -> str:
        """The block of `COLUMNS` for a row in its state."""
        state = ""
        match table:
            case "incident":
                state = self._of_incident(row)
            case "incident_event":
                of = self._of_incident(self.incidents[row.incident_id])
                if of == "of a private kind":
                    state = of if row.public else "internal"
                elif not row.public:
                    state = "internal"
                elif row.party == "REPORTER" and row.note is not None:
                    state = "what its reporter said later"
                elif of == "published":
                    state = "of a published incident"
            case "photo":
                of = self._of_incident(self.incidents[row.incident_id])
                if row.published and of != "of a private kind":
                    state = "published, of a published incident" if of == "published" else "published"
            case "notice":
                state = {"CREW": "of a crew", "TEAM": "of a team"}.get(row.audience, "")
            case "place":
                home = row.kind == "OFFICIAL_HOME" and row.consented_at is None
                state = "an official's home without consent" if home else ""
            case "team_member":
                state = "" if row.consented_at is not None else "without consent"
        return f"{table}: {state}" if state else table

    def _of_incident(self, row: Any) -> str:
        if row.category_id in self.private:
            return "of a private kind"
        return "published" if row.published else ""

    def owners(self, table: str, row: Any, column: str = "") -> set[Caller]:
        """The callers whose own it is; of an account's name also who may know it of their incidents' steps."""
        match table:
            case "incident":
                return self._owners_of(row)
            case "incident_event" | "photo" | "reporter":
                return self._owners_of(self.incidents[row.incident_id])
            case "crew":
                # A reporter sees the crew that has the report.
                reporter = {Caller.REPORTER} if row.name == CLEAN else set()
                return self._crew(row.id) | reporter
            case "notice":
                teams = {self.laid.ward.teams[FIRST]: Caller.TEAM_MEMBER}
                return self._crew(row.crew_id) | ({teams[row.team_id]} if row.team_id in teams else set())
            case "team_member":
                return {Caller.TEAM_MEMBER} if row.team_id == self.laid.ward.teams[FIRST] else set()
            case "account":
                return self._self(row.id) | (self._who_work_with(row.id) if column == "name" else set())
            case "session" | "account_link" | "recovery_code" | "audit_entry":
                return self._self(row.account_id)
        return set()

    def _owners_of(self, row: Any) -> set[Caller]:
        found = self._crew(row.crew_id)
        if row.neighbourhood_id == self.laid.ward.neighbourhoods[FIRST]:
            found.add(Caller.TEAM_MEMBER)
        if any(one.key == row.id for one in self.scene.theirs()):
            found.add(Caller.REPORTER)
        return found

    def _crew(self, key: UUID | None) -> set[Caller]:
        crews = self.laid.ward.crews
        known = {crews[CLEAN]: Caller.CREW_MEMBER, crews[ROADS]: Caller.OTHER_CREW}
        return {known[key]} if key in known else set()

    def _self(self, account: UUID) -> set[Caller]:
        return {self.accounts[account]} if account in self.accounts else set()

    def _who_work_with(self, account: UUID) -> set[Caller]:
        """The crews of the incidents of which this account took a step."""
        steps = [row for row in self.rows["incident_event"] if row.account_id == account]
        return set().union(*(self._crew(self.incidents[step.incident_id].crew_id) for step in steps))

    def may(self, caller: Caller, audience: Audience, table: str, row: Any, column: str = "") -> bool:
        owners = self.owners(table, row, column)
        code = self.code(table, row)
        place = caller
        if caller is Caller.OTHER_CREW and (caller in owners or code == CODE):
            place = Caller.CREW_MEMBER if caller in owners else Caller.OTHER_CREW
        if code == OTHER and caller in (Caller.STAFF, Caller.OTHER_STAFF):
            place = Caller.OTHER_STAFF if caller is Caller.STAFF else Caller.STAFF
        elif code == OTHER and caller not in (Caller.ADMIN, Caller.STAFF, Caller.OTHER_STAFF):
            place = Caller.ANONYMOUS
        cell = audience.cell(place)
        return cell is Cell.YES or (cell is Cell.OWN and caller in owners)


async def _rows(scene: Scene) -> dict[str, list[Any]]:
    found = {}
    async with scene.desk.database.read() as connection:
        for table in metadata.sorted_tables:
            columns = [
                sa.func.ST_AsText(column).label(column.name) if "geo" in type(column.type).__name__.lower() else column
                for column in table.columns
            ]
            found[table.name] = list(await connection.execute(sa.select(*columns)))
    return found


def _said(value: Any) -> Iterator[str]:
    """How a value would stand in a text."""
    match value:
        case datetime() if value.second and not value.microsecond:
            # The scene's own, with seconds; what is stamped while the tests run is no one row's.
            yield value.strftime("%Y-%m-%dT%H:%M:%S")
            yield str(value.timestamp())
        case UUID():
            yield str(value)
        case bytes():
            yield value.hex()
            yield base64.b64encode(value)[:20].decode()
        case str() if value.startswith("POINT("):
            yield value.removeprefix("POINT(").split()[0][:11]
        case str() if len(value) >= 5 and not KIND.fullmatch(value) and not value.startswith("MULTIPOLYGON"):
            yield value
        case list() | dict():
            yield from (number for number in re.findall(r"0\.\d{3,}", str(value)))


_kept: dict[int, dict[str, Secret]] = {}


async def _known(scene: Scene) -> dict[str, Secret]:
    """What may not be told to everybody; looked up once."""
    if id(scene) not in _kept:
        _kept[id(scene)] = _secrets(scene, await _rows(scene))
    return _kept[id(scene)]


def _secrets(scene: Scene, rows: dict[str, list[Any]]) -> dict[str, Secret]:
    standings = Standings(scene, rows)
    secrets: dict[str, Secret] = {}
    for table, found in rows.items():
        if table in UNTOLD:
            continue
        for row in found:
            for name, audience in columns_of(standings.block(table, row)).items():
                callers = {caller for caller in Caller if standings.may(caller, audience, table, row, name)}
                for text in _said(getattr(row, name)):
                    secret = secrets.setdefault(text, Secret())
                    secret.where.add(f"{table}.{name}")
                    secret.told_to |= callers
    everybody = set(Caller)
    for token in scene.desk.tokens.values():
        secrets[token] = Secret({"a token"})
    theirs = {one.key for one in scene.theirs()}
    for known in scene.laid.incidents.values():
        secrets[known.secret] = Secret({"a reporter's secret"}, {Caller.REPORTER} if known.key in theirs else set())
    for name, key in scene.laid.pictures.items():
        secrets[f"picture {name} {key}"] = Secret({"a picture"}, _who_see_picture(standings, name, rows))
    return {text: secret for text, secret in secrets.items() if secret.told_to != everybody}


def _who_see_picture(standings: Standings, name: str, rows: dict[str, list[Any]]) -> set[Caller]:
    """A photograph that has a blurred copy is for who works on the incident or reported it; the copy stands for it."""
    plain = name.removesuffix(" copy")
    key = standings.laid.pictures[plain]
    row = next(one for one in rows["photo"] if one.id == key)
    covered = row.redacted_id is not None and plain == name
    audience = columns_of("photo")["id"] if covered else columns_of(standings.block("photo", row))["id"]
    return {caller for caller in Caller if standings.may(caller, audience, "photo", row)}


def _walks(scene: Scene) -> Iterator[tuple[str, dict[str, Any]]]:
    """Documents that go from every object through each of its fields to all that lies behind."""
    types = data_types(scene.published)
    ids = list(scene.laid.ids.values())
    for name, of_type in types.items():
        if "Node" not in [one.name for one in of_type.interfaces]:
            continue
        mine = [id_ for id_ in ids if id_.startswith(f"{name}:")][:12]
        mine += [f"Ward:{CODE}", f"Ward:{OTHER}"] if name == "Ward" else []
        for field_name, of_field in of_type.fields.items():
            inner = get_named_type(of_field.type)
            if is_leaf_type(inner) or not mine:
                continue
            arguments = reading.ARGUMENTS.get((name, field_name), "")
            selection = f"{field_name}{arguments} {{ {_leaves_and_below(inner)} }}"
            yield f"query ($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on {name} {{ {selection} }} }} }}", {"ids": mine}


def _leaves_and_below(of_type: Any) -> str:
    if of_type.name.endswith("Connection"):
        node = get_named_type(of_type.fields["nodes"].type)
        return (
            f"totalCount pageInfo {{ startCursor endCursor }} edges {{ cursor }} nodes {{ {_leaves_and_below(node)} }}"
        )
    parts = []
    for name, of_field in of_type.fields.items():
        inner = get_named_type(of_field.type)
        arguments = reading.ARGUMENTS.get((of_type.name, name), "")
        if is_leaf_type(inner):
            if "boundary" not in name and "overage" not in name:
                parts.append(name)
        elif is_object_type(inner) and not inner.name.endswith(("Connection", "Statistics")):
            parts.append(f"{name}{arguments} {{ {_leaves(inner)} }}")
    return " ".join(parts)


def _leaves(of_type: GraphQLObjectType) -> str:
    names = [name for name, one in of_type.fields.items() if is_leaf_type(get_named_type(one.type))]
    return " ".join(name for name in names if "boundary" not in name and "overage" not in name) or "__typename"


async def _listen(scene: Scene, caller: Caller) -> None:
    """Read all there is to read, as this caller; once."""
    if caller in scene.listened:
        return
    scene.listened.add(caller)
    for block in BLOCKS:
        for which in ("own", "foreign"):
            await scene.read(caller, block, which)
    for query, variables in _walks(scene):
        answer = await scene.ask(caller, query, variables)
        codes = [error.get("extensions", {}).get("code") for error in answer.get("errors", [])]
        assert set(codes) <= {"TOO_COSTLY"}, (query, answer)
        if codes:  # one by one
            for id_ in variables["ids"]:
                answer = await scene.ask(caller, query.replace("first: 20", "first: 5"), {"ids": [id_]})
    for route in ROUTES:
        if isinstance(route, Route) and "GET" in (route.methods or ()) and not _is_stream(route):
            asked = paths_of(route, scene.laid)
            for path in {asked.own, asked.foreign, *asked.more} - {None}:
                await scene.page(caller, path)


BASE64 = re.compile(r"[A-Za-z0-9_+/-]{12,400}={0,2}")


def _opened(texts: Iterable[str]) -> str:
    """Each line that was said, once; and behind them whatever in them is base64."""
    lines = {line for text in texts for line in text.splitlines()}
    pieces = {piece for line in lines for piece in BASE64.findall(line)}
    return "\n".join([*lines, *filter(None, map(_decoded, pieces))])


def _decoded(piece: str) -> str | None:
    bare = piece.rstrip("=")
    for altchars in (b"-_", b"+/"):
        try:
            return base64.b64decode(bare + "=" * (-len(bare) % 4), altchars, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            continue
    return None


@pytest.mark.parametrize("caller", Caller)
async def test_nothing_is_said_of_columns_that_are_not_for_the_caller(scene: Scene, caller: Caller) -> None:
    await _listen(scene, caller)
    secrets = await _known(scene)
    everything = _opened(text for _, text in scene.heard[caller])
    leaks = []
    for text, secret in secrets.items():
        if caller not in secret.told_to and text in everything:
            saying = {asked for asked, said in scene.heard[caller] if text in said} or {"something in base64"}
            # What somebody asks for by its name is not told by the answer that repeats it.
            if where := sorted(asked for asked in saying if text not in asked)[:3]:
                leaks.append(f"{text!r} of {sorted(secret.where)} was said to {caller} by {where}")
    assert leaks == [], "\n" + "\n".join(leaks[:40])
    assert len(secrets) > 500
    assert len(scene.heard[caller]) > 150


async def test_what_is_looked_for_is_said_to_somebody(scene: Scene) -> None:
    """Each column that is for some is heard by one of them: it would be found where it is said to others."""
    for caller in Caller:
        await _listen(scene, caller)
    secrets = await _known(scene)
    heard = _opened(text for caller in Caller for _, text in scene.heard[caller])
    found = {where for text, secret in secrets.items() if text in heard for where in secret.where}
    wanted = {where for secret in secrets.values() if secret.told_to for where in secret.where if "." in where}
    assert {"reporter.phone", "reporter.name", "incident.description", "incident_event.note", "a picture"} <= found
    assert wanted - found <= SILENT, "geo/private_columns.py: nobody is told of these, so say NOBODY"


SILENT = {"audit_entry.request_id"}
"""Columns that no page or answer of this scene has a word of."""
