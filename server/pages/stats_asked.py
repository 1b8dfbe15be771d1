"""What the address of the page of figures asks for: a period, and which measure colours the map."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from maps.window import ParameterError
from server.pages.words import N_
from server.periods import Period, read_period

Gettext = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Choice:
    """A period that the page offers: the word in the address, on its link, and at the beginning of a sentence."""

    key: str
    word: str
    lead: str
    first: Callable[[date], date | None]


def _twelve_months(today: date) -> date:
    """The first day of the month eleven months ago: this month makes twelve."""
    months = today.year * 12 + today.month - 12
    return date(months // 12, months % 12 + 1, 1)


CHOICES = (
    Choice("30d", N_("30 ngày"), N_("Trong 30 ngày qua"), lambda today: today - timedelta(days=29)),
    Choice("90d", N_("90 ngày"), N_("Trong 90 ngày qua"), lambda today: today - timedelta(days=89)),
    Choice("12m", N_("12 tháng"), N_("Trong 12 tháng qua"), _twelve_months),
    Choice("all", N_("Tất cả"), N_("Từ trước đến nay"), lambda _: None),
)
USUAL = CHOICES[1]

MEASURES = {"reports": N_("Số phản ánh"), "late": N_("Tỷ lệ trễ hạn")}
"""What the map is coloured by, and the neighbourhoods are in the order of; the first unless another is asked for."""


@dataclass(frozen=True, slots=True)
class Asked:
    """`choice` is None where the reader gave days. `query` makes the same address again, but for the measure."""

    choice: Choice | None
    period: Period
    measure: str
    query: dict[str, str]
    given: dict[str, str] = field(default_factory=dict)
    """What stands in the fields of the form."""
    problem: ParameterError | None = None


def asked(parameters: Mapping[str, str], today: date) -> Asked:
    """What is asked for; days that are none are told as `problem`, beside the usual period."""
    measure = parameters.get("measure", "")
    measure = measure if measure in MEASURES else next(iter(MEASURES))
    given = {name: parameters.get(name, "").strip()[:40] for name in ("from", "to")}
    problem = None
    try:
        period = read_period(given)
    except ParameterError as error:
        period, problem = Period(), error
    if period != Period():
        days = {name: text for name, text in given.items() if text}
        return Asked(None, period, measure, days, given)
    key = parameters.get("period")
    choice = next((choice for choice in CHOICES if choice.key == key), USUAL)
    return Asked(choice, Period(choice.first(today)), measure, {"period": choice.key}, given, problem)


def lead(choice: Choice | None, period: Period, gettext: Gettext) -> str:
    """The period at the beginning of a sentence."""
    if choice is not None:
        return gettext(choice.lead)
    days: dict[str, Any] = {"first": _written(period.first), "last": _written(period.last)}
    if period.last is None:
        return gettext(N_("Từ ngày {first}")).format(**days)
    if period.first is None:
        return gettext(N_("Đến hết ngày {last}")).format(**days)
    return gettext(N_("Từ ngày {first} đến hết ngày {last}")).format(**days)


def _written(day: date | None) -> str:
    return "" if day is None else f"{day:%d/%m/%Y}"
