"""What the modules of the digital map say."""

from __future__ import annotations

from server.pages.words import N_

WORDS = {
    "address": N_("Địa chỉ"),
    "callKind": N_("Gọi điện"),
    "callNumber": N_("Gọi {phone}"),
    "close": N_("Đóng"),
    "cluster": N_("{n} phản ánh ở gần nhau"),
    "collapse": N_("Thu gọn danh sách"),
    "description": N_("Nội dung"),
    "directions": N_("Chỉ đường"),
    "due": N_("Hạn xử lý"),
    "expand": N_("Mở rộng danh sách"),
    "failed": N_("Chưa tải được dữ liệu bản đồ. Danh sách bên cạnh vẫn dùng được."),
    "hours": N_("Giờ mở cửa"),
    "incident": N_("Phản ánh hiện trường"),
    "inView": N_("{n} phản ánh quanh khung nhìn"),
    "loading": N_("Đang tải bản đồ…"),
    "neighbourhood": N_("Tổ dân phố"),
    "newTab": N_("mở trang khác"),
    "noIncidents": N_("Không có phản ánh nào trong khung nhìn."),
    "noMatch": N_("Không tìm thấy “{text}”. Hãy thử tên khác, gõ không dấu cũng được."),
    "offline": N_("Mất kết nối mạng. Bản đồ đang hiện dữ liệu đã tải."),
    "overdue": N_("Quá hạn"),
    "reported": N_("Phản ánh lúc"),
    "resolved": N_("Xử lý xong lúc"),
    "retry": N_("Thử lại"),
    "team": N_("Tổ công nghệ số cộng đồng"),
    "tooMany": N_("Phóng to bản đồ để xem từng phản ánh."),
    "trackingCode": N_("Mã phản ánh"),
}
