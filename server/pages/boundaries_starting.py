"""What the editor of boundaries says about a first partition; `{name}` marks what its module fills in, as text."""

from __future__ import annotations

from server.pages.words import N_

STARTING = {
    "startFromNothing": N_("Bắt đầu từ số không"),
    "divideRest": N_("Chia phần chưa vẽ"),
    "dividing": N_("Đang chia thử…"),
    "proposed": N_("Đề xuất {n} tổ dân phố"),
    "proposedSize": N_("Nhỏ nhất {least}, lớn nhất {most}"),
    "proposalStep": N_("Nhận đề xuất chia"),
    "proposalTaken": N_("Đã nhận {n} tổ dân phố làm bản nháp. Chưa lưu gì; bấm Hoàn tác để bỏ cả {n}."),
    "proposalDropped": N_("Đã bỏ đề xuất."),
    "proposalStale": N_("Ranh giới vừa thay đổi nên đề xuất không còn đúng. Hãy chia thử lại."),
    "proposalDirty": N_("Đề xuất tính theo ranh giới đã lưu. Hãy lưu hoặc hoàn tác những gì đang vẽ, rồi chia thử."),
    "proposalFailed": N_("Chưa chia được. Hãy kiểm tra mạng rồi thử lại."),
}
