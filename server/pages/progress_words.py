"""What the page of a report says by its module, and after something was done."""

from __future__ import annotations

from server.pages.words import N_, Sign

WORDS = {
    "changed": N_("Vừa cập nhật: {status}."),
    "news": N_("Vừa có cập nhật mới."),
    "copied": N_("Đã sao chép."),
    "copyByHand": N_("Máy này không tự sao chép được. Hãy chạm và giữ vào dòng chữ để sao chép."),
    "picked": N_("Đã chọn {n} ảnh."),
    "unreached": N_("Chưa lấy được tin mới. Trang đang hiện tình trạng lúc {time}."),
    "shareTitle": N_("Phản ánh {code}"),
}

TOLD: dict[str, Sign] = {
    "rated": Sign(N_("Cảm ơn. Phường đã ghi nhận đánh giá."), "circle-check"),
    "discontent": Sign(
        N_("Phường đã ghi nhận là chưa hài lòng. Nếu việc chưa xong, hãy mở lại phản ánh ngay dưới đây."),
        "message-circle",
    ),
    "withdrawn": Sign(
        N_("Đã xóa thông tin liên hệ của bạn. Phản ánh vẫn được xử lý và theo dõi bằng mã này."), "circle-check"
    ),
    "reopened": Sign(N_("Phản ánh đã được mở lại với hạn xử lý mới."), "rotate-ccw"),
    "opened": Sign(N_("Máy này đã mở được đầy đủ phản ánh."), "circle-check"),
    "unopened": Sign(
        N_(
            "Liên kết riêng không đúng hoặc thiếu chữ, nên trang chỉ hiện phần công khai. Hãy sao chép lại cả liên kết."
        ),
        "info",
    ),
}
"""By what the address says was done."""
