"""Every mutation, as every kind of caller: done, done to one's own, or refused, and then not a row is changed."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from graphql import get_named_type

from geo.audiences import Caller, Cell
from schema.api import SCHEMA
from schema.permissions import mutation_audience
from tests.permissions import reading, writing
from tests.permissions.callers import Scene
from tests.permissions.conftest import Staging
from tests.permissions.digests import changed, digest
from tests.permissions.writing import Write

REFUSED = {"NotAllowed", "NotFound", "InvalidTransition"}
"""The last: a step of another crew's incident that everybody knows of."""


def _audiences() -> dict[str, Any]:
    assert SCHEMA.mutation_type is not None
    fields = SCHEMA.mutation_type.fields
    return {name: mutation_audience(name, field) for name, field in fields.items()}


def test_every_mutation_is_called() -> None:
    known = {*writing.WRITES, *writing.WITH_VERSIONS}
    assert set(_audiences()) - known == set(), "tests/permissions/writing.py, WRITES: say what it is called with"
    assert known - set(_audiences()) == set(), "tests/permissions/writing.py: take out what is no more"


async def _call(scene: Scene, caller: Caller, name: str, who: str) -> Any:
    """What the mutation answers with: every field of its payload."""
    assert scene.published.mutation_type is not None
    field = scene.published.mutation_type.fields[name]
    union: Any = get_named_type(field.type)
    payload = next(one for one in union.types if one.name.endswith("Payload"))
    input_type = field.args["input"].type
    query = (
        f"mutation ($input: {input_type}) {{ it: {name}(input: $input) {{ __typename "
        f"... on {payload.name} {{ {reading.every_field(payload)} }} ... on UserError {{ message path }} }} }}"
    )
    given = await writing.input_of(name, Write(scene, caller, who))
    answer = await scene.ask(caller, query, {"input": given}, f"{name} ({who})")
    assert "errors" not in answer, (name, caller, who, answer)
    return answer["data"]["it"]


@pytest.mark.parametrize("caller", Caller)
async def test_a_caller_changes_exactly_what_the_table_says(staging: Staging, caller: Caller) -> None:
    wrong = []
    audiences = _audiences()
    async with staging() as scene:
        before = await digest(scene.desk.database)
        for name, audience in audiences.items():
            cell = audience.cell(caller)
            about = [] if cell is Cell.YES else ["own"] if cell is Cell.NO else ["foreign"]
            for who in about:
                if cell is Cell.OWN and name in THEIR_OWN:
                    continue
                answer = await _call(scene, caller, name, who)
                if answer["__typename"] not in REFUSED or not answer["message"]:
                    wrong.append(f"{name} by {caller}, {who}: the table says {cell}, but {answer}")
                after = await digest(scene.desk.database)
                if tables := changed(before, after):
                    wrong.append(f"{name} by {caller}, {who}: the table says {cell}, but it changed {tables}")
                    before = after
        for name in [*writing.WRITES, *writing.WITH_VERSIONS]:
            cell = audiences[name].cell(caller)
            if cell is Cell.NO:
                continue
            answer = await _call(scene, caller, name, "own")
            after = await digest(scene.desk.database)
            if name in writing.NOTHING_TO_DO:
                if answer["__typename"] == "NotAllowed":
                    wrong.append(f"{name} by {caller}: the table says {cell}, but {answer}")
            elif not answer["__typename"].endswith("Payload"):
                wrong.append(f"{name} by {caller}: the table says {cell}, but {answer}")
            elif name not in CHANGES_NOTHING and not changed(before, after):
                wrong.append(f"{name} by {caller} changed nothing")
            before = after
    assert wrong == [], "\n" + "\n".join(wrong)


THEIR_OWN = {
    "reportPosition", "markNoticesSeen", "endSession", "endOtherSessions", "changePassword",
    "prepareSecondFactor", "enableSecondFactor", "disableSecondFactor", "renewRecoveryCodes",
}  # fmt: skip
"""They are about the caller: nobody else's can be named."""
CHANGES_NOTHING = {"endOtherSessions"}
"""In the scene each account has one session."""


async def test_a_digest_tells_of_the_smallest_change(staging: Staging) -> None:
    async with staging() as scene:
        database = scene.desk.database
        before = await digest(database)
        assert changed(before, await digest(database)) == []
        async with database.write() as connection:
            await connection.execute(sa.text("UPDATE crew SET capacity = capacity + 1 WHERE name = 'Đội Hạ tầng'"))
        assert changed(before, await digest(database)) == ["public.crew"]
        async with database.write() as connection:
            await connection.execute(sa.text("DELETE FROM jobs.pgqueuer WHERE status = 'failed'"))
        assert changed(before, await digest(database)) == ["jobs.pgqueuer", "public.crew"]
