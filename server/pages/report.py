"""The report page: `GET /report` shows the form; `POST /report` takes it, from people and from the page's outbox."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from shapely.geometry import shape
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from geo import consents
from geo.language import Language
from geo.photos import MOST_PHOTOS
from maps import vendor
from server import photos, reporters
from server.basemap import Grounds
from server.pages import offline, report_form
from server.pages.agreeing import agreement
from server.pages.asking import ask, for_modules
from server.pages.languages import language_of, translations
from server.pages.render import page, within_ward
from server.pages.report_form import AREA_MISSING, KEY_MISSING, KIND_MISSING, PLACE_MISSING, Given, Problem
from server.pages.report_words import WORDS
from server.pages.words import script_words
from server.sessions import FOREIGN, is_own
from server.settings import Settings
from server.uploads import MOST_FILE_BYTES, File, Refused, read_form
from server.wards import UNKNOWN_WARD, UnknownWard, asked_ward

_SEE_OTHER = 303
_MOST_PAGES = 10
"""A thousand neighbourhoods: more than any ward has."""


async def report(request: Request) -> Response:
    """`GET /report[?ward=&lat=&lon=&category=]`: the form."""
    return await _shown(request, report_form.asked(request.query_params), [])


async def send(request: Request) -> Response:
    """`POST /report`: 303 to the report's page, or JSON for who asks for it. The same key sent twice is one report."""
    if not is_own(request.headers):
        return PlainTextResponse(FOREIGN.to(language_of(request)), 403)
    try:
        code = asked_ward(request)
        ward = (await ask(request, "ward", {"code": code}))["ward"]
    except UnknownWard:
        ward = None
    if ward is None:
        return await _refused(request, Given(), [("ward", UNKNOWN_WARD.to(language_of(request)))], 404)
    try:
        async with read_form(request) as form:
            given = report_form.read(form)
            proof = form.text("altcha")
            seen, unfit = await _taken(request, given, form.files(photos.FIELD))
    except Refused as error:
        field = "photos" if error.parameter == photos.FIELD else "report"
        problems = [(field, error.message(language_of(request)))]
        return await _refused(request, report_form.asked(request.query_params), problems, error.status, error.headers)
    problems = _missing(request, given) + [("photos", one.message(language_of(request))) for one in unfit]
    location = await _location(request, ward["code"], given, seen)
    if location is None:
        problems.append(await _place_problem(request, given))
    if problems or location is None:
        later = next((one for one in unfit if one.status == 503), None)
        return await _refused(request, given, problems, later.status if later else 422, later.headers if later else {})
    return await _reported(request, given, given.input(ward["code"], location) | {"proof": proof or None})


def _missing(request: Request, given: Given) -> list[Problem]:
    problems = []
    if not report_form.is_key(given.request_key):
        given.request_key = report_form.asked({}).request_key
        problems.append(("report", _say(request, KEY_MISSING)))
    if not given.category:
        problems.append(("category", _say(request, KIND_MISSING)))
    return problems


async def _taken(request: Request, given: Given, files: Sequence[File]) -> tuple[list[dict[str, Any]], list[Refused]]:
    """Keep the photographs that came with the form: where they were taken, and which were refused."""
    seen: list[dict[str, Any]] = []
    unfit: list[Refused] = []
    for file in files:
        try:
            kept = await photos.keep(request.app.state, file)
        except Refused as refused:
            unfit.append(refused)
            continue
        given.photo_ids.append(kept.id)
        if kept.suggested is not None:
            seen.append({"type": "Point", "coordinates": [kept.suggested.longitude, kept.suggested.latitude]})
    return seen, unfit


async def _location(
    request: Request, ward_code: str, given: Given, seen: Sequence[dict[str, Any]]
) -> dict[str, Any] | None:
    """Where it is: as it was chosen, else as a photograph says, else the neighbourhood, else what the map showed."""
    if given.chosen is not None:
        return given.chosen
    for place in seen:
        found = (await ask(request, "report_locate", {"at": place}))["locate"]
        # A photograph of somewhere else tells nothing about the place.
        if found is not None and found["ward"]["code"] == ward_code:
            return place
    if given.neighbourhood_id is not None:
        node = (await ask(request, "report_neighbourhood", {"id": given.neighbourhood_id}))["node"]
        if node is not None and node["boundary"] is not None:
            inside = shape(node["boundary"]).representative_point()
            return {"type": "Point", "coordinates": [inside.x, inside.y]}
    return given.near


async def _place_problem(request: Request, given: Given) -> Problem:
    """What is missing of the place: an address by itself tells no position, and is asked for its neighbourhood."""
    if given.address and (await _offered(request))[1]:
        return "neighbourhood", _say(request, AREA_MISSING)
    return "place", _say(request, PLACE_MISSING)


async def _reported(request: Request, given: Given, given_input: dict[str, Any]) -> Response:
    """Send the report, and hold its secret for this browser."""
    answer = (await ask(request, "report_incident", {"input": given_input}))["reportIncident"]
    kind = answer["__typename"]
    if kind == "TooManyRequests":
        wait = {"Retry-After": str(answer["retryAfterSeconds"])}
        return await _refused(request, given, [("report", answer["message"])], 429, wait, answer["challenge"])
    if kind != "ReportIncidentPayload":
        told = answer.get("problems") or [answer]
        problems = [(_named(one["path"]), one["message"]) for one in told]
        return await _refused(request, given, problems, 422)
    code = answer["incident"]["trackingCode"]
    address = within_ward(request, f"/r/{code}", new=1)
    response: Response
    if _wants_json(request):
        response = JSONResponse({"trackingCode": code, "url": address}, 201, {"Cache-Control": "no-store"})
    else:
        response = RedirectResponse(address, _SEE_OTHER)
    reporters.hold(request, response, code, answer["reporterSecret"])
    return response


def _named(path: list[str] | None) -> str:
    """The form's field, and for a photograph which one."""
    field = report_form.field_of(path)
    number = path[-1] if path else ""
    return f"{field}.{number}" if field == "photos" and number.isdigit() else field


def _wants_json(request: Request) -> bool:
    return "application/json" in request.headers.get("accept", "")


def _say(request: Request, text: str) -> str:
    return translations(language_of(request)).gettext(text)


async def _refused(
    request: Request,
    given: Given,
    problems: list[Problem],
    status: int,
    headers: dict[str, str] | None = None,
    challenge: str | None = None,
) -> Response:
    """What is wrong: as JSON, where a script may solve a challenge; or on the form with everything that was given."""
    if _wants_json(request):
        told = [{"field": field, "message": message} for field, message in problems]
        body: dict[str, Any] = {"problems": told}
        if challenge is not None:
            body["challenge"] = challenge
        return JSONResponse(body, status, {"Cache-Control": "no-store", **(headers or {})})
    lost = {int(field.partition(".")[2]) for field, _ in problems if field.startswith("photos.")}
    given.photo_ids = [photo_id for number, photo_id in enumerate(given.photo_ids) if number not in lost]
    response = await _shown(request, given, report_form.in_order(problems), status)
    response.headers.update(headers or {})
    return response


async def _shown(request: Request, given: Given, problems: list[Problem], status: int = 200) -> Response:
    """The form as it was given, with what is wrong."""
    ward, neighbourhoods = await _offered(request)
    if ward is None:
        return page(request, "no_ward.html", {}, status=404)
    language = language_of(request)
    name = "nameEn" if language is Language.EN else "name"
    kinds = [{"code": kind["code"], "word": kind[name], "icon": _icon(kind["icon"])} for kind in ward["categories"]]
    grounds: Grounds = request.app.state.grounds
    settings: Settings = request.app.state.settings
    ground = grounds.current
    # Where no mail is sent none is promised, nor the address asked for; one that was given can still be mended.
    mails = settings.writes_mail or bool(given.email)
    context = {
        "ward": ward,
        "given": given,
        "problems": problems,
        "mails": mails,
        "agreement": agreement(consents.CONTACT_MAIL if mails else consents.CONTACT, language),
        "contact_is_wrong": bool({field for field, _ in problems} & {"name", "phone", "email", "consent"}),
        "kinds": kinds,
        "neighbourhoods": neighbourhoods,
        "modules": offline.MODULES,
        "data": {
            **script_words(translations(language).gettext, WORDS),
            "ward": ward["code"],
            "wardName": ward["name"].replace(" (bản demo)", "") if ward["demo"] else ward["name"],
            "language": language,
            "kinds": {kind["code"]: kind["word"] for kind in kinds},
            "from": _from(given),
            "mostPhotos": MOST_PHOTOS,
            "mostPhotoBytes": MOST_FILE_BYTES,
            "ground": None if ground is None else ground.told(),
            "leaflet": {
                "script": vendor.url(f"{vendor.LEAFLET}/leaflet.js"),
                "style": vendor.url(f"{vendor.LEAFLET}/leaflet.css"),
            },
            "documents": for_modules("report", "locate", "search", "similar"),
        },
    }
    image_source = "" if ground is None else ground.source
    return page(request, "report.html", context, status=status, image_source=image_source)


def _icon(name: str) -> str:
    return name if name in vendor.ICON_NAMES else "circle-ellipsis"


def _from(given: Given) -> dict[str, float] | None:
    """Where the page's modules begin."""
    place = given.chosen or given.near
    if place is None:
        return None
    longitude, latitude = place["coordinates"]
    return {"latitude": latitude, "longitude": longitude}


async def _offered(request: Request) -> tuple[Any, list[Any]]:
    """The ward, None where there is none, and its neighbourhoods by name."""
    neighbourhoods: list[Any] = []
    after = None
    ward = None
    with suppress(UnknownWard):
        for _ in range(_MOST_PAGES):
            ward = (await ask(request, "report_page", {"code": asked_ward(request), "after": after}))["ward"]
            if ward is None:
                break
            found = ward["neighbourhoods"]
            neighbourhoods += found["nodes"]
            after = found["pageInfo"]["endCursor"]
            if not found["pageInfo"]["hasNextPage"]:
                break
    return ward, neighbourhoods


_COMPRESSED = [Middleware(GZipMiddleware, minimum_size=1000, compresslevel=5)]

routes: list[BaseRoute] = [
    Route("/report", report, methods=["GET"], name="report", middleware=_COMPRESSED),
    Route("/report", send, methods=["POST"], middleware=_COMPRESSED),
]
