"""What a crew does: one door for plain forms (303 back to the page) and for what waited on a phone (JSON).

A step that is sent again changes nothing and answers as before, so a phone that lost an answer sends it again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from geo.photos import MOST_PHOTOS
from server import photos
from server.pages.asking import ask
from server.pages.crew import Problems, crews, found, page_of, refusal, told
from server.pages.crew_words import MOVED_ON, NOT_YOURS, NOTE_MISSING, OTHER, REASON_MISSING, REASONS
from server.pages.languages import language_of, translations
from server.uploads import Form, Refused, read_form

_SEE_OTHER = 303
_REFUSED = 422
_STEPS = ("accept", "decline", "start", "resolve", "duty")


@dataclass
class Sent:
    """What a form said."""

    account: str | None = None
    """Whose it is, of what waited on a phone: nobody else may send it in their own name."""
    incident: str = ""
    reason: str = ""
    more: str = ""
    note: str = ""
    on_duty: bool = False
    photo_ids: list[str] = field(default_factory=list)

    @property
    def why(self) -> str:
        """The reason in words: one of the ready ones, one's own, or both. Empty where none was given."""
        ready = "" if self.reason == OTHER else REASONS.get(self.reason, "")
        return ". ".join(filter(None, (ready, self.more)))


def _endpoint(step: str) -> Callable[[Request], Awaitable[Response]]:
    """`POST /crew/STEP`."""
    by_form = crews(partial(_by_form, step=step))

    async def take(request: Request) -> Response:
        wants_json = "application/json" in request.headers.get("accept", "")
        return await (_by_module(request, step) if wants_json else by_form(request))

    return take


async def _by_module(request: Request, step: str) -> Response:
    """What waited on a phone: answered with the list as it is now, and with what was wrong."""
    if refused := refusal(request, None):
        return refused
    try:
        async with read_form(request) as form:
            sent = await _read(request, form)
    except Refused as unfit:
        return unfit.response(language_of(request))
    if refused := refusal(request, sent.account):
        return refused
    problem = _unsaid(request, step, sent) or await _done(request, step, sent)
    return told(await found(request), problem, 200 if problem is None else 409)


async def _by_form(request: Request, step: str) -> Response:
    """A plain form: back to the page, which says what was done or what is wrong."""
    try:
        async with read_form(request) as form:
            sent = await _read(request, form)
    except Refused as unfit:
        problems: Problems = [("jobs", unfit.message(language_of(request)))]
        return await page_of(request, problems=problems, status=unfit.status)
    problem = _unsaid(request, step, sent) or await _done(request, step, sent)
    if problem is None:
        return RedirectResponse(f"/crew?told={step}", _SEE_OTHER)
    where = f"job-{sent.incident.rpartition(':')[2]}" if sent.incident else "jobs"
    return await page_of(request, problems=[(where, problem["message"])], given=_given(sent), status=_REFUSED)


def _given(sent: Sent) -> dict[str, Any]:
    return {"incident": sent.incident, "note": sent.note, "more": sent.more, "reason": sent.reason}


async def _read(request: Request, form: Form) -> Sent:
    """What was sent, its photographs kept. Raises `Refused`."""
    sent = Sent(
        account=form.text("account"),
        incident=_text(form, "incident"),
        reason=_text(form, "reason"),
        more=_text(form, "more"),
        # A note that was chosen and one that was written go together.
        note=" ".join(dict.fromkeys(filter(None, (_text(form, "ready"), _text(form, "note"))))),
        on_duty=form.text("onDuty") == "yes",
        photo_ids=[id_ for id_ in form.texts("photoIds") if "\x00" not in id_][:MOST_PHOTOS],
    )
    for file in form.files(photos.FIELD):
        sent.photo_ids.append((await photos.keep(request.app.state, file)).id)
    return sent


def _text(form: Form, name: str) -> str:
    """What was written, without what cannot be stored."""
    return (form.text(name) or "").replace("\x00", "").replace("\r\n", "\n").strip()


def _unsaid(request: Request, step: str, sent: Sent) -> dict[str, Any] | None:
    """What a form lacks, before anything is asked of the ward."""
    if step == "decline" and not sent.why:
        return _problem(request, "MISSING", REASON_MISSING)
    if step == "resolve" and not sent.note:
        return _problem(request, "MISSING", NOTE_MISSING)
    return None


async def _done(request: Request, step: str, sent: Sent) -> dict[str, Any] | None:
    """Take the step; what is wrong, or None."""
    given: dict[str, Any] = {"onDuty": sent.on_duty} if step == "duty" else {"incidentId": sent.incident}
    if step == "decline":
        given["reason"] = sent.why
    if step == "resolve":
        given |= {"note": sent.note, "photoIds": sent.photo_ids or None}
    result = (await ask(request, f"crew_{step}", {"input": given}))["result"]
    kind = result["__typename"]
    if kind.endswith("Payload"):
        return None
    if kind == "InvalidTransition":
        return _problem(request, result["code"], MOVED_ON) | {"from": result["from"]}
    if kind == "NotFound":
        return _problem(request, result["code"], NOT_YOURS)
    wrong = result.get("problems") or [result]
    paths = [".".join(one["path"] or ()) for one in wrong]
    return {"code": result["code"], "message": " ".join(one["message"] for one in wrong), "fields": paths}


def _problem(request: Request, code: str, text: str) -> dict[str, Any]:
    return {"code": code, "message": translations(language_of(request)).gettext(text), "fields": []}


async def _back(_: Request) -> Response:
    """The address of a form, opened: the page."""
    return RedirectResponse("/crew", _SEE_OTHER)


routes: list[BaseRoute] = [
    *(Route(f"/crew/{step}", _endpoint(step), methods=["POST"]) for step in _STEPS),
    *(Route(f"/crew/{step}", _back, methods=["GET"]) for step in _STEPS),
]
