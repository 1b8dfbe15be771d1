"""What the editor of boundaries says about tracing, measuring, coordinates and files; and what those parts are told.

`{name}` marks what the modules fill in, as text.
"""

from __future__ import annotations

from typing import Any

from geo.vn2000 import DA_NANG, ZONES
from maps import vendor
from server.pages.words import N_

TRACING = {
    # the underlay
    "underlayEmpty": N_("Tệp không có hình nào."),
    "underlayKmz": N_("KMZ là tệp nén. Hãy giải nén rồi chọn tệp .kml bên trong."),
    "underlayLarge": N_("Tệp lớn quá {most} MB."),
    "underlayMany": N_("Tệp có {n} đối tượng, tối đa {most}. Hãy chia nhỏ tệp."),
    "underlayVertices": N_("Tệp có quá {most} đỉnh. Hãy chia nhỏ tệp."),
    "underlayNotJson": N_("Tệp không phải là JSON đúng chuẩn: {reason}"),
    "underlayNotGeojson": N_("Tệp JSON này không phải là GeoJSON."),
    "underlayNotXml": N_("Tệp KML bị hỏng: XML không đúng chuẩn."),
    "underlayNotKml": N_("Tệp XML này không phải là KML."),
    "underlayDoctype": N_("Tệp KML có khai báo DOCTYPE, không được nhận."),
    "underlayLinked": N_("Tệp KML này chỉ dẫn tới tệp ở nơi khác. Hãy xuất chính dữ liệu rồi chọn lại."),
    "underlayPosition": N_("Đối tượng {n}: tọa độ “{text}” không dùng được."),
    "underlayMetres": N_("Đối tượng {n}: tọa độ là mét, không phải độ. Hãy dùng mục Nhập, xuất tệp để chọn VN-2000."),
    "underlaySwapped": N_("Đối tượng {n}: kinh độ và vĩ độ bị đổi chỗ (phải ghi kinh độ trước)."),
    "underlayElsewhere": N_("Nền nằm ở nơi khác, không cạnh phần đang xem."),
    "underlayRead": N_("{file}: {n} đối tượng."),
    "underlayLeft": N_("Bỏ qua {n} đối tượng không có hình."),
    "underlayNameless": N_("Vùng {n}"),
    "underlayTake": N_("Lấy làm tổ dân phố"),
    "underlayTakeNamed": N_("Lấy làm tổ dân phố: {name}"),
    "underlayMore": N_("Đang liệt kê {n} trên {all} vùng."),
    "stepTake": N_("Lấy từ nền: {name}"),
    "didTake": N_("Đã lấy {name}, {area}, vào bản nháp."),
    # measuring
    "lengthMetres": N_("{n} m"),
    "lengthKilometres": N_("{n} km"),
    "guideMeasure": N_("Bấm từng điểm để đo. Enter để kết thúc, Esc để thôi."),
    "measuredWay": N_("Dài {length}"),
    "measuredArea": N_("Dài {length} · khép kín: chu vi {round}, diện tích {area}"),
    # coordinates
    "systemFailed": N_("Chưa tải được phần chuyển hệ tọa độ. Hãy kiểm tra mạng rồi chọn lại."),
    "ringOuter": N_("Vòng ngoài"),
    "ringOuterOf": N_("Vòng ngoài mảnh {part}"),
    "ringHole": N_("Lỗ {n} của mảnh {part}"),
    "ringVertices": N_("{name}: {n} đỉnh"),
    "coordinatesSize": N_("{area} · chu vi {round} · {n} đỉnh"),
    "coordinatesPage": N_("Đỉnh {from} đến {to} trên {n}"),
    "columnX": N_("X (bắc, m)"),
    "columnY": N_("Y (đông, m)"),
    "columnLongitude": N_("Kinh độ"),
    "columnLatitude": N_("Vĩ độ"),
    "cell": N_("Đỉnh {n}, {column}"),
    "cellX": N_("X (bắc)"),
    "cellY": N_("Y (đông)"),
    "cellLongitude": N_("kinh độ"),
    "cellLatitude": N_("vĩ độ"),
    "insertAfter": N_("Thêm đỉnh sau đỉnh {n}"),
    "deleteVertex": N_("Xóa đỉnh {n}"),
    "vertexFixed": N_("Đỉnh của ranh giới phường, không sửa ở đây"),
    "vertexSharedBy": N_("Chung với {n} tổ khác"),
    "tooClose": N_("Hai đỉnh này quá gần nhau để thêm một đỉnh ở giữa."),
    "notDegrees": N_("Đỉnh {n}: không phải kinh độ, vĩ độ ở Việt Nam (ví dụ 108,2201 và 15,9912)."),
    "notVn2000": N_("Đỉnh {n}: không phải tọa độ VN-2000 ở Việt Nam (ví dụ X 1769123,456 và Y 550123,456)."),
    "lineWrong": N_("Dòng {line} không phải là tọa độ: {text}"),
    "linesRead": N_("{n} đỉnh, {area}, chu vi {round}"),
    "linesFew": N_("Cần ít nhất 3 đỉnh, đang có {n}."),
    "lineRead": N_("Đường {n} đỉnh, dài {length}"),
    "lineFew": N_("Cần ít nhất 2 đỉnh, đang có {n}."),
    "useChosen": N_("Hãy chọn một tổ dân phố trong danh sách trước."),
    # files
    "importNone": N_("Chưa chọn tệp nào."),
    "importLarge": N_("Tệp lớn quá {most} MB."),
    "importReading": N_("Đang đọc tệp…"),
    "importFailed": N_("Chưa đọc được tệp. Hãy kiểm tra mạng rồi thử lại."),
    "importSuggested": N_("Có vẻ là {system}."),
    "importNoName": N_("(không có)"),
    "importSum": N_(
        "{n} vùng: {new} mới, {replaces} thay ranh giới đang có, {unchanged} không thay đổi, {refused} không nhận."
    ),
    "importFormat": N_("Tệp {format}, tọa độ lưu theo WGS 84."),
    "importGaps": N_("Còn {n} khoảng trống, {area}."),
    "importNew": N_("Mới"),
    "importReplaces": N_("Thay ranh giới đang có"),
    "importUnchanged": N_("Không thay đổi"),
    "importRefused": N_("Không nhận"),
    "importNumber": N_("đối tượng {n}"),
    "importDiffers": N_("Khác ranh giới đang có {area}"),
    "importRenames": N_("Tên đang có: {name}"),
    "importMoved": N_("Khớp mép: dời {n} đỉnh, xa nhất {far}"),
    "importTake": N_("Đưa {n} vùng vào bản nháp"),
    "importDone": N_("Đã đưa {n} vùng vào bản nháp. Bấm Hoàn tác để bỏ cả {n}."),
    "stepImport": N_("Nhập từ tệp {file}"),
    "draftGiven": N_("Đã tải bản nháp, {n} vùng."),
}


def told() -> dict[str, Any]:
    """The systems of coordinates that may be chosen, the province's first, and where the library for them lies."""
    zones = [
        {
            "code": zone.code,
            "minutes": zone.minutes,
            "shown": zone.shown,
            "order": 0 if zone is DA_NANG else zone.minutes,
        }
        for zone in ZONES
    ]
    return {"zones": zones, "zone": DA_NANG.code, "library": vendor.url(f"{vendor.PROJ4}/proj4.js")}
