"""What the pages of a community digital team say: to people, and through their modules."""

from __future__ import annotations

from geo.lifecycle import OPEN, Status
from geo.tables import TeamRole
from geo.teams import Want
from server.pages.words import N_, Sign

ROLES: dict[TeamRole, str] = {
    TeamRole.LEADER: N_("Tổ trưởng"),
    TeamRole.DEPUTY: N_("Tổ phó"),
    TeamRole.MEMBER: N_("Thành viên"),
}
ENDED = tuple(status for status in Status if status not in OPEN)

DONE: dict[str, Sign] = {
    "place": Sign(N_("Đã lưu địa điểm. Bản đồ số hiện thông tin mới ngay."), "circle-check"),
    "place-removed": Sign(N_("Đã gỡ địa điểm khỏi bản đồ số."), "circle-check"),
    "member": Sign(N_("Đã lưu thông tin liên hệ."), "circle-check"),
    "member-removed": Sign(N_("Đã gỡ thành viên khỏi tổ."), "circle-check"),
    "name": Sign(N_("Đã đổi tên tổ."), "circle-check"),
}
"""What an earlier form came to, by `?done=`."""

WANTS: dict[Want, Sign] = {
    Want.TEAM: Sign(N_("Chưa có tổ"), "triangle-alert"),
    Want.GROUND: Sign(N_("Tổ dân phố không còn: cần kiện toàn lại"), "triangle-alert"),
    Want.MEMBERS: Sign(N_("Chưa đủ 7 thành viên"), "user-plus"),
    Want.LEADER: Sign(N_("Chưa có tổ trưởng"), "user-x"),
    Want.ONE_LEADER: Sign(N_("Có hơn một tổ trưởng"), "users"),
    Want.CONSENT: Sign(N_("Có người chưa đồng ý công khai"), "eye-off"),
}
"""What a team is short of."""

POSITION_MISSING = N_("Hãy cho biết địa điểm ở đâu: chọn trên bản đồ, dùng vị trí của máy, hoặc gõ tọa độ.")
POSITION_UNREAD = N_("Tọa độ gồm vĩ độ và kinh độ, ví dụ 15.9865, 108.2100.")
NOT_YOURS = N_("Vị trí này nằm ngoài tổ dân phố của tổ. Hãy chọn lại, hoặc nhờ cán bộ phường sửa.")
GONE = N_("Mục này vừa được người khác gỡ hoặc không còn thuộc tổ.")
ROLE_UNKNOWN = N_("Hãy chọn vai trò trong tổ.")
KIND_UNKNOWN = N_("Hãy chọn loại địa điểm.")

WORDS = {
    "zoomIn": N_("Phóng to"),
    "zoomOut": N_("Thu nhỏ"),
    "placed": N_("Đã chọn {place}."),
    "locating": N_("Đang tìm vị trí của máy…"),
    "notLocated": N_("Chưa tìm được vị trí của máy. Hãy chọn trên bản đồ hoặc gõ tọa độ."),
    "noMap": N_("Chưa tải được bản đồ. Hãy dùng vị trí của máy hoặc gõ tọa độ."),
    "openMap": N_("Chọn trên bản đồ"),
    "closeMap": N_("Đóng bản đồ"),
}
FOLLOWED = {"fresh": N_("Vừa có thay đổi trong danh sách sự cố.")}
