"""What the editor of boundaries says; `{name}` marks what its modules fill in, as text."""

from __future__ import annotations

from server.pages.words import N_

WORDS = {
    # the map itself, as `static/map/net.js` says it
    "loading": N_("Đang tải bản đồ…"),
    "failed": N_("Chưa tải được một phần bản đồ."),
    "offline": N_("Không có mạng. Bản đồ chưa cập nhật."),
    "retry": N_("Thử lại"),
    # how an area stands
    "kept": N_("Như hiện hành"),
    "redrawn": N_("Vẽ lại"),
    "drawn": N_("Mới vẽ"),
    "removed": N_("Bỏ"),
    "renamed": N_("Đổi tên"),
    "wrong": N_("Cần sửa"),
    "shapeless": N_("Chưa có ranh giới"),
    "hectares": N_("{n} ha"),
    "squareMetres": N_("{n} m²"),
    "undrawn": N_("Chưa vẽ: {area}"),
    "wholeDrawn": N_("Đã vẽ kín phường"),
    "clean": N_("Chưa sửa gì"),
    "draft": N_("Bản nháp: {n} thay đổi chưa lưu"),
}

GEOMAN = {
    "placeMarker": N_("Bấm để đặt điểm"),
    "firstVertex": N_("Bấm để đặt đỉnh đầu tiên"),
    "continueLine": N_("Bấm để vẽ tiếp"),
    "finishLine": N_("Bấm vào một đỉnh đã đặt để kết thúc"),
    "finishPoly": N_("Bấm vào đỉnh đầu tiên để khép kín"),
}
"""Geoman's own tooltips."""
