"""What the modules of the digital map say, and those of its copy in one file."""

from __future__ import annotations

from server.pages.words import N_

SHARED = {
    "address": N_("Địa chỉ"),
    "callNumber": N_("Gọi {phone}"),
    "close": N_("Đóng"),
    "cluster": N_("{n} phản ánh ở gần nhau"),
    "collapse": N_("Thu gọn danh sách"),
    "contacts": N_("Liên hệ của tổ công nghệ số"),
    "deputy": N_("Tổ phó"),
    "description": N_("Nội dung"),
    "directions": N_("Chỉ đường"),
    "due": N_("Hạn xử lý"),
    "expand": N_("Mở rộng danh sách"),
    "hours": N_("Giờ mở cửa"),
    "inView": N_("{n} phản ánh trong vùng đang xem"),
    "incident": N_("Phản ánh hiện trường"),
    "leader": N_("Tổ trưởng"),
    "member": N_("Thành viên"),
    "neighbourhood": N_("Tổ dân phố"),
    "newTab": N_("mở trang khác"),
    "noIncidents": N_("Không có phản ánh nào trong vùng đang xem."),
    "noMatch": N_("Không tìm thấy “{text}”. Hãy thử tên khác, gõ không dấu cũng được."),
    "overdue": N_("Quá hạn"),
    "reported": N_("Phản ánh lúc"),
    "resolved": N_("Xử lý xong lúc"),
    "team": N_("Tổ công nghệ số cộng đồng"),
    "trackingCode": N_("Mã phản ánh"),
}
"""Said by both: all that the copy says."""

WORDS = {
    **SHARED,
    "about": N_("khoảng {n}"),
    "accurate": N_("Vị trí chính xác trong khoảng {distance}."),
    "away": N_("Cách {distance}"),
    "clusterIn": N_("{n} phản ánh ở {name}"),
    "copied": N_("Đã sao chép."),
    "distance": N_("Khoảng cách"),
    "failed": N_("Chưa tải được dữ liệu bản đồ. Danh sách địa điểm vẫn dùng được."),
    "followReport": N_("Xem tiến độ phản ánh"),
    "heatMost": N_("Trong vùng đang xem, nhiều nhất là:"),
    "heatNone": N_("Trong vùng đang xem không có phản ánh nào."),
    "loading": N_("Đang tải bản đồ…"),
    "loadingMore": N_("Đang tải thêm…"),
    "mapOf": N_("Bản đồ số"),
    "near": N_("Gần tôi"),
    "nearDenied": N_(
        "Máy chưa cho phép xem vị trí. Vẫn có thể tìm tên nơi cần đến, hoặc chạm vào bản đồ. "
        "Muốn dùng “Gần tôi”, hãy cho phép vị trí trong cài đặt của trình duyệt rồi bấm lại."
    ),
    "nearNone": N_("Máy này không cho biết được vị trí. Vẫn có thể tìm tên nơi cần đến, hoặc chạm vào bản đồ."),
    "nearPrivate": N_("Vị trí chỉ dùng trên máy này để tính khoảng cách, không gửi đi đâu."),
    "nearSearching": N_("Đang tìm vị trí… Nếu máy hỏi, hãy bấm “Cho phép”."),
    "nearStop": N_("Tắt"),
    "nearUnknown": N_("Chưa tìm được vị trí. Hãy ra chỗ thoáng rồi bấm “Gần tôi” lần nữa."),
    "nearest": N_("{kind} gần nhất · cách {distance}"),
    "noContacts": N_("Chưa có liên hệ nào được công khai."),
    "noneOpenHere": N_("Không có phản ánh nào đang chờ xử lý."),
    "notCopied": N_("Chưa sao chép được. Hãy giữ tay vào ô chữ rồi chọn Sao chép."),
    "offline": N_("Mất kết nối mạng. Bản đồ đang hiện dữ liệu đã tải."),
    "openHere": N_("{n} phản ánh đang được xử lý."),
    "photo": N_("Ảnh {n} của phản ánh"),
    "position": N_("Tọa độ"),
    "progress": N_("Xem tiến độ"),
    "reportHere": N_("Báo sự cố ở đây"),
    "results": N_("{n} kết quả"),
    "retry": N_("Thử lại"),
    "share": N_("Chia sẻ"),
    "spot": N_("Trên bản đồ"),
    "spotTitle": N_("Điểm vừa chọn"),
    "tooMany": N_("Phóng to bản đồ để xem từng phản ánh."),
    "youAreIn": N_("Vị trí hiện tại:"),
    "youAreOutside": N_("Vị trí hiện tại ở ngoài địa bàn phường, cách trung tâm phường {distance}."),
}
