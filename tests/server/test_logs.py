"""What is logged: lines that programs read, and nobody in them, whatever people send and whatever goes wrong."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import orjson
import pytest
from click.testing import CliRunner
from pydantic import BaseModel, ValidationError
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from geo import jobs, waiting
from geo.database import Database
from server import logs
from server.account_commands import account_group
from server.console import Commands
from tests.asking import SERVER_KEY, Laid
from tests.server.live import PROTOCOL
from tests.server.test_live_process import serving_at
from tests.ward import CODE

ROOT = Path(__file__).parent.parent.parent
NAME, PHONE, EMAIL = "Nguyễn Thị Chim Yến", "0905777123", "chimyen@vidu.example"
TEXT, ADDRESS = "Ổ gà rất sâu trước nhà bà Yến", "K77/3 đường Canary"
PASSWORD, TOKEN, FILE = "mat-khau-bi-mat-9", "token-that-nobody-knows", "giay-khai-sinh-yen.jpg"
AT = [108.2101234, 15.9865432]
ABROAD, WORDS = "203.0.113.77", "canaryword"
CANARIES = {
    *(NAME, "Chim Yến", PHONE, "+84905777123", EMAIL, TEXT, ADDRESS, PASSWORD, TOKEN, FILE, ABROAD, WORDS),
    *map(str, AT),
}
BREAKS = "gây lỗi"
"""What in a text makes the database refuse it, quoting the whole row."""
PROVOKED = f"""
ALTER TABLE incident ADD CONSTRAINT provoked CHECK (description NOT LIKE '%{BREAKS}%') NOT VALID;
CREATE FUNCTION quote_them() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'no place for % (%)', '{NAME}', '{PHONE}'; END $$;
CREATE TRIGGER quoted BEFORE INSERT ON account FOR EACH ROW EXECUTE FUNCTION quote_them();
CREATE TRIGGER quoted BEFORE INSERT OR UPDATE ON bookmark FOR EACH ROW EXECUTE FUNCTION quote_them();
"""
REPORT = """
mutation canaryword($input: ReportIncidentInput!) { canaryword: reportIncident(input: $input) {
  __typename ... on ReportIncidentPayload { reporterSecret incident { trackingCode } } } }
"""


class Driven:
    """A server that also works, and a command, on a database that quotes people in what it refuses."""

    def __init__(self, url: str, folder: Path) -> None:
        self.environment = {
            "DATABASE_URL": url,
            "PHUONGSO_SECRET_KEY": SERVER_KEY,
            "PHUONGSO_PORT": "0",
            "PHUONGSO_VAR": str(folder),
            "PHUONGSO_LOG_LEVEL": "debug",
            "PHUONGSO_LOG_FORMAT": "json",
        }
        self.log = folder / "log"
        self.secrets: set[str] = set()
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "server", "serve"],
                env=os.environ | self.environment,
                cwd=ROOT,
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    async def says(self, what: str) -> None:
        for _ in range(1_500):
            if what in self.log.read_text():
                return
            await asyncio.sleep(0.02)
        raise AssertionError(f"never {what}: {self.log.read_text()}")

    async def end(self) -> str:
        self.process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(self.process.wait, 20) == 0
        return self.log.read_text()

    def command(self) -> str:
        """What a command says that comes to a fault."""
        phuongso = Commands("phuongso", commands={"account": account_group})
        who = ["account", "create", "chim.yen", "--role", "staff", "--ward", CODE, "--name", NAME, "--password-stdin"]
        done = CliRunner().invoke(phuongso, who, input=f"{PASSWORD}\n", env=self.environment)
        assert done.exit_code == 1
        return done.output


@pytest.fixture
async def driven(copying: Any, both_wards: Laid, tmp_path: Path) -> AsyncIterator[Driven]:
    """At debug: what is told at info is told there as well."""
    async with copying(both_wards.template) as url:
        connection = await asyncpg.connect(url)
        await connection.execute(PROVOKED)
        await connection.close()
        database = Database(url)
        async with database.write() as writing:
            await jobs.enqueue(writing, waiting.JOB, {NAME: PHONE})
        await database.close()
        driven = Driven(url, tmp_path)
        try:
            yield driven
        finally:
            driven.process.kill()
            driven.process.wait()


def report(description: str = TEXT) -> dict[str, Any]:
    reporter = {"name": NAME, "phone": PHONE, "email": EMAIL, "consent": True}
    given = {"requestKey": str(uuid4()), "category": "ENVIRONMENT", "wardCode": CODE, "address": ADDRESS}
    location = {"type": "Point", "coordinates": AT}
    return given | {"location": location, "description": description, "reporter": reporter}


async def ask_by_http(driven: Driven, site: str, token: str) -> None:
    told = {"User-Agent": WORDS, "Referer": f"{site}/r/{WORDS}", "X-Forwarded-For": ABROAD, "X-Request-ID": PHONE}
    async with httpx.AsyncClient(base_url=site, headers=told, timeout=20) as http:

        async def graphql(query: str, given: Any, **headers: str) -> httpx.Response:
            return await http.post("/graphql", json={"query": query, "variables": given}, headers=headers)

        first = (await graphql(REPORT, {"input": report()})).json()["data"][WORDS]
        code, secret = first["incident"]["trackingCode"], first["reporterSecret"]
        driven.secrets |= {code, secret, token}
        assert (await graphql(REPORT, {"input": report(f"{TEXT} {BREAKS}")})).json()["errors"]
        await graphql(REPORT, {"input": report() | {"reporter": {"phone": f"{PHONE}x", "consent": NAME}}})
        await graphql(REPORT, {"input": report() | {"location": {"type": "Point", "coordinates": [AT[0], 1e9]}}})
        await graphql(f'{{ incident(trackingCode: "{code}", secret: "{secret}") {{ {WORDS} }} }}', {})
        await graphql(f'{{ incident(trackingCode: ["{PHONE}"]) {{ id }} }}', {NAME: NAME})
        await http.get("/graphql", params={"query": f'{{ node(id: "{EMAIL}") {{ id }} }}', "variables": NAME})
        await http.post("/graphql", content=f'{{"query": {TEXT}', headers={"Content-Type": "application/json"})
        await graphql("{ me { name } }", {}, Authorization=f"Bearer {TOKEN}")
        await graphql("{ me { name } }", {}, Authorization=f"Bearer {token}")
        await graphql("{ me { name } }", {}, Cookie=f"session={TOKEN}; report={secret}")
        opened = await http.get(f"/r/{code}", params={"key": secret}, headers={"Accept": "text/html"})
        assert opened.status_code == 303
        await http.get(f"/r/{code}", params={"key": f"{secret}x"})
        await http.post(f"/r/{code}/rate", data={"satisfied": "no", "comment": TEXT})
        await http.post("/session", json={"username": NAME, "password": PASSWORD})
        await http.post("/token", data={"username": "staff", "password": PASSWORD})
        await http.post("/sign-in", data={"username": EMAIL, "password": PASSWORD})
        await http.post("/photos", files={"photo": (FILE, b"no photograph of anybody", "image/jpeg")})
        await http.get("/map/incidents", params={"bbox": ",".join(map(str, AT)), "zoom": WORDS})
        await http.get(f"/{WORDS}/{PHONE}")
        form = {"latitude": str(AT[1]), "longitude": str(AT[0]), "description": f"{TEXT} {BREAKS}", "address": ADDRESS}
        answer = await http.post("/report", data=form | {"requestKey": str(uuid4()), "category": "ENVIRONMENT"})
        assert answer.status_code == 500, answer.text[:2_000]
        assert NAME not in answer.text


async def ask_by_socket(host: str) -> None:
    with suppress(InvalidStatus):
        await connect(f"ws://{host}/graphql", additional_headers={"Authorization": f"Bearer {TOKEN}"})
    async with connect(f"ws://{host}/graphql", subprotocols=[PROTOCOL]) as socket:
        await socket.send('{"type":"connection_init"}')
        await socket.recv()
        for id_, given in ((PHONE, report(f"{TEXT} {BREAKS}")), (EMAIL, report() | {"reporter": NAME})):
            payload = {"query": REPORT, "variables": {"input": given}}
            await socket.send(orjson.dumps({"id": id_, "type": "subscribe", "payload": payload}).decode())
            while (answer := orjson.loads(await socket.recv()))["type"] == "complete":
                pass
            assert answer["type"] == "error" or "errors" in answer["payload"]
        await socket.send(f'{{"type": "{NAME}"')
        await socket.wait_closed()
    for nonsense in (f"GET /{WORDS} HTTP/{PHONE}\r\n\r\n", f"{NAME}\r\n\r\n"):
        reader, writer = await asyncio.open_connection(*host.split(":"))
        writer.write(nonsense.encode())
        await reader.read()
        writer.close()
        await writer.wait_closed()


async def test_nobody_is_found_in_what_is_logged(driven: Driven, both_wards: Laid) -> None:
    commanded = await asyncio.to_thread(driven.command)
    site = await serving_at(driven.log)
    await ask_by_http(driven, site, both_wards.tokens["staff"])
    await ask_by_socket(site.removeprefix("http://"))
    await driven.says("has to wait: DBAPIError P0001")  # a chore of the worker's
    await driven.says(f"job {waiting.JOB} 1 failed: KeyError")
    served = await driven.end()

    # Everything that was provoked is told: by its kind, where it was, and in which request.
    assert served.count("CheckViolationError 23514") >= 3
    assert served.count("ASGI application") == 1
    assert "geo/receiving.py:" in served or "geo/intake.py:" in served
    assert "/r/{code}" in served
    assert re.search("P0001\n.*server/account_commands.py:", commanded, re.DOTALL)
    assert driven.secrets
    for said in (served, commanded):
        assert {one for one in CANARIES | driven.secrets if one in said} == set()
    lines = [orjson.loads(line) for line in served.splitlines() if line.startswith("{")]
    assert len(lines) > 20
    assert {line["level"] for line in lines} >= {"INFO", "WARNING", "ERROR"}
    assert all({"time", "level", "logger", "message"} <= set(line) for line in lines)
    faults = [line for line in lines if "faults" in line]
    assert len(faults) >= 3
    assert all("request_id" in line for line in faults)


def record(name: str, message: str, *arguments: object, error: BaseException | None = None) -> logging.LogRecord:
    told = None if error is None else (type(error), error, error.__traceback__)
    return logging.LogRecord(name, logging.ERROR, __file__, 1, message, arguments, told)


def test_a_library_is_quoted_up_to_its_first_value() -> None:
    for message, arguments, words in (
        ("Task exception was never retrieved\nfuture: <Task exception=ValueError('0905777123')>", (), "Task exception"),
        ("Exception in callback told('0905777123')", (), "Exception in callback told"),
        ("refused %s by %r", (PHONE, NAME), "refused … by …"),
        (PHONE, (), "…"),
    ):
        line = logs.Lines().format(record("asyncio", message, *arguments))
        assert words in line
        assert not {PHONE, NAME} & {one for one in CANARIES if one in line}
        assert "tests/server/test_logs.py:1" in line


def test_a_fault_is_told_by_kinds_and_places_with_all_that_it_came_of() -> None:
    class Form(BaseModel):
        age: int

    def read() -> None:
        try:
            Form.model_validate({"age": NAME})
        except ValidationError as wrong:
            raise ExceptionGroup(PHONE, [LookupError(EMAIL)]) from wrong

    with pytest.raises(ExceptionGroup) as caught:
        read()
    fault = record("server.x", "a fault", error=caught.value)
    line = orjson.loads(logs.JsonLines().format(fault))
    text = logs.Lines().format(fault)
    assert [fault["kind"] for fault in line["faults"]] == ["ExceptionGroup", "LookupError", "ValidationError"]
    assert re.fullmatch(r"tests/server/test_logs.py:\d+ read", line["faults"][0]["places"][-1])
    assert [kind for kind in ("ExceptionGroup", "LookupError", "ValidationError") if f"\n  {kind}\n" in f"{text}\n"]
    assert not [one for one in CANARIES if one in orjson.dumps(line).decode() + text]
