"""The frame that the pages of those who work for a ward share: where each role may go, and who is signed in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from starlette.requests import Request
from starlette.responses import HTMLResponse

from geo.actor import Actor, Role
from geo.database import Database
from maps import layers, vendor
from server.pages.asking import ask
from server.pages.render import page
from server.pages.words import N_, script_words
from server.wards import UnknownWard, asked_ward


@dataclass(frozen=True, slots=True)
class Way:
    """A page that somebody at work may go to. `word` is for the catalogues, `icon` of the design system.

    Those that are `folded` stand together behind one word: they are not for every hour, and the bar is one line long.
    """

    path: str
    word: str
    icon: str
    folded: bool = False


STAFF_WAYS = (
    Way("/staff", N_("Điều hành"), "list-checks"),
    Way("/staff/boundaries", N_("Ranh giới"), "spline"),
    Way("/staff/places", N_("Địa điểm"), "map-pin"),
    Way("/staff/teams", N_("Tổ công nghệ số"), "contact"),
    Way("/staff/crews", N_("Đội phản ứng"), "truck"),
    Way("/staff/categories", N_("Lĩnh vực"), "tags", folded=True),
    Way("/staff/rejections", N_("Mẫu trả lời"), "message-square-text", folded=True),
    Way("/staff/accounts", N_("Tài khoản"), "users", folded=True),
    Way("/staff/audit", N_("Nhật ký"), "history", folded=True),
    Way("/staff/jobs", N_("Việc chạy nền"), "cog", folded=True),
)
WAYS: dict[Role, tuple[Way, ...]] = {
    Role.STAFF: STAFF_WAYS,
    Role.ADMIN: STAFF_WAYS,
    Role.CREW_MEMBER: (Way("/crew", N_("Việc của đội"), "truck"),),
    Role.TEAM_MEMBER: (Way("/team", N_("Tổ của tôi"), "users"),),
}


def home_of(actor: Actor) -> str:
    """Where somebody who works for a ward begins; the map for everybody else."""
    return WAYS[actor.role][0].path if actor.role in WAYS else "/"


def ward_code_of(request: Request) -> str | None:
    """The ward that somebody at work is about: their own; that of the address for an administrator of every ward.

    Raises `UnknownWard`.
    """
    actor: Actor = request.state.actor
    return actor.ward_code or asked_ward(request)


async def shown_ward(request: Request) -> Any:
    """The ward that a map at work is about, with the box of its ground; None where there is none."""
    try:
        code = ward_code_of(request)
    except UnknownWard:
        return None
    actor: Actor = request.state.actor
    async with cast(Database, request.app.state.database).read() as connection:
        return (await connection.execute(layers.shown_ward(actor, code))).one_or_none()


def desk_words(gettext: Callable[[str], str], words: Mapping[str, str]) -> dict[str, object]:
    """`script_words` for pages in the frame, which have more icons."""
    icons = {"sprite": vendor.url(vendor.DESK_SPRITE), "icons": vendor.DESK_ICON_NAMES}
    return {**script_words(gettext, words), **icons}


async def desk_page(
    request: Request, template: str, context: dict[str, Any], *, at: str, status: int = 200, image_source: str = ""
) -> HTMLResponse:
    """A page in the frame (`desk.html`), under the way `at`. Beside its context it has `ward`, `viewer` and `ways`."""
    actor: Actor = request.state.actor
    found = await ask(request, "ward", {"code": ward_code_of(request)})
    frame = _frame(found["ward"], actor, at)
    return page(request, template, {**frame, **context}, status=status, image_source=image_source)


def desk_shell(
    request: Request, template: str, context: dict[str, Any], *, role: Role, at: str, image_source: str = ""
) -> HTMLResponse:
    """The same page for a phone to keep: with nobody in it, alike for everybody of a role."""
    ward = {"code": "", "name": "Phường Số", "demo": False}
    frame = _frame(ward, Actor(role, name=""), at)
    return page(request, template, {**frame, **context}, image_source=image_source)


def _frame(ward: dict[str, Any], viewer: Actor, at: str) -> dict[str, Any]:
    return {
        "ward": ward,
        "viewer": viewer,
        "ways": WAYS[viewer.role],
        "home": home_of(viewer),
        "at": at,
        "sprite": vendor.url(vendor.DESK_SPRITE),
    }
