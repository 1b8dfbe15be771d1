"""What a letter to a reporter says: from the steps, as they may read them, to sentences in their language."""

from __future__ import annotations

from geo import clock
from geo.handling import REPORTER_WITHIN
from geo.housekeeping import SILENCE
from geo.language import Language, Text
from geo.letters import Letter, Passed
from geo.lifecycle import FINISHED, OPEN, Status, reopens
from server.notifying.message import Line, Message

_SUBJECT = Text("{what}: {category}, mã {code}", "{what}: {category}, code {code}")
_BRIEF: dict[Status, Text] = {
    Status.RECEIVED: Text("Đã tiếp nhận phản ánh", "Report received"),
    Status.ASSIGNED: Text("Đã phân công", "Given to a crew"),
    Status.ACCEPTED: Text("Đội đã nhận việc", "Accepted by its crew"),
    Status.IN_PROGRESS: Text("Đang xử lý", "Being dealt with"),
    Status.RESOLVED: Text("Đã xử lý xong", "Resolved"),
    Status.CLOSED: Text("Phản ánh đã đóng", "Report closed"),
    Status.REJECTED: Text("Không thuộc phạm vi xử lý", "Not for the ward to handle"),
    Status.DUPLICATE: Text("Trùng với phản ánh khác", "Same as an earlier report"),
}
_BRIEF_REOPENED = Text("Phản ánh được mở lại", "Report reopened")
_BRIEF_HANDED_BACK = Text("Đang tìm đội khác", "Another crew is being sought")
_BRIEF_HANDED_ON = Text("Đã giao cho đội khác", "Given to another crew")
_BRIEF_WORD = Text("Có lời nhắn", "A word for you")

_NEWS = Text("Phản ánh {code} của bạn có tin mới.", "There is news of your report {code}.")
_ABOUT = Text("Việc: {category}.", "What it is about: {category}.")
_ABOUT_AT = Text("Việc: {category}, tại {place}.", "What it is about: {category}, at {place}.")
_DUE = Text("Hạn xử lý: {due}.", "To be resolved by {due}.")

_RECEIVED = Text(
    "{ward} đã nhận phản ánh của bạn. Mã theo dõi là {code}.",
    "{ward} has received your report. Its tracking code is {code}.",
)
_TOLD: dict[Status, Text] = {
    Status.ASSIGNED: Text("Việc đã giao cho {crew}.", "It was given to {crew}."),
    Status.ACCEPTED: Text("{crew} đã nhận việc.", "{crew} has accepted it."),
    Status.IN_PROGRESS: Text("{crew} đang xử lý tại nơi.", "{crew} is at work on it."),
    Status.RESOLVED: Text("Việc đã xử lý xong.", "It was resolved."),
    Status.CLOSED: Text("Phản ánh đã đóng.", "The report was closed."),
    Status.REJECTED: Text("Phường không xử lý việc này, vì:", "The ward does not handle this, because:"),
    Status.DUPLICATE: Text(
        "Việc này đã có người báo trước. Phường xử lý theo phản ánh đó.",
        "Somebody reported this before. The ward deals with it under that report.",
    ),
}
_DUPLICATE_OF = Text(
    "Việc này đã có người báo trước. Phường xử lý theo phản ánh {code}.",
    "Somebody reported this before. The ward deals with it under report {code}.",
)
_REOPENED = Text("Phản ánh được mở lại và sẽ được xử lý tiếp.", "The report was reopened and will be dealt with again.")
_HANDED_BACK = Text("Phường đang tìm đội khác để xử lý.", "The ward is seeking another crew for it.")
_WORD = Text("{who} nhắn:", "{who} writes:")
_SOME_CREW = Text("đội phản ứng nhanh", "a rapid-response crew")

_RATE = Text(
    "Kết quả đã ổn chưa? Hãy đánh giá hoặc mở lại trên trang của phản ánh trong {days} ngày, bằng chính điện thoại hay "
    "máy đã gửi, hoặc bằng liên kết riêng bạn đã lưu. Nếu không có ý kiến, phản ánh tự đóng sau {silence} ngày.",
    "Is it in order now? Rate or reopen it within {days} days on the report's page, on the phone or computer that sent "
    "it, or by the private link that you saved. Without a word from you it closes after {silence} days.",
)
_DISAGREE = Text(
    "Nếu chưa đồng ý, bạn mở lại được trong {days} ngày trên trang của phản ánh, bằng chính điện thoại hay máy đã gửi.",
    "If you do not agree, you may reopen it within {days} days on the report's page, on the phone or computer that "
    "sent it.",
)
_LINK = Text("Xem phản ánh", "See the report")
_WHY = Text(
    "Bạn nhận thư này vì đã để lại email khi gửi phản ánh và đồng ý để phường báo tin.",
    "You get this because you left your e-mail address with the report and agreed to be told of it.",
)
_IN = {Language.VI: "", Language.EN: "&lang=en"}
"""The page is in the language of the letter."""
_STOP = Text("Thôi nhận thư và xóa email của tôi", "Send me no more, and delete my address")


def message_of(letter: Letter, site: str) -> Message:
    """The message to the reporter; `site` is where the ward's pages are, without a slash at its end.

    Its link leads to the report's page as everybody may see it: the reporter's secret is kept nowhere, and not sent.
    """
    to = letter.language
    brief = _brief(letter.steps[-1]).to(to)
    page = f"{site}/r/{letter.tracking_code}"
    return Message(
        address=letter.address,
        about=letter.steps[0].event_id,
        began=letter.report_id,
        language=to,
        sender_name=letter.ward_name,
        subject=_SUBJECT.to(to, what=brief, category=letter.category, code=letter.tracking_code),
        lines=_lines(letter),
        link=page,
        link_text=_LINK.to(to),
        why=_WHY.to(to),
        stop=f"{page}/letters?key={letter.stop_key}{_IN[to]}",
        stop_text=_STOP.to(to),
    )


def _brief(step: Passed) -> Text:
    if _is_remark(step):
        return _BRIEF_WORD
    if reopens(step.from_status, step.to_status):
        return _BRIEF_REOPENED
    if step.from_status is not None and step.to_status == Status.RECEIVED:
        return _BRIEF_HANDED_BACK
    if step.from_status is not None and step.from_status != Status.RECEIVED and step.to_status == Status.ASSIGNED:
        return _BRIEF_HANDED_ON
    return _BRIEF[Status(step.to_status)]


def _is_remark(step: Passed) -> bool:
    """A step within a status that names no crew; one that does hands the incident on."""
    return step.from_status == step.to_status and (step.to_status != Status.ASSIGNED or step.crew is None)


def _lines(letter: Letter) -> list[Line]:
    to = letter.language
    lines = []
    if letter.steps[0].from_status is not None:
        lines.append(Line(_NEWS.to(to, code=letter.tracking_code)))
    for step in letter.steps:
        told = _told(step, letter)
        if step.from_status is not None:
            told = f"{clock.told(step.at)}: {told}"
        # What the reporter wrote themselves they know.
        lines.append(Line(told, None if step.by_reporter else step.note))
    about = {"category": letter.category, "place": letter.place}
    lines.append(Line((_ABOUT if letter.place is None else _ABOUT_AT).to(to, **about)))
    if letter.due_at is not None and letter.status in OPEN:
        lines.append(Line(_DUE.to(to, due=clock.told(letter.due_at))))
    days = REPORTER_WITHIN.days
    last = letter.steps[-1].to_status
    if last == Status.RESOLVED and letter.status == Status.RESOLVED:
        lines.append(Line(_RATE.to(to, days=days, silence=SILENCE.days)))
    elif last in FINISHED and last == letter.status:
        lines.append(Line(_DISAGREE.to(to, days=days)))
    return lines


def _told(step: Passed, letter: Letter) -> str:
    to = letter.language
    if step.from_status is None:
        return _RECEIVED.to(to, ward=letter.ward_name, code=letter.tracking_code)
    if _is_remark(step):
        return _WORD.to(to, who=step.by or letter.ward_name)
    if reopens(step.from_status, step.to_status):
        return _REOPENED.to(to)
    if step.to_status == Status.RECEIVED:
        return _HANDED_BACK.to(to)
    if step.to_status == Status.DUPLICATE and letter.duplicate_of is not None:
        return _DUPLICATE_OF.to(to, code=letter.duplicate_of)
    crew = step.crew or step.by or _SOME_CREW.to(to)
    told = _TOLD[Status(step.to_status)].to(to, crew=crew)
    return told[0].upper() + told[1:]
