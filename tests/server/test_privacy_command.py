"""`phuongso privacy`: what a resident told is nowhere to be found afterwards, in no table and in no file."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import sqlalchemy as sa

from geo import erasing, jobs
from geo.database import Database
from server.app import create_app
from server.postgres import find_binaries
from server.settings import Settings
from server.storage import Photographs
from server.work.photographs import Tidying
from tests import ward
from tests.asking import URL, Desk, close
from tests.pictures import encoded
from tests.server.test_cli import KEY, Environment, phuongso, quiet, settings, signals_as_before
from tests.server.test_redacting import MIDDLE, REDACT, speckled

__all__ = ["quiet", "settings", "signals_as_before"]

REPORT = """
mutation ($input: ReportIncidentInput!) { reportIncident(input: $input) {
  __typename
  ... on ReportIncidentPayload { reporterSecret incident { id trackingCode photos { id } } }
  ... on InvalidInput { problems { path message } }
} }"""
ACT = "mutation ($input: %sInput!) { done: %s(input: $input) { __typename } }"
PHONE, SPACED, FOREIGN = "0905777888", "+84 905 777 888", "84905777888"
NAME, EMAIL = "Nguyễn Thị Chim Yến", "chim.yen@canary.example"
WORDS, ADDRESS, COMMENT, REASON = "Chim-yến-kêu", "77 Đường Chim Yến", "Ý-kiến-chim-yến", "Lý-do-chim-yến"
CANARIES = (*("905777888", "905 777 888", "905.777.888"), NAME, EMAIL, WORDS, ADDRESS, COMMENT, REASON)


@dataclass
class Told:
    """A report with all that its resident told, and the photographs that went with it."""

    code: str
    pictures: list[UUID]


async def act(desk: Desk, name: str, by: str | None = None, **given: Any) -> None:
    document = ACT % (name[0].upper() + name[1:], name)
    answer = await desk.data(document, by, input=given)
    assert answer["done"]["__typename"].endswith("Payload"), answer


async def tell(desk: Desk) -> Told:
    """A resident reports, staff write about them and blur the picture, they comment and reopen with another one."""
    ids = []
    for seed in (1, 2):
        sent = await desk.http.post("/photos", files={"photo": ("a.jpg", encoded(speckled(seed), quality=60))})
        ids.append(sent.json()["id"])
    who = {"name": NAME, "phone": SPACED, "email": EMAIL, "consent": True, "consentWording": "contact-mail/1/vi"}
    place = {"type": "Point", "coordinates": list(ward.IN_FIRST)}
    given = {"requestKey": str(uuid4()), "category": "ENVIRONMENT", "location": place, "photoIds": ids[:1]}
    made = (await desk.data(REPORT, input={**given, "description": WORDS, "address": ADDRESS, "reporter": who}))[
        "reportIncident"
    ]
    incident, secret = made["incident"], made["reporterSecret"]
    await desk.data(REDACT, "staff", input={"photoId": incident["photos"][0]["id"], "rectangles": [MIDDLE]})
    held = {"trackingCode": incident["trackingCode"], "secret": secret}
    crew = f"Crew:{ward.CODE}:{desk.ward.crews[ward.CLEAN]}"
    await act(desk, "assignIncident", "staff", incidentId=incident["id"], crewId=crew, note=f"Gọi {NAME}")
    await act(desk, "noteIncident", "staff", incidentId=incident["id"], note=f"Đã gọi 0905.777.888, viết {EMAIL}")
    await act(desk, "acceptIncident", "crew-clean", incidentId=incident["id"])
    await act(desk, "resolveIncident", "staff", incidentId=incident["id"], note=f"Đã dọn, báo số {FOREIGN}")
    await act(desk, "rateIncident", None, **held, satisfaction="DISSATISFIED", comment=COMMENT)
    await act(desk, "reopenIncident", None, **held, reason=REASON, photoIds=ids[1:])
    async with desk.database.read() as connection:
        rows = await connection.execute(sa.text("SELECT id, redacted_id FROM photo"))
        pictures = [one for row in rows for one in row if one is not None]
    assert len(pictures) == 3
    return Told(incident["trackingCode"], pictures)


async def told_at(environment: Environment, *, erased: bool = False) -> Told:
    """The report, told to an application with the settings of the command; `erased` with its rows deleted again."""
    url, var = environment["DATABASE_URL"], Path(environment["PHUONGSO_VAR"])
    app = create_app(Settings(database_url=url, secret_key=KEY, default_ward=ward.CODE, var=var))
    database: Database = app.state.database
    async with database.write() as connection:
        laid = await ward.build(connection)
        tokens = {name: await ward.token(connection, laid, name) for name in ("staff", "crew-clean")}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=URL) as http:
        told = await tell(Desk(app, http, laid, tokens))
    if erased:
        async with database.write() as connection:
            keys = [(row.ward_code, row.id) for row in await connection.execute(sa.text("SELECT * FROM incident"))]
            await erasing.forget_pictures(connection, keys)
    await close(app)
    return told


def dumped(url: str) -> str:
    """The whole database as text, all schemas of it."""
    program = find_binaries() / "pg_dump"
    done = subprocess.run([program, "--inserts", url], capture_output=True, text=True, check=True)
    return done.stdout


def stored(environment: Environment) -> set[str]:
    """The ids of the objects in the store."""
    folder = Path(environment["PHUONGSO_VAR"]) / "photos"
    return {path.name[:36] for path in folder.rglob("*") if path.is_file()}


def test_what_was_told_is_given_and_then_found_nowhere(
    settings: Environment, database_url: str, tmp_path: Path
) -> None:
    told = asyncio.run(told_at(settings))
    before = dumped(database_url)
    for canary in (PHONE, FOREIGN, NAME, EMAIL, WORDS, ADDRESS, COMMENT, REASON):
        assert canary in before
    assert {str(one) for one in told.pictures} == stored(settings)

    path = tmp_path / "of-them.zip"
    assert phuongso(settings, "privacy", "export", "--phone", FOREIGN, "--to", str(path)).exit_code == 0
    assert path.stat().st_mode & 0o077 == 0
    with zipfile.ZipFile(path) as archive:
        assert len([name for name in archive.namelist() if name.startswith("photos/")]) == 2
        document = json.loads(archive.read("data.json"))
    [report] = document["reports"]
    assert (report["contact"]["phone"], report["description"]) == (PHONE, WORDS)
    assert report["consents"][0]["words"].startswith("Tôi đồng ý")
    assert document["labels"]["phone"] == "Số điện thoại"

    assert "Would delete" in phuongso(settings, "privacy", "erase", "--phone", PHONE, "--dry-run").stdout
    assert phuongso(settings, "privacy", "erase", "--phone", PHONE, typed="n\n").exit_code == 1
    assert PHONE in dumped(database_url)
    done = phuongso(settings, "privacy", "erase", "--phone", "0905 777 888", "--yes")
    assert done.exit_code == 0
    assert "Deleted" in done.stdout
    after = dumped(database_url)
    assert [canary for canary in CANARIES if canary.lower() in after.lower()] == []
    digits = re.sub(r"[\s.()+-]", "", after)
    assert "905777888" not in digits
    assert stored(settings) == set()
    assert told.code in after  # the ward's record of it
    assert "Đã dọn, báo số" in after
    assert "contact-mail/1/vi" in after
    assert "Nothing is kept" in phuongso(settings, "privacy", "erase", "--phone", PHONE, "--yes").stdout


def test_pictures_whose_rows_are_gone_go_by_a_job_if_the_command_dies(settings: Environment, database_url: str) -> None:
    told = asyncio.run(told_at(settings, erased=True))
    assert {str(one) for one in told.pictures} == stored(settings)

    async def work() -> None:
        database = Database(database_url, pool_size=1)
        query = sa.text("SELECT payload FROM jobs.pgqueuer WHERE entrypoint = :name")
        tidying = Tidying(Photographs(Path(settings["PHUONGSO_VAR"]) / "photos"))
        async with database.write() as connection:
            for body in (await connection.scalars(query, {"name": erasing.JOB})).all():
                await tidying.remove_pictures(connection, jobs.payload_of(body))
        await database.close()

    asyncio.run(work())
    assert stored(settings) == set()


@pytest.mark.parametrize("asked", [(), ("--phone", "123"), ("--phone", PHONE, "--email", EMAIL)])
def test_whoever_is_meant_must_be_said_once(settings: Environment, asked: tuple[str, ...]) -> None:
    done = phuongso(settings, "privacy", "erase", "--yes", *asked)
    assert done.exit_code == 1
    assert "Traceback" not in done.output
