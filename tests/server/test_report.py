"""The report page through ASGI: what it shows, takes and refuses, and what a browser keeps of it."""

from __future__ import annotations

import json
import re
from html import escape
from typing import Any
from uuid import uuid4

import httpx
import pytest
import sqlalchemy as sa

from geo import tables
from maps import vendor
from server.pages import offline, static
from server.sessions import cookie_name
from tests.asking import Desk
from tests.photographs import photograph
from tests.server.test_pages import imported
from tests.ward import CODE, FIRST, IN_FIRST, IN_OTHER, IN_SECOND, IN_THE_SEA, OTHER, SECOND, TILES

PATH = "/report"
JSON = {"Accept": "application/json"}
HOSTILE = '"><script>{{ 12347*98765 }}</script>'
OUTSIDE = [IN_OTHER, IN_THE_SEA]


def form(**changes: Any) -> dict[str, Any]:
    """A report that can be sent; None takes a field away."""
    fields: dict[str, Any] = {
        "requestKey": str(uuid4()),
        "category": "ENVIRONMENT",
        "longitude": str(IN_FIRST[0]),
        "latitude": str(IN_FIRST[1]),
        "description": "Rác trước ngõ",
    }
    return {name: value for name, value in (fields | changes).items() if value is not None}


async def post(desk: Desk, fields: dict[str, Any], *pictures: bytes, headers: dict[str, str] | None = None) -> Any:
    files = [("photo", (f"{n}.jpg", picture, "image/jpeg")) for n, picture in enumerate(pictures)]
    files = files or [("photo", ("", b"", "application/octet-stream"))]  # type: ignore[list-item]
    return await desk.http.post(PATH, data=fields, files=files, headers=headers or {})


async def incidents(desk: Desk) -> list[Any]:
    incident = tables.incident.c
    photo = tables.photo.c
    photos = sa.select(sa.func.count()).where(photo.incident_id == incident.id).scalar_subquery()
    at = (sa.func.ST_X(incident.location), sa.func.ST_Y(incident.location))
    query = sa.select(incident.tracking_code, incident.description, incident.channel, *at, photos.label("photos"))
    async with desk.database.read() as connection:
        return list(await connection.execute(query))


async def where(desk: Desk) -> tuple[float, float]:
    [found] = await incidents(desk)
    return found[3], found[4]


def problems(answer: httpx.Response) -> dict[str, str]:
    """What the summary says, by the field that it leads to."""
    summary = answer.text.partition('id="summary"')[2].partition("</section>")[0]
    return dict(re.findall(r'href="#(\w+)">([^<]+)<', summary))


async def test_the_page_asks_in_order_and_names_whom_to_call_first(desk: Desk) -> None:
    text = (await desk.http.get(PATH)).text
    order = ('tel:113"', 'tel:114"', 'tel:115"', 'id="photos"', 'id="address"', 'id="category"', 'id="description"')
    at = [text.index(part) for part in (*order, 'id="similar"', 'id="consent"', 'id="send"')]
    assert at == sorted(at)
    assert re.search(r'<input type="file" name="photo"[^>]* accept="image/\*" multiple', text)
    assert "capture" not in text
    assert not re.search(r'id="consent"[^>]* checked', text)
    for name in TILES:
        assert f">{name}</option>" in text


async def test_every_form_has_a_key_of_its_own(desk: Desk) -> None:
    first, second = [re.search(r'name="requestKey" value="([^"]+)"', (await desk.http.get(PATH)).text) for _ in "ab"]
    assert first is not None
    assert second is not None
    assert first[1] != second[1]


async def test_a_plain_form_makes_a_report_and_leads_to_it(desk: Desk) -> None:
    answer = await post(desk, form(), photograph(64, 48))
    [found] = await incidents(desk)
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/r/{found.tracking_code}?new=1"
    assert (found.description, found.channel, found.photos) == ("Rác trước ngõ", "WEB", 1)
    held = answer.headers["set-cookie"]
    assert held.startswith(f"report-{found.tracking_code}=")
    assert "HttpOnly" in held
    shown = await desk.http.get(answer.headers["location"])
    assert "Rác trước ngõ" in shown.text  # which only its reporter reads


async def test_a_named_ward_is_kept_on_the_way(desk: Desk) -> None:
    at = {"longitude": str(IN_OTHER[0]), "latitude": str(IN_OTHER[1])}
    answer = await desk.http.post(f"{PATH}?ward={OTHER}", data=form(**at))
    assert re.fullmatch(rf"/r/{OTHER}-\w+\?ward={OTHER}&new=1", answer.headers["location"])


async def test_the_outbox_is_answered_in_json(desk: Desk) -> None:
    answer = await post(desk, form(), headers=JSON)
    [found] = await incidents(desk)
    assert answer.status_code == 201
    assert answer.json() == {"trackingCode": found.tracking_code, "url": f"/r/{found.tracking_code}?new=1"}
    assert "set-cookie" in answer.headers


async def test_the_same_key_twice_is_one_report(desk: Desk) -> None:
    fields = form()
    photo = (await desk.http.post("/photos", files={"photo": photograph(64, 48)})).json()["id"]
    answers = [await post(desk, fields | {"photoIds": [photo]}, headers=JSON) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201] * 3
    assert len({answer.text for answer in answers}) == 1
    assert len({answer.headers["set-cookie"].partition(";")[0].partition(".")[2] for answer in answers}) == 1
    assert [found.photos for found in await incidents(desk)] == [1]


async def test_where_it_is_comes_from_the_photograph(desk: Desk) -> None:
    fields = form(longitude=None, latitude=None)
    await post(desk, fields, photograph(64, 48), photograph(64, 48, at=IN_SECOND))
    assert await where(desk) == pytest.approx(IN_SECOND, abs=1e-5)


async def test_what_was_chosen_comes_before_the_photograph(desk: Desk) -> None:
    await post(desk, form(), photograph(64, 48, at=IN_SECOND))
    assert await where(desk) == pytest.approx(IN_FIRST)


@pytest.mark.parametrize("elsewhere", OUTSIDE)
async def test_a_photograph_of_elsewhere_gives_way_to_the_neighbourhood(desk: Desk, elsewhere: Any) -> None:
    chosen = f"Neighbourhood:{CODE}:{desk.ward.neighbourhoods[SECOND]}"
    fields = form(longitude=None, latitude=None, neighbourhood=chosen)
    assert (await post(desk, fields, photograph(64, 48, at=elsewhere))).status_code == 303
    longitude, latitude = await where(desk)
    west, south, east, north = TILES[SECOND]
    assert west < longitude < east
    assert south < latitude < north


async def test_where_a_map_was_open_comes_last(desk: Desk) -> None:
    page = (await desk.http.get(f"{PATH}?lat={IN_SECOND[1]}&lon={IN_SECOND[0]}&category=TRAFFIC")).text
    assert re.search(r'value="TRAFFIC"[^>]* checked', page)
    near = dict(re.findall(r'name="(near\w+)" value="([^"]*)"', page))
    await post(desk, form(longitude=None, latitude=None, **near))
    assert await where(desk) == pytest.approx(IN_SECOND)


async def test_what_nobody_typed_is_left_out(desk: Desk) -> None:
    assert (await post(desk, form(description="một\x00\r\nhai"))).status_code == 303
    assert [found.description for found in await incidents(desk)] == ["một\nhai"]


async def test_what_is_missing_is_said_and_nothing_that_was_given_is_lost(desk: Desk) -> None:
    fields = form(category=None, longitude=None, latitude=None, address="Hẻm 12", description="Bể nước")
    answer = await post(desk, fields, photograph(64, 48))
    assert answer.status_code == 422
    assert list(problems(answer)) == ["neighbourhood", "category"]  # as they come on the page
    assert "Hẻm 12" in answer.text
    assert "Bể nước" in answer.text
    assert f'value="{fields["requestKey"]}"' in answer.text
    [kept] = re.findall(r'name="photoIds" value="([^"]+)" checked', answer.text)
    thumbnail = re.search(r'<img src="([^"]+size=thumbnail)"', answer.text)
    assert thumbnail is not None
    assert (await desk.http.get(thumbnail[1])).headers["content-type"] == "image/jpeg"
    sent = await post(desk, form(photoIds=[kept]))
    assert sent.status_code == 303
    assert [found.photos for found in await incidents(desk)] == [1]


@pytest.mark.parametrize("at", OUTSIDE)
async def test_a_place_outside_the_ward_is_refused(desk: Desk, at: tuple[float, float]) -> None:
    fields = form(longitude=str(at[0]), latitude=str(at[1]))
    assert list(problems(await post(desk, fields))) == ["place"]
    told = await post(desk, fields, headers=JSON)
    assert (told.status_code, [one["field"] for one in told.json()["problems"]]) == (422, ["place"])
    assert await incidents(desk) == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"category": "NONE"}, "category"),
        ({"category": "a\x00b"}, "category"),
        ({"category": None}, "category"),
        ({"latitude": "91"}, "place"),
        ({"latitude": "nan"}, "place"),
        ({"longitude": "1e999"}, "place"),
        ({"latitude": "x", "neighbourhood": "Neighbourhood:20314:../etc"}, "place"),
        ({"latitude": None, "neighbourhood": f"Neighbourhood:{CODE}:{uuid4()}"}, "place"),
        ({"latitude": None, "address": "97 Mẹ Thứ"}, "neighbourhood"),
        ({"description": "a" * 5001}, "description"),
        ({"address": "a" * 301}, "address"),
        ({"phone": "123", "consent": "yes"}, "phone"),
        ({"email": "nobody", "consent": "yes"}, "email"),
        ({"name": "Lan"}, "consent"),
        ({"photoIds": ["Upload:none"]}, "photos.0"),
        ({"photoIds": [f"Upload:{uuid4()}" for _ in range(6)]}, "photos"),
        ({"requestKey": "none"}, "report"),
        ({"requestKey": None}, "report"),
    ],
)
async def test_what_is_wrong_is_told_by_its_field(desk: Desk, changes: dict[str, Any], field: str) -> None:
    told = await post(desk, form(**changes), headers=JSON)
    assert told.status_code == 422
    assert {one["field"] for one in told.json()["problems"]} == {field}
    shown = await post(desk, form(**changes))
    assert shown.status_code == 422
    assert list(problems(shown)) == [field.partition(".")[0]]
    assert await incidents(desk) == []


async def test_a_photograph_that_is_none_is_refused_and_the_others_are_kept(desk: Desk) -> None:
    answer = await post(desk, form(), photograph(64, 48), b"<svg/>")
    assert answer.status_code == 422
    assert list(problems(answer)) == ["photos"]
    assert len(re.findall(r'name="photoIds"', answer.text)) == 1
    assert await incidents(desk) == []


async def test_too_many_photographs_are_refused_kindly(desk: Desk) -> None:
    answer = await post(desk, form(), *[photograph(8, 8)] * 6)
    assert answer.status_code == 413
    assert list(problems(answer)) == ["photos"]
    assert await incidents(desk) == []


async def test_who_reports_is_kept_only_with_consent(desk: Desk) -> None:
    fields = {"name": "Lan", "phone": "0905 123 456", "email": "lan@vidu.vn"}
    await post(desk, form(**fields))
    async with desk.database.read() as connection:
        assert await connection.scalar(sa.select(sa.func.count()).select_from(tables.reporter)) == 0
    await post(desk, form(**fields, consent="yes"))
    async with desk.database.read() as connection:
        [told] = await connection.execute(sa.select(tables.reporter))
    assert (told.name, told.phone, told.email) == ("Lan", "0905123456", "lan@vidu.vn")


async def test_another_site_cannot_report_in_somebodys_name(desk: Desk) -> None:
    foreign = {"Sec-Fetch-Site": "cross-site"}
    cookie = {"Cookie": f"{cookie_name(desk.app.state.settings)}={desk.tokens['staff']}"}
    for headers in (foreign, foreign | cookie, {"Origin": "https://elsewhere.example"} | cookie):
        assert (await post(desk, form(), headers=headers)).status_code == 403
    assert await incidents(desk) == []
    assert (await post(desk, form(), headers=cookie | {"Sec-Fetch-Site": "same-origin"})).status_code == 303


async def test_hostile_text_comes_back_as_text(desk: Desk) -> None:
    names = ("address", "description", "name", "category", "neighbourhood", "nearLatitude", "latitude", "requestKey")
    answer = await post(desk, form(**dict.fromkeys(names, HOSTILE), photoIds=[HOSTILE]))
    assert answer.status_code == 422
    assert "<script>{{" not in answer.text
    assert str(12347 * 98765) not in answer.text
    assert escape(HOSTILE).replace("&quot;", "&#34;") in answer.text
    shown = await desk.http.get(PATH, params={"lat": HOSTILE, "lon": HOSTILE, "category": HOSTILE})
    assert "<script>{{" not in shown.text


@pytest.mark.parametrize("kind", ["text/plain", "application/json", "multipart/form-data", ""])
async def test_what_is_no_form_is_refused(desk: Desk, kind: str) -> None:
    answer = await desk.http.post(PATH, content=b"{}", headers={"Content-Type": kind, **JSON})
    assert answer.status_code in (400, 415)
    assert answer.json()["problems"][0]["message"]


@pytest.mark.parametrize("code", ["99999", "x"])
async def test_an_unknown_ward_is_not_found(desk: Desk, code: str) -> None:
    assert (await desk.http.get(PATH, params={"ward": code})).status_code == 404
    assert (await desk.http.post(PATH, params={"ward": code}, data=form())).status_code == 404
    told = await desk.http.post(PATH, params={"ward": code}, data=form(), headers=JSON)
    assert (told.status_code, told.json()["problems"][0]["field"]) == (404, "ward")


async def test_english_is_english_throughout(desk: Desk) -> None:
    answer = await desk.http.get(f"{PATH}?lang=en")
    assert "<h1" in answer.text
    for vietnamese in ("Sự cố", "Ảnh", "Rác thải", "Gửi"):
        assert vietnamese not in answer.text.replace("Phường Số", "")
    refused = await desk.http.post(f"{PATH}?lang=en", data=form(category=None))
    assert problems(refused)["category"] == "Please choose what kind of problem it is."


async def test_a_ward_without_neighbourhoods_has_the_form_too(desk: Desk) -> None:
    async with desk.database.write() as connection:
        for table in (tables.team_member, tables.team, tables.place, tables.neighbourhood_boundary):
            await connection.execute(sa.delete(table).where(table.c.ward_code == OTHER))
        await connection.execute(sa.delete(tables.neighbourhood).where(tables.neighbourhood.c.ward_code == OTHER))
    text = (await desk.http.get(f"{PATH}?ward={OTHER}")).text
    assert "neighbourhood-hint" not in text
    assert FIRST not in text
    refused = await desk.http.post(f"{PATH}?ward={OTHER}", data=form(latitude=None, address="97 Mẹ Thứ"), headers=JSON)
    assert [one["field"] for one in refused.json()["problems"]] == ["place"]


async def test_every_module_is_announced_and_kept_for_later(desk: Desk) -> None:
    text = (await desk.http.get(PATH)).text
    announced = re.findall(r'rel="modulepreload" href="/static/~[0-9a-f]+/([^"]+)"', text)
    modules = {(static.FOLDER / path).resolve() for path in announced}
    assert modules == imported(static.FOLDER / "report/main.js")
    worker = (await desk.http.get("/sw.js")).text
    kept = set(json.loads(re.search(r"\[[^]]*\]", worker)[0]))  # type: ignore[index]
    named = set(re.findall(r'(?:src|href)="(/static/[^"#]+)', text)) | {vendor.url(vendor.SPRITE)}
    assert {file for file in named if "/icons/" not in file} <= kept
    for file in kept:
        assert (await desk.http.get(file)).status_code == 200, file


async def test_the_worker_is_asked_for_again_and_belongs_to_its_build(desk: Desk) -> None:
    answer = await desk.http.get("/sw.js")
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["content-type"].startswith("text/javascript")
    assert f'begin("{static.build()}"' in answer.text
    assert static.asset("report/worker.js") in answer.text
    assert "script-src 'self'" in answer.headers["content-security-policy"]


async def test_the_manifest_names_icons_that_are_there(desk: Desk) -> None:
    answer = await desk.http.get("/manifest.webmanifest")
    assert answer.headers["content-type"] == "application/manifest+json"
    told = answer.json()
    assert (told["start_url"], told["display"], told["lang"]) == ("/", "standalone", "vi")
    assert {"192x192", "512x512"} <= {icon["sizes"] for icon in told["icons"]}
    for icon in told["icons"]:
        served = await desk.http.get(icon["src"])
        assert served.headers["content-type"].partition(";")[0] == icon["type"]
    assert '<link rel="manifest" href="/manifest.webmanifest"' in (await desk.http.get(PATH)).text


def test_what_is_kept_for_later_is_there() -> None:
    assert all((static.FOLDER / module).is_file() for module in offline.MODULES)
