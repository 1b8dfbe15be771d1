"""Statements made once and executed many times.

Making a statement costs milliseconds: the rows' conditions, the selection, the compiler. Executing it again with other
values costs a lookup. So what differs from one execution to the next enters a statement as a *slot*: a bind parameter
that says how its value is read from what is given at each execution. Nothing else may differ: whatever a plan was made
from must be in the key that it is kept under.

A slot cannot be looked into while the statement is made (it has no truth value, no length), so code that would decide
by its value fails at once instead of deciding once and for all.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from enum import Enum
from typing import Any, Generic, Protocol, TypeVar

import sqlalchemy as sa
from sqlalchemy import ClauseElement, Dialect
from sqlalchemy.dialects.postgresql import BYTEA
from sqlalchemy.dialects.postgresql.asyncpg import PGCompiler_asyncpg, PGDialect_asyncpg
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

from geo.actor import Actor
from geo.positions import Box

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Given:
    """What an execution brings: who asks, and values by name."""

    actor: Actor
    values: Mapping[str, Any]


Read = Callable[[Given], Any]


@dataclass(frozen=True, slots=True)
class _Slot:
    read: Read


def slot(name: str, of_type: TypeEngine[Any], read: Read) -> sa.BindParameter[Any]:
    """A bind parameter that `read` fills at each execution. One name, one meaning within a statement."""
    return sa.bindparam(name.replace(" ", "_"), _Slot(read), type_=of_type)


@dataclass(frozen=True, slots=True)
class LateText:
    """A text that is not known while the statement is made."""

    name: str
    read: Callable[[Given], str]

    def slot(self, part: str, change: Callable[[str], Any], of_type: TypeEngine[Any] | None = None) -> Any:
        """A slot with what `change` makes of the text; `part` tells several of one text apart."""
        read = self.read
        return slot(f"{self.name}-{part}", of_type or sa.Text(), lambda given: change(read(given)))


def change(text: str | LateText, part: str, to: Callable[[str], Any], of_type: TypeEngine[Any] | None = None) -> Any:
    """What `to` makes of a text: now where it is known, a slot where it is not."""
    return text.slot(part, to, of_type) if isinstance(text, LateText) else to(text)


def bound(value: Any, of_type: TypeEngine[Any]) -> Any:
    """A value as SQL, which a slot is already."""
    return value if isinstance(value, sa.BindParameter) else sa.literal(value, of_type)


def late_box(name: str, read: Callable[[Given], Box], of_type: TypeEngine[float]) -> Box:
    """A box whose sides are slots."""

    def side(which: str) -> Any:
        return slot(f"{name}_{which}", of_type, lambda given: getattr(read(given), which))

    return Box(side("west"), side("south"), side("east"), side("north"))


_ACTOR: dict[str, TypeEngine[Any]] = {
    "account_id": sa.Uuid(),
    "name": sa.Text(),
    "ward_code": sa.Text(),
    "crew_id": sa.Uuid(),
    "team_id": sa.Uuid(),
    "neighbourhood_id": sa.Uuid(),
    "session_id": sa.Uuid(),
    "secret_hash": BYTEA(),
    "witnessed": sa.Uuid(),
    "witnessed_until": sa.DateTime(timezone=True),
}


def kind_of(actor: Actor) -> Hashable:
    """What a statement's form may depend on of who asks: the role, and which of the rest is known at all."""
    return (actor.role, *(getattr(actor, name) is None for name in _ACTOR))


def late_actor(actor: Actor) -> Actor:
    """An actor of the same kind whose every other property is a slot."""
    late: dict[str, Any] = {
        name: slot(f"actor_{name}", of_type, _of_actor(name))
        for name, of_type in _ACTOR.items()
        if getattr(actor, name) is not None
    }
    return replace(actor, **late)


def _of_actor(name: str) -> Read:
    return lambda given: getattr(given.actor, name)


if {field.name for field in fields(Actor)} != {"role", *_ACTOR}:
    raise TypeError("geo.plans does not know every property of an actor")


def _processed(value: Any, processor: Any) -> Any:
    """What the driver is given for `value`; a slot does the same with what it will read."""
    if processor is None:
        return value
    if isinstance(value, _Slot):
        read = value.read
        return _Slot(lambda given: processor(read(given)))
    return processor(value)


class _Compiler(PGCompiler_asyncpg):
    """Writes numbers and the names of enumerations out instead of binding them.

    A plan made for all values can then use the partial indexes (`WHERE status IN …`). A text is never written out:
    it may be a person's.
    """

    def visit_bindparam(self, bindparam: sa.BindParameter[Any], **how: Any) -> Any:  # type: ignore[override]
        known = bindparam.value if isinstance(bindparam.value, list | tuple) else [bindparam.value]
        ours = all(isinstance(value, Enum | int) for value in known) and not isinstance(bindparam.type, sa.ARRAY)
        if ours and bindparam.type.literal_processor(self.dialect) is not None:
            bindparam = bindparam.render_literal_execute()
        return super().visit_bindparam(bindparam, **how)  # type: ignore[no-untyped-call]


class _Dialect(PGDialect_asyncpg):
    statement_compiler = _Compiler


_DIALECT: Dialect = _Dialect()  # type: ignore[no-untyped-call]


class Ordinate(sa.Float[float]):
    """The type of a position's longitude and latitude: every index finds one position as another."""

    cache_ok = True


class Pattern(sa.Text):
    """The type of a text to look for, whose value decides how to look for it."""

    cache_ok = True


_LATE = (sa.BindParameter, LateText, _Slot)
_DECIDING = (sa.Float, sa.DateTime, Pattern)


class Plan:
    """A compiled statement: its SQL for asyncpg, and how each argument is come by.

    `shared` says whether PostgreSQL may plan it once for all values. That holds for keys. It does not for boxes,
    moments and patterns, which may select next to nothing or nearly all: planned without them, the count of a map's
    window of 100,000 incidents took 1,300 ms instead of 90.
    """

    __slots__ = ("_arguments", "shared", "sql")

    def __init__(self, statement: ClauseElement) -> None:
        compiled = statement.compile(dialect=_DIALECT, compile_kwargs={"render_postcompile": True})
        if not isinstance(compiled, SQLCompiler):
            raise TypeError("not a statement with parameters")
        values, processors = compiled.params, compiled._bind_processors
        for name, value in values.items():
            if isinstance(value, list | tuple) and any(isinstance(one, _LATE) for one in value):
                raise TypeError(f"{name} holds what is not known yet")
        kinds: dict[str, type] = {}
        for bind, name in compiled.bind_names.items():
            # Two slots of one name would be filled alike.
            if kinds.setdefault(name, type(bind.type)) is not type(bind.type):
                raise TypeError(f"{name} has two meanings")
        types = {type(bind.type) for bind in compiled.bind_names if not bind.literal_execute}
        self.shared = types.isdisjoint(_DECIDING)
        self.sql = str(compiled)
        # The driver takes lists as they are; SQLAlchemy would go through each of their items.
        lists = {name for bind, name in compiled.bind_names.items() if isinstance(bind.type, sa.ARRAY)}
        self._arguments = [
            _processed(values[name], None if name in lists else processors.get(name))
            for name in compiled.positiontup or ()
        ]

    def arguments(self, given: Given) -> list[Any]:
        """The arguments of one execution, in order. Raises what a slot's reading raises."""
        return [known.read(given) if type(known) is _Slot else known for known in self._arguments]


class Statements(Protocol):
    """A transaction that runs plans."""

    async def rows(self, plan: Plan, given: Given) -> Sequence[Any]:
        """The rows of one execution; their columns are attributes."""


def array_of(name: str, of_type: TypeEngine[Any]) -> sa.BindParameter[Any]:
    """A slot for a list of values given as `name`."""
    return slot(f"all_{name}", sa.ARRAY(of_type), lambda given: given.values[name])


MOST_PLANS = 512
"""Plans of a sort that a process keeps."""


class Kept(Generic[Made]):
    """A bounded store of what was made, by key; what was not used for longest goes first."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._made: dict[Hashable, Made] = {}

    def get(self, key: Hashable) -> Made | None:
        found = self._made.pop(key, None)
        if found is not None:
            self._made[key] = found
        return found

    def put(self, key: Hashable, made: Made) -> None:
        self._made.pop(key, None)
        self._made[key] = made
        if len(self._made) > self.most:
            del self._made[next(iter(self._made))]

    def clear(self) -> None:
        self._made.clear()

    def __len__(self) -> int:
        return len(self._made)
