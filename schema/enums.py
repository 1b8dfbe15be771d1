"""The enumerations: the names that are stored are the names that the API shows."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

import strawberry

from geo.actor import Role
from geo.coverage import FaultKind as BoundaryFaultKind
from geo.crew_ground import Covers
from geo.explaining import Obstacle
from geo.lifecycle import Status as IncidentStatus
from geo.tables import Attention, LinkPurpose, NoticeKind, PlaceKind, Satisfaction, TeamRole
from geo.tables import Channel as IncidentChannel

__all__ = [
    "Attention",
    "BoundaryFaultKind",
    "Covers",
    "IncidentChannel",
    "IncidentStatus",
    "LinkPurpose",
    "NoticeKind",
    "Obstacle",
    "PlaceKind",
    "Role",
    "Satisfaction",
    "TeamRole",
]


def _publish(enum: type[Enum], name: str, description: str, values: Mapping[str, str]) -> None:
    """Make `enum` a GraphQL enumeration; `values` describes each of its names, all of them."""
    strawberry.enum(enum, name=name, description=description)
    for value in enum.__strawberry_definition__.values:  # type: ignore[attr-defined]
        value.description = values[value.name]


_publish(
    IncidentStatus,
    "IncidentStatus",
    "Where an incident stands.",
    {
        "RECEIVED": "Reported; nobody has it yet.",
        "ASSIGNED": "Given to a crew, which has not yet accepted.",
        "ACCEPTED": "Accepted by its crew.",
        "IN_PROGRESS": "Its crew is at work.",
        "RESOLVED": "Dealt with; the reporter may rate or reopen it.",
        "CLOSED": "Finished.",
        "REJECTED": "Not for the ward to handle; the reason is told to the reporter.",
        "DUPLICATE": "The same problem as an earlier report.",
    },
)
_publish(
    IncidentChannel,
    "IncidentChannel",
    "How a report came in.",
    {
        "WEB": "The ward's own page.",
        "ZALO": "The ward's Zalo Official Account.",
        "OPEN311": "An Open311 client.",
        "GRAPHQL": "This API.",
        "STAFF": "Entered by staff, for a resident who called or came by.",
    },
)
_publish(
    Satisfaction,
    "Satisfaction",
    "The reporter's verdict, in the words of the city's portal.",
    {"SATISFIED": "Hài lòng.", "ACCEPTABLE": "Chấp nhận được.", "DISSATISFIED": "Không hài lòng."},
)
_publish(
    Attention,
    "Attention",
    "Why an open incident needs a person of the ward.",
    {
        "NO_CREW": "No crew on duty that suits it can take it; it waits for one.",
        "NOT_ACCEPTED": "Its crew has not accepted it in time, and there is no other to take it.",
        "CREW_OFF_DUTY": "Its crew ended its duty in the middle of the work.",
    },
)
_publish(
    Obstacle,
    "DispatchObstacle",
    "Why a crew that suits an incident could not take it.",
    {"FULL": "It had as many incidents in hand as it can have."},
)
_publish(
    Covers,
    "CrewCoverage",
    "What a crew covers.",
    {
        "WARD": "The whole ward.",
        "AREA": "An area drawn for it.",
        "NEIGHBOURHOODS": "Neighbourhoods named for it, as their boundaries are now.",
    },
)
_publish(
    PlaceKind,
    "PlaceKind",
    "What stands at a place.",
    {
        "CULTURAL_HOUSE": "A neighbourhood's cultural house (nhà văn hóa).",
        "PEOPLES_COMMITTEE": "A People's Committee (Ủy ban nhân dân).",
        "PARTY_OFFICE": "A Party committee's office (Đảng ủy).",
        "POLICE": "The police (công an).",
        "MILITARY": "The military command (quân sự).",
        "OFFICIAL_HOME": "An official's home; public only with recorded consent.",
        "HEALTH_STATION": "A health station (trạm y tế).",
        "SCHOOL": "A school.",
        "MARKET": "A market.",
        "SERVICE_POINT": "A point of public services.",
        "OTHER": "Something else.",
    },
)
_publish(
    NoticeKind,
    "NoticeKind",
    "What a notice says has happened.",
    {
        "ASSIGNED": "The crew was given an incident.",
        "TAKEN_BACK": "An incident is no longer the crew's.",
        "REOPENED": "An incident was reopened: to a crew, one that it resolved; to staff, by who reported it.",
        "ATTENTION": "An incident needs somebody of the ward.",
        "DUE_SOON": "An incident's deadline is near.",
        "OVERDUE": "An incident's deadline has passed.",
        "JOB_FAILED": "Background work was given up; told once an hour at most.",
        "BOUNDARIES": "Boundaries were drawn anew: incidents came to the crew's or team's neighbourhood, or left it.",
    },
)
_publish(
    LinkPurpose,
    "AccountLinkPurpose",
    "What a one-time link to an account is for.",
    {
        "INVITATION": "Its holder's first password; seven days.",
        "PASSWORD_RESET": "A new password for who forgot theirs; an hour.",  # nosec B105 - what it is for
    },
)
_publish(
    TeamRole,
    "TeamRole",
    "A member's part in a team.",
    {
        "LEADER": "The leader (tổ trưởng).",
        "DEPUTY": "A deputy (tổ phó).",
        "MEMBER": "A member (thành viên).",
    },
)
_publish(
    Role,
    "Role",
    "The kinds of caller.",
    {
        "ANONYMOUS": "A resident without an account.",
        "REPORTER": "A resident who holds the secret of a report.",
        "TEAM_MEMBER": "A member of a community digital team.",
        "CREW_MEMBER": "A member of a rapid-response crew.",
        "STAFF": "Staff of a ward.",
        "ADMIN": "An administrator.",
    },
)

_publish(
    BoundaryFaultKind,
    "BoundaryFaultKind",
    "What stands against a draft of boundaries.",
    {
        "OVERLAP": "Two neighbourhoods have ground in common.",
        "GAP": "Ground that was drawn is left to nobody between neighbourhoods.",
        "OUTSIDE_WARD": "A neighbourhood reaches beyond the ward's outline.",
        "SELF_INTERSECTION": "A boundary crosses or touches itself, or covers no ground.",
        "TOO_MANY_VERTICES": "A boundary has more than 5,000 vertices.",
    },
)
