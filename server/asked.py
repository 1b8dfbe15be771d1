"""Which incidents an address asks for: `&status=RECEIVED,ASSIGNED&category=TRAFFIC`, wherever data are given."""

from __future__ import annotations

from geo.language import Text
from geo.lifecycle import Status
from maps.window import ParameterError

_MAX_KINDS = 50

UNKNOWN_STATUS = Text("Không có trạng thái này.", "There is no such status.")
UNKNOWN_KIND = Text("Mã loại phản ánh không hợp lệ.", "This is not a category's code.")


def _several(values: list[str]) -> list[str]:
    return [part for value in values for part in value.split(",") if part]


def statuses_of(values: list[str]) -> list[Status] | None:
    """The statuses that a request asks for, None where it names none; raises `ParameterError`."""
    names = _several(values)
    if not set(names) <= set(Status):
        raise ParameterError("status", UNKNOWN_STATUS)
    return [Status(name) for name in dict.fromkeys(names)] or None


def kinds_of(values: list[str]) -> list[str] | None:
    """The categories' codes that a request asks for, None where it names none; raises `ParameterError`."""
    codes = list(dict.fromkeys(_several(values)))
    if len(codes) > _MAX_KINDS or any("\x00" in code or len(code) > 100 for code in codes):
        raise ParameterError("category", UNKNOWN_KIND)
    return codes or None
