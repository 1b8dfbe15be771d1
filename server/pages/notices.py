"""Notices as a page, `/notices`, and as the list behind the bell of every page of those who work for a ward."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from geo.actor import Actor, Role
from geo.language import Language
from geo.notices import MOST_COUNTED
from geo.tables import NoticeKind
from maps import vendor
from server.pages.asking import Unanswered, ask
from server.pages.desk import desk_page
from server.pages.languages import language_of
from server.pages.own_form import own_form
from server.pages.progress_view import Moment, moment
from server.pages.render import page
from server.pages.signed_in import DESK, only
from server.pages.trouble import trouble
from server.uploads import Refused
from server.wards import UnknownWard

ON_PAGE = 50
BEHIND_BELL = 10
_SEE_OTHER = 303
_READERS = (*DESK, Role.CREW_MEMBER, Role.TEAM_MEMBER)
_ICONS: dict[NoticeKind, str] = {
    NoticeKind.ASSIGNED: "clipboard-list",
    NoticeKind.TAKEN_BACK: "undo-2",
    NoticeKind.REOPENED: "rotate-ccw",
    NoticeKind.ATTENTION: "triangle-alert",
    NoticeKind.DUE_SOON: "hourglass",
    NoticeKind.OVERDUE: "alarm-clock",
    NoticeKind.JOB_FAILED: "cog",
    NoticeKind.BOUNDARIES: "map",
}


@dataclass(frozen=True, slots=True)
class Item:
    """A notice as it is shown."""

    icon: str
    late: bool
    text: str
    about: tuple[str, ...]
    """What the incident is, its place and its code."""
    coded: bool
    """Whether the last of these is a tracking code."""
    at: Moment
    new: bool
    href: str | None


@dataclass(frozen=True, slots=True)
class Listed:
    """Some notices, the latest first."""

    items: list[Item]
    unseen: int
    count: str
    """That number as the bell says it."""
    until: str | None
    """The time of the latest: what is marked as seen."""
    more: str | None
    """The cursor that more follow."""


@only(*_READERS)
async def notices(request: Request) -> Response:
    """`GET /notices[?after=]`: the page; `part=list` is the list behind the bell alone."""
    try:
        if request.query_params.get("part") == "list":
            listed = await _listed(request, BEHIND_BELL, None)
            return page(request, "notices_list.html", {"listed": listed, "sprite": vendor.url(vendor.DESK_SPRITE)})
        after = request.query_params.get("after")
        listed = await _listed(request, ON_PAGE, after)
        return await desk_page(request, "notices.html", {"listed": listed, "further": after is not None}, at="/notices")
    except UnknownWard:
        return trouble(request, 404)
    except Unanswered:  # a cursor that is none of ours
        return RedirectResponse("/notices", _SEE_OTHER)


@only(*_READERS)
async def seen(request: Request) -> Response:
    """`POST /notices/seen`, with `until`: what was shown is no longer new; 303 to the page."""
    language = language_of(request)
    try:
        async with own_form(request) as form:
            until = datetime.fromisoformat(form.text("until") or "")
    except Refused as refused:
        return PlainTextResponse(refused.message(language), refused.status, refused.headers)
    except ValueError:
        return RedirectResponse("/notices", _SEE_OTHER)
    if until.tzinfo is not None:
        await ask(request, "notices_seen", {"input": {"until": until.isoformat()}})
    query = request.url.query
    return RedirectResponse(f"/notices?{query}" if query else "/notices", _SEE_OTHER)


@only(*_READERS)
async def back(_: Request) -> Response:
    """`GET /notices/seen`: nothing is marked by a link."""
    return RedirectResponse("/notices", _SEE_OTHER)


async def _listed(request: Request, first: int, after: str | None) -> Listed:
    viewer = (await ask(request, "notices", {"first": first, "after": after}))["viewer"]
    found, unseen = viewer["notices"], viewer["unseenNotices"]
    english = language_of(request) is Language.EN
    items = [_item(node, request.state.actor, english) for node in found["nodes"]]
    info = found["pageInfo"]
    return Listed(
        items,
        unseen,
        f"{MOST_COUNTED - 1}+" if unseen >= MOST_COUNTED else str(unseen),
        found["nodes"][0]["at"] if items else None,
        info["endCursor"] if info["hasNextPage"] else None,
    )


def _item(node: dict[str, Any], actor: Actor, english: bool) -> Item:
    kind = NoticeKind(node["kind"])
    incident = node["incident"]
    about = []
    if incident is not None:
        about = [incident["category"]["nameEn" if english else "name"], incident["address"]]
    return Item(
        icon=_ICONS[kind],
        late=kind in (NoticeKind.OVERDUE, NoticeKind.ATTENTION, NoticeKind.JOB_FAILED),
        text=node["textEn" if english else "text"],
        about=tuple(filter(None, (*about, node["trackingCode"]))),
        coded=node["trackingCode"] is not None,
        at=moment(node["at"]),
        new=not node["seen"],
        href=_href(node, kind, actor),
    )


def _href(node: dict[str, Any], kind: NoticeKind, actor: Actor) -> str | None:
    """Where the reader sees to it; nowhere for what is no longer theirs."""
    if kind is NoticeKind.TAKEN_BACK:
        return None
    if actor.role is Role.CREW_MEMBER:
        return "/crew"
    if actor.role is Role.TEAM_MEMBER:
        return "/team"
    # An administrator of every ward is led to the notice's own.
    ward = "" if actor.ward_code else f"?{urlencode({'ward': node['id'].split(':')[1]})}"
    return f"/staff/jobs{ward}" if node["trackingCode"] is None else f"/staff/incidents/{node['trackingCode']}{ward}"


routes: list[BaseRoute] = [
    Route("/notices", notices, methods=["GET"]),
    Route("/notices/seen", seen, methods=["POST"]),
    Route("/notices/seen", back, methods=["GET"]),
]
