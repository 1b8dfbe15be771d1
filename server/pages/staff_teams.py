"""`/staff/teams`: the community digital team of each neighbourhood, what it is short of, and its members.

The forms of a team's name and members are those of the team's own page (`team_forms.py`), here for the desk alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from geo.seeds import team_name
from geo.tables import TeamRole
from geo.tabular import plain
from geo.teams import LEAST_MEMBERS, Want, wants
from server.pages import team_forms
from server.pages.asking import ask
from server.pages.desk import desk_page, desk_words
from server.pages.languages import language_of, translations
from server.pages.settings_forms import Problems, back, filled, problems_of, say, settings, text
from server.pages.sheet_preview import imported
from server.pages.signed_in import DESK, only
from server.pages.team import DESK_AT, key_of, members_shown, team_of
from server.pages.team_words import DONE, ROLES, WANTS
from server.pages.trouble import trouble
from server.pages.words import N_, Sign

AT = DESK_AT
SHOWN = {
    "": N_("Tất cả"),
    "wanting": N_("Cần bổ sung"),
    "consent": N_("Chưa công khai liên hệ"),
}
"""Which teams the list shows, by `?show=`."""
COUNTED = (N_("%(num)s tổ dân phố"), N_("%(num)s thành viên"), N_("Cần thêm %(num)s người"))
WORDS = {"narrowed": N_("Đang hiện {shown} trong {all}.")}
_MADE = Sign(N_("Đã lập tổ. Hãy thêm thành viên, trước hết là tổ trưởng."), "circle-check")
_MOST_LETTERS = 100


@dataclass(frozen=True, slots=True)
class Row:
    """A neighbourhood with its team, if it has one."""

    neighbourhood: dict[str, Any]
    team: dict[str, Any] | None
    leaders: tuple[str, ...]
    wants: tuple[Want, ...]
    ground: bool
    """Whether the ward has this neighbourhood now."""

    @property
    def wanting(self) -> bool:
        """Whether the ward has something to do about it: whom residents may call is for the members to say."""
        return any(want is not Want.CONSENT for want in self.wants)

    def shown(self, show: str) -> bool:
        return self.wanting if show == "wanting" else Want.CONSENT in self.wants if show == "consent" else True

    def called(self, search: str) -> bool:
        names = (self.neighbourhood["name"], "" if self.team is None else self.team["name"])
        return any(search in plain(name) for name in names)


@settings
async def listing(request: Request, code: str) -> Response:
    """`GET /staff/teams[?q=&show=]`."""
    return await _list(request, code, [])


@settings
async def add(request: Request, code: str) -> Response:
    """`POST /staff/teams`: gives the neighbourhood that the form names its team, to be named and filled next."""
    form, problems = await filled(request)
    if not problems:
        said = {"neighbourhoodId": text(form, "neighbourhood"), "name": team_name(text(form, "name"))[:200]}
        result = (await ask(request, "staff_team_add", {"input": said}))["result"]
        problems = problems_of(result, {})
        if not problems:
            return back(request, f"{AT}/{key_of(result['team']['id'])}", "made")
    return await _list(request, code, problems)


@only(*DESK)
async def one(request: Request) -> Response:
    """`GET /staff/teams/KEY`: a team, what it is short of, and its members."""
    team = await team_of(request)
    if team is None:
        return trouble(request, 404)
    members = members_shown(team)
    consenting = sum(member["agreed"] is not None for member in members)
    leaders = sum(member["role"] == TeamRole.LEADER for member in members)
    ground = team.neighbourhood["areaSquareMetres"] is not None
    done = {**DONE, "made": _MADE}.get(request.query_params.get("done", ""))
    context = {
        "team": team.data,
        "page_at": team.page,
        "key": key_of,
        "members": members,
        "roles": ROLES,
        "wants": [WANTS[want] for want in wants(len(members), leaders, consenting, ground=ground)],
        "short": max(0, LEAST_MEMBERS - len(members)) if ground else 0,
        "consenting": consenting,
        "done": None if done is None else say(request, done.word),
    }
    return await desk_page(request, "staff_team.html", context, at=AT)


async def _list(request: Request, code: str, problems: Problems) -> Response:
    asked = request.query_params
    search = asked.get("q", "").replace("\x00", "").strip()[:_MOST_LETTERS]
    show = asked.get("show", "") if asked.get("show", "") in SHOWN else ""
    rows = await rows_of(request, code)
    named = [row for row in rows if not search or row.called(plain(search))]
    context = {
        "rows": [row for row in named if row.shown(show)],
        "counts": {each: sum(row.shown(each) for row in named) for each in SHOWN},
        "grounds": sum(row.ground for row in rows),
        "people": sum(row.team["memberCount"] for row in rows if row.team is not None),
        "shows": SHOWN,
        "show": show,
        "search": search,
        "signs": WANTS,
        "key": key_of,
        "least": LEAST_MEMBERS,
        "problems": problems,
        "done": imported(request),
        "data": {**desk_words(translations(language_of(request)).gettext, WORDS), "language": language_of(request)},
    }
    return await desk_page(request, "staff_teams.html", context, at=AT, status=422 if problems else 200)


async def rows_of(request: Request, code: str) -> list[Row]:
    """Every neighbourhood of the ward with its team, by name; then the teams whose neighbourhood it has no more and
    who still have members: there is nobody else to do anything about."""
    found: dict[str, list[dict[str, Any]]] = {"neighbourhoods": [], "teams": []}
    after: dict[str, str | None] = dict.fromkeys(found)
    left = set(found)
    while left:
        ward = (await ask(request, "staff_teams", {"code": code, **after}))["ward"]
        for part in tuple(left):
            found[part] += ward[part]["nodes"]
            after[part] = ward[part]["pageInfo"]["endCursor"]
            if not ward[part]["pageInfo"]["hasNextPage"]:
                left.remove(part)
    of = {team["neighbourhood"]["id"]: team for team in found["teams"]}
    rows = [_row(ground, of.pop(ground["id"], None), ground=True) for ground in found["neighbourhoods"]]
    left_over = (team for team in of.values() if team["memberCount"])
    return rows + [_row(team["neighbourhood"], team, ground=False) for team in left_over]


def _row(neighbourhood: dict[str, Any], team: dict[str, Any] | None, *, ground: bool) -> Row:
    if team is None:
        return Row(neighbourhood, None, (), wants(None, 0, 0), ground)
    leaders = tuple(one["name"] or "" for one in team["members"] if one["role"] == TeamRole.LEADER)
    counts = (team["memberCount"], team["leaderCount"], team["consentingCount"])
    return Row(neighbourhood, team, leaders, wants(*counts, ground=ground), ground)


_FORMS = (
    ("name", team_forms.name_form, team_forms.save_name),
    ("members/{key}", team_forms.member_form, team_forms.save_member),
    ("members/{key}/remove", team_forms.member_form, team_forms.remove_member),
)

routes: list[BaseRoute] = [
    Route(AT, listing, methods=["GET"]),
    Route(AT, add, methods=["POST"]),
    Route(f"{AT}/{{team}}", one, methods=["GET"]),
    *(Route(f"{AT}/{{team}}/{path}", only(*DESK)(shown), methods=["GET"]) for path, shown, _ in _FORMS),
    *(Route(f"{AT}/{{team}}/{path}", only(*DESK)(taken), methods=["POST"]) for path, _, taken in _FORMS),
]
