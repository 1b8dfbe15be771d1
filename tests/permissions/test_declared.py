"""Nothing is without a row: each field, mutation, subscription, address and column stands in docs/permissions.md."""

from __future__ import annotations

from pathlib import Path

import pytest
from graphql import GraphQLSchema, build_schema

from geo.private_columns import COLUMNS, columns_of
from geo.tables import metadata
from schema import permissions
from schema.api import SCHEMA
from server.app import ROUTES
from server.permissions import ROUTES as OPEN_ROUTES
from server.permissions import names_of, permissions_document, route_audience

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def published() -> GraphQLSchema:
    """The schema as everybody reads it."""
    return build_schema((ROOT / "schema" / "schema.graphql").read_text())


def test_the_document_is_written_from_the_code() -> None:
    path = ROOT / "docs" / "permissions.md"
    assert path.read_text() == permissions_document(SCHEMA, ROUTES), (
        f"run: .venv/bin/phuongso permissions > {path.relative_to(ROOT)}"
    )


def test_every_field_has_a_row(published: GraphQLSchema) -> None:
    types = {
        name: set(of_type.fields)
        for name, of_type in permissions.data_types(published).items()
        if not permissions.is_list_part(name)
    }
    for name, fields in types.items():
        blocks = permissions.blocks_of(name)
        assert blocks, f"schema/permissions.py, FIELDS: add a block for the new type {name}"
        for block in blocks:
            _held(f"schema/permissions.py, FIELDS[{block!r}]", permissions.FIELDS[block], fields)
    known = {block.partition(":")[0] for block in permissions.FIELDS}
    assert known <= set(types), "schema/permissions.py, FIELDS: take out the types that are no more"
    query, subscription = published.query_type, published.subscription_type
    assert query is not None
    assert subscription is not None
    _held("schema/permissions.py, QUERIES", permissions.QUERIES, set(query.fields))
    followed = {
        name for fields in permissions.SUBSCRIPTIONS.values() for names in fields.values() for name in names.split()
    }
    assert followed == set(subscription.fields), "schema/permissions.py, SUBSCRIPTIONS"


def test_every_mutation_declares_its_roles(published: GraphQLSchema) -> None:
    assert SCHEMA.mutation_type is not None
    assert published.mutation_type is not None
    for name in published.mutation_type.fields:
        permissions.mutation_audience(name, SCHEMA.mutation_type.fields[name])


def test_every_address_has_a_row() -> None:
    for route in ROUTES:
        route_audience(route)
    known = {names_of(route) for route in ROUTES}
    declared = [name for names in OPEN_ROUTES.values() for name in names]
    assert set(declared) <= known, "server/permissions.py, ROUTES: take out the addresses that are no more"
    assert len(declared) == len(set(declared))


def test_every_column_has_a_row() -> None:
    for table in metadata.sorted_tables:
        blocks = [block for block in COLUMNS if block.partition(":")[0] == table.name]
        assert blocks, f"geo/private_columns.py, COLUMNS: add a block for the new table {table.name}"
        for block in blocks:
            columns = {column.name for column in table.columns}
            _held(f"geo/private_columns.py, COLUMNS[{block!r}]", COLUMNS[block], columns)
            assert set(columns_of(block)) == columns


def _held(where: str, rows: permissions.Fields, wanted: set[str]) -> None:
    """Each of `wanted` stands in `rows`, once; nothing else does."""
    found = [name for names in rows.values() for name in names.split()]
    assert wanted - set(found) == set(), f"{where}: say who may read what is new"
    assert set(found) - wanted == set(), f"{where}: take out what is no more"
    assert len(found) == len(set(found)), f"{where}: named twice"
