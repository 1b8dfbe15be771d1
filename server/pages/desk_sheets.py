"""Teams and crews as tables in a spreadsheet: `/staff/NOUN.csv` gives one, `/staff/NOUN/import` takes one in.

They name people, so they are for the ward's staff alone, and nothing on the way keeps them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from geo import crew_rows, crew_sheets, team_rows, team_sheets
from geo.actor import Actor
from geo.clock import VIETNAM
from geo.exporting.writing import MEDIA_TYPES, Document, Format
from server.exports import Export, Taken
from server.pages.settings_forms import settings
from server.pages.sheet_preview import Sheet, sheet_routes
from server.pages.words import N_

TEAMS = Sheet(
    at="/staff/teams",
    way="/staff/teams",
    action="importTeams",
    title=N_("Nhập thành viên tổ từ bảng"),
    back=N_("Tổ công nghệ số cộng đồng"),
    hints=(
        N_("Mỗi dòng một thành viên. Dòng có mã là sửa người đó; không có mã thì tìm theo họ tên trong tổ, rồi thêm."),
        N_("Tổ dân phố chưa có tổ sẽ được lập tổ cùng thành viên đầu tiên. Tên tổ chỉ đổi trên trang của tổ."),
        N_("Cột không có trong tệp được giữ nguyên. Vai trò ghi Tổ trưởng, Tổ phó hoặc Thành viên."),
        N_("Ghi Có ở cột Đồng ý công khai chỉ dùng cho người mới. Ghi Không là rút lại; để trống là giữ nguyên."),
        N_("Muốn gỡ một người, ghi x vào cột Gỡ bỏ. Xóa dòng khỏi bảng thì không gỡ ai."),
    ),
    columns=team_rows.COLUMNS,
    compare=team_sheets.compare,
    write=team_sheets.write,
    download="{at}.csv",
)
CREWS = Sheet(
    at="/staff/crews",
    way="/staff/crews",
    action="importCrews",
    title=N_("Nhập đội từ bảng"),
    back=N_("Đội phản ứng"),
    hints=(
        N_("Mỗi dòng một đội. Dòng có mã là sửa đội đó; không có mã thì tìm theo tên, rồi thêm."),
        N_("Nhiều lĩnh vực, tổ dân phố hay thành viên thì cách nhau bằng dấu chấm phẩy."),
        N_("Địa bàn ghi Cả phường, hoặc tên các tổ dân phố. Vùng vẽ riêng chỉ vẽ trên trang của đội."),
        N_("Điểm xuất phát ghi vĩ độ rồi kinh độ, ví dụ 15.9865, 108.2100. Thành viên ghi bằng tên đăng nhập."),
        N_("Bảng không xóa đội nào và không cho đội trực hay hết trực."),
    ),
    columns=crew_rows.COLUMNS,
    compare=crew_sheets.compare,
    write=crew_sheets.write,
    download="{at}.csv",
)


def _download(
    name: str, action: str, exported: Callable[[Actor, str], Document]
) -> Callable[[Request], Awaitable[Response]]:
    @settings
    async def download(request: Request, code: str) -> Response:
        headers = {
            "Content-Disposition": f'attachment; filename="{name}-{code}-{datetime.now(VIETNAM):%Y-%m-%d}.csv"',
            "Cache-Control": "private, no-store",
            "Vary": "Cookie, Authorization",
            "X-Content-Type-Options": "nosniff",
        }
        found = exported(request.state.actor, code)
        return Export(request, found, headers, MEDIA_TYPES[Format.CSV], Taken(action, code))

    return download


routes: list[BaseRoute] = [
    Route(f"{TEAMS.at}.csv", _download("to-cong-nghe-so", "exportTeams", team_sheets.exported), methods=["GET"]),
    Route(f"{CREWS.at}.csv", _download("doi-phan-ung", "exportCrews", crew_sheets.exported), methods=["GET"]),
    *sheet_routes(TEAMS),
    *sheet_routes(CREWS),
]
