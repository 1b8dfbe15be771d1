"""What the address of the staff console asks for: which incidents, in which order, and which one is open beside them.

A link may outlive what it names: what is not there, or cannot be, is passed over in silence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from starlette.datastructures import QueryParams

from geo.ids import as_id
from geo.incidents import Filter
from geo.lifecycle import FINISHED, OPEN, Status
from geo.positions import Box
from geo.tables import Attention
from maps.window import ParameterError
from server.pages.words import N_, Sign
from server.periods import Period, read_period

GROUPS: dict[str, tuple[str, tuple[Status, ...]]] = {
    "open": (N_("Đang mở"), OPEN),
    "waiting": (N_("Chưa có đội"), (Status.RECEIVED,)),
    "assigned": (N_("Chờ đội nhận"), (Status.ASSIGNED,)),
    "handled": (N_("Đội đang xử lý"), (Status.ACCEPTED, Status.IN_PROGRESS)),
    "done": (N_("Đã xong hoặc không xử lý"), FINISHED),
    "all": (N_("Tất cả"), (*OPEN, *FINISHED)),
}
"""Statuses that are chosen together, by the word in the address; the first is what the console opens with."""

NEEDS: dict[str, Sign] = {
    "late": Sign(N_("Quá hạn"), "timer-off"),
    "soon": Sign(N_("Sắp đến hạn"), "alarm-clock"),
    "attention": Sign(N_("Cần người quyết định"), "hand"),
    "waiting": Sign(N_("Chưa có đội"), "hourglass"),
}
"""What is late and what needs a person, by the word in the address."""

SOON = timedelta(hours=4)
"""How near a deadline is that is told to be near: half a working day, in which a crew can still be sent."""

ATTENTION: dict[Attention, str] = {
    Attention.NO_CREW: N_("Không có đội nào nhận được"),
    Attention.NOT_ACCEPTED: N_("Đội chưa nhận, không còn đội khác"),
    Attention.CREW_OFF_DUTY: N_("Đội đã hết ca giữa chừng"),
}

_LONGEST_SEARCH = 100
_MOST_KINDS = 50
_CODE = re.compile(r"[0-9]{5}-[0-9A-Z]{4,12}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is shown. `group` is a key of `GROUPS`, `need` of `NEEDS` or empty; ids are the bare uuids."""

    group: str
    need: str
    kinds: tuple[str, ...]
    crew: UUID | None
    area: UUID | None
    search: str
    period: Period
    given: dict[str, str]
    """The days as they were given, for the fields of the form."""
    problem: ParameterError | None
    case: str
    """The tracking code of the incident that is open beside the list, or empty."""

    @property
    def statuses(self) -> tuple[Status, ...]:
        return GROUPS["waiting" if self.need == "waiting" else self.group][1]

    @property
    def order(self) -> str:
        """What is open comes by urgency; of what is over, the latest first."""
        return "MOST_URGENT_FIRST" if set(self.statuses) <= set(OPEN) else "NEWEST_FIRST"

    @property
    def narrows(self) -> int:
        """How many of the form's fields are filled in."""
        chosen = (self.group != "open", self.kinds, self.crew, self.area, self.period != Period())
        return sum(map(bool, chosen))

    def filter(self, ward_code: str, now: datetime) -> dict[str, Any]:
        """As GraphQL's IncidentFilter."""
        wanted: dict[str, Any] = {"statuses": list(self.statuses)}
        if self.kinds:
            wanted["categories"] = list(self.kinds)
        if self.crew:
            wanted["crewId"] = f"Crew:{ward_code}:{self.crew}"
        if self.area:
            wanted["neighbourhoodId"] = f"Neighbourhood:{ward_code}:{self.area}"
        if self.search:
            wanted["search"] = self.search
        for name, moment in (("reportedFrom", self.period.since), ("reportedTo", self.period.until)):
            if moment is not None:
                wanted[name] = moment.isoformat()
        return wanted | need_filter(self.need, now)

    def meaning(self, within: Box, now: datetime) -> Filter:
        """The same for the map's window."""
        return Filter(
            statuses=self.statuses,
            categories=self.kinds or None,
            within=within,
            crew_id=self.crew,
            neighbourhood_id=self.area,
            search=self.search or None,
            reported_from=self.period.since,
            reported_to=self.period.until,
            overdue={"late": True, "soon": False}.get(self.need),
            due_before=now + SOON if self.need == "soon" else None,
            attention=True if self.need == "attention" else None,
        )

    @property
    def is_plain(self) -> bool:
        """Whether nothing but statuses and kinds is asked for, which the map's own counts know."""
        more = (self.crew, self.area, self.search, self.period.first, self.period.last)
        return self.need in ("", "waiting") and not any(more)

    def query(self, **other: str) -> str:
        """The address's query for the same list, with `other` parameters in place of its own; an empty one goes."""
        own = {
            "status": self.group if self.group != "open" else "",
            "need": self.need,
            "kind": ",".join(self.kinds),
            "crew": str(self.crew or ""),
            "area": str(self.area or ""),
            "q": self.search,
            **({"from": "", "to": ""} if self.problem else self.given),
        }
        return urlencode({name: value for name, value in {**own, **other}.items() if value})


def need_filter(need: str, now: datetime) -> dict[str, Any]:
    """What a need asks for beside its statuses, as GraphQL's IncidentFilter."""
    match need:
        case "late":
            return {"overdue": True}
        case "soon":
            return {"overdue": False, "dueBefore": (now + SOON).isoformat()}
        case "attention":
            return {"attention": True}
    return {}


def asked(query: QueryParams) -> Asked:
    given = {name: query.get(name, "").strip()[:40] for name in ("from", "to")}
    problem = None
    try:
        period = read_period(given)
    except ParameterError as error:
        period, problem = Period(), error
    need = query.get("need", "")
    case = query.get("case", "").strip().upper()
    return Asked(
        group=next((word for word in query.getlist("status") if word in GROUPS), "open"),
        need=need if need in NEEDS else "",
        kinds=tuple(dict.fromkeys(_several(query.getlist("kind"))))[:_MOST_KINDS],
        crew=as_id(query.get("crew", "")),
        area=as_id(query.get("area", "")),
        search=query.get("q", "").replace("\x00", "").strip()[:_LONGEST_SEARCH],
        period=period,
        given=given,
        problem=problem,
        case=case if _CODE.fullmatch(case) else "",
    )


def _several(values: Iterable[str]) -> list[str]:
    return [part[:100] for value in values for part in value.split(",") if part and "\x00" not in part]
