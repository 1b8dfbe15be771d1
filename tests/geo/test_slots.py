"""Plans: what is given fills their slots, and nothing else is taken for it."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from geo.actor import ANONYMOUS, Actor, Role
from geo.database import Database
from geo.ids import new_id
from geo.lifecycle import Status
from geo.plans import Given, Ordinate, Pattern, Plan, array_of, kind_of, late_actor, slot
from geo.tables import incident


def given(**values: object) -> Given:
    return Given(ANONYMOUS, values)


async def test_each_execution_reads_what_it_is_given(database: Database) -> None:
    name = slot("name", sa.Text(), lambda given: given.values["name"])
    plan = Plan(sa.select(sa.func.concat(name, "/", name, type_=sa.Text), sa.literal(7)))
    async with database.texts() as texts:
        for text in ("một", "hai'; --", "%s $1 :x"):
            assert await texts.fetch(plan, given(name=text)) == f"{text}/{text}".encode()


async def test_lists_are_given_as_arrays(database: Database) -> None:
    plan = Plan(sa.select(sa.func.array_to_string(array_of("words", sa.Text()), "+", type_=sa.Text)))
    async with database.texts() as texts:
        assert await texts.fetch(plan, given(words=["a", "b"])) == b"a+b"
        assert await texts.fetch(plan, given(words=[])) == b""


def test_a_slot_cannot_be_looked_into_while_a_statement_is_made() -> None:
    late = slot("n", sa.Integer(), lambda given: given.values["n"])
    with pytest.raises(TypeError):
        bool(late > 3)
    with pytest.raises(TypeError):
        len(late)  # type: ignore[arg-type]


def test_two_slots_of_one_name_and_different_types_are_refused() -> None:
    one, other = slot("n", sa.Integer(), lambda _: 1), slot("n", sa.Float(), lambda _: 1)
    with pytest.raises(TypeError, match="two meanings"):
        Plan(sa.select(one, other))


def test_our_own_constants_are_written_out_and_texts_never() -> None:
    statement = sa.select(incident.c.id).where(
        incident.c.status.in_([Status.RECEIVED]), incident.c.description == "it's", incident.c.reopened_count > 2
    )
    plan = Plan(statement.limit(10))
    assert "IN ('RECEIVED')" in plan.sql
    assert "LIMIT 10" in plan.sql
    assert "it" not in plan.sql.replace("incident", "").replace("LIMIT", "").replace("with", "")
    assert plan.arguments(given()) == ["it's"]


@pytest.mark.parametrize(
    ("of_type", "shared"),
    [
        (sa.Uuid(), True),
        (sa.Text(), True),
        (Ordinate(), True),
        (sa.Float(), False),
        (sa.DateTime(timezone=True), False),
        (Pattern(), False),
    ],
)
def test_only_what_is_found_by_keys_is_planned_once_for_all_values(of_type: sa.types.TypeEngine, shared: bool) -> None:
    assert Plan(sa.select(slot("x", of_type, lambda given: given.values["x"]))).shared is shared


def test_callers_of_a_kind_are_told_apart_by_their_slots_only() -> None:
    one = Actor(Role.CREW_MEMBER, new_id(), "Đội 1", "20314", crew_id=new_id())
    other = Actor(Role.CREW_MEMBER, new_id(), "Đội 2", "20315", crew_id=new_id())
    without = Actor(Role.CREW_MEMBER, new_id(), "Đội 3", "20315")
    assert kind_of(one) == kind_of(other) != kind_of(without)
    plan = Plan(sa.select(late_actor(one).crew_id, late_actor(one).ward_code))  # type: ignore[call-overload]
    for actor in (one, other):
        assert plan.arguments(Given(actor, {})) == [actor.crew_id, actor.ward_code]
    assert late_actor(without).crew_id is None
