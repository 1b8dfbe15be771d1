"""The audit log in the database: written once, never edited by anybody, deleted only when it is old."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import audit, tables
from geo.actor import ANONYMOUS, Actor, Role
from geo.audit_subjects import _BELONGING, _OWN, NOT_COMPARED, Subject, changed, look, spelled
from geo.audit_words import ACTIONS, FIELDS
from geo.ids import new_id
from tests.geo.conftest import Laid
from tests.ward import CODE, OTHER

ROOT = Path(__file__).parent.parent.parent
ENTRY = tables.audit_entry


MANY = """
INSERT INTO audit_entry (ward_code, id, at, role, action, subject, account_id)
SELECT :ward, gen_random_uuid(), now() - make_interval(mins => n), 'STAFF', 'act' || n % 40, 'Place' || n % 500,
       ('00000000-0000-0000-0000-0000000000' || lpad((n % 20)::text, 2, '0'))::uuid
  FROM generate_series(1, 4000) AS n
"""


async def entries(connection: AsyncConnection) -> list[Any]:
    return list((await connection.execute(sa.select(ENTRY).order_by(ENTRY.c.id))).all())


async def old(connection: AsyncConnection, age: timedelta, ward_code: str = CODE) -> UUID:
    id_ = new_id()
    row = {"ward_code": ward_code, "id": id_, "role": "STAFF", "action": "savePlace", "at": sa.func.now() - age}
    await connection.execute(sa.insert(ENTRY).values(**row))
    return id_


async def test_an_entry_says_who_they_were_what_and_to_what(undone: Laid, connection: AsyncConnection) -> None:
    staff, admin = undone.actors["staff"], undone.actors["admin"]
    token = audit.asked_in.set("a request")
    await audit.record(connection, staff, "savePlace", f"Place:{CODE}:1", details={"changed": ["name"]})
    audit.asked_in.reset(token)
    await audit.record(connection, admin, "signIn")
    await audit.record(connection, admin, "saveCrew", ward_code=OTHER)
    await audit.record(connection, audit.operator(), "importPlaces", details={"added": 3})
    await audit.record(connection, ANONYMOUS, "delaySignIn", ward_code=CODE)
    first, signed_in, elsewhere, by_hand, nobody = await entries(connection)
    assert (first.ward_code, first.account_id, first.role) == (CODE, staff.account_id, "STAFF")
    assert (first.name, first.action, first.subject) == ("Người dùng staff", "savePlace", f"Place:{CODE}:1")
    assert (first.details, first.request_id) == ({"changed": ["name"]}, "a request")
    assert (signed_in.ward_code, signed_in.role, signed_in.request_id) == (audit.NO_WARD, "ADMIN", None)
    assert elsewhere.ward_code == OTHER
    assert (by_hand.role, by_hand.account_id, by_hand.name) == (audit.COMMAND_LINE, None, audit.operator().name)
    assert (nobody.role, nobody.account_id, nobody.name) == ("ANONYMOUS", None, None)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET action = 'signOut'",
        "UPDATE audit_entry SET at = now() - interval '5 years'",
        "DELETE FROM audit_entry",
        "TRUNCATE audit_entry",
        "WITH gone AS (DELETE FROM audit_entry RETURNING 1) SELECT count(*) FROM gone",
    ],
)
async def test_nobody_edits_or_empties_it(undone: Laid, connection: AsyncConnection, statement: str) -> None:
    await audit.record(connection, undone.actors["staff"], "savePlace")
    with pytest.raises(DBAPIError, match="never edited"):
        async with connection.begin_nested():
            await connection.execute(sa.text(statement))
    assert len(await entries(connection)) == 1


async def test_what_was_kept_long_enough_is_deleted_and_nothing_else(undone: Laid, connection: AsyncConnection) -> None:
    kept = [await old(connection, timedelta(days=days)) for days in (1, 400)]
    for _ in range(2):
        await old(connection, timedelta(days=800), OTHER)
    assert await audit.forget_old(connection, timedelta(days=730)) == 2
    assert await audit.forget_old(connection, timedelta(days=730)) == 0
    assert [row.id for row in await entries(connection)] == kept
    with pytest.raises(DBAPIError, match="never edited"):
        async with connection.begin_nested():
            await audit.forget_old(connection, timedelta(0))
    assert timedelta(days=366) <= audit.LEAST, "the trigger counts months, of which the longest year has 366 days"


@pytest.mark.parametrize(
    "values",
    [
        {"ward_code": "Hoà"},
        {"action": "save place"},
        {"details": ["no object"]},
        {"details": {"long": "x" * 8_000}},
    ],
)
async def test_what_is_no_entry_is_refused(connection: AsyncConnection, values: dict[str, Any]) -> None:
    row = {"ward_code": CODE, "id": new_id(), "role": "STAFF", "action": "savePlace", **values}
    with pytest.raises(DBAPIError, match="ck_audit_entry"):
        async with connection.begin_nested():
            await connection.execute(sa.insert(ENTRY).values(**row))


async def test_a_page_of_it_is_read_from_one_end_of_an_index(connection: AsyncConnection) -> None:
    await connection.execute(sa.text(MANY), {"ward": CODE})
    await connection.execute(sa.text("ANALYZE audit_entry"))
    actor = Actor(Role.STAFF, UUID(int=1), ward_code=CODE)
    keys = [key.expression.desc() for key in audit.LATEST.keys]
    asked: dict[str, dict[str, Any]] = {
        "newest": {},
        "action": {"action": "act7"},
        "account": {"account_id": UUID(int=7)},
        "subject": {"subject": "Place7"},
    }
    for index, filters in asked.items():
        page = audit.of_ward(actor, CODE, **filters).order_by(*keys).limit(51)
        text = page.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True})
        plan = "\n".join((await connection.execute(sa.text(f"EXPLAIN {text}".replace(":", "\\:")))).scalars())
        assert f"ix_audit_entry_{index}" in plan, plan
        assert "Sort" not in plan, plan


async def test_of_a_change_the_fields_are_told(undone: Laid, connection: AsyncConnection) -> None:
    house = Subject("Place", CODE, undone.ward.places["Nhà văn hóa số 1"])
    before = await look(connection, house)
    assert before is not None
    assert not before["written"]
    place = tables.place
    same = sa.update(place).where(place.c.id == house.key).values(phone=None)
    await connection.execute(same)
    assert changed(before, await look(connection, house)) == []
    await connection.execute(same.values(phone="0905000111", opening_hours="7:00"))
    assert changed(before, await look(connection, house)) == ["openingHours", "phone"]
    assert await look(connection, Subject("Place", OTHER, house.key)) is None
    assert await look(connection, Subject("Neighbourhood", CODE, new_id())) is None


def test_every_field_that_may_change_has_words() -> None:
    of_tables = {
        spelled(column.name) for table in _OWN.values() for column in tables.metadata.tables[table].c
        if column.name not in NOT_COMPARED
    }  # fmt: skip
    never = {
        "ward_code",
        "id",
        "demo",
        "created_at",
        "reported_at",
        "taken_at",
        "channel",
        "width",
        "height",
        "event_id",
    }
    never |= {"incident_id", "tracking_code", "request_key_hash", "reporter_secret_hash", "source_key"}
    lacking = of_tables | {name for names in _BELONGING.values() for name in names}
    assert lacking - {spelled(name) for name in never} - FIELDS.keys() == set()


def recorded() -> Iterator[str]:
    """The names of actions that the sources record by `audit.record(…)`, or name for one that does."""
    for package in ("geo", "schema", "server"):
        for path in (ROOT / package).rglob("*.py"):
            tree = ast.parse(path.read_text())
            constants = {
                target.id: node.value.value
                for node in tree.body
                if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
                for target in node.targets
                if isinstance(target, ast.Name)
            }
            for node in ast.walk(tree):
                if isinstance(node, ast.Call) and ast.unparse(node.func) == "audit.record":
                    action = node.args[2]
                    if isinstance(action, ast.Constant):
                        yield str(action.value)
                    elif isinstance(action, ast.Name) and action.id in constants:
                        yield str(constants[action.id])


def test_every_action_that_is_recorded_has_words() -> None:
    found = set(recorded())
    assert {"signIn", "retryJobs", "exportPersonalData"} <= found
    assert found - ACTIONS.keys() == set()
    assert all(text.vi and text.en for text in (*ACTIONS.values(), *FIELDS.values()))
