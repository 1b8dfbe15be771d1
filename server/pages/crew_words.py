"""What the crew's page says: its modules' words, why an incident is given back, what is often done to one."""

from __future__ import annotations

from dataclasses import dataclass

from geo.lifecycle import Status
from server.pages.words import N_


@dataclass(frozen=True, slots=True)
class Act:
    """A step that a crew takes: its name in addresses, the word on its button, the button's icon."""

    step: str
    word: str
    icon: str


NEXT: dict[str, Act] = {
    Status.ASSIGNED: Act("accept", N_("Nhận việc"), "hand"),
    Status.ACCEPTED: Act("start", N_("Bắt đầu xử lý"), "play"),
    Status.IN_PROGRESS: Act("resolve", N_("Đã xử lý xong"), "circle-check"),
}
"""The one step that comes next."""

BACK: dict[str, str] = {
    Status.ASSIGNED: N_("Từ chối việc này"),
    Status.ACCEPTED: N_("Trả lại việc này"),
    Status.IN_PROGRESS: N_("Trả lại việc này"),
}

OTHER = "other"
REASONS: dict[str, str] = {
    "busy": N_("Đang dở việc khác, không kịp"),
    "far": N_("Đang ở xa, không đến kịp"),
    "skill": N_("Không đúng chuyên môn của đội"),
    "tools": N_("Thiếu xe, dụng cụ hoặc vật tư"),
    "danger": N_("Không an toàn, cần lực lượng khác"),
    "absent": N_("Đến nơi không thấy sự cố"),
    OTHER: N_("Lý do khác"),
}
"""Why a crew gives an incident back, in the words that staff read. `OTHER` needs words of one's own."""

NOTES = (
    N_("Đã dọn sạch."),
    N_("Đã sửa xong."),
    N_("Đã nhắc nhở, yêu cầu khắc phục."),
    N_("Đến nơi, sự cố không còn."),
)
"""What is often done, for gloves: the reporter reads it, so it stays Vietnamese as it is written."""

TOLD = {
    "accept": N_("Đã nhận việc."),
    "start": N_("Đã ghi nhận đội bắt đầu xử lý."),
    "resolve": N_("Đã báo xử lý xong."),
    "decline": N_("Đã trả việc. Phường tìm đội khác."),
    "duty": N_("Đã đổi trạng thái trực."),
}
"""What a form has done, said after it."""

REASON_MISSING = N_("Hãy chọn lý do, hoặc viết lý do khác.")
NOTE_MISSING = N_("Hãy cho biết đội đã làm gì.")
PHOTO_MISSING = N_("Loại việc này cần ít nhất một ảnh sau khi xử lý.")
MOVED_ON = N_("Việc này vừa được đổi ở nơi khác nên chưa ghi nhận được. Hãy xem lại danh sách.")
NOT_YOURS = N_("Việc này đã chuyển cho đội khác.")

WORDS = {
    **{f"do{act.step.title()}": act.word for act in NEXT.values()},
    "doDecline": N_("Trả việc"),
    "doOff": N_("Nghỉ trực"),
    "doOn": N_("Bắt đầu trực"),
    "accountOther": N_(
        "Máy này còn {n} thao tác của người đăng nhập trước chưa gửi. Người đó đăng nhập lại thì máy sẽ gửi."
    ),
    "away": N_("Mất mạng. Cứ làm việc: máy ghi lại và gửi khi có mạng."),
    "awaySince": N_("Chưa kết nối được. Danh sách lúc {time}."),
    "backAssigned": BACK[Status.ASSIGNED],
    "backBegun": BACK[Status.IN_PROGRESS],
    "call": N_("Gọi {number}"),
    "callWho": N_("Người báo: {name}"),
    "days": N_("{n} ngày"),
    "details": N_("Chi tiết"),
    "directions": N_("Chỉ đường"),
    "distanceKm": N_("cách {n} km"),
    "distanceM": N_("cách {n} m"),
    "dutyConfirm": N_("Nghỉ trực khi còn {n} việc trong tay?"),
    "dutyOff": N_("Đang nghỉ"),
    "dutyOffHint": N_("Chạm để bắt đầu trực"),
    "dutyOn": N_("Đang trực"),
    "dutyOnHint": N_("Chạm để nghỉ trực"),
    "emptyAll": N_("Chưa có việc nào"),
    "emptyAllOff": N_("Đang nghỉ trực: phường không giao việc mới. Bấm Bắt đầu trực để nhận việc."),
    "emptyAllOn": N_("Việc mới sẽ tự hiện ở đây, kèm rung và âm báo nếu đã bật."),
    "fix": N_("Sửa và gửi lại"),
    "goneClosed": N_("Việc này đã đóng. Không cần làm gì thêm."),
    "goneDuplicate": N_("Phường đã ghép việc này với một phản ánh khác. Không cần làm gì thêm."),
    "goneElsewhere": N_("Trong lúc chờ gửi, việc này đã chuyển cho đội khác. Nếu đã đến nơi, hãy gọi phường."),
    "goneFault": N_("Máy chủ của phường gặp lỗi với thao tác này. Hãy gửi lại hoặc gọi phường."),
    "goneFromHere": N_("Không còn trong tay đội: {name}."),
    "goneQueue": N_("Trong lúc chờ gửi, phường đã lấy lại việc này để giao đội khác. Nếu đã đến nơi, hãy gọi phường."),
    "goneRejected": N_("Phường đã từ chối phản ánh này. Không cần làm gì thêm."),
    "goneResolved": N_("Việc này đã được báo xử lý xong. Không cần làm gì thêm."),
    "goneStill": N_("Việc vẫn là của đội. Hãy xem lại và làm bước tiếp theo."),
    "hours": N_("{n} giờ"),
    "keepPhone": N_("Máy này không cho lưu dữ liệu (chế độ riêng tư?), nên mất mạng sẽ không ghi lại được thao tác."),
    "left": N_("Còn {time}"),
    "late": N_("Trễ {time}"),
    "listOf": N_("Việc trong tay ({n})"),
    "mapFailed": N_("Chưa tải được bản đồ. Vẫn dùng được nút Chỉ đường."),
    "minutes": N_("{n} phút"),
    "more": N_("Danh sách chỉ gồm {n} việc gấp nhất trong {total}."),
    "newMany": N_("Có {n} việc mới"),
    "newOne": N_("Việc mới: {name}"),
    "noteMissing": NOTE_MISSING,
    "notesOf": N_("Phường dặn"),
    "nothingKept": N_("Máy này chưa lưu danh sách nào. Cần có mạng một lần để mở."),
    "nothingKeptTitle": N_("Chưa mở được danh sách"),
    "now": N_("dưới 1 phút"),
    "number": N_("Việc số {n}"),
    "photoMissing": PHOTO_MISSING,
    "photoNone": N_("Tệp này không phải là ảnh."),
    "photoOf": N_("Ảnh hiện trường {n}"),
    "photoReading": N_("Đang xử lý ảnh…"),
    "photoRemove": N_("Bỏ ảnh {n}"),
    "photosMost": N_("Tối đa {n} ảnh."),
    "positionBlocked": N_("Máy chưa cho dùng vị trí. Phường tính khoảng cách từ điểm xuất phát của đội."),
    "positionNone": N_("Nghỉ trực: không chia sẻ vị trí."),
    "positionShared": N_("Đang chia sẻ vị trí với phường."),
    "positionWaiting": N_("Đang trực: vị trí sẽ được chia sẻ với phường khi tìm được."),
    "reasonMissing": REASON_MISSING,
    "refusedTitle": N_("Chưa ghi nhận: {step}"),
    "reported": N_("Báo lúc {time}"),
    "resend": N_("Gửi lại"),
    "seen": N_("Đã hiểu"),
    "sending": N_("Đang gửi"),
    "signedOut": N_("Phiên đăng nhập đã hết. Đăng nhập lại để tiếp tục; thao tác đã bấm vẫn được giữ trên máy này."),
    "soundOff": N_("Bật âm báo"),
    "soundOn": N_("Đang bật âm báo"),
    "timeToAccept": N_("Cần nhận trong {time}, sau đó chuyển đội khác"),
    "timeToAcceptOver": N_("Quá giờ nhận việc: có thể chuyển đội khác bất cứ lúc nào"),
    "unsentMany": N_("{n} thao tác chờ gửi"),
    "waiting": N_("Chờ gửi"),
    "withPhotos": N_("{n} ảnh"),
}
