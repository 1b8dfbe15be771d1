"""The map's page and its data, through ASGI: what is in the HTML, what is refused, what a browser may keep."""

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import escape
from io import StringIO
from pathlib import Path

import httpx
import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from sqlalchemy import make_url

from geo.database import Database
from geo.importing.kinds import KIND_CALLED
from geo.language import Language
from maps import vendor
from schema.api import SCHEMA
from schema.documents import prepared
from server.app import create_app
from server.pages import (
    boundaries,
    crew_words,
    map_words,
    offline,
    progress_words,
    render,
    report_words,
    settings_crews,
    staff_place,
    staff_teams,
    staff_words,
    static,
    stats,
    team_words,
)
from server.pages.languages import FOLDER, catalogue
from server.pages.words import GROUPS, PLACES
from server.settings import Settings
from tests.conftest import Copying
from tests.maps.small_ward import CODE, HOSTILE, PRODUCT, build, report

PAGES = Path(render.__file__).parent
KEY = "a secret of the tests, long enough to pass"


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application under these settings, while it runs."""
    app = create_app(settings)
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://ward.test") as it,
    ):
        yield it


@pytest.fixture(scope="module")
async def small_template(copying: Copying, template: str) -> AsyncIterator[str]:
    """The name of a database with the small ward."""
    async with copying(template) as url:
        database = Database(url)
        await build(database)
        await database.close()
        yield make_url(url).database or ""


@pytest.fixture
async def database_url(copying: Copying, small_template: str) -> AsyncIterator[str]:
    """The address of a small ward of this test's own; `database` is the same, opened."""
    async with copying(small_template) as url:
        yield url


@pytest.fixture
async def client(database_url: str) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(Settings(database_url=database_url, secret_key=KEY, worker=False)) as opened:
        yield opened


async def test_the_page_is_vietnamese_titled_and_may_be_zoomed(client):
    answer = await client.get("/")
    assert answer.status_code == 200
    assert '<html lang="vi"' in answer.text
    assert "<title>Bản đồ số Phường Thử</title>" in answer.text
    viewport = re.search(r'<meta name="viewport" content="([^"]+)"', answer.text)
    assert viewport is not None
    assert "user-scalable" not in viewport[1]
    assert "maximum-scale" not in viewport[1]
    assert "bản demo" in answer.text


async def test_the_list_of_places_and_neighbourhoods_needs_no_script(client):
    text = (await client.get("/")).text
    for name in ("Nhà văn hóa số 2", "Ủy ban nhân dân phường", "Tổ dân phố số 2", "Tổ công nghệ số Tổ dân phố số 10"):
        assert name in text
    assert 'href="tel:02363000111"' in text
    assert text.index(">Tổ dân phố số 2<") < text.index(">Tổ dân phố số 10<")


async def test_the_list_is_searched_without_diacritics_and_filtered_by_the_address(client, database):
    await report(database, 108.21, 16.0)
    await report(database, 108.22, 16.0, category="TRAFFIC", status="REJECTED")
    found = (await client.get("/?q=UY%20ban%20nhan&list=1")).text
    assert ">Ủy ban nhân dân phường</a>" in found
    assert ">Nhà văn hóa số 2</a>" not in found
    listed = re.compile(r'href="/r/20314-\w{6}">([^<]+)')
    assert listed.findall((await client.get("/?list=1")).text) == ["Rác thải, môi trường"]
    assert listed.findall((await client.get("/?list=1&status=done&kind=TRAFFIC")).text) == ["An toàn giao thông"]
    assert listed.findall((await client.get("/?list=1&kind=TRAFFIC")).text) == []
    assert listed.findall((await client.get("/?list=1&status=REJECTED,RECEIVED")).text) == [
        "An toàn giao thông",
        "Rác thải, môi trường",
    ]
    assert listed.findall((await client.get("/")).text) == []


async def test_a_list_that_is_not_whole_says_so_and_leads_to_the_whole(client, database):
    for _ in range(50):
        await report(database, 108.21, 16.0)
    assert "phản ánh mới nhất trong" not in (await client.get("/?list=1")).text
    await report(database, 108.21, 16.0)
    text = (await client.get("/?list=1")).text
    assert len(re.findall(r'href="/r/20314-\w{6}"', text)) == 50
    assert "Đây là 50 phản ánh mới nhất trong 51." in text
    assert 'href="/stats#data"' in text
    assert 'id="data"' in (await client.get("/stats")).text


@pytest.mark.parametrize("query", ["place=1", "kind=%00,x", "status=GONE", "q=%00", "at=a/b", "neighbourhood=%F0"])
async def test_an_address_that_asks_for_what_cannot_be_opens_the_map(client, query):
    answer = await client.get(f"/?list=1&{query}")
    assert answer.status_code == 200
    assert "<title>Bản đồ số Phường Thử</title>" in answer.text


async def test_a_chosen_place_is_in_title_and_description(client, database):
    places = (await client.get("/map/places.geojson")).json()["features"]
    named = {feature["properties"]["name"]: feature["properties"]["id"] for feature in places}
    house = (await client.get("/", params={"place": named["Nhà văn hóa số 2"]})).text
    assert "<title>Nhà văn hóa số 2 · Bản đồ số Phường Thử</title>" in house
    assert '<meta name="description" content="12 Đường Thử. ' in house
    hostile = (await client.get("/", params={"place": named[HOSTILE[2]]})).text
    assert f"<title>{escape(HOSTILE[2])} · " in hostile


async def test_only_the_embedded_map_may_stand_in_a_frame_elsewhere(client):
    plain, embedded = await client.get("/"), await client.get("/?embed=1")
    assert "frame-ancestors 'self'" in plain.headers["content-security-policy"]
    assert "frame-ancestors *" in embedded.headers["content-security-policy"]
    assert 'class="masthead"' not in embedded.text
    assert "set-cookie" not in embedded.headers


async def test_the_modules_ask_by_documents_that_the_page_brings_along(client):
    for path, part in (("/", "map"), ("/report", "report")):
        text = (await client.get(path)).text
        brought = json.loads(re.search(r'id="page-data">(.*?)</script>', text, re.DOTALL)[1])["documents"]
        modules = [module.read_text() for module in (static.FOLDER / part).glob("*.js")]
        asked = {name for module in modules for name in re.findall(r'\bask\("(\w+)"', module)}
        assert asked
        assert asked == set(brought)
        for document in brought.values():
            [operation] = prepared(SCHEMA, document).definitions
            assert operation.operation.value == "query"


async def test_an_officials_home_without_consent_is_not_in_the_page(client):
    assert "Nhà riêng" not in (await client.get("/")).text


async def test_hostile_names_are_text_and_nothing_evaluates_them(client):
    text = (await client.get("/")).text
    assert PRODUCT not in text
    for name in HOSTILE:
        assert f">{escape(name)}</a>" in text
    assert "<script>alert" not in text


async def test_a_hostile_ward_name_is_text_in_title_and_heading(database, database_url):
    async with database.write() as connection:
        await connection.exec_driver_sql("UPDATE ward SET name = '</title><script>{{ 12347*98765 }}</script>'")
    async with serving(Settings(database_url=database_url, secret_key=KEY)) as client:
        text = (await client.get("/")).text
    assert PRODUCT not in text
    assert "<script>{{" not in text
    assert escape("</title><script>{{ 12347*98765 }}</script>") in text


async def test_only_our_own_files_are_named(client):
    text = (await client.get("/")).text
    outside = set(re.findall(r"""(?:src|href|action)=["']?(?:https?:)?//([^/"']+)""", text))
    assert outside == {"www.google.com"}  # links to directions, followed only by a tap
    assert not re.search(r'<(script|link|img)[^>]+(src|href)="[^/]', text)


async def test_every_file_that_the_page_names_is_served_and_kept(client):
    text = (await client.get("/")).text
    files = set(re.findall(r'(?:src|href)="(/static/[^"#]+)', text))
    assert len(files) > 10
    for address in files:
        answer = await client.get(address)
        assert answer.status_code == 200, address
        assert answer.headers["cache-control"] == static.FOR_EVER
        assert answer.headers["x-content-type-options"] == "nosniff"


async def test_files_that_styles_and_modules_refer_to_exist():
    for sheet in (static.FOLDER / "css").glob("*.css"):
        for address in re.findall(r'url\("?([^")]+)"?\)', sheet.read_text()):
            assert (vendor.FOLDER / address.removeprefix("/static/vendor/")).is_file(), address
    for module in static.FOLDER.rglob("*.js"):
        for path in re.findall(r'(?: from |import\()"([^"]+)"', module.read_text()):
            assert (module.parent / path).is_file(), f"{module.name}: {path}"


def imported(module: Path, *, later: bool = False) -> set[Path]:
    """A module and all that it imports at once; or `later`, too, when something is asked for."""
    pattern = r'^import [^"(]*"([^"]+)"' + (r'|\bimport\("([^"]+)"\)' if later else "()")
    found, waiting = set(), [module]
    while waiting:
        one = waiting.pop().resolve()
        if one not in found:
            found.add(one)
            paths = re.findall(pattern, one.read_text(), re.MULTILINE)
            waiting += [one.parent / (at_once or asked_for) for at_once, asked_for in paths]
    return found


async def test_every_module_is_announced_by_the_page(client):
    text = (await client.get("/")).text
    announced = re.findall(r'rel="modulepreload" href="/static/~[0-9a-f]+/([^"]+)"', text)
    assert {(static.FOLDER / path).resolve() for path in announced} == imported(static.FOLDER / "map/main.js")


@pytest.mark.parametrize(
    ("template", "module"),
    [
        ("progress", "progress/main.js"),
        ("staff", "staff/main.js"),
        ("team", "team/main.js"),
        ("team_place", "team/place.js"),
    ],
)
def test_templates_that_announce_modules_announce_all(template: str, module: str) -> None:
    text = (static.FOLDER.parent / "templates" / f"{template}.html").read_text()
    announced = set(re.findall(r"""rel="modulepreload" href="{{ asset\('([^']+)'\)""", text)) | {module}
    listed = re.search(r'for name in \(([^)]+)\) %}\n<link rel="modulepreload"', text)
    if listed:
        announced |= {f"{name}.js" for name in re.findall(r'"([^"]+)"', listed[1])}
    wanted = {str(path.relative_to(static.FOLDER.resolve())) for path in imported(static.FOLDER / module)}
    assert announced == wanted


async def test_a_strict_policy_with_a_fresh_nonce(client):
    first, second = await client.get("/"), await client.get("/")
    policy = first.headers["content-security-policy"]
    nonce = re.search(r"'nonce-([^']+)'", policy)
    assert nonce is not None
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert nonce[1] not in second.text
    executed = re.findall(r"<script(?![^>]*application/json)([^>]*)>", first.text)
    assert executed
    assert all(f'nonce="{nonce[1]}"' in attributes for attributes in executed)
    assert not re.search(r'\son[a-z]+="|style="|javascript:', first.text)


async def test_a_base_map_is_credited_and_allowed_and_its_lack_is_said(database_url):
    settings = Settings(
        database_url=database_url,
        secret_key=KEY,
        tile_url="https://{s}.tiles.example/{z}/{x}/{y}.png",
        tile_attribution="© Bản đồ mẫu",
    )
    async with serving(settings) as client:
        answer = await client.get("/")
    assert "img-src 'self' data: blob: https://*.tiles.example;" in answer.headers["content-security-policy"]
    assert "tiles.example/{z}/{x}/{y}.png" in answer.text
    assert "Chưa có nền bản đồ" not in answer.text


async def test_without_a_base_map_the_page_says_so(client):
    assert "Chưa có nền bản đồ" in (await client.get("/")).text


async def test_english_is_chosen_and_remembered(client):
    chosen = await client.get("/?lang=en")
    assert '<html lang="en"' in chosen.text
    assert "<h2>Cultural house</h2>" in chosen.text  # there is one
    assert "<h2>Neighbourhoods</h2>" in chosen.text
    for group in GROUPS:
        assert f"<h2>{group.sign.word}</h2>" not in chosen.text
    assert '<html lang="en"' in (await client.get("/")).text
    assert '<html lang="vi"' in (await client.get("/?lang=vi")).text


@pytest.mark.parametrize("language", ["fr", "", "EN", "../../etc"])
async def test_an_unknown_language_is_vietnamese(client, language):
    assert '<html lang="vi"' in (await client.get("/", params={"lang": language})).text


async def test_switching_the_language_keeps_the_ward(client):
    text = (await client.get(f"/?ward={CODE}")).text
    assert f'href="?ward={CODE}&amp;lang=en"' in text


@pytest.mark.parametrize("code", ["99999", "2031", "abcde", "20314\x00", "٢٠٣١٤", "20314'--"])
async def test_an_unknown_ward_is_not_found_and_says_so_kindly(client, code):
    answer = await client.get("/", params={"ward": code})
    assert answer.status_code == 404
    assert "Chưa có phường này" in answer.text
    for path in ("/map/ward.geojson", "/map/incidents?zoom=13&bbox=108,15,109,17"):
        refused = await client.get(path, params=dict(httpx.QueryParams(path.partition("?")[2])) | {"ward": code})
        assert refused.status_code == 404
        assert refused.json()["error"]["parameter"] == "ward"


async def test_an_empty_deployment_has_a_page_too(copying, template):
    async with copying(template) as url, serving(Settings(database_url=url, secret_key=KEY)) as client:
        answer = await client.get("/")
    assert answer.status_code == 404
    assert "Chưa có phường này" in answer.text


async def test_the_deployments_own_ward_is_shown_by_default(database, database_url):
    await build(database, code="20315", demo=False)
    async with serving(Settings(database_url=database_url, secret_key=KEY, default_ward="20315")) as client:
        assert (await client.get("/map/ward.geojson")).json()["features"][0]["properties"]["code"] == "20315"
        named = await client.get(f"/map/ward.geojson?ward={CODE}")
        assert named.json()["features"][0]["properties"]["code"] == CODE
        assert "bản demo" not in (await client.get("/")).text


@pytest.mark.parametrize("layer", ["ward", "neighbourhoods", "places"])
async def test_an_unchanged_layer_is_not_sent_again(client, layer):
    first = await client.get(f"/map/{layer}.geojson")
    assert first.headers["content-type"] == "application/geo+json"
    assert first.json()["type"] == "FeatureCollection"
    again = await client.get(f"/map/{layer}.geojson", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert "private" in first.headers["cache-control"]
    assert {"Cookie", "Authorization"} <= set(re.split(r",\s*", first.headers["vary"]))


async def test_an_unknown_layer_is_not_found(client):
    answer = await client.get("/map/secrets.geojson")
    assert answer.status_code == 404
    assert answer.json()["error"]["parameter"] == "layer"


async def test_incidents_of_a_window(client, database):
    await report(database, 108.21, 16.0)
    await report(database, 108.2105, 16.0)
    await report(database, 108.2105, 16.0, category="SECURITY")
    near = (await client.get("/map/incidents?zoom=17&bbox=108.2,15.98,108.24,16.02")).json()
    far = (await client.get("/map/incidents?zoom=11&bbox=108.2,15.98,108.24,16.02")).json()
    assert [feature["properties"]["n"] for feature in near["features"]] == [1, 1]
    assert [feature["properties"]["n"] for feature in far["features"]] == [2]


async def test_incidents_are_filtered(client, database):
    await report(database, 108.21, 16.0)
    await report(database, 108.22, 16.0, category="TRAFFIC", status="REJECTED")
    query = "/map/incidents?zoom=17&bbox=108.2,15.98,108.24,16.02"

    async def count(more: str) -> int:
        return len((await client.get(query + more)).json()["features"])

    assert await count("") == 2
    assert await count("&status=RECEIVED,ASSIGNED") == 1
    assert await count("&status=RECEIVED&status=REJECTED") == 2
    assert await count("&category=TRAFFIC") == 1
    assert await count("&category=NONE") == 0


@pytest.mark.parametrize(
    ("parameters", "name"),
    [
        ({}, "zoom"),
        ({"zoom": "NaN"}, "zoom"),
        ({"zoom": "1e400"}, "zoom"),
        ({"zoom": "\x00"}, "zoom"),
        ({"bbox": "1,2,3,4"}, "zoom"),
        ({"zoom": "13"}, "bbox"),
        ({"zoom": "13", "bbox": "NaN,1,2,3"}, "bbox"),
        ({"zoom": "13", "bbox": "inf,1,2,3"}, "bbox"),
        ({"zoom": "13", "bbox": "1,2,1e400,3"}, "bbox"),
        ({"zoom": "13", "bbox": "1,2,3,4,5"}, "bbox"),
        ({"zoom": "13", "bbox": "3,2,1,4"}, "bbox"),
        ({"zoom": "13", "bbox": "1,2,3,91"}, "bbox"),
        ({"zoom": "13", "bbox": "1,2,3,\x00"}, "bbox"),
        ({"zoom": "13", "bbox": "1,2,3,4", "status": "GONE"}, "status"),
        ({"zoom": "13", "bbox": "1,2,3,4", "status": "\x00"}, "status"),
        ({"zoom": "13", "bbox": "1,2,3,4", "category": "a\x00"}, "category"),
        ({"zoom": "13", "bbox": "1,2,3,4", "category": ",".join(map(str, range(100)))}, "category"),
    ],
)
async def test_a_bad_parameter_is_refused_by_name_in_the_readers_language(client, parameters, name):
    vietnamese = await client.get("/map/incidents", params=parameters)
    english = await client.get("/map/incidents", params=parameters, headers={"Accept-Language": "en"})
    assert vietnamese.status_code == english.status_code == 400
    assert vietnamese.json()["error"]["parameter"] == name
    assert vietnamese.json()["error"]["message"] != english.json()["error"]["message"]
    assert vietnamese.headers["content-language"] == "vi"


async def test_heat_of_a_window_is_filtered_kept_and_refused_like_incidents(client, database):
    await report(database, 108.21, 16.0)
    await report(database, 108.22, 16.0, category="TRAFFIC")
    query = "/map/heat?zoom=14&bbox=108.2,15.98,108.24,16.02"
    first = await client.get(query)
    assert sorted(first.json()) == [[108.21, 16.0, 1], [108.22, 16.0, 1]]
    again = await client.get(query, headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
    assert (await client.get(query + "&category=TRAFFIC")).json() == [[108.22, 16.0, 1]]
    assert (await client.get(query + "&status=CLOSED")).json() == []
    assert (await client.get(query + "&status=GONE")).json()["error"]["parameter"] == "status"
    assert (await client.get(query + "&ward=99999")).status_code == 404


async def test_the_whole_world_at_the_nearest_zoom_is_answered(client, database):
    await report(database, 108.21, 16.0)
    answer = await client.get("/map/incidents?zoom=22&bbox=-180,-90,180,90")
    assert answer.status_code == 200
    assert answer.json()["total"] == 1


async def test_a_file_of_an_older_build_is_todays_and_not_kept(client):
    answer = await client.get("/static/~000000000000/map/main.js")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == static.ASK_AGAIN
    assert (await client.get("/static/~000000000000/../../render.py")).status_code == 404


def messages() -> set[str]:
    found = extract_from_dir(
        str(PAGES),
        method_map=[("**.py", "python"), ("templates/**.html", "jinja2")],
        keywords={"_": None, "N_": None, "gettext": None},
    )
    return {message for _, _, message, *_ in found if isinstance(message, str)}


def _all(texts: str | tuple[str, ...] | list[str]) -> list[str]:
    return [texts] if isinstance(texts, str) else list(texts)


def test_every_message_of_the_pages_has_its_english():
    entries = [entry for entry in catalogue(Language.EN) if entry.id]
    # Where a word counts things, its entry holds a pair of both.
    english = {_all(entry.id)[0]: _all(entry.string) for entry in entries}
    assert set(english) == messages()
    for vietnamese, translations in english.items():
        for translated in translations:
            assert translated
            assert set(re.findall(r"\{\w+\}", vietnamese)) == set(re.findall(r"\{\w+\}", translated))


def test_no_message_is_translated_in_two_files():
    files = list((FOLDER / Language.EN / "LC_MESSAGES").glob("*.po"))
    ids = [
        _all(entry.id)[0] for path in files for entry in read_po(StringIO(path.read_text()), locale="en") if entry.id
    ]
    assert len(ids) == len(set(ids))


SPEAKERS = {
    "map/main.js": map_words.WORDS,
    "export/main.js": map_words.SHARED,
    "report/main.js": report_words.WORDS,
    "progress/main.js": progress_words.WORDS,
    "stats/main.js": stats.WORDS,
    "staff/main.js": staff_words.WORDS,
    "report/offline.js": offline._WORDS,
    "crew/main.js": crew_words.WORDS,
    "team/main.js": team_words.FOLLOWED,
    "team/place.js": team_words.WORDS,
    "staff/place.js": staff_place.WORDS,
    "desk/crew_form.js": settings_crews.WORDS,
    "desk/narrowing.js": staff_teams.WORDS,
    "boundaries/main.js": boundaries.SAID,
}
"""The first module of each page that says anything, and the words that the page gives it."""


def said_by(text: str) -> set[str]:
    """The words that a module names where it says them."""
    literal = re.findall(r'\bsay\(\s*"(\w+)"', text)
    either = [word for pair in re.findall(r'\bsay\([^"()]+\? "(\w+)" : "(\w+)"', text) for word in pair]
    facts = re.findall(r'^\s+\["(\w+)", [^"\]]+\],?$', text, re.MULTILINE)
    return {*literal, *either, *facts}


@pytest.mark.parametrize("entry", SPEAKERS)
def test_a_page_gives_its_modules_the_words_that_they_say_and_no_other(entry):
    texts = [module.read_text() for module in imported(static.FOLDER / entry, later=True)]
    given = set(SPEAKERS[entry])
    said = set().union(*map(said_by, texts))
    assert said
    assert said - given == set()
    # A word may be chosen by what is at hand, so here any mention counts.
    mentioned = {word for text in texts for word in re.findall(r'"(\w+)"', text)}
    assert given - mentioned == set()


def test_every_module_that_says_something_belongs_to_a_page_that_gives_words():
    reached = {module for entry in SPEAKERS for module in imported(static.FOLDER / entry, later=True)}
    assert {module for module in static.FOLDER.rglob("*.js") if said_by(module.read_text())} <= reached


def is_at_work(name: str) -> bool:
    """Whether a template or a module is of the pages of those who work for a ward, parts of such pages included."""
    framed = [
        path.stem for path in (PAGES / "templates").glob("*.html") if '{% extends "desk.html" %}' in path.read_text()
    ]
    return name.partition("_")[0] in {"desk", *(one.partition("_")[0] for one in framed)}


def test_every_icon_that_pages_name_is_in_the_sprite():
    named: dict[bool, set[str]] = {True: set(), False: set()}
    for template in (PAGES / "templates").glob("*.html"):
        text = template.read_text()
        at_work = is_at_work(template.stem)
        named[at_work] |= set(re.findall(r'icon\("([a-z0-9-]+)"', text))
    for module in static.FOLDER.rglob("*.js"):
        at_work = module.relative_to(static.FOLDER).parts[0] in ("desk", "staff", "crew", "team", "boundaries")
        named[at_work] |= set(re.findall(r'(?:icon\(|sign: )"([a-z0-9-]+)"', module.read_text()))
    for path in PAGES.glob("*.py"):
        signs = set(re.findall(r'Sign\(N_\("[^"]+"\), "([a-z0-9-]+)"\)', path.read_text()))
        named[is_at_work(path.stem)] |= signs
        named[True] |= set(re.findall(r'Way\("[^"]+", N_\("[^"]+"\), "([a-z0-9-]+)"\)', path.read_text()))
    assert len(named[False]) > 30
    assert named[False] <= set(vendor.ICON_NAMES)
    assert named[True] <= set(vendor.DESK_ICON_NAMES)


def test_each_kind_of_place_has_one_name_in_pages_and_in_tables() -> None:
    assert {kind: sign.word for kind, sign in PLACES.items()} == KIND_CALLED
