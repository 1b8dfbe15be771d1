"""Incidents counted by cell, as each caller may see them, at a cost that does not grow with their number.

The pyramid (`incident_cell`) holds, for every ward and level, a cell's incidents by kind and status. Triggers on
`incident` write down what came and went since (`incident_cell_change`); what is read is the pyramid and those changes
together, in one statement, so an answer is as true as if the incidents themselves were counted. `geo.clusters.refresh`
brings the changes into the pyramid: that makes reading fast, never right.

A level whose cells hold few incidents is not worth keeping: there, and where very many incidents came in at once and
the ward waits to be counted anew, `counted` counts the incidents themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from geo import incidents
from geo.actor import Actor
from geo.cells import ANY, BASE, TOP, Cells, LateCells, column_of, degrees, line_of, units
from geo.incidents import Filter
from geo.lifecycle import Status
from geo.plans import bound
from geo.positions import Box
from geo.reading import Condition, any_of, inside, staff_of
from geo.tables import SRID, category, incident, incident_cell, incident_cell_change, incident_cell_ward, ward

_HAIR = 1e-9
_AGGREGATES = ("n", "longitudes", "latitudes", "west", "south", "east", "north", "ids_high", "ids_low")


def counted(
    actor: Actor,
    cells: Cells | LateCells,
    ward_code: Any = None,
    statuses: Sequence[Status] | None = None,
    kinds: Sequence[str] | None = None,
) -> sa.Select[Any]:
    """The cells among `cells` that hold incidents which this caller may see, of a ward or, without one, of all.

    Rows of `x`, `y`, `n`, the members' middle (`longitude`, `latitude`) and box (`west`, `south`, `east`, `north`), in
    degrees, and `one`, the id of a single member. Until a refresh, a box may still reach to where a member was that
    has gone since; all else is exact. Served by the pyramid's primary key, or by `ix_incident_cell_level`.
    """
    wanted = _Wanted(actor, cells, ward_code, statuses, kinds)
    return _summed([wanted.kept(), wanted.changed(), wanted.live(), *wanted.own()])


def counted_among(actor: Actor, cells: Cells | LateCells, ward_code: Any, filtered: Filter) -> sa.Select[Any]:
    """As `counted`, of the incidents of a ward that a filter lets through, whatever it asks for.

    The pyramid knows kinds and statuses alone, so the incidents themselves are counted: for filters that let few
    through, or what is open.
    """
    wanted = _Wanted(actor, cells, ward_code, None, None)
    found = incidents.matching(actor, replace(filtered, within=wanted.ground), ward_code=ward_code)
    return _summed([wanted._grouped(found.with_only_columns(incident.c.id, incident.c.location).subquery("seen"))])


def _summed(sources: Sequence[sa.Select[Any]]) -> sa.Select[Any]:
    """The cells of several sources, those of one place together."""
    part = sa.union_all(*sources).subquery("part")
    n = sa.func.sum(part.c.n)
    high, low = sa.func.bit_xor(part.c.ids_high), sa.func.bit_xor(part.c.ids_low)
    one = sa.cast(
        sa.func.concat(sa.func.lpad(sa.func.to_hex(high), 16, "0"), sa.func.lpad(sa.func.to_hex(low), 16, "0")), sa.Uuid
    )
    return (
        sa.select(
            part.c.x,
            part.c.y,
            sa.cast(n, sa.Integer).label("n"),
            (degrees(sa.func.sum(part.c.longitudes)) / n).label("longitude"),
            (degrees(sa.func.sum(part.c.latitudes)) / n).label("latitude"),
            degrees(sa.func.min(part.c.west)).label("west"),
            degrees(sa.func.min(part.c.south)).label("south"),
            degrees(sa.func.max(part.c.east)).label("east"),
            degrees(sa.func.max(part.c.north)).label("north"),
            sa.case((n == 1, one)).label("one"),
        )
        .group_by(part.c.x, part.c.y)
        .having(n > 0)
    )


_EVERYWHERE = Cells(TOP, 0, 0, (1 << TOP) - 1, (1 << TOP) - 1)


def tallied(actor: Actor, ward_code: Any) -> sa.Select[Any]:
    """How many incidents of a ward this caller may see, by kind and status: rows of `category_id`, `status`, `n`.

    From the pyramid's coarsest level, which holds a row or two for each kind and status whatever their number.
    """
    wanted = _Wanted(actor, _EVERYWHERE, ward_code, None, None)
    part = sa.union_all(*wanted.by_kind_and_status()).subquery("part")
    n = sa.func.sum(part.c.n)
    rows = sa.select(part.c.category_id, part.c.status, sa.cast(n, sa.Integer).label("n"))
    return rows.group_by(part.c.category_id, part.c.status).having(n > 0)


def number(actor: Actor, ward_code: Any) -> sa.Select[Any]:
    """How many incidents of a ward this caller may see, exactly: one row. In a millisecond or two, from the pyramid."""
    tally = tallied(actor, ward_code).subquery("tally")
    return sa.select(sa.cast(sa.func.coalesce(sa.func.sum(tally.c.n), 0), sa.Integer).label("n"))


class _Wanted:
    """What is asked for, and the four places where its incidents are to be found."""

    def __init__(
        self,
        actor: Actor,
        cells: Cells | LateCells,
        ward_code: Any,
        statuses: Sequence[Status] | None,
        kinds: Sequence[str] | None,
    ) -> None:
        self.actor = actor
        self.cells = cells
        self.ward_code = ward_code
        self.statuses = statuses
        self.kinds = kinds
        # A hair wider: which cell a point on the very edge is in, is for the point's own number to say.
        box = cells.box
        self.ground = Box(box.west - _HAIR, box.south - _HAIR, box.east + _HAIR, box.north + _HAIR)
        # Two bounds for the columns would read every line between them; a list of columns reads only its cells.
        self.columns = sa.cast(bound(cells.columns, sa.ARRAY(sa.Integer())), sa.ARRAY(sa.Integer))

    def kept(self) -> sa.Select[Any]:
        """The pyramid's rows, but for wards that wait to be counted anew."""
        stale = sa.select(incident_cell_ward.c.ward_code).where(incident_cell_ward.c.stale)
        columns = incident_cell.c
        rows = sa.select(columns.x, columns.y, *(columns[name] for name in _AGGREGATES)).where(
            columns.level == self.cells.level, self._among(columns.x, columns.y), columns.ward_code.not_in(stale)
        )
        asked = [ANY] if self.statuses is None else self.statuses
        return self._visible(rows.where(columns.status.in_(asked)).select_from(incident_cell), incident_cell)

    def changed(self) -> sa.Select[Any]:
        """What came and went since the pyramid was brought up to date."""
        change = incident_cell_change
        rows = self._measured(change, sign=change.c.sign).where(change.c.ward_code.in_(self._wards(kept=True)))
        if self.statuses is not None:
            rows = rows.where(change.c.status.in_(self.statuses))
        return self._visible(rows.select_from(change), change)

    def live(self) -> sa.Select[Any]:
        """The incidents themselves, where the pyramid does not say."""
        wanted = Filter(statuses=self.statuses, categories=self.kinds, within=self.ground)
        lives = self._wards(kept=False).offset(sa.literal_column("0")).subquery("lives")
        # Ward by ward, by OFFSET: else the planner may look through all the ground to throw away what other wards have,
        # or start parallel workers to find that there is no such ward.
        found = incidents.matching(self.actor, wanted, ward_code=self.ward_code)
        found = found.where(lives.c.code == (incident.c.ward_code if self.ward_code is None else self.ward_code))
        found = found.with_only_columns(incident.c.id, incident.c.location).offset(sa.literal_column("0"))
        seen = found.lateral("seen")
        return self._grouped(seen).select_from(lives.join(seen, sa.true()))

    def own(self) -> list[sa.Select[Any]]:
        """Private ones that the caller sees for their own sake: the crew's, the reporter's."""
        rows = self._own()
        return [] if rows is None else [self._grouped(rows.subquery("own"))]

    def by_kind_and_status(self) -> list[sa.Select[Any]]:
        """The same four places, with only `category_id`, `status` and `n`."""
        cell, change = incident_cell.c, incident_cell_change.c
        stale = sa.select(incident_cell_ward.c.ward_code).where(incident_cell_ward.c.stale)
        kept = sa.select(cell.category_id, cell.status, cell.n).select_from(incident_cell)
        kept = kept.where(cell.level == self.cells.level, cell.status != ANY, cell.ward_code.not_in(stale))
        changed = sa.select(change.category_id, change.status, change.sign.label("n")).select_from(incident_cell_change)
        changed = changed.where(change.ward_code.in_(self._wards(kept=True)))
        lives = self._wards(kept=False).offset(sa.literal_column("0")).subquery("lives")
        seen = incidents.matching(self.actor, ward_code=self.ward_code).where(incident.c.ward_code == lives.c.code)
        columns = (incident.c.category_id, incident.c.status, sa.literal_column("1", sa.Integer).label("n"))
        live = seen.with_only_columns(*columns).offset(sa.literal_column("0")).lateral("seen")
        own = self._own()
        return [
            self._visible(kept, incident_cell),
            self._visible(changed, incident_cell_change),
            sa.select(*live.c).select_from(lives.join(live, sa.true())),
            *([] if own is None else [own.with_only_columns(*columns)]),
        ]

    def _own(self) -> sa.Select[Any] | None:
        rows = incidents.beyond_public(self.actor)
        if rows is None:
            return None
        rows = rows.where(incident.c.ward_code.in_(self._wards(kept=True)), inside(incident.c.location, self.ground))
        if self.ward_code is not None:
            rows = rows.where(incident.c.ward_code == self.ward_code)
        if self.statuses is not None:
            rows = rows.where(incident.c.status.in_(self.statuses))
        if self.kinds is not None:
            rows = rows.where(category.c.code.in_(self.kinds))
        return rows

    def _among(self, x: Any, y: Any) -> Condition:
        return sa.and_(x == sa.func.any(self.columns), y.between(self.cells.north, self.cells.south))

    def _visible(self, rows: sa.Select[Any], table: sa.Table) -> sa.Select[Any]:
        """The rows of the ward and of kinds that the caller may see and asks for."""
        of_kind = sa.and_(category.c.ward_code == table.c.ward_code, category.c.id == table.c.category_id)
        rows = rows.join(category, of_kind).where(any_of(category.c.public, staff_of(self.actor, table.c.ward_code)))
        if self.ward_code is not None:
            rows = rows.where(table.c.ward_code == self.ward_code)
        if self.kinds is not None:
            rows = rows.where(category.c.code.in_(self.kinds))
        return rows

    def _wards(self, *, kept: bool) -> sa.Select[Any]:
        """The codes of the wards whose pyramid has this level, or of those whose pyramid has not."""
        state = incident_cell_ward
        has = sa.func.coalesce(
            sa.and_(sa.not_(state.c.stale), state.c.depth >= self.cells.level),
            sa.literal(self.cells.level) <= BASE,
            type_=sa.Boolean,
        )
        box = self.ground
        of_ward = state.c.ward_code == ward.c.code
        rows = sa.select(ward.c.code).select_from(ward)
        # A level that every ward has is missing only where a ward waits: those few are found without looking at all.
        every = not kept and self.cells.level <= BASE
        rows = rows.join(state, sa.and_(of_ward, state.c.stale)) if every else rows.outerjoin(state, of_ward)
        rows = rows.where(has if kept else sa.not_(has))
        if self.ward_code is not None:
            return rows.where(ward.c.code == self.ward_code)
        if kept:
            return rows
        envelope = sa.func.ST_MakeEnvelope(box.west, box.south, box.east, box.north, SRID)
        return rows.where(ward.c.boundary.bool_op("&&")(envelope))

    def _measured(self, rows: Any, sign: sa.ColumnElement[int] | None = None) -> sa.Select[Any]:
        """One row for each incident, or change, in one of the cells, in the pyramid's terms."""
        location = rows.c.location
        x, y = column_of(location, self.cells.level), line_of(location, self.cells.level)
        longitude, latitude = units(sa.func.ST_X(location)), units(sa.func.ST_Y(location))
        id_ = rows.c.incident_id if "incident_id" in rows.c else rows.c.id
        times = sa.literal_column("1", sa.Integer) if sign is None else sign
        return sa.select(
            x.label("x"),
            y.label("y"),
            times.label("n"),
            (times * longitude).label("longitudes"),
            (times * latitude).label("latitudes"),
            longitude.label("west"),
            latitude.label("south"),
            longitude.label("east"),
            latitude.label("north"),
            sa.func.uuid_half(id_, 1).label("ids_high"),
            sa.func.uuid_half(id_, 17).label("ids_low"),
        ).where(self._among(x, y))

    def _grouped(self, seen: Any) -> sa.Select[Any]:
        """Incidents counted by cell. Their ids are combined only where there is a single one to tell."""
        location = seen.c.location
        x, y = column_of(location, self.cells.level), line_of(location, self.cells.level)
        longitude, latitude = units(sa.func.ST_X(location)), units(sa.func.ST_Y(location))
        n = sa.func.count()
        one = sa.func.array_agg(seen.c.id, type_=sa.ARRAY(sa.Uuid))[1]
        return (
            sa.select(
                x.label("x"),
                y.label("y"),
                n.label("n"),
                sa.cast(sa.func.sum(longitude), sa.BigInteger).label("longitudes"),
                sa.cast(sa.func.sum(latitude), sa.BigInteger).label("latitudes"),
                sa.func.min(longitude).label("west"),
                sa.func.min(latitude).label("south"),
                sa.func.max(longitude).label("east"),
                sa.func.max(latitude).label("north"),
                sa.case((n == 1, sa.func.uuid_half(one, 1)), else_=0).label("ids_high"),
                sa.case((n == 1, sa.func.uuid_half(one, 17)), else_=0).label("ids_low"),
            )
            .where(self._among(x, y))
            .group_by(x, y)
        )
