"""What a community digital team changes: its places, its members and its name. Plain forms, which need no script."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from geo import consents
from geo.tables import TeamRole
from server.basemap import ground_of
from server.pages import agreeing, place_form
from server.pages import team_words as words
from server.pages.asking import ask
from server.pages.desk import desk_page
from server.pages.languages import language_of, translations
from server.pages.own_form import own_form
from server.pages.progress_view import moment
from server.pages.signed_in import only
from server.pages.team import WHO, Team, back, is_key, team_of
from server.pages.trouble import trouble
from server.sessions import is_own
from server.uploads import Refused

Problems = list[tuple[str, str]]

_FIELDS = {"openingHours": "opening-hours", "location": "position"}
_NEW = "new"
LEADER = TeamRole.LEADER


# --------------------------------------------------------------------------------------------------------- places


@only(*WHO)
async def place_page(request: Request) -> Response:
    """`GET /team/places/KEY` and `GET /team/places/new`: the form of a place."""
    team = await team_of(request)
    place = None if team is None else await _place(request, team)
    if team is None or place is None:
        return trouble(request, 404)
    return await _place_shown(request, team, place, [])


@only(*WHO)
async def save_place(request: Request) -> Response:
    """`POST /team/places/KEY` and `POST /team/places/new`."""
    team = await team_of(request)
    place = None if team is None else await _place(request, team)
    if team is None or place is None:
        return trouble(request, 404)
    try:
        given = await _given(request, place_form.NAMES)
    except Refused as refused:
        return await _place_shown(request, team, place, [("form", refused.message(language_of(request)))], refused)
    place = {**place, **given}
    said, wrong = place_form.input_of(place, _ward_of(team))
    if wrong:
        return await _place_shown(request, team, place, _said(request, wrong))
    result = (await ask(request, "team_save_place", {"input": said}))["result"]
    if result["__typename"] == "NotAllowed":
        return await _place_shown(request, team, place, _said(request, [("position", words.NOT_YOURS)]))
    problems = _problems(result)
    return await _place_shown(request, team, place, problems) if problems else back(request, team, "place", "places")


@only(*WHO)
async def remove_place(request: Request) -> Response:
    """`POST /team/places/KEY/remove`: off the map, for good."""
    team = await team_of(request)
    place = None if team is None else await _place(request, team)
    if team is None or place is None or place["id"] is None:
        return trouble(request, 404)
    if not is_own(request.headers):
        return trouble(request, 403)
    result = (await ask(request, "team_remove_place", {"input": {"placeId": place["id"]}}))["result"]
    if result["__typename"] == "RemovePlacePayload":
        return back(request, team, "place-removed", "places")
    return await _place_shown(request, team, place, _said(request, [("form", words.GONE)]))


async def _place(request: Request, team: Team) -> dict[str, Any] | None:
    """The form's fields for the place that the address names, one of the team's neighbourhood; empty for a new one."""
    key = request.path_params.get("key", _NEW)
    if key == _NEW:
        return place_form.empty()
    if not is_key(key):
        return None
    found = (await ask(request, "team_place", {"id": f"Place:{_ward_of(team)}:{key}"}))["node"]
    if found is None or (found["neighbourhood"] or {}).get("id") != team.neighbourhood["id"]:
        return None
    return place_form.fields_of(found)


async def _place_shown(
    request: Request, team: Team, place: dict[str, Any], problems: Problems, why: Refused | None = None
) -> Response:
    ground = ground_of(request)
    told = place_form.told(request, _ward_of(team), ground)
    context = {"team": team.data, "who": team.who, "page_at": team.page, "place": place, "problems": problems, **told}
    source = "" if ground is None else ground.source
    return await desk_page(
        request, "team_place.html", context, at=team.way, status=_status(problems, why), image_source=source
    )


# -------------------------------------------------------------------------------------------------------- members


@only(*WHO)
async def member_form(request: Request) -> Response:
    """`GET /team/members/KEY` and `GET /team/members/new`: the form of a member's entry."""
    team = await team_of(request)
    member = None if team is None else _member(request, team)
    if team is None or member is None:
        return trouble(request, 404)
    return await _member_shown(request, team, member, [])


@only(*WHO)
async def save_member(request: Request) -> Response:
    """`POST /team/members/KEY` and `POST /team/members/new`."""
    team = await team_of(request)
    member = None if team is None else _member(request, team)
    if team is None or member is None:
        return trouble(request, 404)
    try:
        names = ("name", "role", "organisation", "phone", "consent", "consent_seen", agreeing.FIELD)
        given = await _given(request, names)
    except Refused as refused:
        return await _member_shown(request, team, member, [("form", refused.message(language_of(request)))], refused)
    role = given["role"] if _roles(team, member) else member["held"]
    member = {**member, **given, "role": role}
    if role != member["held"] and role not in _roles(team, member):
        return await _member_shown(request, team, member, _said(request, [("role", words.ROLE_UNKNOWN)]))
    said: dict[str, Any] = {name: member[name] for name in ("name", "role", "organisation", "phone")}
    said["consent"] = place_form.decided(given)
    said["consentWording"] = given[agreeing.FIELD] or None
    said |= {"teamId": team.data["id"]} if member["id"] is None else {"memberId": member["id"]}
    problems = _problems((await ask(request, "team_save_member", {"input": said}))["result"])
    return await _member_shown(request, team, member, problems) if problems else back(request, team, "member", "people")


@only(*WHO)
async def remove_member(request: Request) -> Response:
    """`POST /team/members/KEY/remove`: out of the team, with all that is kept of them there."""
    team = await team_of(request)
    member = None if team is None else _member(request, team)
    if team is None or member is None or member["id"] is None:
        return trouble(request, 404)
    if not is_own(request.headers):
        return trouble(request, 403)
    result = (await ask(request, "team_remove_member", {"input": {"memberId": member["id"]}}))["result"]
    if result["__typename"] == "RemoveTeamMemberPayload":
        return back(request, team, "member-removed", "people")
    return await _member_shown(request, team, member, _said(request, [("form", words.GONE)]))


@only(*WHO)
async def save_name(request: Request) -> Response:
    """`POST /team/name`: who leads the team names it anew."""
    team = await team_of(request)
    if team is None or not team.leads:
        return trouble(request, 404)
    try:
        given = await _given(request, ("name",))
    except Refused as refused:
        return trouble(request, 403) if refused.status == 403 else await _name_shown(request, team, "", [])
    said = {"teamId": team.data["id"], "name": given["name"]}
    problems = _problems((await ask(request, "team_save", {"input": said}))["result"])
    if problems:
        return await _name_shown(request, team, given["name"], problems)
    return back(request, team, "name", "people")


@only(*WHO)
async def name_form(request: Request) -> Response:
    """`GET /team/name`: the form for the team's name."""
    team = await team_of(request)
    if team is None or not team.leads:
        return trouble(request, 404)
    return await _name_shown(request, team, team.data["name"], [])


async def _name_shown(request: Request, team: Team, name: str, problems: Problems) -> Response:
    context = {"team": team.data, "who": team.who, "page_at": team.page, "name": name, "problems": problems}
    return await desk_page(request, "team_name.html", context, at=team.way, status=_status(problems))


def _member(request: Request, team: Team) -> dict[str, Any] | None:
    """The form's fields for the entry that the address names, where the reader may change it; empty for a new one."""
    key = request.path_params["key"]
    if key == _NEW:
        empty = dict.fromkeys(("name", "organisation", "phone", "consent"), "")
        new = {"id": None, "role": TeamRole.MEMBER, "held": TeamRole.MEMBER, "mine": False, "agreed": None, **empty}
        return new if team.leads else None
    found = team.member(key)
    if found is None:
        return None
    agreed = moment(found["consentedAt"]) if found["consentedAt"] else None
    texts = {name: found[name] or "" for name in ("name", "organisation", "phone")}
    return {**found, **texts, "held": found["role"], "agreed": agreed, "consent": "yes" if agreed else ""}


def _roles(team: Team, member: dict[str, Any]) -> dict[TeamRole, str]:
    """The parts that the reader may give to a member; none where the part is not theirs to change."""
    if team.appoints:
        return words.ROLES
    if not team.leads or member["held"] == LEADER:
        return {}
    return {role: word for role, word in words.ROLES.items() if role != LEADER}


async def _member_shown(
    request: Request, team: Team, member: dict[str, Any], problems: Problems, why: Refused | None = None
) -> Response:
    context = {
        "team": team.data,
        "who": team.who,
        "page_at": team.page,
        "member": member,
        "agreement": agreeing.agreement(
            consents.MEMBER_OWN if member["mine"] else consents.MEMBER_TOLD, language_of(request)
        ),
        "known_role": words.ROLES[member["held"]],
        "roles": _roles(team, member),
        "removable": member["id"] is not None and (team.appoints or member["mine"] or member["held"] != LEADER),
        "problems": problems,
    }
    return await desk_page(request, "team_member.html", context, at=team.way, status=_status(problems, why))


# --------------------------------------------------------------------------------------------------------- shared


def _ward_of(team: Team) -> str:
    return str(team.data["id"]).split(":")[1]


async def _given(request: Request, names: tuple[str, ...]) -> dict[str, str]:
    """What was written, without what cannot be stored. Raises `Refused`, also for a form that another site sent."""
    async with own_form(request) as form:
        return {name: (form.text(name) or "").replace("\x00", "").strip() for name in names}


def _said(request: Request, problems: Problems) -> Problems:
    gettext = translations(language_of(request)).gettext
    return [(field, gettext(text)) for field, text in problems]


def _problems(result: dict[str, Any]) -> Problems:
    """What is wrong, by the ids of the form's fields; what is about none of them, by the form's."""
    if result["__typename"].endswith("Payload"):
        return []
    known = ("name", "address", "phone", "organisation", "role", "kind", *_FIELDS)
    told = result.get("problems") or [result]
    return [
        (next((_FIELDS.get(part, part) for part in one["path"] or () if part in known), "form"), one["message"])
        for one in told
    ]


def _status(problems: Problems, why: Refused | None = None) -> int:
    return why.status if why is not None else 422 if problems else 200


routes: list[BaseRoute] = [
    Route("/team/name", name_form, methods=["GET"]),
    Route("/team/name", save_name, methods=["POST"]),
    Route("/team/places/{key}", place_page, methods=["GET"]),
    Route("/team/places/{key}", save_place, methods=["POST"]),
    Route("/team/places/{key}/remove", remove_place, methods=["POST"]),
    Route("/team/places/{key}/remove", place_page, methods=["GET"]),
    Route("/team/members/{key}", member_form, methods=["GET"]),
    Route("/team/members/{key}", save_member, methods=["POST"]),
    Route("/team/members/{key}/remove", remove_member, methods=["POST"]),
    Route("/team/members/{key}/remove", member_form, methods=["GET"]),
]
