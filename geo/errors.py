"""Expected refusals, raised by the rules and shown to callers as typed errors.

Each carries a `Text` in both languages and, where one input is at fault, the `path` to it in the input. The GraphQL
layer maps each class onto the type of the same name; nothing here knows of HTTP or GraphQL.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from geo.language import Language, Text


class Refusal(Exception):
    """The base of every expected refusal."""

    text: Text = Text("Không thực hiện được.", "This could not be done.")

    def __init__(self, text: Text | None = None, path: tuple[str, ...] = (), **values: object) -> None:
        if text is not None:
            self.text = text
        self.path = path
        self.values = values
        super().__init__(self.text.to(Language.EN, **values))

    def message(self, language: Language) -> str:
        return self.text.to(language, **self.values)


class NotFound(Refusal):
    """There is no such thing, or the caller may not see it: the two are not told apart."""

    text = Text("Không tìm thấy.", "Not found.")


class NotAllowed(Refusal):
    """The caller's role may not do this."""

    text = Text("Tài khoản này không có quyền thực hiện việc này.", "This account may not do that.")


class OutsideWard(Refusal):
    """The position lies in no ward kept here, or outside the ward that was named."""

    text = Text(
        "Vị trí này nằm ngoài địa bàn phường. Hãy chọn lại vị trí trên bản đồ.",
        "This place lies outside the ward. Please choose the place on the map again.",
    )


class TooManyRequests(Refusal):
    """The caller should wait `retry_after` seconds, or solve a challenge where that gets them in at once."""

    text = Text("Hệ thống đang bận. Hãy thử lại sau ít phút.", "The system is busy. Please try again in a few minutes.")

    def __init__(self, retry_after: int, text: Text | None = None, *, challenge: bool = False) -> None:
        self.retry_after = retry_after
        self.challenge = challenge
        super().__init__(text, minutes=max(1, -(-retry_after // 60)))


class InvalidTransition(Refusal):
    """The incident is not in a status from which this step can be taken, or not by this caller."""

    text = Text(
        "Phản ánh đang ở trạng thái khác nên không thực hiện được bước này.",
        "The incident is in another state, so this step cannot be taken.",
    )

    def __init__(self, current: str, to: str) -> None:
        self.current = current
        self.to = to
        super().__init__()


class CrewUnavailable(Refusal):
    """The crew is off duty, full, or does not handle this kind of incident."""

    text = Text("Đội này không nhận được việc này.", "This crew cannot take this report.")


@dataclass(frozen=True, slots=True)
class Conflict:
    """A neighbourhood that somebody changed since the caller looked at it."""

    ward_code: str
    neighbourhood_id: UUID
    name: str
    current_version: int


class VersionConflict(Refusal):
    """What was changed had been changed by somebody else meanwhile; all such neighbourhoods are told."""

    text = Text(
        "{names} đã được người khác sửa trong lúc bạn vẽ. Hãy xem thay đổi đó rồi lưu lại.",
        "{names} was changed by somebody else meanwhile. Please look at that change, then save again.",
    )

    def __init__(self, conflicts: Sequence[Conflict], path: tuple[str, ...] = ()) -> None:
        self.conflicts = tuple(conflicts)
        super().__init__(path=path, names=", ".join(one.name for one in self.conflicts))


class OffDuty(Refusal):
    """The crew is off duty: where it is, is nobody's business."""

    text = Text(
        "Đội đang ngoài ca trực nên vị trí không được lưu.", "The crew is off duty, so its position was not kept."
    )


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one input, and where it is: `path` leads from the mutation's `input`."""

    path: tuple[str, ...]
    text: Text
    values: dict[str, object] = field(default_factory=dict)

    def message(self, language: Language) -> str:
        return self.text.to(language, **self.values)


class InvalidInput(Refusal):
    """One or more inputs cannot be accepted; nothing was stored."""

    text = Text("Thông tin gửi lên cần được sửa.", "Some of the information needs correcting.")

    def __init__(self, *problems: Problem) -> None:
        self.problems = problems
        super().__init__(path=problems[0].path if problems else ())
