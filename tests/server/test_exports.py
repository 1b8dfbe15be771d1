"""`GET /export/…`: whole files, streamed, of what the caller may see; few at once, and freed when nobody listens."""

from __future__ import annotations

import asyncio
import csv
import gc
import io
import re
import resource
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
import sqlalchemy as sa

from geo import tables
from geo.demo.stripping import strip
from geo.exporting import streaming
from geo.exporting.streaming import AT_ONCE
from geo.ids import new_id
from geo.lifecycle import Status
from server import exports
from tests import ward
from tests.asking import Desk, Opening
from tests.ward import CODE, FIRST, IN_FIRST, OTHER, spot

KML = "{http://www.opengis.net/kml/2.2}"
HOSTILE = '=cmd|"/c calc"!A1, <script>&amp;\n"x" ‘ž’ \u0001'


@pytest.fixture(scope="module")
async def shown(opening: Opening) -> AsyncIterator[Desk]:
    """A desk with incidents of all kinds, for tests that change nothing."""
    async with opening() as desk:
        async with desk.database.write() as connection:
            for name, values in {
                "published": {"description": HOSTILE, "address": "@12 Thử", "published": True},
                "unpublished": {"description": "Kín", "address": "34 Thử"},
                "private": {"category": "SECURITY", "description": "Mật"},
            }.items():
                desk.incidents[name] = await ward.report(connection, **values)
            desk.incidents["elsewhere"] = await ward.report(connection, code=OTHER, at=ward.IN_OTHER)
        yield desk


async def _get(desk: Desk, path: str, by: str | None = None, **headers: str) -> Any:
    if by is not None:
        headers["Authorization"] = f"Bearer {desk.tokens[by]}"
    return await desk.http.get(path, headers=headers)


def _names(collection: Any) -> list[str]:
    return sorted(one["properties"].get("name") or one["properties"]["code"] for one in collection["features"])


async def _codes(desk: Desk, *names: str) -> list[str]:
    return sorted(desk.incidents[name].tracking_code for name in names)


async def test_places_are_geojson_with_seven_decimals(shown: Desk) -> None:
    response = await _get(shown, "/export/places.geojson")
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/geo+json"
    disposition = response.headers["Content-Disposition"]
    assert re.fullmatch(r'attachment; filename="dia-diem-20314-\d{4}-\d\d-\d\d\.geojson"', disposition)
    assert response.headers["Cache-Control"] == "private, no-store"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert {"Cookie", "Authorization"} <= {part.strip() for part in response.headers["Vary"].split(",")}
    found = response.json()
    (house,) = [one for one in found["features"] if one["properties"]["name"] == "Nhà văn hóa số 1"]
    assert house == {
        "type": "Feature",
        "id": str(shown.ward.places["Nhà văn hóa số 1"]),
        "geometry": {"type": "Point", "coordinates": list(IN_FIRST)},
        "properties": {
            "ward": CODE,
            "kind": "CULTURAL_HOUSE",
            "name": "Nhà văn hóa số 1",
            "address": "12 Thử",
            "phone": None,
            "opening_hours": None,
            "neighbourhood": FIRST,
        },
    }


async def test_neighbourhoods_carry_their_boundary_and_team(shown: Desk) -> None:
    found = (await _get(shown, "/export/neighbourhoods.geojson")).json()
    assert [one["properties"]["name"] for one in found["features"]] == [
        "Tổ dân phố Đông Hòa",
        "Tổ dân phố số 1",
        "Tổ dân phố số 2",
        "Tổ dân phố số 10",
    ]
    first = found["features"][1]
    assert first["geometry"]["type"] == "MultiPolygon"
    assert first["properties"]["team"] == f"Tổ công nghệ số {FIRST}"
    assert first["properties"]["area_m2"] == pytest.approx(2140 * 2213, rel=0.01)
    rows = list(
        csv.DictReader(io.StringIO((await _get(shown, "/export/neighbourhoods.csv")).text.removeprefix("\ufeff")))
    )
    assert [row["name"] for row in rows] == [one["properties"]["name"] for one in found["features"]]
    assert 108.20 < float(rows[1]["longitude"]) < 108.22
    for subject, column, words in (("places", "kind", "Nhà văn hóa"), ("incidents", "status", "Đã tiếp nhận")):
        text = (await _get(shown, f"/export/{subject}.csv")).text.removeprefix("\ufeff")
        called = {row[column]: row[f"{column}_name"] for row in csv.DictReader(io.StringIO(text))}
        assert words in called.values()
        assert not any(name == word for name, word in called.items())


@pytest.mark.parametrize("form", ["geojson", "kml", "csv"])
async def test_each_caller_gets_what_that_caller_may_see(shown: Desk, form: str) -> None:
    seen = {
        None: (await _codes(shown, "published", "unpublished"), False, False),
        "team-1": (await _codes(shown, "published", "unpublished"), False, True),
        "crew-clean": (await _codes(shown, "published", "unpublished"), False, True),
        "staff": (await _codes(shown, "published", "unpublished", "private"), True, True),
        "staff-other": (await _codes(shown, "published", "unpublished"), False, False),
        "admin": (await _codes(shown, "published", "unpublished", "private"), True, True),
    }
    for by, (codes, texts, homes) in seen.items():
        incidents = (await _get(shown, f"/export/incidents.{form}", by)).text
        assert sorted(set(re.findall(rf"{CODE}-[0-9A-Z]{{6}}", incidents))) == codes, by
        assert ("34 Thử" in incidents) is texts, by
        assert "12 Thử" in incidents
        places = (await _get(shown, f"/export/places.{form}", by)).text
        assert ("Nhà riêng chưa đồng ý" in places) is homes, by
        assert "Nhà riêng đã đồng ý" in places
        assert "secret" not in incidents.lower()


async def test_another_ward_is_asked_for_by_its_code(shown: Desk) -> None:
    found = (await _get(shown, f"/export/incidents.geojson?ward={OTHER}")).json()
    assert _names(found) == await _codes(shown, "elsewhere")
    for asked in ("99999", "x", "", "20314x", "२०३१४"):
        response = await _get(shown, f"/export/places.geojson?ward={asked}")
        assert (response.status_code, response.json()["error"]["parameter"]) == (404, "ward"), asked


@pytest.mark.parametrize("path", ["wards.geojson", "places.gpkg", "places.GEOJSON", "places.csv.kml"])
async def test_an_unknown_file_is_not_found(shown: Desk, path: str) -> None:
    response = await _get(shown, f"/export/{path}", **{"Accept-Language": "en"})
    assert response.status_code == 404
    assert response.json()["error"]["message"] == "There is no such export."


async def test_a_csv_opens_in_excel_and_holds_no_formula(shown: Desk) -> None:
    response = await _get(shown, "/export/incidents.csv")
    assert response.content.startswith(b"\xef\xbb\xbfid,ward,code,")
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert response.content.count(b"\r\n") == 3
    rows = {row["code"]: row for row in csv.DictReader(io.StringIO(response.text.removeprefix("\ufeff"), newline=""))}
    row = rows[shown.incidents["published"].tracking_code]
    assert row["description"] == f"'{HOSTILE}"
    assert row["address"] == "'@12 Thử"
    assert (row["longitude"], row["latitude"]) == ("108.2100000", "15.9865000")
    assert row["reported_at"] == "2026-11-20 09:05:00"  # in Vietnam
    assert rows[shown.incidents["unpublished"].tracking_code]["description"] == ""


async def test_no_cell_begins_like_a_formula(opening: Opening) -> None:
    starts = ["=1", "+1", "-1", "@x", "\t=1", "\r=1", "\n=1", " =1", "＝1", "－1", "'=1"]
    async with opening() as desk:
        async with desk.database.write() as connection:
            for start in starts:
                row = {"kind": "MARKET", "name": start, "location": spot(IN_FIRST)}
                await connection.execute(sa.insert(tables.place).values(ward_code=OTHER, id=new_id(), **row))
        text = (await _get(desk, f"/export/places.csv?ward={OTHER}")).text.removeprefix("\ufeff")
    names = [row["name"] for row in csv.DictReader(io.StringIO(text, newline=""))]
    assert sorted(names) == sorted(start if start.startswith("'") else f"'{start}" for start in starts)


async def test_a_kml_holds_text_as_text(shown: Desk) -> None:
    response = await _get(shown, "/export/incidents.kml")
    assert response.headers["Content-Type"].startswith("application/vnd.google-earth.kml+xml")
    root = ElementTree.fromstring(response.content)  # noqa: S314 - our own
    (name,) = root.findall(f"{KML}Document/{KML}name")
    assert name.text == "Phản ánh · Phường Hòa Xuân"
    placemarks = root.findall(f"{KML}Document/{KML}Placemark")
    assert len(placemarks) == 2
    code = shown.incidents["published"].tracking_code
    (found,) = [one for one in placemarks if code in (one.findtext(f"{KML}name") or "")]
    data = {one.get("name"): one.findtext(f"{KML}value") for one in found.iter(f"{KML}Data")}
    assert data["description"] == HOSTILE.replace("\u0001", "")
    assert found.findtext(f"{KML}Point/{KML}coordinates") == "108.21,15.9865"
    # A description is taken for HTML: what a person wrote is escaped in it once more.
    shown_as = found.findtext(f"{KML}description") or ""
    assert "<script>" not in shown_as
    assert "&lt;script&gt;&amp;amp;" in shown_as
    assert "Trạng thái: Đã tiếp nhận<br>" in shown_as


@pytest.mark.parametrize("form", ["geojson", "kml", "csv"])
async def test_an_export_of_nothing_is_a_whole_file(shown: Desk, form: str) -> None:
    response = await _get(shown, f"/export/places.{form}?ward={OTHER}")
    match form:
        case "geojson":
            assert response.json() == {"type": "FeatureCollection", "features": []}
        case "kml":
            assert ElementTree.fromstring(response.content).findall(f"{KML}Document/{KML}Placemark") == []  # noqa: S314
        case _:
            assert len(response.text.splitlines()) == 1


async def test_an_export_is_compressed_for_who_takes_that(shown: Desk) -> None:
    plain = await _get(shown, "/export/neighbourhoods.kml", **{"Accept-Encoding": "identity"})
    packed = await _get(shown, "/export/neighbourhoods.kml", **{"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert packed.content == plain.content


async def test_head_reads_nothing(shown: Desk) -> None:
    with shown.statements() as statements:
        response = await shown.http.head("/export/incidents.geojson")
    assert (response.status_code, response.content) == (200, b"")
    assert "attachment" in response.headers["Content-Disposition"]
    assert len(statements) == 1  # which ward it is
    assert (await shown.http.post("/export/incidents.geojson")).status_code == 405


# Streaming

Take = Callable[[dict[str, Any]], Awaitable[None]]


async def _ask(
    desk: Desk, path: str, take: Take, gone: asyncio.Event | None = None, address: str | None = None
) -> None:
    """Ask the application as a server does: `take` gets each message, and the client leaves when `gone` is set."""
    parts = urlsplit(path)
    scope = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "method": "GET",
        "scheme": "http", "path": parts.path, "raw_path": parts.path.encode(), "query_string": parts.query.encode(),
        "root_path": "", "headers": [(b"host", b"phuongso.test")], "server": None,
        "client": None if address is None else (address, 50_000),
    }  # fmt: skip
    asked = False

    async def receive() -> dict[str, Any]:
        nonlocal asked
        if not asked:
            asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await (gone or asyncio.Event()).wait()
        return {"type": "http.disconnect"}

    await desk.app(scope, receive, take)  # type: ignore[arg-type]


async def _connections(desk: Desk) -> int:
    async with desk.database.read() as connection:
        query = sa.text(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'phuongso export'"
            " AND datname = current_database()"
        )
        return int((await connection.execute(query)).scalar_one())


async def _closed(desk: Desk) -> bool:
    for _ in range(400):
        if await _connections(desk) == 0:
            return True
        await asyncio.sleep(0.05)
    return False


@pytest.fixture(scope="module")
async def full(opening: Opening) -> AsyncIterator[Desk]:
    """A desk where one ward has 1,000 places and incidents, the other 100,000; a tenth of the incidents is of another
    kind. Incidents are written without their keys and indexes, which nothing here needs."""
    fill = sa.text("""
        INSERT INTO place (ward_code, id, kind, name, address, location)
        SELECT :ward, gen_random_uuid(), 'OTHER', 'Địa điểm số ' || n, repeat('Đường số ', 10) || n,
               ST_SetSRID(ST_MakePoint(108.2 + n * 1e-7, 16), 4326)
        FROM generate_series(CAST(:first AS int), :last) AS n""")
    report = sa.text("""
        INSERT INTO incident (ward_code, id, tracking_code, category_id, status, published, description, address,
                              location, channel, reported_at, request_key_hash, reporter_secret_hash)
        SELECT :ward, gen_random_uuid(), :ward || '-' || upper(lpad(to_hex(n), 6, '0')), category.id, 'RECEIVED', true,
               repeat('Rác trước ngõ. ', 10) || n, 'Đường số ' || n,
               ST_SetSRID(ST_MakePoint(108.2 + n * 1e-7, 16), 4326), 'WEB',
               timestamptz '2026-01-01 00:00+07' + n * interval '1 minute',
               sha256((:ward || n)::bytea), sha256(('secret' || n)::bytea)
        FROM generate_series(CAST(:first AS int), :last) AS n
        JOIN category ON category.ward_code = :ward
             AND category.code = CASE WHEN n % 10 = 0 THEN 'TRAFFIC' ELSE 'ENVIRONMENT' END""")
    async with opening() as desk:
        async with desk.database.write() as connection:
            await connection.execute(sa.text("SET LOCAL statement_timeout = 0"))
            await connection.execute(sa.text("DROP INDEX ix_place_search"))  # filling it is most of the time
            for code, many in ((CODE, 1_000), (OTHER, 100_000)):
                for first in range(1, many, 10_000):
                    values = {"ward": code, "first": first, "last": min(first + 9_999, many)}
                    await connection.execute(fill, values)
            await strip(connection, ["incident"])
            for code, many in ((CODE, 1_000), (OTHER, 100_000)):
                for first in range(1, many, 10_000):
                    values = {"ward": code, "first": first, "last": min(first + 9_999, many)}
                    await connection.execute(report, values)
        yield desk


SOME = "status=RECEIVED,ASSIGNED&category=ENVIRONMENT,INFRASTRUCTURE&from=2026-01-01&to=2026-11-30"


@pytest.mark.parametrize("form", ["geojson", "kml", "csv"])
@pytest.mark.parametrize(("subject", "query"), [("places", ""), ("incidents", SOME)], ids=["places", "incidents"])
async def test_a_hundred_times_the_rows_take_no_more_memory(full: Desk, subject: str, query: str, form: str) -> None:
    async def read(code: str) -> tuple[int, int]:
        size = largest = 0

        async def take(message: dict[str, Any]) -> None:
            nonlocal size, largest
            size += len(message.get("body", b""))
            largest = max(largest, len(message.get("body", b"")))

        await _ask(full, f"/export/{subject}.{form}?ward={code}&{query}", take)
        return size, largest

    small, _ = await read(CODE)
    gc.collect()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    large, largest = await read(OTHER)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert large > 90 * small
    assert large > 20_000_000
    assert largest < 400_000
    assert grown < 8_000, f"{grown} KiB for {large} bytes"


async def test_a_client_that_leaves_in_the_middle_frees_its_connection(full: Desk) -> None:
    assert await _closed(full), "those of the exports before: PostgreSQL ends a session a little after it is left"
    for stalls in (True, False):
        gone, begun = asyncio.Event(), asyncio.Event()

        async def take(message: dict[str, Any], stalls: bool = stalls, begun: asyncio.Event = begun) -> None:
            if message.get("body"):
                begun.set()
                if stalls:
                    await asyncio.Event().wait()  # a socket that is full
            await asyncio.sleep(0)

        asking = asyncio.create_task(_ask(full, f"/export/places.kml?ward={OTHER}", take, gone))
        await asyncio.wait_for(begun.wait(), 30)
        assert await _connections(full) == 1
        gone.set()
        await asyncio.wait_for(asking, 30)
        assert await _closed(full)
        assert full.app.state.exports.running == 0


async def test_a_client_that_takes_nothing_is_left(full: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "STALLED", 0.2)

    async def take(message: dict[str, Any]) -> None:
        if message.get("body"):
            await asyncio.Event().wait()

    await asyncio.wait_for(_ask(full, f"/export/places.csv?ward={OTHER}", take), 10)
    assert await _closed(full)
    assert full.app.state.exports.running == 0


async def test_more_than_a_few_at_once_are_told_to_come_back_and_the_pool_stays_free(
    full: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "WAIT_SECONDS", 0.05)
    gone = asyncio.Event()
    begun = [asyncio.Event() for _ in range(AT_ONCE)]

    def taking(mine: asyncio.Event) -> Take:
        async def take(message: dict[str, Any]) -> None:
            if message.get("body"):
                mine.set()
                await asyncio.Event().wait()

        return take

    path = f"/export/places.csv?ward={OTHER}"
    asking = [
        asyncio.create_task(_ask(full, path, taking(one), gone, f"10.1.0.{number}")) for number, one in enumerate(begun)
    ]
    await asyncio.wait_for(asyncio.gather(*(one.wait() for one in begun)), 10)
    busy = await _get(full, "/export/places.csv", **{"Accept-Language": "en"})
    assert (busy.status_code, busy.headers["Retry-After"]) == (503, "30")
    assert busy.json()["error"]["message"].startswith("Several exports are running.")
    assert "Content-Disposition" not in busy.headers
    # Strangers who read slowly keep nobody out who works here.
    assert (await _get(full, "/export/places.csv", "staff")).status_code == 200
    assert (await _get(full, "/staff/audit.csv", "staff")).status_code == 200
    assert full.database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]
    assert "errors" not in await full.ask("{ ward { code } }")
    gone.set()
    await asyncio.wait_for(asyncio.gather(*asking), 5)
    assert (await _get(full, "/export/places.csv")).status_code == 200
    assert await _closed(full)


async def test_who_asks_while_their_last_export_ends_waits_for_it(full: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "WAIT_SECONDS", 30.0)  # a slow machine may take its second to end the first
    begun, gone = asyncio.Event(), asyncio.Event()

    async def take(message: dict[str, Any]) -> None:
        if message.get("body"):
            begun.set()
            await asyncio.Event().wait()

    first = asyncio.create_task(_ask(full, f"/export/places.csv?ward={OTHER}", take, gone, "127.0.0.1"))
    await asyncio.wait_for(begun.wait(), 10)
    second = asyncio.create_task(_get(full, "/export/neighbourhoods.csv"))
    await asyncio.wait({second}, timeout=0.1)
    assert not second.done()
    gone.set()
    assert (await asyncio.wait_for(second, 10)).status_code == 200
    await first


async def test_an_export_reads_one_snapshot_and_cannot_write(full: Desk) -> None:
    async with full.app.state.exports.rows(sa.select(sa.func.current_setting("transaction_read_only"))) as batches:
        assert [tuple(row) async for batch in batches for row in batch] == [("on",)]


async def test_incidents_stream_too(shown: Desk) -> None:
    found = (await _get(shown, "/export/incidents.geojson", "staff")).json()
    statuses = {one["properties"]["status"] for one in found["features"]}
    assert statuses == {Status.RECEIVED}


def test_serving_loads_no_gdal_no_proj_and_no_spreadsheets() -> None:
    loads = (
        "import sys, server.app, server.cli; print([m for m in ('pyogrio', 'pyproj', 'openpyxl') if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", loads], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
