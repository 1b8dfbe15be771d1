"""What the modules of the staff console say; `{name}` marks what they fill in, as text."""

from __future__ import annotations

from server.pages.words import N_

WORDS = {
    # times, said by the server as well
    "minutes": N_("{n} phút"),
    "hours": N_("{n} giờ"),
    "days": N_("{n} ngày"),
    "left": N_("Còn {length}"),
    "overBy": N_("Quá hạn {length}"),
    # live
    "live": N_("Đang cập nhật trực tiếp"),
    "connecting": N_("Đang nối cập nhật trực tiếp…"),
    "notLive": N_("Mất cập nhật trực tiếp. Danh sách này là lúc {time}, đang nối lại…"),
    "noNetwork": N_("Không có mạng. Danh sách này là lúc {time}."),
    "signedOut": N_("Phiên làm việc đã kết thúc. Hãy tải lại trang và đăng nhập."),
    "fresh": N_("{n} phản ánh mới, bấm để xem"),
    "renew": N_("Danh sách đã thay đổi nhiều, bấm để tải lại"),
    "loadFailed": N_("Chưa tải được. Bấm để thử lại."),
    "loadingMore": N_("Đang tải thêm…"),
    "atEnd": N_("Hết danh sách"),
    # map
    "loading": N_("Đang tải bản đồ…"),
    "failed": N_("Chưa tải được một phần bản đồ."),
    "offline": N_("Không có mạng. Bản đồ chưa cập nhật."),
    "retry": N_("Thử lại"),
    "cluster": N_("{n} phản ánh ở gần nhau"),
    "crewPin": N_("{name}: {held}/{capacity} việc"),
    "pickCrew": N_("Giao cho đội nào? Bấm vào một đội trên bản đồ, hoặc mở danh sách đội."),
    "notListed": N_("Phản ánh này ở ngoài phần danh sách đã tải."),
    # crews
    "offDuty": N_("hết ca"),
    "held": N_("{held}/{capacity} việc"),
    "full": N_("đã đủ việc"),
    "otherKinds": N_("không làm lĩnh vực này"),
    "otherKindsOf": N_("không làm {n} lĩnh vực đã chọn"),
    "has": N_("đang giữ việc này"),
    "metres": N_("{n} m"),
    "kilometres": N_("{n} km"),
    "noPlace": N_("chưa rõ vị trí"),
    "fits": N_("phù hợp"),
    # doing
    "assignTitle": N_("Giao cho đội"),
    "assignMany": N_("Giao {n} phản ánh cho đội"),
    "assigned": N_("Đã giao {code} cho {crew}"),
    "assignedShort": N_("đã giao cho {crew}"),
    "rejectTitle": N_("Không xử lý {code}"),
    "rejectMany": N_("Không xử lý {n} phản ánh"),
    "rejected": N_("đã từ chối xử lý"),
    "published": N_("đã công khai nội dung"),
    "closed": N_("đã đóng"),
    "reasonMissing": N_("Hãy ghi lý do: người báo sẽ đọc được."),
    "chosen": N_("Đã chọn {n}"),
    "working": N_("Đang làm {done}/{all}…"),
    "allDone": N_("Đã xong cả {n} phản ánh"),
    "someFailed": N_("Xong {done}, chưa được {failed}"),
    "unsent": N_("không gửi được: mất mạng hoặc máy chủ bận"),
    "dispatching": N_("Đang điều phối hàng chờ…"),
    "dispatched": N_("Đã bắt đầu điều phối hàng chờ; đội nhận việc sẽ hiện ngay ở danh sách."),
    "nothingChosen": N_("Hãy chọn một phản ánh trước."),
    "caseLoading": N_("Đang mở hồ sơ…"),
    "caseFailed": N_("Chưa mở được hồ sơ."),
    "openPage": N_("Mở thành trang riêng"),
    "noTemplate": N_("Chọn câu mẫu…"),
}
