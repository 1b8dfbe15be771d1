"""What each mutation is called with in the scene: about what is theirs, and about what is not.

`WRITES` has a row for each mutation, in the order in which one caller can make all of them. `who` is `own` or
`foreign`; what names an incident, a crew or a team is of that side.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from geo import tables
from geo.audiences import Caller
from geo.ids import as_id
from tests import ward
from tests.permissions.callers import Scene
from tests.permissions.scene import FOREIGN, OWN
from tests.ward import CLEAN, CODE, FIRST, IN_FIRST, IN_SECOND, OTHER, SECOND

Input = dict[str, Any]


@dataclass(frozen=True)
class Write:
    """One call of a mutation."""

    scene: Scene
    caller: Caller
    who: str

    @property
    def _side(self) -> Any:
        return OWN if self.who == "own" else FOREIGN

    def id(self, name: str) -> str:
        return self.scene.laid.ids[name]

    def incident(self, state: str = "") -> Input:
        return {"incidentId": self.id(f"{self.who}{state}")}

    def report(self, state: str) -> Input:
        """By tracking code, with the secret that this caller holds of it: of a report that is not theirs another's."""
        known = self.scene.laid.incidents[f"{self.who}{state}"]
        holds = self.caller is Caller.REPORTER and self.who == "own"
        return {"trackingCode": known.tracking_code, "secret": known.secret if holds else "another-secret"}

    @property
    def crew(self) -> Input:
        return {"crewId": self.id(f"crew {self._side.crew}")}

    @property
    def team(self) -> Input:
        return {"teamId": self.id(f"team {self._side.neighbourhood}")}

    def member(self, kind: str) -> Input:
        return {"memberId": self.id(f"{kind} {self._side.neighbourhood}")}

    @property
    def place(self) -> str:
        return CODE if self.who == "own" else OTHER

    async def version(self, name: str) -> Input:
        key = self.id(f"neighbourhood {name}")
        columns = tables.neighbourhood.c
        query = sa.select(columns.version).where(columns.id == as_id(key.rpartition(":")[2]))
        async with self.scene.desk.database.read() as connection:
            version = await connection.scalar(query)
        return {"neighbourhoodId": key, "expectedVersion": version}


def _point(at: tuple[float, float]) -> Input:
    return {"type": "Point", "coordinates": list(at)}


_LINE = {"type": "LineString", "coordinates": [[108.21, 15.97], [108.21, 16.01]]}
_NEW_PASSWORD = "mot mat khau moi va dai"
_ACCOUNT = "account crew-roads"

WRITES: dict[str, Callable[[Write], Input]] = {
    "reportIncident": lambda w: {
        "requestKey": str(uuid4()), "category": "ENVIRONMENT", "location": _point(IN_FIRST), "wardCode": CODE
    },
    "markNoticesSeen": lambda w: {"until": "2026-11-22T00:00:00Z"},
    "reportPosition": lambda w: {"position": _point(IN_FIRST)},
    "setDuty": lambda w: {"onDuty": True, **w.crew},
    "acceptIncident": lambda w: w.incident(" published"),
    "startIncident": lambda w: w.incident(" accepted"),
    "resolveIncident": lambda w: {**w.incident(" accepted"), "note": "Đã xong"},
    "declineIncident": lambda w: {**w.incident(" private twin"), "reason": "Không tới được"},
    "noteIncident": lambda w: {**w.incident(), "note": "Một ghi chú", "public": False},
    "publishIncident": lambda w: {**w.incident(), "published": True},
    "correctIncident": lambda w: {**w.incident(), "address": "Số nhà khác"},
    "redactPhoto": lambda w: {"photoId": w.id(f"Photo {w.who}.report.True"), "published": False},
    "rejectIncident": lambda w: {**w.incident(), "reason": "Không thuộc phường"},
    "assignIncident": lambda w: {**w.incident(" waiting"), "crewId": w.id(f"crew {CLEAN}")},
    "markDuplicate": lambda w: {**w.incident(" private"), "originalId": w.id(f"{w.who} private twin")},
    "closeIncident": lambda w: w.incident(" dealt with"),
    "rateIncident": lambda w: {**w.report(" dealt with"), "satisfaction": "SATISFIED"},
    "reopenIncident": lambda w: {
        "reason": "Vẫn còn",
        **(w.report(" dealt with") if w.caller is Caller.REPORTER else w.incident(" dealt with")),
    },
    "withdrawContact": lambda w: w.report(" published"),
    "savePlace": lambda w: {
        "kind": "MARKET", "name": "Chợ mới", "wardCode": CODE,
        "location": _point(IN_FIRST if w.who == "own" else IN_SECOND),
    },
    "removePlace": lambda w: {"placeId": w.id(f"home {w.place}")},
    "saveTeam": lambda w: {**w.team, "name": "Tổ số mới"},
    "saveTeamMember": lambda w: {**w.member("silent"), "name": "Tên khác", "role": "MEMBER"},
    "removeTeamMember": lambda w: w.member("consenting"),
    "saveCrew": lambda w: {
        **w.crew, "name": "Đội mới", "capacity": 5, "base": _point(IN_FIRST), "categories": ["ENVIRONMENT"]
    },
    "saveCategory": lambda w: {
        "code": "ENVIRONMENT", "name": "Môi trường khác", "nameEn": "Other", "icon": "leaf", "colour": "#1b5e20",
        "deadlineHours": 24, "public": True, "wardCode": CODE,
    },
    "saveRejectionTemplate": lambda w: {"text": "Lý do", "textEn": "Reason", "wardCode": CODE},
    "removeRejectionTemplate": lambda w: {"templateId": w.id(f"template {CODE}")},
    "dispatchBacklog": lambda w: {"wardCode": CODE},
    "retryJobs": lambda w: {"wardCode": CODE, "jobIds": [w.id(f"job {CODE}")]},
    "createAccount": lambda w: {
        "wardCode": CODE, "username": "mot.nguoi.moi", "name": "Một người mới", "role": "CREW_MEMBER",
        "crewId": w.id(f"crew {CLEAN}"),
    },
    "setAccountEmail": lambda w: {"accountId": w.id(_ACCOUNT), "email": "khac@example.vn"},
    "createAccountLink": lambda w: {"accountId": w.id(_ACCOUNT), "purpose": "PASSWORD_RESET", "mail": False},
    "resetSecondFactor": lambda w: {"accountId": w.id(_ACCOUNT)},
    "resetPassword": lambda w: {"accountId": w.id(_ACCOUNT)},
    "moveAccount": lambda w: {"accountId": w.id(_ACCOUNT), "crewId": w.id(f"crew {CLEAN}")},
    "setAccountDisabled": lambda w: {"accountId": w.id(_ACCOUNT), "disabled": True},
    "prepareSecondFactor": lambda w: {"currentPassword": ward.PASSWORD},
    "enableSecondFactor": lambda w: {"setUp": "none", "code": "000000"},
    "disableSecondFactor": lambda w: {"code": "000000"},
    "renewRecoveryCodes": lambda w: {"code": "000000"},
    "endSession": lambda w: {"sessionId": "Session:none"},
    "changePassword": lambda w: {"currentPassword": ward.PASSWORD, "newPassword": _NEW_PASSWORD},
    "endOtherSessions": lambda w: {"includingCurrent": False},
}  # fmt: skip

WITH_VERSIONS: dict[str, Callable[[Write], Any]] = {}
"""As `WRITES`, of boundaries: what is sent names the version that was seen."""


async def _rename(write: Write) -> Input:
    return {**await write.version("Tổ dân phố số 10"), "name": "Tổ dân phố số 11"}


async def _save(write: Write) -> Input:
    return {"wardCode": CODE, "rename": [{**await write.version("Tổ dân phố số 10"), "name": "Tổ dân phố số 12"}]}


async def _split(write: Write) -> Input:
    return {**await write.version(FIRST), "line": _LINE, "newNames": ["Tổ dân phố số 13"]}


async def _merge(write: Write) -> Input:
    both = [await write.version(name) for name in (SECOND, "Tổ dân phố Đông Hòa")]
    return {"neighbourhoods": both, "name": "Tổ dân phố số 14"}


WITH_VERSIONS |= {
    "renameNeighbourhood": _rename,
    "saveBoundaries": _save,
    "splitNeighbourhood": _split,
    "mergeNeighbourhoods": _merge,
}

NOTHING_TO_DO = {"enableSecondFactor", "disableSecondFactor", "renewRecoveryCodes", "prepareSecondFactor", "endSession"}
"""Whoever may call these is told that the code, or what it is about, is not right: they have tests of their own."""


async def input_of(name: str, write: Write) -> Input:
    """Raises `KeyError` with what to add where, for a new mutation."""
    if name in WITH_VERSIONS:
        made: Input = await WITH_VERSIONS[name](write)
        return made
    if name not in WRITES:
        raise KeyError(f"tests/permissions/writing.py, WRITES: say what of the scene {name} is called with")
    return WRITES[name](write)
