"""`/staff/categories`: the kinds of incident that residents may report, and what each asks of the ward."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from geo.contact import REQUIRED
from geo.seeds import WORKING_DAY
from server.pages.asking import ask
from server.pages.desk import desk_page
from server.pages.languages import language_of
from server.pages.settings_forms import Problems, back, done, filled, number, problems_of, say, settings, text
from server.pages.trouble import trouble
from server.pages.words import N_, Sign
from server.uploads import Form

AT = "/staff/categories"
DONE = {"saved": N_("Đã lưu lĩnh vực."), "added": N_("Đã thêm lĩnh vực. Hãy chọn đội xử lý ở trang Đội phản ứng.")}

ICONS = (
    Sign(N_("thùng rác"), "trash-2"),
    Sign(N_("công trường"), "construction"),
    Sign(N_("cọc tiêu"), "traffic-cone"),
    Sign(N_("khiên"), "shield-alert"),
    Sign(N_("bữa ăn"), "utensils"),
    Sign(N_("sạp hàng"), "store"),
    Sign(N_("hàng rào"), "fence"),
    Sign(N_("đèn"), "lightbulb"),
    Sign(N_("cây xanh"), "trees"),
    Sign(N_("giọt nước"), "droplets"),
    Sign(N_("sóng nước"), "waves"),
    Sign(N_("lửa"), "flame"),
    Sign(N_("điện"), "zap"),
    Sign(N_("tiếng ồn"), "volume-2"),
    Sign(N_("động vật"), "dog"),
    Sign(N_("xe"), "car"),
    Sign(N_("còi báo động"), "siren"),
    Sign(N_("lá"), "leaf"),
    Sign(N_("mũ bảo hộ"), "hard-hat"),
    Sign(N_("tòa nhà"), "building-2"),
    Sign(N_("con đường"), "road"),
    Sign(N_("loa"), "megaphone"),
    Sign(N_("lời nhắn"), "message-circle"),
    Sign(N_("dấu hỏi"), "circle-question-mark"),
)
"""What a kind may be drawn with: icons that every page has, each with the word for what it shows."""

COLOURS = (
    Sign(N_("xanh lá"), "#2e7d4f"),
    Sign(N_("xanh rêu"), "#5b6b1f"),
    Sign(N_("nâu vàng"), "#8a5a00"),
    Sign(N_("cam đất"), "#b4441c"),
    Sign(N_("đỏ"), "#b3261e"),
    Sign(N_("hồng sẫm"), "#8c2f5b"),
    Sign(N_("tím"), "#6244a8"),
    Sign(N_("xanh dương"), "#2c55c0"),
    Sign(N_("xanh biển"), "#00718a"),
    Sign(N_("xám"), "#4f5b66"),
)
"""The palette: a word and `#rrggbb`, each at least 4.5:1 on white."""
OTHER_COLOUR = "other"

_FIELDS = {
    "name": "name", "nameEn": "name-en", "code": "name-en", "icon": "icon", "colour": "colour",
    "deadlineHours": "deadline", "acceptMinutes": "accept",
}  # fmt: skip
_NO_SUCH_ICON = N_("Hãy chọn một biểu tượng trong danh sách.")
_NO_COLOUR = N_("Hãy chọn một màu.")
_NO_NUMBER = N_("Hãy ghi bằng số, ví dụ 24.")
_NO_CODE = N_("Tên tiếng Anh cần có chữ cái, để làm mã của lĩnh vực.")
_TAKEN = N_("Phường đã có lĩnh vực với tên tiếng Anh này. Hãy sửa lĩnh vực đó, hoặc đặt tên khác.")


@settings
async def listing(request: Request, code: str) -> Response:
    """`GET /staff/categories`."""
    context = {"categories": await _categories(request, code), "done": done(request, DONE), "day": WORKING_DAY}
    return await desk_page(request, "settings_categories.html", context, at=AT)


@settings
async def adding(request: Request, code: str) -> Response:
    """`GET /staff/categories/new`."""
    given = {"deadline": "24", "working": True, "accept": "30", "public": True, "photo": False, "icon": "", "name": ""}
    return await _form(request, {**given, "name_en": "", "colour": "", "other_colour": "#4f5b66"})


@settings
async def add(request: Request, code: str) -> Response:
    """`POST /staff/categories/new`."""
    return await _take(request, code, None)


@settings
async def editing(request: Request, code: str) -> Response:
    """`GET /staff/categories/CODE`."""
    known = await _category(request, code)
    return trouble(request, 404) if known is None else await _form(request, _as_given(known), known)


@settings
async def edit(request: Request, code: str) -> Response:
    """`POST /staff/categories/CODE`."""
    known = await _category(request, code)
    return trouble(request, 404) if known is None else await _take(request, code, known)


async def _take(request: Request, ward_code: str, known: dict[str, Any] | None) -> Response:
    form, problems = await filled(request)
    given = _given(form)
    code = _code(given["name_en"]) if known is None else known["code"]
    colour = given["other_colour"] if given["colour"] == OTHER_COLOUR else given["colour"]
    deadline, accept = number(form, "deadline"), number(form, "accept")
    icons = {one.icon for one in ICONS} | ({known["icon"]} if known else set())
    taken = {one["code"] for one in await _categories(request, ward_code)} if known is None else set()
    wrong = (
        (not given["name"], "name", REQUIRED.to(language_of(request))),
        (not given["name_en"], "name-en", REQUIRED.to(language_of(request))),
        (bool(given["name_en"]) and not code, "name-en", say(request, _NO_CODE)),
        (code in taken, "name-en", say(request, _TAKEN)),
        (given["icon"] not in icons, "icon", say(request, _NO_SUCH_ICON)),
        (not colour, "colour", say(request, _NO_COLOUR)),
        (deadline is None, "deadline", say(request, _NO_NUMBER)),
        (accept is None, "accept", say(request, _NO_NUMBER)),
    )
    problems = problems or [(field, why) for holds, field, why in wrong if holds]
    if not problems:
        said = {
            "wardCode": ward_code,
            "code": code,
            "name": given["name"],
            "nameEn": given["name_en"],
            "icon": given["icon"],
            "colour": colour,
            "deadlineHours": deadline,
            "workingHours": given["working"],
            "acceptMinutes": accept,
            "public": given["public"],
            "photoRequired": given["photo"],
        }
        problems = problems_of((await ask(request, "settings_save_category", {"input": said}))["result"], _FIELDS)
    if problems:
        return await _form(request, given, known, problems)
    return back(request, AT, "added" if known is None else "saved")


def _given(form: Form) -> dict[str, Any]:
    """The form's fields as it will show them again."""
    names = ("name", "name_en", "icon", "colour", "other_colour", "deadline", "accept")
    given: dict[str, Any] = {name: text(form, name) for name in names}
    given |= {name: form.text(name) is not None for name in ("public", "photo")}
    return given | {"working": text(form, "working") != "no"}


def _as_given(known: dict[str, Any]) -> dict[str, Any]:
    palette = known["colour"] in {one.icon for one in COLOURS}
    return {
        "name": known["name"],
        "name_en": known["nameEn"],
        "icon": known["icon"],
        "colour": known["colour"] if palette else OTHER_COLOUR,
        "other_colour": known["colour"],
        "deadline": str(known["deadlineHours"]),
        "working": known["workingHours"],
        "accept": str(known["acceptMinutes"]),
        "public": known["public"],
        "photo": known["photoRequired"],
    }


def _code(name_en: str) -> str:
    """A category's code from its English name: `Street lights` -> `STREET_LIGHTS`."""
    plain = unicodedata.normalize("NFD", name_en).encode("ascii", "ignore").decode().upper()
    return re.sub(r"[^A-Z0-9]+", "_", plain).strip("_0123456789")[:50]


async def _categories(request: Request, code: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await ask(request, "settings_categories", {"code": code}))["ward"]["categories"]
    return found


async def _category(request: Request, ward_code: str) -> dict[str, Any] | None:
    named = request.path_params["category"]
    return next((one for one in await _categories(request, ward_code) if one["code"] == named), None)


async def _form(
    request: Request, given: dict[str, Any], known: dict[str, Any] | None = None, problems: Problems | None = None
) -> Response:
    icons: tuple[Sign, ...] = ICONS
    if known is not None and known["icon"] not in {one.icon for one in ICONS}:
        icons = (Sign(N_("biểu tượng đang dùng"), known["icon"]), *ICONS)
    context = {
        "given": given,
        "known": known,
        "problems": problems or [],
        "icons": icons,
        "colours": COLOURS,
        "other_colour": OTHER_COLOUR,
        "day": WORKING_DAY,
    }
    return await desk_page(request, "settings_category.html", context, at=AT, status=422 if problems else 200)


routes: list[BaseRoute] = [
    Route(AT, listing, methods=["GET"]),
    Route(f"{AT}/new", adding, methods=["GET"]),
    Route(f"{AT}/new", add, methods=["POST"]),
    Route(f"{AT}/{{category:str}}", editing, methods=["GET"]),
    Route(f"{AT}/{{category:str}}", edit, methods=["POST"]),
]
