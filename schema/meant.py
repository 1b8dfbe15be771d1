"""Which ward an input is about, and the refusal of all that is wrong with one."""

from __future__ import annotations

from geo.contact import Checked
from geo.errors import InvalidInput, NotAllowed, Problem
from geo.language import Text
from schema.context import Context

WARD_NEEDED = Text("Cần mã phường.", "The ward's code is needed.")


def ward_meant(context: Context, code: str | None, *, staff: bool) -> str:
    """The ward that is meant; raises where the caller names none and has none, or does not run it."""
    named = code if code is not None else context.actor.ward_code
    if named is None:
        raise InvalidInput(Problem(("wardCode",), WARD_NEEDED))
    if staff and not context.actor.runs(named):
        raise NotAllowed(path=("wardCode",))
    return named


def refuse(check: Checked) -> None:
    """Raises `InvalidInput` with all that was found wrong."""
    if check.problems:
        raise InvalidInput(*check.problems)
