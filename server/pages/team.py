"""The page of a community digital team: the places it keeps, the incidents it follows, how residents reach it.

The forms of `team_forms.py` are also those of the desk's own pages about teams (`staff_teams.py`): a `Team` says where
its page is, and so where its forms are and where they lead back to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from geo.actor import Actor, Role
from geo.language import Language
from geo.lifecycle import OPEN
from geo.tables import TeamRole
from geo.team_keeping import LEADING
from maps import vendor
from server.pages.asking import DOCUMENTS, ask
from server.pages.desk import desk_page, desk_words, ward_code_of
from server.pages.following import follow
from server.pages.languages import language_of, translations
from server.pages.progress_view import moment
from server.pages.render import page, within_ward
from server.pages.signed_in import DESK, only
from server.pages.team_words import DONE, ENDED, FOLLOWED, ROLES
from server.pages.trouble import trouble
from server.pages.words import PLACES
from server.wards import UnknownWard

AT = "/team"
DESK_AT = "/staff/teams"
WHO = (Role.TEAM_MEMBER, *DESK)

_CHANGED = (DOCUMENTS / "team_changed.graphql").read_text()


@dataclass(frozen=True, slots=True)
class Team:
    """A team as its page shows it to one reader, who `leads` it where all of it may be changed."""

    data: dict[str, Any]
    who: dict[str, str]
    """What an address has to name for this team: nothing, for one of its members."""
    leads: bool
    appoints: bool
    """Whether the reader may say who leads it."""
    page: str = AT
    """The address of the page that it is kept on."""
    way: str = AT
    """The way of the frame that this lies under."""

    @property
    def neighbourhood(self) -> dict[str, Any]:
        found: dict[str, Any] = self.data["neighbourhood"]
        return found

    def member(self, key: str) -> dict[str, Any] | None:
        """The member with this key, where the reader may change the entry."""
        found = next((one for one in self.data["members"] if key_of(one["id"]) == key), None)
        return found if found is not None and (self.leads or found["mine"]) else None


def key_of(id_: str) -> str:
    """What an address names an object by: the last part of its id."""
    return id_.rpartition(":")[2]


def is_key(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


async def team_of(request: Request) -> Team | None:
    """The reader's own team; for staff the one that the address names, in its path or as `team`. None without one."""
    actor: Actor = request.state.actor
    in_path = request.path_params.get("team")
    named = in_path if in_path is not None else request.query_params.get("team", "")
    page, way = (AT if in_path is None else f"{DESK_AT}/{named}"), (AT if actor.role is Role.TEAM_MEMBER else DESK_AT)
    ward_code: str | None
    if actor.role is Role.TEAM_MEMBER:
        ward_code, key, who = actor.ward_code, "" if actor.team_id is None else str(actor.team_id), {}
    else:
        ward_code, key, who = await _ward_code(request), named, {"team": named} if in_path is None else {}
    if ward_code is None or not is_key(key):
        return None
    asked = {"id": f"Team:{ward_code}:{key}", "open": list(OPEN), "ended": list(ENDED)}
    found = (await ask(request, "team", asked))["node"]
    if found is None:
        return None
    mine = next((one for one in found["members"] if one["mine"]), None)
    role = None if mine is None else mine["role"]
    leads = actor.runs(ward_code) or role in LEADING
    appoints = actor.runs(ward_code) or role == TeamRole.LEADER
    return Team(found, who, leads, appoints, page, way)


async def _ward_code(request: Request) -> str | None:
    try:
        ward = (await ask(request, "ward", {"code": ward_code_of(request)}))["ward"]
    except UnknownWard:
        return None
    return None if ward is None else str(ward["code"])


def address(request: Request, path: str, team: Team, **more: str) -> str:
    """An address of these pages, about the same team and ward."""
    return within_ward(request, path, **team.who, **more)


def back(request: Request, team: Team, done: str, part: str) -> Response:
    """303 to the team's page, at the part where something was done."""
    return RedirectResponse(f"{address(request, team.page, team, done=done)}#{part}", 303)


@only(*WHO)
async def team_page(request: Request) -> Response:
    """`GET /team[?team=]`: the team's page; staff, without a team, are led to the ward's teams."""
    team = await team_of(request)
    if team is None:
        return await _without(request)
    gettext = translations(language_of(request)).gettext
    done = DONE.get(request.query_params.get("done", ""))
    places = team.neighbourhood["places"]
    kinds = [(sign, [one for one in places["nodes"] if one["kind"] == kind]) for kind, sign in PLACES.items()]
    members = members_shown(team)
    context = {
        **_told(request, team),
        "kinds": [(sign, some) for sign, some in kinds if some],
        "more_places": places["totalCount"] - len(places["nodes"]),
        "members": members,
        "mine": next((one for one in members if one["mine"]), None),
        "done": None if done is None else gettext(done.word),
        "data": {
            **desk_words(gettext, FOLLOWED),
            "language": language_of(request),
            "neighbourhood": team.neighbourhood["id"],
        },
    }
    if request.query_params.get("part") == "incidents":
        sprite = {"sprite": vendor.url(vendor.DESK_SPRITE)}
        return page(request, "team_incidents.html", {**context, **sprite})
    return await desk_page(request, "team.html", context, at=team.way)


def members_shown(team: Team) -> list[dict[str, Any]]:
    """The team's members, and since when each agrees to being named in public."""
    return [
        {**one, "agreed": moment(one["consentedAt"]) if one["consentedAt"] else None} for one in team.data["members"]
    ]


def _told(request: Request, team: Team) -> dict[str, Any]:
    name = "nameEn" if language_of(request) is Language.EN else "name"

    def row(one: dict[str, Any]) -> dict[str, Any]:
        late = one["overdue"] and one["status"] in OPEN
        due = moment(one["dueAt"]) if one["dueAt"] and one["status"] in OPEN else None
        sign = one["category"]["icon"]
        known = sign if sign in vendor.DESK_ICON_NAMES else "map-pin"
        more = {"kind": one["category"][name], "icon": known, "late": late, "due": due}
        return {**one, **more, "reported": moment(one["reportedAt"])}

    found = team.neighbourhood
    return {
        "team": team.data,
        "who": team.who,
        "leads": team.leads,
        "roles": ROLES,
        "key": key_of,
        "list_at": DESK_AT,
        "open": [row(one) for one in found["open"]["nodes"]],
        "open_count": found["open"]["totalCount"],
        "ended": [row(one) for one in found["ended"]["nodes"]],
    }


async def _without(request: Request) -> Response:
    """Staff are led to the ward's teams; somebody who is in no team is told what to do about it."""
    actor: Actor = request.state.actor
    if actor.role is Role.TEAM_MEMBER:
        return await desk_page(request, "team_none.html", {}, at=AT)
    code = await _ward_code(request)
    if code is None:
        return page(request, "no_ward.html", {}, status=404)
    if request.query_params.get("team"):
        return trouble(request, 404)
    query = urlencode(request.query_params)
    return RedirectResponse(f"{DESK_AT}?{query}" if query else DESK_AT, 303)


@only(*WHO)
async def live(request: Request) -> Response:
    """`GET /team/live`: server-sent events whenever something happens to an incident of the ward."""
    code = await _ward_code(request)
    if code is None:
        return Response(status_code=204)
    return await follow(request, _CHANGED, {"ward": code})


routes: list[BaseRoute] = [
    Route(AT, team_page, methods=["GET"]),
    Route("/team/live", live, methods=["GET"]),
]
