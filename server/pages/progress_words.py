"""What the page of a report says by its module, and after something was done."""

from __future__ import annotations

from server.pages.words import N_, Sign

WORDS = {
    "changed": N_("Vừa cập nhật: {status}."),
    "news": N_("Vừa có cập nhật mới."),
    "copied": N_("Đã chép."),
    "copyByHand": N_("Máy này không tự chép được. Hãy chạm và giữ vào dòng chữ để chép."),
    "picked": N_("Đã chọn {n} ảnh."),
    "shareTitle": N_("Phản ánh {code}"),
}

TOLD: dict[str, Sign] = {
    "rated": Sign(N_("Cảm ơn. Phường đã ghi nhận đánh giá."), "circle-check"),
    "discontent": Sign(
        N_("Phường đã ghi nhận là chưa hài lòng. Nếu việc chưa xong, hãy mở lại phản ánh ngay dưới đây."),
        "message-circle",
    ),
    "reopened": Sign(N_("Phản ánh đã được mở lại. Phường đang tìm đội xử lý."), "rotate-ccw"),
    "opened": Sign(N_("Từ nay máy này mở được phản ánh của người gửi."), "circle-check"),
    "unopened": Sign(
        N_("Liên kết riêng không đúng hoặc thiếu chữ, nên trang chỉ hiện phần công khai. Hãy chép lại cả liên kết."),
        "info",
    ),
}
"""By what the address says was done."""
