"""What the editor of boundaries says about ground not drawn yet; `{name}` marks what its module fills in, as text."""

from __future__ import annotations

from server.pages.words import N_

UNDRAWN = {
    "undrawnSum": N_("{n} chỗ chưa thuộc tổ nào, tổng cộng {area}. Chọn một chỗ để xem trên bản đồ."),
    "undrawnRounded": N_("Không còn chỗ nào chưa vẽ. Phần chênh lệch là do làm tròn tọa độ."),
    "undrawnWrong": N_("Hãy sửa những chỗ sai ghi ở đầu danh sách tổ trước, rồi mới biết được chỗ nào còn trống."),
    "undrawnMore": N_("Còn {n} chỗ nhỏ hơn, sẽ hiện ra khi các chỗ trên đã xong."),
    "undrawnBeside": N_("Giáp {names}"),
    "undrawnOthers": N_(" và {n} tổ khác"),
    "undrawnAlone": N_("Không giáp tổ nào: dùng Vẽ mới"),
    "undrawnTo": N_("Giao cho"),
    "undrawnTaker": N_("{name} (giáp {length})"),
    "undrawnGive": N_("Giao {area} này"),
    "piece": N_("Chỗ {n}"),
    "stepGive": N_("Giao {area} chưa vẽ cho {name}"),
    "didGive": N_("Đã giao {area} cho {name}. Bấm Hoàn tác để bỏ."),
}
