"""What the page of a report says: how it stands, what comes next and when, its steps, its photographs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from geo.handling import REPORTER_WITHIN
from geo.housekeeping import SILENCE
from geo.lifecycle import FINISHED, IN_HAND, OPEN, Status
from geo.tables import Satisfaction
from server.pages.words import N_, STATUSES, TONES, Sign

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")

RATINGS: dict[Satisfaction, Sign] = {
    Satisfaction.SATISFIED: Sign(N_("Hài lòng"), "smile"),
    Satisfaction.ACCEPTABLE: Sign(N_("Chấp nhận được"), "meh"),
    Satisfaction.DISSATISFIED: Sign(N_("Không hài lòng"), "frown"),
}

_REOPENED = Sign(N_("Mở lại phản ánh"), "rotate-ccw")
_HANDED_BACK = Sign(N_("Đang tìm đội khác"), "inbox")
_HANDED_ON = Sign(N_("Đã giao cho đội khác"), "users")
_REMARK = Sign(N_("Phường ghi chú"), "message-circle")
_OPINION = Sign(N_("Ý kiến của người phản ánh"), "message-circle")

_NEXT: dict[Status, str] = {
    Status.RECEIVED: N_("Phường đang chọn đội phù hợp để giao việc."),
    Status.ASSIGNED: N_("Việc đã được giao cho đội phản ứng nhanh. Đội sẽ nhận việc rồi tới nơi."),
    Status.ACCEPTED: N_("Đội đã nhận việc và sẽ tới nơi."),
    Status.IN_PROGRESS: N_("Đội đang xử lý tại nơi xảy ra sự việc."),
    Status.RESOLVED: N_("Việc đã xử lý xong. Phản ánh sẽ được đóng vào {closes} nếu người phản ánh không có ý kiến."),
    Status.CLOSED: N_("Phản ánh đã kết thúc."),
    Status.REJECTED: N_("Phường không xử lý được việc này."),
    Status.DUPLICATE: N_("Việc này đã có người báo trước. Phường xử lý theo phản ánh đó."),
}


@dataclass(frozen=True, slots=True)
class Moment:
    """A time: for machines, and as people in Vietnam write it."""

    iso: str
    shown: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A photograph: where it is, and where its small version is."""

    url: str
    thumbnail: str


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the report's life, as the timeline shows it."""

    sign: Sign
    tone: str
    at: Moment
    by_reporter: bool
    crew: str | None
    note: str | None
    pictures: list[Picture]


@dataclass(frozen=True, slots=True)
class View:
    """A report as its page shows it to one reader."""

    code: str
    status: Status
    late: bool
    next: str
    due: Moment | None
    answer: str | None
    """What the ward said of it in the end: what was done, or why nothing."""
    was_solved: bool
    held: bool
    """Whether the reader is its reporter."""
    steps: list[Step]
    before: list[Picture]
    after: list[Picture]
    reopened: int
    may_rate: bool
    may_reopen: bool
    until: Moment | None
    """How long its reporter may rate and reopen it."""
    rating: Sign | None


def moment(iso: str) -> Moment:
    """A moment of the API."""
    return _moment(datetime.fromisoformat(iso))


def _moment(at: datetime) -> Moment:
    return Moment(at.isoformat(), at.astimezone(VIETNAM).strftime("%d/%m/%Y %H:%M"))


def view(incident: dict[str, Any], now: datetime, gettext: Callable[[str], str]) -> View:
    """What to show of an incident as `documents/progress.graphql` gives it, at this moment."""
    status = Status(incident["status"])
    held = incident["reportedByViewer"]
    pictures = _Pictures(incident["trackingCode"] if held else None)
    events = [event for event in incident["history"] if event["public"]]
    ended = _ended(events) if status in FINISHED else None
    until = None if ended is None else ended + REPORTER_WITHIN
    open_to_reporter = held and until is not None and now < until
    after = [photo for event in events if _resolves(event) for photo in event["photos"]]
    known = {photo["url"] for photo in after}
    resolved = ended if status is Status.RESOLVED else None
    return View(
        code=incident["trackingCode"],
        status=status,
        late=incident["overdue"] and status in OPEN,
        next=gettext(_NEXT[status]).format(closes="" if resolved is None else _moment(resolved + SILENCE).shown),
        due=moment(incident["dueAt"]) if incident["dueAt"] and status in OPEN else None,
        answer=_answer(events) if status in FINISHED else None,
        was_solved=status in (Status.RESOLVED, Status.CLOSED),
        held=held,
        steps=[_step(event, pictures) for event in events if _tells(event, held)],
        before=pictures.of([photo for photo in incident["photos"] if photo["url"] not in known]),
        after=pictures.of(after),
        reopened=sum(_reopens(event) for event in events),
        may_rate=open_to_reporter and status in (Status.RESOLVED, Status.CLOSED),
        may_reopen=open_to_reporter,
        until=_moment(until) if until is not None and open_to_reporter else None,
        rating=RATINGS[Satisfaction(incident["satisfaction"])] if incident["satisfaction"] else None,
    )


class _Pictures:
    """Photographs with their addresses; `code` goes along where the reader's cookie opens what others may not see."""

    def __init__(self, code: str | None) -> None:
        self._code = code

    def of(self, photos: list[dict[str, Any]]) -> list[Picture]:
        return [Picture(self._address(photo["url"]), self._address(photo["thumbnailUrl"])) for photo in photos]

    def _address(self, url: str) -> str:
        if self._code is None:
            return url
        return f"{url}{'&' if '?' in url else '?'}report={self._code}"


def _step(event: dict[str, Any], pictures: _Pictures) -> Step:
    to = Status(event["to"])
    sign, tone = STATUSES[to], TONES[to]
    if event["from"] == event["to"]:
        sign = _OPINION if event["byReporter"] else _HANDED_ON if event["note"] is None else _REMARK
    elif _reopens(event):
        sign = _REOPENED
    elif to is Status.RECEIVED and event["from"] in IN_HAND:
        sign = _HANDED_BACK
    return Step(
        sign=sign,
        tone=tone,
        at=moment(event["at"]),
        by_reporter=event["byReporter"],
        crew=event["actor"],
        note=event["note"],
        pictures=pictures.of(event["photos"]),
    )


def _tells(event: dict[str, Any], held: bool) -> bool:
    """Whether there is anything to tell: what is said is hidden from strangers, and with it that it was."""
    if event["from"] != event["to"] or event["note"] is not None or event["photos"]:
        return True
    return held and Status(event["to"]) is Status.ASSIGNED


def _resolves(event: dict[str, Any]) -> bool:
    return bool(event["to"] == Status.RESOLVED and event["from"] != event["to"])


def _reopens(event: dict[str, Any]) -> bool:
    return bool(event["to"] == Status.RECEIVED and event["from"] in FINISHED)


def _answer(events: list[dict[str, Any]]) -> str | None:
    ends = (Status.RESOLVED, Status.REJECTED)
    said = [event["note"] for event in events if event["to"] in ends and event["from"] != event["to"]]
    return said[-1] if said else None


def _ended(events: list[dict[str, Any]]) -> datetime | None:
    """When it last came to an end, from which on the reporter's thirty days count."""
    ends = [event["at"] for event in events if event["to"] in FINISHED and event["from"] != event["to"]]
    return datetime.fromisoformat(ends[-1]) if ends else None
