"""What the modules of a copied map say."""

from __future__ import annotations

from server.pages.words import N_

WORDS = {
    "address": N_("Địa chỉ"),
    "callNumber": N_("Gọi {phone}"),
    "close": N_("Đóng"),
    "cluster": N_("{n} phản ánh ở gần nhau"),
    "collapse": N_("Thu gọn danh sách"),
    "contacts": N_("Liên hệ của tổ công nghệ số"),
    "description": N_("Nội dung"),
    "directions": N_("Chỉ đường"),
    "due": N_("Hạn xử lý"),
    "expand": N_("Mở rộng danh sách"),
    "hours": N_("Giờ mở cửa"),
    "inView": N_("{n} phản ánh quanh khung nhìn"),
    "incident": N_("Phản ánh hiện trường"),
    "neighbourhood": N_("Tổ dân phố"),
    "newTab": N_("mở trang khác"),
    "noIncidents": N_("Không có phản ánh nào trong khung nhìn."),
    "noMatch": N_("Không tìm thấy “{text}”. Hãy thử tên khác, gõ không dấu cũng được."),
    "overdue": N_("Quá hạn"),
    "reported": N_("Phản ánh lúc"),
    "resolved": N_("Xử lý xong lúc"),
    "roleDEPUTY": N_("Tổ phó"),
    "roleLEADER": N_("Tổ trưởng"),
    "roleMEMBER": N_("Thành viên"),
    "team": N_("Tổ công nghệ số cộng đồng"),
    "trackingCode": N_("Mã phản ánh"),
}
