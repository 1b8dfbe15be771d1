"""What the page of a report says: how it stands, what comes next and when, its steps, its photographs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from geo.clock import VIETNAM
from geo.handling import REPORTER_WITHIN
from geo.housekeeping import SILENCE
from geo.lifecycle import FINISHED, IN_HAND, OPEN, Status, reopens
from geo.tables import Satisfaction
from server.pages.words import N_, STATUSES, TONES, Sign

RATINGS: dict[Satisfaction, Sign] = {
    Satisfaction.SATISFIED: Sign(N_("Hài lòng"), "smile"),
    Satisfaction.ACCEPTABLE: Sign(N_("Chấp nhận được"), "meh"),
    Satisfaction.DISSATISFIED: Sign(N_("Không hài lòng"), "frown"),
}

_REOPENED = Sign(N_("Đã mở lại"), "rotate-ccw")
_HANDED_BACK = Sign(N_("Đang tìm đội khác"), "inbox")
_HANDED_ON = Sign(N_("Đã giao cho đội khác"), "users")
_REMARK = Sign(N_("Ghi chú"), "message-circle")
_OF_CREW = Sign(N_("Đội ghi chú"), "message-circle")
_OF_WARD = Sign(N_("Phường ghi chú"), "message-circle")
_OPINION = Sign(N_("Ý kiến của người phản ánh"), "message-circle")

_NEXT: dict[Status, str] = {
    Status.RECEIVED: N_("Phường đang chọn đội phù hợp để giao việc."),
    Status.ASSIGNED: N_("Việc đã được giao cho đội phản ứng nhanh. Đội sẽ nhận việc rồi tới nơi."),
    Status.ACCEPTED: N_("Đội đã nhận việc và sẽ tới nơi."),
    Status.IN_PROGRESS: N_("Đội đang xử lý tại nơi xảy ra sự việc."),
    Status.RESOLVED: N_("Việc đã xử lý xong. Phản ánh tự đóng ngày {closes}."),
    Status.CLOSED: N_("Phản ánh đã kết thúc."),
    Status.REJECTED: N_("Phường không xử lý được việc này."),
    Status.DUPLICATE: N_("Việc này đã có người báo trước. Phường xử lý theo phản ánh đó."),
}
_STILL = N_("Việc đã xử lý xong. Phản ánh tự đóng ngày {closes}; vẫn mở lại được đến {until}.")


@dataclass(frozen=True, slots=True)
class Moment:
    """A time: for machines, and as people in Vietnam write it, whole or only its day."""

    iso: str
    shown: str
    day: str


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
    again: list[Picture]
    """Photographs of what was still wrong when it was reopened."""
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
    here = at.astimezone(VIETNAM)
    return Moment(at.isoformat(), f"{here:%d/%m/%Y %H:%M}", f"{here:%d/%m/%Y}")


def view(incident: dict[str, Any], now: datetime, gettext: Callable[[str], str], *, signed_in: bool = False) -> View:
    """What to show of an incident as `documents/progress.graphql` gives it, at this moment.

    Who is `signed_in` may read the names of accounts where a reporter reads those of crews.
    """
    status = Status(incident["status"])
    held = incident["reportedByViewer"]
    pictures = _Pictures(incident["trackingCode"] if held else None)
    events = [event for event in incident["history"] if event["public"]]
    ended = _ended(events) if status in FINISHED else None
    until = None if ended is None else ended + REPORTER_WITHIN
    open_to_reporter = held and until is not None and now < until
    after = [photo for event in events if _resolves(event) for photo in event["photos"]]
    again = [photo for event in events if _reopens(event) for photo in event["photos"]]
    known = {photo["url"] for photo in (*after, *again)}
    return View(
        code=incident["trackingCode"],
        status=status,
        late=incident["overdue"] and status in OPEN,
        next=_next(status, ended, open_to_reporter, gettext),
        due=moment(incident["dueAt"]) if incident["dueAt"] and status in OPEN else None,
        answer=_answer(events) if status in FINISHED else None,
        was_solved=status in (Status.RESOLVED, Status.CLOSED),
        held=held,
        steps=[_step(event, pictures, held and not signed_in) for event in events if _tells(event, held)],
        before=pictures.of([photo for photo in incident["photos"] if photo["url"] not in known]),
        after=pictures.of(after),
        again=pictures.of(again),
        reopened=sum(_reopens(event) for event in events),
        may_rate=open_to_reporter and status in (Status.RESOLVED, Status.CLOSED),
        may_reopen=open_to_reporter,
        until=_moment(until) if until is not None and open_to_reporter else None,
        rating=RATINGS[Satisfaction(incident["satisfaction"])] if incident["satisfaction"] else None,
    )


def _next(status: Status, ended: datetime | None, may_reopen: bool, gettext: Callable[[str], str]) -> str:
    if status is not Status.RESOLVED or ended is None:
        return gettext(_NEXT[status])
    text = gettext(_STILL if may_reopen else _NEXT[status])
    return text.format(closes=_moment(ended + SILENCE).day, until=_moment(ended + REPORTER_WITHIN).day)


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


def _step(event: dict[str, Any], pictures: _Pictures, names_crews: bool) -> Step:
    """`names_crews`: whether the step names who took it exactly where that is a crew."""
    to = Status(event["to"])
    sign, tone = STATUSES[to], TONES[to]
    if event["from"] == event["to"]:
        sign = _said(event, names_crews)
    elif _reopens(event):
        sign = _REOPENED
    elif to is Status.RECEIVED and event["from"] in IN_HAND:
        sign = _HANDED_BACK
    return Step(
        sign=sign,
        tone=tone,
        at=moment(event["at"]),
        # Not of the first: it says "received", which the reporter did not do.
        by_reporter=event["byReporter"] and event["from"] is not None,
        crew=event["actor"],
        note=event["note"],
        # The report's own photographs stand above, large.
        pictures=[] if event["from"] is None else pictures.of(event["photos"]),
    )


def _said(event: dict[str, Any], names_crews: bool) -> Sign:
    """What a step is that leaves the status as it was."""
    if event["byReporter"]:
        return _OPINION
    if event["note"] is None:
        return _HANDED_ON
    if not names_crews:
        return _REMARK
    return _OF_WARD if event["actor"] is None else _OF_CREW


def _tells(event: dict[str, Any], held: bool) -> bool:
    """Whether there is anything to tell: what is said is hidden from strangers, and with it that it was."""
    if event["from"] != event["to"] or event["note"] is not None or event["photos"]:
        return True
    return held and Status(event["to"]) is Status.ASSIGNED


def _resolves(event: dict[str, Any]) -> bool:
    return bool(event["to"] == Status.RESOLVED and event["from"] != event["to"])


def _reopens(event: dict[str, Any]) -> bool:
    return reopens(event["from"], event["to"])


def _answer(events: list[dict[str, Any]]) -> str | None:
    ends = (Status.RESOLVED, Status.REJECTED)
    said = [event["note"] for event in events if event["to"] in ends and event["from"] != event["to"]]
    return said[-1] if said else None


def _ended(events: list[dict[str, Any]]) -> datetime | None:
    """When it last came to an end, from which on the reporter's thirty days count."""
    ends = [event["at"] for event in events if event["to"] in FINISHED and event["from"] != event["to"]]
    return datetime.fromisoformat(ends[-1]) if ends else None
