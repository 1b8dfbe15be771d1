"""Days that an address names: `from=2026-11-01&to=2026-11-30`, both of them included, by Vietnam's clock."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from geo.clock import VIETNAM
from geo.language import Text
from maps.window import ParameterError

EARLIEST, LATEST = 1900, 2200

NOT_A_DAY = Text(
    "Ngày phải có thật và viết như 2026-11-30 (năm-tháng-ngày).", "A day must exist and be written as 2026-11-30."
)
BACKWARDS = Text("Ngày cuối không được trước ngày đầu.", "The last day must not lie before the first.")

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Period:
    """From the first day to the last, both included; open on a side without a day."""

    first: date | None = None
    last: date | None = None

    @property
    def since(self) -> datetime | None:
        """When it begins."""
        return None if self.first is None else _beginning(self.first)

    @property
    def until(self) -> datetime | None:
        """When it is over: the first moment after it."""
        return None if self.last is None else _beginning(self.last + timedelta(days=1))


def _beginning(day: date) -> datetime:
    return datetime.combine(day, time(), VIETNAM)


def today() -> date:
    return datetime.now(VIETNAM).date()


def read_period(parameters: Mapping[str, str]) -> Period:
    """The period that `from` and `to` name; an empty field of a form names none. Raises `ParameterError`."""
    first, last = (_day(name, parameters.get(name, "").strip()) for name in ("from", "to"))
    if first is not None and last is not None and last < first:
        raise ParameterError("to", BACKWARDS)
    return Period(first, last)


def _day(name: str, text: str) -> date | None:
    if not text:
        return None
    try:
        if _DAY.fullmatch(text) is None:
            raise ValueError(text)
        found = date.fromisoformat(text)
    except ValueError as error:
        raise ParameterError(name, NOT_A_DAY) from error
    if not EARLIEST <= found.year <= LATEST:
        raise ParameterError(name, NOT_A_DAY)
    return found
