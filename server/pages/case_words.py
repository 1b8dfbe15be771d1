"""What the page of one incident at the desk says: its steps, its forms, its module."""

from __future__ import annotations

from geo.explaining import Obstacle
from geo.lifecycle import Status
from geo.tables import Channel
from server.pages.words import N_, Sign

WORDS = {
    "rectangle": N_("Vùng {n}"),
    "place": N_("trái {left}%, trên {top}%, rộng {width}%, cao {height}%"),
    "remove": N_("Bỏ vùng {n}"),
    "count": N_("Đã đánh dấu {n} vùng."),
    "none": N_("Chưa có vùng nào."),
    "full": N_("Tối đa {n} vùng."),
    "close": N_("Đóng bảng làm mờ"),
    "unsent": N_("Chưa gửi được. Hãy kiểm tra mạng rồi thử lại."),
    "renewed": N_("Hồ sơ vừa được cập nhật."),
}
"""What the module says; `{name}` marks what it fills in, as text."""

ACTS: dict[str, Sign] = {
    "assign": Sign(N_("Giao việc"), "users"),
    "resolve": Sign(N_("Ghi nhận đã xử lý"), "circle-check"),
    "close": Sign(N_("Đóng hồ sơ phản ánh"), "check"),
    "reopen": Sign(N_("Mở lại để xử lý tiếp"), "rotate-ccw"),
    "reject": Sign(N_("Từ chối xử lý"), "ban"),
    "correct": Sign(N_("Sửa loại, vị trí, địa chỉ"), "pencil"),
    "note": Sign(N_("Ghi chú"), "message-circle"),
}
"""The forms that stand in the column of actions, by the last part of their address."""

TOLD: dict[str, str] = {
    "assign": N_("Đã giao việc cho đội."),
    "resolve": N_("Đã ghi nhận là xử lý xong."),
    "close": N_("Đã đóng phản ánh."),
    "reopen": N_("Đã mở lại phản ánh với hạn xử lý mới."),
    "reject": N_("Đã từ chối, người báo đọc được lý do."),
    "correct": N_("Đã lưu phần sửa."),
    "note": N_("Đã thêm ghi chú."),
    "publish": N_("Đã lưu việc công khai nội dung."),
    "photo": N_("Đã lưu cách hiện ảnh."),
    "duplicate": N_("Đã đánh dấu trùng."),
}
"""What is said after each of them was done."""

STEPS: dict[str, Sign] = {
    "reported": Sign(N_("Người dân gửi phản ánh"), "inbox"),
    "reopened": Sign(N_("Phản ánh được mở lại"), "rotate-ccw"),
    "returned": Sign(N_("Trả lại hàng chờ"), "inbox"),
    "reassigned": Sign(N_("Chuyển cho đội khác"), "users"),
    "remark": Sign(N_("Ghi chú thêm"), "message-circle"),
    "opinion": Sign(N_("Lời của người phản ánh"), "message-circle"),
}
"""Steps that are more than the status they lead to."""

CHANNELS: dict[Channel, str] = {
    Channel.WEB: N_("trang web của phường"),
    Channel.ZALO: N_("Zalo"),
    Channel.OPEN311: N_("Open311"),
    Channel.GRAPHQL: N_("ứng dụng khác"),
    Channel.STAFF: N_("cán bộ phường nhập"),
}

OBSTACLES: dict[Obstacle, str] = {Obstacle.FULL: N_("đã đủ việc nên không được giao")}

MISSING: dict[str, str] = {
    "crew": N_("Hãy chọn một đội."),
    "reason": N_("Hãy ghi lý do, người báo sẽ đọc được."),
    "note": N_("Hãy viết nội dung ghi chú."),
    "result": N_("Hãy ghi đã làm gì, người báo sẽ đọc được."),
    "place": N_("Tọa độ gồm vĩ độ rồi kinh độ, như 16.00512, 108.21034."),
    "rectangles": N_("Mỗi dòng là một vùng gồm bốn số phần trăm: trái, trên, rộng, cao."),
    "act": N_("Không có thao tác này."),
    "moved": N_("Phản ánh vừa chuyển sang trạng thái khác. Hãy xem lại rồi làm tiếp."),
}
"""What is wrong with a form, before or after the API was asked."""

STATUS_OF: dict[str, Status] = {
    "assign": Status.ASSIGNED,
    "resolve": Status.RESOLVED,
    "close": Status.CLOSED,
    "reopen": Status.RECEIVED,
    "reject": Status.REJECTED,
    "duplicate": Status.DUPLICATE,
}
"""The status that an act leads to: what the life cycle is asked about."""
