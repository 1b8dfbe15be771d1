"""`/staff/crews`: how much each crew has in hand, who is on duty, and what each crew is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from geo import clock
from geo.contact import REQUIRED
from geo.crew_ground import Covers
from geo.language import Language
from geo.place_rows import read_position
from maps.crew_ground_map import crew_ground_map
from server.basemap import ground_of as ground_under
from server.pages.asking import ask
from server.pages.boundaries_words import GEOMAN
from server.pages.crew_ground import WAYS, WHOLE, Ground, GroundError, ground_of
from server.pages.desk import desk_page, desk_words
from server.pages.languages import language_of, translations
from server.pages.settings_forms import (
    Problems,
    ago,
    back,
    done,
    filled,
    number,
    problems_of,
    say,
    settings,
    text,
)
from server.pages.sheet_preview import imported
from server.pages.staff_view import load_of
from server.pages.trouble import trouble
from server.pages.words import N_

AT = "/staff/crews"
DONE = {
    "saved": N_("Đã lưu đội."),
    "added": N_("Đã thêm đội. Đội nhận việc khi bắt đầu trực."),
    "on": N_("Đội bắt đầu trực và sẽ được giao việc."),
    "off": N_("Đội hết trực: không được giao việc mới."),
}
WORDS = {
    "zoomIn": N_("Phóng to"),
    "zoomOut": N_("Thu nhỏ"),
    "placed": N_("Đã chọn {place}."),
    "locating": N_("Đang tìm vị trí của máy…"),
    "notLocated": N_("Chưa tìm được vị trí của máy. Hãy chọn trên bản đồ hoặc gõ tọa độ."),
    "failed": N_("Chưa tải được một phần bản đồ."),
    "baseHere": N_("Điểm xuất phát của đội"),
    "coversAll": N_("Đội nhận việc trong cả phường."),
    "coversNamed": N_("Đội nhận việc trong {n} tổ dân phố đã chọn."),
    "coversDrawn": N_("Đội nhận việc trong vùng đã vẽ ({n} mảnh)."),
    "coversNothing": N_("Chưa chọn nơi nào."),
    "drawing": N_("Bấm trên bản đồ để đặt từng đỉnh; bấm lại đỉnh đầu tiên để khép vùng."),
    "shaping": N_("Kéo các đỉnh để sửa; bấm chuột phải vào đỉnh để bỏ."),
    "choosing": N_("Bấm vào tổ dân phố trên bản đồ để chọn hoặc bỏ."),
    "basing": N_("Bấm trên bản đồ vào nơi đội xuất phát."),
    "narrowed": N_("Đang hiện {shown} trong {all}."),
}

_FIELDS = {
    "name": "name", "capacity": "capacity", "base": "base", "categories": "categories", "members": "members",
    "coverageArea": "coverage", "neighbourhoodIds": "coverage",
}  # fmt: skip
_KEEP, _PLACE = "keep", "place"
_WHOLE, _DRAWN, _MORE = N_("Cả phường"), N_("Vùng vẽ riêng"), N_("và %(num)s tổ nữa")
_NAMED = 5
"""Neighbourhoods that are named in the list before the rest is counted."""
_NO_NUMBER = N_("Hãy ghi bằng số, ví dụ 5.")
_NO_BASE = N_("Hãy cho biết đội xuất phát từ đâu: chọn một địa điểm hoặc ghi tọa độ.")


@settings
async def listing(request: Request, code: str) -> Response:
    """`GET /staff/crews`."""
    return await _list(request, code)


@settings
async def duty(request: Request, code: str) -> Response:
    """`POST /staff/crews/ID/duty`: `on`, yes or no."""
    form, problems = await filled(request)
    on = text(form, "on") == "yes"
    if not problems:
        said = {"crewId": request.path_params["id"], "onDuty": on}
        problems = problems_of((await ask(request, "settings_set_duty", {"input": said}))["result"], {})
    return await _list(request, code, problems) if problems else back(request, AT, "on" if on else "off")


@settings
async def adding(request: Request, code: str) -> Response:
    """`GET /staff/crews/new`."""
    found = await _choices(request, code, "")
    given = {"name": "", "capacity": "10", "categories": [], "members": [], "base": _PLACE, "place": "", "position": ""}
    return await _form(request, {**given, "ground": ground_of(None)}, found)


@settings
async def add(request: Request, code: str) -> Response:
    """`POST /staff/crews/new`."""
    return await _take(request, code, await _choices(request, code, ""))


@settings
async def editing(request: Request, code: str) -> Response:
    """`GET /staff/crews/ID`."""
    found = await _choices(request, code, request.path_params["id"])
    if not found["crew"]:
        return trouble(request, 404)
    known = found["crew"]
    longitude, latitude = known["base"]["coordinates"]
    given = {
        "name": known["name"],
        "capacity": str(known["capacity"]),
        "categories": [one["code"] for one in known["categories"]],
        "members": [one["username"] for one in known["members"]],
        "base": _KEEP,
        "place": "",
        "position": f"{latitude:.6f}, {longitude:.6f}",
        "ground": ground_of(known),
    }
    return await _form(request, given, found)


@settings
async def edit(request: Request, code: str) -> Response:
    """`POST /staff/crews/ID`."""
    found = await _choices(request, code, request.path_params["id"])
    return await _take(request, code, found) if found["crew"] else trouble(request, 404)


async def _take(request: Request, code: str, found: dict[str, Any]) -> Response:
    form, problems = await filled(request)
    known = found["crew"]
    given: dict[str, Any] = {name: text(form, name) for name in ("name", "capacity", "base", "place", "position")}
    given |= {name: [one.replace("\x00", "") for one in form.texts(name)] for name in ("categories", "members")}
    way = text(form, "coverage")
    named = tuple(one.replace("\x00", "") for one in form.texts("neighbourhoods"))
    given["ground"] = ground = Ground(way if way in WAYS else WHOLE, named, text(form, "area"))
    capacity, base = number(form, "capacity"), _base(given, found)
    wrong = (
        (not given["name"], "name", REQUIRED.to(language_of(request))),
        (capacity is None, "capacity", say(request, _NO_NUMBER)),
        (base is None, "base", say(request, _NO_BASE)),
    )
    problems = problems or [(field, why) for holds, field, why in wrong if holds]
    covered: dict[str, Any] = {}
    try:
        covered = ground.as_input()
    except GroundError as error:
        problems.append(("area", error.text.to(language_of(request), **error.values)))
    if not problems:
        said = {
            "wardCode": code,
            "name": given["name"],
            "capacity": capacity,
            "base": base,
            "categories": given["categories"],
            "members": given["members"],
            **covered,
        }
        if known:
            said["crewId"] = known["id"]
        problems = problems_of((await ask(request, "settings_save_crew", {"input": said}))["result"], _FIELDS)
    if problems:
        return await _form(request, given, found, problems)
    return back(request, AT, "saved" if known else "added")


def _base(given: dict[str, Any], found: dict[str, Any]) -> dict[str, Any] | None:
    """Where the crew starts from, in GeoJSON; None where that was not said."""
    if given["base"] == _KEEP and found["crew"]:
        kept: dict[str, Any] = found["crew"]["base"]
        return kept
    if given["base"] == _PLACE:
        places = {one["id"]: one["location"] for one in found["ward"]["places"]["nodes"]}
        return places.get(given["place"])
    at = read_position(given["position"])
    return None if at is None else {"type": "Point", "coordinates": list(at)}


async def _choices(request: Request, code: str, id_: str) -> dict[str, Any]:
    """What the form chooses from: all the ward's neighbourhoods among it."""
    asked = {"code": code, "id": id_}
    found = await ask(request, "settings_crew", asked)
    grounds = found["ward"]["neighbourhoods"]
    while grounds["pageInfo"]["hasNextPage"]:
        more = await ask(request, "settings_crew", {**asked, "after": grounds["pageInfo"]["endCursor"]})
        grounds["pageInfo"] = more["ward"]["neighbourhoods"]["pageInfo"]
        grounds["nodes"] += more["ward"]["neighbourhoods"]["nodes"]
    return found


async def _form(
    request: Request, given: dict[str, Any], found: dict[str, Any], problems: Problems | None = None
) -> Response:
    known = found["crew"] or None
    accounts = found["ward"]["accounts"]["nodes"]
    people = [
        one for one in accounts if not one["disabled"] or (known and one["crew"] and one["crew"]["id"] == known["id"])
    ]
    gettext, base = translations(language_of(request)).gettext, ground_under(request)
    places = found["ward"]["places"]["nodes"]
    there = {one["id"] for one in found["ward"]["neighbourhoods"]["nodes"]}
    context = {
        "given": given,
        "known": known,
        "grounds": found["ward"]["neighbourhoods"]["nodes"],
        "gone": [one for one in (known["neighbourhoods"] if known else ()) if one["id"] not in there],
        "shell": crew_ground_map(),
        "plain_ground": base is None,
        "data": {
            **desk_words(gettext, WORDS),
            "geoman": {key: gettext(word) for key, word in GEOMAN.items()},
            "language": language_of(request),
            "ward": found["ward"]["code"],
            "ground": None if base is None else base.told(),
            "base": known and known["base"]["coordinates"],
            "places": {one["id"]: one["location"]["coordinates"] for one in places},
        },
        "categories": [{**one, "word": _name(request, one)} for one in found["ward"]["categories"]],
        "people": people,
        "places": places,
        "problems": problems or [],
    }
    status, source = (422 if problems else 200), "" if base is None else base.source
    return await desk_page(request, "settings_crew.html", context, at=AT, status=status, image_source=source)


async def _list(request: Request, code: str, problems: Problems | None = None) -> Response:
    crews = (await ask(request, "settings_crews", {"code": code}))["ward"]["crews"]["nodes"]
    now = datetime.now(UTC)
    context = {
        "crews": [_shown(request, crew, now) for crew in crews],
        "problems": problems or [],
        "done": imported(request) or done(request, DONE),
    }
    return await desk_page(request, "settings_crews.html", context, at=AT, status=422 if problems else 200)


def _shown(request: Request, crew: dict[str, Any], now: datetime) -> dict[str, Any]:
    held, capacity = crew["inHand"] or 0, crew["capacity"]
    share = min(1.0, held / capacity) if capacity else 1.0
    seen = crew["positionAt"] and datetime.fromisoformat(crew["positionAt"])
    return {
        **crew,
        "ground": _covered(request, crew),
        "gone": [one["name"] for one in crew["neighbourhoods"] if one["areaSquareMetres"] is None],
        "held": held,
        "percent": round(100 * share),
        "load": load_of(held, capacity),
        "categories": [{**one, "word": _name(request, one)} for one in crew["categories"]],
        "people": [one["name"] for one in crew["members"] if not one["disabled"]],
        "seen": seen and ago(request, seen, now),
        "seen_clock": seen and clock.told(seen),
    }


def _covered(request: Request, crew: dict[str, Any]) -> str:
    """A crew's ground in words."""
    if crew["covers"] != Covers.NEIGHBOURHOODS:
        return say(request, _WHOLE if crew["covers"] == Covers.WARD else _DRAWN)
    names = [one["name"] for one in crew["neighbourhoods"]]
    more = len(names) - _NAMED
    first = ", ".join(names[:_NAMED])
    return f"{first} {say(request, _MORE) % {'num': more}}" if more > 0 else first


def _name(request: Request, category: dict[str, Any]) -> str:
    return str(category["nameEn"] if language_of(request) is Language.EN else category["name"])


routes: list[BaseRoute] = [
    Route(AT, listing, methods=["GET"]),
    Route(f"{AT}/new", adding, methods=["GET"]),
    Route(f"{AT}/new", add, methods=["POST"]),
    Route(f"{AT}/{{id:str}}", editing, methods=["GET"]),
    Route(f"{AT}/{{id:str}}", edit, methods=["POST"]),
    Route(f"{AT}/{{id:str}}/duty", duty, methods=["POST"]),
]
