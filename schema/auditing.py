"""How a mutation comes into the audit log by itself: what it is about is looked at before and after it.

`recorded` runs the work of a mutation and writes its entry in the same transaction. `schema/mutating.py` runs every
mutation so; what sees to transactions of its own either runs its last one by `recorded`, or has its entry written by
the rule of `geo` that makes the change.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from geo import audit
from geo.actor import Actor, Role
from geo.audit_subjects import TOLD_VALUES, State, Subject, changed, hold, look, spelled
from schema.context import Context
from schema.relay import identity
from schema.rows import Found

UNTOLD: Mapping[str, str] = {
    "markNoticesSeen": "what somebody has read is nothing that they did to the ward",
    "reportPosition": "where a crew is, every few seconds, is nobody's to look up later",
    "prepareSecondFactor": "nothing is stored before its first code has come",
    "reportIncident": "its first step stands in the incident's history, with the account, and is never edited either",
    "rateIncident": "it is the reporter's, and whose account they have is nobody's to read",
    "withdrawContact": "so is this",
}
"""The mutations without an entry, and why."""


async def recorded(context: Context, name: str, input: Any, act: Callable[[AsyncConnection], Awaitable[Any]]) -> Any:
    """What `act` gives, run in one transaction with its entry. `name` is the mutation's, as in `SavePlace`."""
    async with context.database.write() as connection:
        if not _told(context.actor, action_of(name), input):
            return await act(connection)
        named = _named(context.actor, input)
        if named:  # what is changed is named first; another change of it is before this one or after it
            await hold(connection, named[0])
        before = {subject: await look(connection, subject) for subject in named}
        payload = await act(connection)
        await _tell(connection, context.actor, action_of(name), input, before, payload)
    return payload


def action_of(name: str) -> str:
    """What the log calls it: the mutation's name in the API."""
    return name[0].lower() + name[1:]


def _told(actor: Actor, action: str, input: Any) -> bool:
    """Whether the log tells of it: what accounts do, but for a crew's steps, which the incident's history keeps.

    What is done by a reporter's secret never is: an entry would say whose report it was.
    """
    if actor.account_id is None or action in UNTOLD or getattr(input, "secret", None) is not None:
        return False
    return not (actor.role is Role.CREW_MEMBER and hasattr(input, "incident_id"))


def _named(actor: Actor, input: Any) -> list[Subject]:
    """What the input names: by an id, by a category's code, or by leaving out the caller's own crew."""
    found = []
    for name, value in vars(input).items():
        if isinstance(value, str) and name.endswith("_id") and (named := identity(value)) is not None and named.key:
            found.append(Subject(named.type_name, named.ward_code, named.key))
    ward_code = getattr(input, "ward_code", None) or actor.ward_code
    if ward_code is not None and isinstance(code := getattr(input, "code", None), str):
        found.append(Subject("Category", ward_code, code.replace("\x00", "")))
    if actor.ward_code is not None and actor.crew_id is not None and not found:
        found.append(Subject("Crew", actor.ward_code, actor.crew_id))
    return found


async def _tell(
    connection: AsyncConnection,
    actor: Actor,
    action: str,
    input: Any,
    before: Mapping[Subject, State | None],
    payload: Any,
) -> None:
    """Write the entry; none where everything is as it was."""
    subject = _subject(payload)
    if subject is None:
        counts = {spelled(name): value for name, value in vars(payload).items() if type(value) is int}
        if not counts or any(counts.values()):
            await audit.record(connection, actor, action, None, getattr(input, "ward_code", None), counts)
        return
    after = await look(connection, subject)
    was = before.get(subject) or _by_id(before.values(), subject)
    if was is None and after is not None and not after["written"]:
        return
    details: dict[str, Any] = {}
    if was is None and after is not None:
        details = {"created": True}
    elif after is None:
        details = {"removed": True} if was is not None else {}
    else:
        fields = changed(was, after)
        if not fields:
            return
        details = {"changed": fields} | _values(was or {}, after)
    await audit.record(connection, actor, action, str(subject), subject.ward_code, details)


def _subject(payload: Any) -> Subject | None:
    """What a payload answers with: the first object that it finds, or the id of what is no more."""
    values = list(vars(payload).values())
    for value in values:
        if isinstance(value, Found):
            return Subject(value.type_name, value.ward_code, value.key)
    for value in values:
        named = identity(value) if isinstance(value, str) else None
        if named is not None and named.key is not None:
            return Subject(named.type_name, named.ward_code, named.key)
    return None


def _by_id(states: Iterable[State | None], subject: Subject) -> State | None:
    """The state of what was looked at by something else than its id."""
    return next((one for one in states if one is not None and UUID(str(one["id"])) == subject.key), None)


def _values(before: State, after: State) -> dict[str, Any]:
    told = [name for name in TOLD_VALUES if name in after and before.get(name) != after[name]]
    if not told:
        return {}
    return {
        "from": {spelled(name): before.get(name) for name in sorted(told)},
        "to": {spelled(name): after[name] for name in sorted(told)},
    }
