"""What staff do with one incident: `POST /staff/incidents/CODE/ACT`. Plain forms, which need no script.

Without a script an act is answered with the page again (303, or 422 with what is wrong). The page's module sends the
same form with `?panel=1`, and gets the incident as it is then.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from server.pages.asking import ask
from server.pages.case import Problems, address, found, is_panel, shown
from server.pages.case_view import templates
from server.pages.case_words import MISSING
from server.pages.languages import language_of, translations
from server.pages.own_form import own_form
from server.pages.signed_in import DESK, only
from server.pages.trouble import trouble
from server.uploads import Refused

Given = Mapping[str, str]
Input = dict[str, Any]


class Wrong(Exception):
    """A field of a form cannot be understood: the end of its id (empty for the form's), and a key of `MISSING`."""

    def __init__(self, field: str, what: str) -> None:
        super().__init__(field, what)
        self.field, self.what = field, what


def _text(given: Given, field: str, what: str) -> str:
    text = given.get(field, "").strip()
    if not text:
        raise Wrong(field, what)
    return text


def _assign(incident: Input, given: Given) -> Input:
    return {"crewId": _text(given, "crew", "crew"), "note": given.get("note", "").strip() or None}


def _reject(incident: Input, given: Given) -> Input:
    """The reason as it was written; without a script, where none was written, the chosen text."""
    chosen = next((one for one in templates(incident) if one["id"] == given.get("template")), None)
    reason = given.get("reason", "").strip() or (chosen["text"] if chosen else "")
    if not reason:
        raise Wrong("reason", "reason")
    english = chosen["textEn"] if chosen and "english" in given else ""
    return {"reason": f"{reason}\n\n{english}" if english and english not in reason else reason}


def _resolve(incident: Input, given: Given) -> Input:
    return {"note": _text(given, "note", "result")}


def _reopen(incident: Input, given: Given) -> Input:
    return {"reason": _text(given, "reason", "reason")}


def _nothing(incident: Input, given: Given) -> Input:
    return {}


def _note(incident: Input, given: Given) -> Input:
    return {"note": _text(given, "note", "note"), "public": given.get("public") == "1"}


def _publish(incident: Input, given: Given) -> Input:
    return {"published": given.get("published") == "1"}


_PLACE = re.compile(r"\s*(-?[0-9]{1,3}(?:\.[0-9]{1,15})?)\s*[,;\s]\s*(-?[0-9]{1,3}(?:\.[0-9]{1,15})?)\s*", re.ASCII)


def _correct(incident: Input, given: Given) -> Input:
    """Only what differs is sent; an address cannot be made empty."""
    asked: Input = {}
    kind, address_ = given.get("category", ""), given.get("address", "").strip()
    if kind and kind != incident["category"]["code"]:
        asked["category"] = kind
    if address_ and address_ != incident["address"]:
        asked["address"] = address_
    if text := given.get("place", "").strip():
        read = _PLACE.fullmatch(text)
        if read is None or abs(float(read[1])) > 90 or abs(float(read[2])) > 180:
            raise Wrong("place", "place")
        at = [float(read[2]), float(read[1])]
        # As the form was filled in: what was not touched is not moved by what it was rounded.
        if math.dist(at, incident["location"]["coordinates"]) > 2e-6:
            asked["location"] = {"type": "Point", "coordinates": at}
    return asked


def _photo(incident: Input, given: Given) -> Input:
    """`rectangles`: a line each, in per cent. Without that field the photograph is shown or hidden as it is."""
    known = [photo["id"] for photo in incident["photos"]]
    if given.get("photo") not in known:
        raise Wrong("", "act")
    asked: Input = {"photoId": given["photo"]}
    if "published" in given:
        asked["published"] = given["published"] == "1"
    if "rectangles" in given:
        try:
            lines = [line.replace(",", " ").split() for line in given["rectangles"].splitlines() if line.strip()]
            asked["rectangles"] = [[float(side) / 100 for side in line] for line in lines]
        except ValueError:
            raise Wrong("rectangles", "rectangles") from None
        if not all(math.isfinite(side) for one in asked["rectangles"] for side in one):
            raise Wrong("rectangles", "rectangles")
    return asked


def _duplicate(incident: Input, given: Given) -> Input:
    """`other` is the other report's id; `copy` says which of the two is the duplicate: `this` one or the `other`."""
    other = given.get("other", "")
    if not other:
        raise Wrong("", "act")
    first, second = (incident["id"], other) if given.get("copy") != "other" else (other, incident["id"])
    return {"incidentId": first, "originalId": second}


_ACTS: dict[str, Callable[[Input, Given], Input]] = {
    "assign": _assign,
    "reject": _reject,
    "resolve": _resolve,
    "close": _nothing,
    "reopen": _reopen,
    "note": _note,
    "publish": _publish,
    "correct": _correct,
    "photo": _photo,
    "duplicate": _duplicate,
}
_WITHOUT_INCIDENT = ("photo", "duplicate")
"""Acts whose input names the incident otherwise."""
_FIELDS = {"crewId": "crew", "location": "place"}
"""Fields of forms that are called otherwise than the API's."""


@only(*DESK)
async def act(request: Request) -> Response:
    """`POST /staff/incidents/CODE/ACT`."""
    name = request.path_params["act"]
    incident = await found(request)
    if incident is None or name not in _ACTS:
        return trouble(request, 404)
    given: dict[str, str] = {}
    try:
        async with own_form(request) as form:
            given = {field: value.replace("\x00", "") for field, value in form.fields}
        asked = _ACTS[name](incident, given)
    except Refused as refused:
        told = refused.message(language_of(request))
        return await shown(
            request, incident, act=name, problems=[(f"case-{name}", told)], given=given, status=refused.status
        )
    except Wrong as wrong:
        problems = [(f"case-{name}-{wrong.field}".rstrip("-"), _say(request, wrong.what))]
        return await shown(request, incident, act=name, problems=problems, given=given, status=422)
    if name not in _WITHOUT_INCIDENT:
        asked["incidentId"] = incident["id"]
    result = (await ask(request, f"case_{name}", {"input": asked}))["result"]
    if problems := _problems(request, name, result):
        again = await found(request)
        if again is None:
            return trouble(request, 404)
        return await shown(request, again, act=name, problems=problems, given=given, status=422)
    if not is_panel(request):
        return RedirectResponse(address(request, incident["trackingCode"], told=name), 303)
    done = await found(request)
    return trouble(request, 404) if done is None else await shown(request, done, told=name)


def _say(request: Request, what: str) -> str:
    return translations(language_of(request)).gettext(MISSING[what])


def _problems(request: Request, name: str, result: dict[str, Any]) -> Problems:
    """What the API refused, by the ids of the form's fields; what is about none of them, by the form's."""
    if result["__typename"].endswith("Payload"):
        return []
    if result["__typename"] == "InvalidTransition":
        return [(f"case-{name}", _say(request, "moved"))]
    told = result.get("problems") or [result]
    return [(_field(name, one["path"]), one["message"]) for one in told]


def _field(name: str, path: list[str] | None) -> str:
    parts = [_FIELDS.get(part, part) for part in path or () if part != "input"]
    known = ("crew", "note", "reason", "category", "place", "address", "rectangles")
    return next((f"case-{name}-{part}" for part in parts if part in known), f"case-{name}")


async def back(request: Request) -> Response:
    """The address of a form, opened: its page."""
    return RedirectResponse(address(request, request.path_params["code"]), 303)


routes: list[BaseRoute] = [
    Route("/staff/incidents/{code}/{act}", act, methods=["POST"]),
    Route("/staff/incidents/{code}/{act}", only(*DESK)(back), methods=["GET"]),
]
