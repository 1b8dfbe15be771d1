"""`/staff/places`: the ward's places as a table to search, to download and to take in again from a spreadsheet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from geo import place_sheets, places
from geo.clock import VIETNAM
from geo.exporting.writing import MEDIA_TYPES, Format
from geo.ids import as_id
from geo.place_rows import COLUMNS
from geo.tables import PlaceKind
from server.exports import Export, Taken
from server.pages.asking import Unanswered, ask
from server.pages.desk import desk_page
from server.pages.settings_forms import done, settings
from server.pages.sheet_preview import Sheet, imported, sheet_routes
from server.pages.words import N_, PLACES

AT = "/staff/places"
DONE = {
    "added": N_("Đã thêm địa điểm. Bản đồ số hiện ngay."),
    "saved": N_("Đã lưu địa điểm. Bản đồ số hiện thông tin mới ngay."),
    "removed": N_("Đã gỡ địa điểm khỏi bản đồ số."),
    "gone": N_("Địa điểm này vừa được người khác gỡ."),
}
NOWHERE = "none"
"""The neighbourhood of those that lie in none."""
SORTS = {"name": N_("Tên"), "kind": N_("Loại địa điểm"), "area": N_("Tổ dân phố")}
COUNTED = (N_("%(num)s địa điểm"), N_("%(num)s địa điểm chưa có tổ dân phố"))

_ORDERS = {"name": "NAME", "kind": "KIND", "area": "NEIGHBOURHOOD"}
_MOST_LETTERS = 100
_MOST_AREAS = 10
"""Pages of neighbourhoods that are read to choose from: a thousand."""

PLACES_SHEET = Sheet(
    at=AT,
    way=AT,
    action="importPlaces",
    title=N_("Nhập địa điểm từ bảng"),
    back=N_("Địa điểm"),
    hints=(
        N_("Dòng có mã là sửa địa điểm đó; dòng không có mã là địa điểm mới. Cột không có trong tệp được giữ nguyên."),
        N_("Vị trí ghi vĩ độ rồi kinh độ, ví dụ 15.9865, 108.2100; dấu phẩy thập phân cũng đọc được."),
        N_("Tổ dân phố được tính theo vị trí, không đọc từ bảng."),
        N_("Muốn gỡ một địa điểm, ghi x vào cột Gỡ bỏ. Xóa dòng khỏi bảng thì không gỡ gì."),
        N_("Sự đồng ý công khai nhà riêng của cán bộ chỉ ghi nhận trên trang của địa điểm."),
    ),
    columns=COLUMNS,
    compare=place_sheets.compare,
    write=place_sheets.write,
    download="{at}.csv",
)


@dataclass(frozen=True, slots=True)
class Asked:
    """Which places an address asks for; what it cannot mean is left out."""

    search: str
    kind: PlaceKind | None
    area: str
    """The key of a neighbourhood, `NOWHERE`, or nothing."""
    sort: str

    @property
    def narrowed(self) -> bool:
        return bool(self.search or self.kind or self.area)

    def parameters(self) -> dict[str, str]:
        """As an address says it."""
        told = {"q": self.search, "kind": self.kind or "", "area": self.area, "sort": self.sort}
        return {name: str(value) for name, value in told.items() if value and (name, value) != ("sort", "name")}


def asked(request: Request) -> Asked:
    given = request.query_params
    search = given.get("q", "").replace("\x00", "").strip()[:_MOST_LETTERS]
    kind = PlaceKind(given["kind"]) if given.get("kind") in list(PlaceKind) else None
    area = given.get("area", "")
    sort = given.get("sort", "")
    key = as_id(area)
    area = area if area == NOWHERE or (key is not None and str(key) == area) else ""
    return Asked(search, kind, area, sort if sort in SORTS else "name")


@settings
async def listing(request: Request, code: str) -> Response:
    """`GET /staff/places[?q=&kind=&area=&sort=&after=]`."""
    wanted = asked(request)
    after = request.query_params.get("after") or None
    given: dict[str, Any] = {
        "code": code,
        "search": wanted.search or None,
        "kinds": None if wanted.kind is None else [wanted.kind],
        "area": f"Neighbourhood:{code}:{wanted.area}" if wanted.area not in ("", NOWHERE) else None,
        "within": False if wanted.area == NOWHERE else None,
        "order": _ORDERS[wanted.sort],
        "after": after,
    }
    try:
        ward = (await ask(request, "places", given))["ward"]
    except Unanswered:  # a cursor of another list
        ward = (await ask(request, "places", {**given, "after": None}))["ward"]
    context = {
        "places": ward["places"],
        "all": ward["all"]["totalCount"],
        "nowhere": ward["nowhere"]["totalCount"],
        "areas": await areas_of(request, code),
        "asked": wanted,
        "kinds": PLACES,
        "sorts": SORTS,
        "later": after is not None,
        "done": imported(request) or done(request, DONE),
        "key": lambda id_: id_.rpartition(":")[2],
    }
    return await desk_page(request, "staff_places.html", context, at=AT)


async def areas_of(request: Request, code: str) -> list[dict[str, str]]:
    """The ward's neighbourhoods by name: `key` and `name`."""
    found: list[dict[str, str]] = []
    after = None
    for _ in range(_MOST_AREAS):
        page = (await ask(request, "places_areas", {"code": code, "after": after}))["ward"]["neighbourhoods"]
        found += [{"key": one["id"].rpartition(":")[2], "name": one["name"]} for one in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    return found


@settings
async def exported(request: Request, code: str) -> Response:
    """`GET /staff/places.csv[?q=&kind=&area=]`: those places as a table that can be taken in again."""
    wanted = asked(request)
    actor = request.state.actor
    rows = places.matching(
        actor,
        code,
        kinds=None if wanted.kind is None else [wanted.kind],
        search=wanted.search or None,
        neighbourhood_id=as_id(wanted.area),
        in_neighbourhood=False if wanted.area == NOWHERE else None,
    )
    name = f"dia-diem-{code}-{datetime.now(VIETNAM):%Y-%m-%d}.csv"
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "private, no-store",
        "Vary": "Cookie, Authorization",
        "X-Content-Type-Options": "nosniff",
    }
    taken = Taken("exportPlaces", code, {"format": Format.CSV.value})
    return Export(request, place_sheets.exported(actor, rows), headers, MEDIA_TYPES[Format.CSV], taken)


routes: list[BaseRoute] = [
    Route(AT, listing, methods=["GET"]),
    Route(f"{AT}.csv", exported, methods=["GET"], middleware=[Middleware(GZipMiddleware, minimum_size=1000)]),
    *sheet_routes(PLACES_SHEET),
]
