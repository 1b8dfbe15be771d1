"""What was done to a ward's boundaries, and what they were at any moment."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import sqlalchemy as sa
import strawberry

from geo import boundary_edits, neighbourhoods
from schema.links import NeighbourhoodLink
from schema.relay import After, Connection, First, Node, page
from schema.rows import Boundary, Page, Row, Rows, column, field, node_id
from schema.scalars import GeoJSONMultiPolygon


def _neighbourhoods(root: Row) -> Rows:
    rows = boundary_edits.changed(root.seen_by, root.ward_code, root.drawn, root.redrawn, root.removed, root.renamed)
    return Rows("Neighbourhood", rows, root.seen_by, weight=10)


def _ids(root: Row, ids: sa.ColumnElement[list[str]]) -> sa.ColumnElement[list[str]]:
    """A list of ids of neighbourhoods, as JSON has it."""
    each = sa.func.unnest(ids).table_valued(sa.column("id", sa.Uuid)).render_derived(name="each")
    listed = sa.select(sa.func.array_agg(sa.func.concat("Neighbourhood:", root.ward_code, ":", each.c.id)))
    empty = sa.cast(sa.literal([], sa.ARRAY(sa.Text)), sa.ARRAY(sa.Text))
    return sa.func.coalesce(listed.select_from(each).scalar_subquery(), empty, type_=sa.ARRAY(sa.Text))


@strawberry.type(description="One saving of a ward's boundaries; for its staff.")
class BoundaryEdit(Node):
    id: strawberry.ID = node_id("BoundaryEdit")
    at: datetime = column("When; the boundaries that it drew hold from this moment.")
    author: str | None = column("Who, by name; none where it was imported, or the account is no more.")
    reason: str | None = column("Why.")
    drawn: list[strawberry.ID] = field(lambda root: _ids(root, root.drawn), "The neighbourhoods that it made.")
    redrawn: list[strawberry.ID] = field(
        lambda root: _ids(root, root.redrawn), "The neighbourhoods that it gave another boundary."
    )
    removed: list[strawberry.ID] = field(lambda root: _ids(root, root.removed), "The neighbourhoods that it gave up.")
    renamed: list[strawberry.ID] = field(
        lambda root: _ids(root, root.renamed), "The neighbourhoods that it called otherwise."
    )
    neighbourhoods: list[NeighbourhoodLink] = field(_neighbourhoods, "All of these by name, as they are now.")


BoundaryEditConnection = Connection[BoundaryEdit]


def _of(root: Row) -> Rows:
    select = neighbourhoods.with_id(root.seen_by, root.ward_code, root.neighbourhood_id)
    return Rows("Neighbourhood", select, root.seen_by)


@strawberry.type(description="The boundary that a neighbourhood had at a moment.")
class BoundaryThen:
    neighbourhood: NeighbourhoodLink = field(_of, "The neighbourhood as it is now, with its version.")
    boundary: GeoJSONMultiPolygon = field(
        lambda root: Boundary(root.ward_code, root.boundary_id, root.boundary), "Its boundary then."
    )
    in_force: bool = column("Whether that very boundary is in force now.")


def boundary_changes(root: Row, first: First = 20, after: After = None) -> Page:
    """A ward's savings, for its staff."""
    rows = boundary_edits.of_ward(root.seen_by, root.code)
    return page(Rows("BoundaryEdit", rows, root.seen_by), boundary_edits.LATEST, first, after)


def boundaries_at(root: Row, at: Annotated[datetime, strawberry.argument(description="The moment.")]) -> Rows:
    """What a ward's boundaries were."""
    return Rows("BoundaryThen", boundary_edits.held_at(root.seen_by, root.code, at), root.seen_by, weight=20)
