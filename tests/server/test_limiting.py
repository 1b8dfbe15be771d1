"""Limits of how often something may be asked for: by device, by address, by account, and by all processes together."""

from __future__ import annotations

import asyncio
import base64
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import altcha
import httpx
import orjson
import pytest
import sqlalchemy as sa
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders

from geo.database import Database
from server import tallies as tallying
from server.admission import Admissions
from server.app import ROUTES, create_app
from server.challenges import Challenges
from server.limiting import EXPORTS, GRAPHQL, MAP, PAGES, SIGN_INS, UPLOADS, kind_of
from server.rooms import Rooms
from server.settings import Settings
from server.tallies import Tallies
from tests import ward
from tests.asking import SERVER_KEY, UNLIMITED, URL, Laid, close
from tests.server.live import Stations
from tests.ward import CODE, IN_FIRST, IN_THE_SEA

ROOT = Path(__file__).parent.parent.parent
REPORT = """mutation ($input: ReportIncidentInput!) { reportIncident(input: $input) {
  __typename
  ... on ReportIncidentPayload { reporterSecret incident { trackingCode } }
  ... on TooManyRequests { code message retryAfterSeconds challenge }
  ... on InvalidInput { problems { path message } } } }"""
FEW: dict[str, Any] = {
    "reports_per_device_minute": 5,
    "reports_per_device_hour": 30,
    "reports_per_address_minute": 60,
    "new_devices_per_address_minute": 12,
    "emails_per_device_day": 2,
    "challenge_rounds": 4,
    "challenge_factor": 2,
    "graphql_per_account_minute": 3,
    "pages_per_address_minute": 7,
    "challenges_per_address_minute": 200,
    "sign_ins_per_address_minute": 2,
    "exports_per_address_minute": 2,
    "smtp_url": "smtp://127.0.0.1:9?tls=off",
    "mail_from": "phuong@phuong.example",
    "public_url": "https://phuong.example",
}


@dataclass
class Place:
    """The application behind one proxy, so that a test has an address of its own by saying so."""

    app: Starlette
    url: str
    tokens: dict[str, str]

    @property
    def admissions(self) -> Admissions:
        admissions: Admissions = self.app.state.admissions
        return admissions

    def client(self, address: str | None = None, device: str | None = None, **headers: str) -> httpx.AsyncClient:
        """Somebody at this address, or at one that nobody else has, who keeps cookies."""
        headers["X-Forwarded-For"] = f"9.9.9.9, {address or new_address()}"
        if device is not None:
            kept = MutableHeaders()
            self.admissions.devices.give(device, kept)
            headers["Reporter-Device"] = kept["Reporter-Device"]
        return httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url=URL, headers=headers)

    def device(self) -> str:
        return self.admissions.devices.new(uuid4())


_addresses = iter(range(1, 60_000))


def new_address() -> str:
    number = next(_addresses)
    return f"10.7.{number // 250}.{number % 250 + 1}"


@pytest.fixture(scope="module")
async def place(copying: Any, both_wards: Laid, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Place]:
    async with copying(both_wards.template) as url:
        told = {"database_url": url, "secret_key": SERVER_KEY, "default_ward": CODE, "proxies": 1}
        app = create_app(Settings(**UNLIMITED | FEW | told | {"var": tmp_path_factory.mktemp("var")}))
        yield Place(app, url, both_wards.tokens)
        await close(app)


def input_of(**changes: Any) -> dict[str, Any]:
    location = {"type": "Point", "coordinates": list(IN_FIRST)}
    return {"requestKey": str(uuid4()), "category": "ENVIRONMENT", "location": location} | changes


async def report(client: httpx.AsyncClient, **changes: Any) -> dict[str, Any]:
    answer = await client.post("/graphql", json={"query": REPORT, "variables": {"input": input_of(**changes)}})
    told: dict[str, Any] = answer.json()["data"]["reportIncident"]
    return told


def stored(answers: list[dict[str, Any]]) -> int:
    return sum(one["__typename"] == "ReportIncidentPayload" for one in answers)


def solved(challenge: dict[str, Any]) -> str:
    asked = altcha.Challenge.from_dict(challenge)
    solution = altcha.solve_challenge(asked)
    assert solution is not None
    return altcha.Payload(asked, solution).to_base64()


async def fresh_proof(client: httpx.AsyncClient) -> str:
    return solved((await client.get("/challenge")).json())


async def test_of_a_hundred_at_once_from_one_device_five_get_in_without_a_challenge(place: Place) -> None:
    async with place.client(device=place.device()) as client:
        answers = await asyncio.gather(*(report(client) for _ in range(100)))
        assert stored(answers) == 5
        refused = [one for one in answers if one["__typename"] == "TooManyRequests"]
        assert len(refused) == 95
        assert {(one["code"], one["challenge"]) for one in refused} == {("TOO_MANY_REQUESTS", "/challenge")}
        assert all(1 <= one["retryAfterSeconds"] <= 120 for one in refused)
        assert refused[0]["message"].startswith("Thiết bị này vừa gửi nhiều phản ánh. Hãy gửi lại sau ")


async def test_replays_and_refused_reports_are_not_counted(place: Place) -> None:
    async with place.client(device=place.device()) as client:
        key = str(uuid4())
        again = await asyncio.gather(*(report(client, requestKey=key) for _ in range(50)))
        assert len({one["reporterSecret"] for one in again}) == 1
        for wrong in ({"category": "NONE"}, {"location": {"type": "Point", "coordinates": list(IN_THE_SEA)}}):
            assert stored([await report(client, **wrong) for _ in range(6)]) == 0
        assert stored([await report(client) for _ in range(5)]) == 4
        assert stored([await report(client, requestKey=key)]) == 1


async def test_a_solved_challenge_lets_one_report_in_once(place: Place) -> None:
    async with place.client(device=place.device()) as client:
        assert stored([await report(client) for _ in range(6)]) == 5
        proof = await fresh_proof(client)
        assert stored([await report(client, proof=proof, category="NONE")]) == 0  # which uses nothing up
        sent = input_of(proof=proof)
        assert stored([await report(client, **sent)]) == 1
        assert stored([await report(client, **sent)]) == 1  # the answer was lost, and it is asked for again
        used = await report(client, proof=proof)
        assert (used["__typename"], used["challenge"]) == ("TooManyRequests", "/challenge")
        proofs = [await fresh_proof(client) for _ in range(6)]
        assert stored(await asyncio.gather(*(report(client, proof=proofs[0]) for _ in range(10)))) == 1
        # Twice as many with proofs, by the setting; then only waiting helps.
        assert stored([await report(client, proof=one) for one in proofs[1:]]) == 3
        last = await report(client, proof=await fresh_proof(client))
        assert (last["__typename"], last["challenge"]) == ("TooManyRequests", None)


def spoilt(proof: str, part: str, **changes: Any) -> str:
    payload = orjson.loads(base64.b64decode(proof))
    where = payload["challenge"]["parameters"] if part == "parameters" else payload[part]
    where.update(changes)
    return base64.b64encode(orjson.dumps(payload)).decode()


def test_what_is_no_solution_of_ours_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, others = Challenges(b"k" * 32, 4), Challenges(b"l" * 32, 4)
    proof = solved(ours.new())
    assert ours.solved(proof) is not None
    assert others.solved(proof) is None
    assert Challenges(b"k" * 32, 0).solved(proof) is None
    for forged in (
        spoilt(proof, "parameters", cost=1),
        spoilt(proof, "parameters", expiresAt=int(time.time()) + 9_999_999),
        spoilt(proof, "challenge", signature="00" * 32),
        spoilt(proof, "challenge", signature=None),
        spoilt(proof, "challenge", signature=7),
        spoilt(proof, "challenge", parameters=[]),
        spoilt(proof, "solution", derivedKey="00" * 32),
        spoilt(proof, "solution", derivedKey=None),
        solved(altcha.create_challenge("SHA-256", 1).to_dict()),
    ):
        assert ours.solved(forged) is None
    for rubbish in (None, "", "x", "ệ", "A" * 5_000, *(base64.b64encode(b).decode() for b in (b"[]", b"1", b"{}"))):
        assert ours.solved(rubbish) is None
    monkeypatch.setattr(time, "time", lambda now=time.time(): now + 601)
    assert ours.solved(proof) is None


async def test_a_device_gets_its_name_with_its_first_report_and_only_one(place: Place) -> None:
    async with place.client() as client:
        key = str(uuid4())
        refused = await client.post("/graphql", json={"query": REPORT, "variables": {"input": input_of(category="NO")}})
        assert "set-cookie" not in refused.headers
        names = set()
        for _ in range(3):
            client.cookies.clear()
            body = {"query": REPORT, "variables": {"input": input_of(requestKey=key)}}
            first = await client.post("/graphql", json=body)
            names.add(first.headers["reporter-device"])
            cookie = first.headers["set-cookie"]
            assert cookie.startswith(f"device={first.headers['reporter-device']};")
            assert "HttpOnly" in cookie
            assert "SameSite=lax" in cookie
            assert "Max-Age=34560000" in cookie
        assert len(names) == 1
        assert stored([await report(client) for _ in range(5)]) == 4  # the first one counted
        again = await client.post("/graphql", json={"query": REPORT, "variables": {"input": input_of(requestKey=key)}})
        assert "reporter-device" not in again.headers


async def test_names_made_up_count_as_new_devices_of_their_address(place: Place) -> None:
    address = new_address()

    async def anew(device: str) -> dict[str, Any]:
        async with place.client(address, **{"Reporter-Device": device}) as client:
            return await report(client)

    good = place.device()
    made_up = [f"{place.device()}.{'A' * 22}" for _ in range(13)] + [good, f"{good}.", "x"]
    answers = [await anew(one) for one in made_up]
    assert stored(answers) == 12
    assert answers[-1]["challenge"] == "/challenge"
    async with place.client(address, device=place.device()) as known:
        assert stored([await report(known)]) == 1
    async with place.client(address) as client:
        assert stored([await report(client, proof=await fresh_proof(client))]) == 1


async def test_the_form_says_when_to_come_again_and_keeps_what_was_written(place: Place) -> None:
    async with place.client(device=place.device()) as client:
        assert stored([await report(client) for _ in range(5)]) == 5
        fields = {"requestKey": str(uuid4()), "category": "ENVIRONMENT", "description": "Rác trước ngõ"}
        fields |= {"longitude": str(IN_FIRST[0]), "latitude": str(IN_FIRST[1])}
        page = await client.post("/report", data=fields, headers={"Accept": "text/html"})
        assert page.status_code == 429
        assert int(page.headers["retry-after"]) >= 1
        assert "Thiết bị này vừa gửi nhiều phản ánh" in page.text
        assert "Rác trước ngõ" in page.text
        told = await client.post("/report", data=fields, headers={"Accept": "application/json"})
        assert told.status_code == 429
        assert told.json()["challenge"] == "/challenge"
        fields["altcha"] = await fresh_proof(client)
        sent = await client.post("/report", data=fields, headers={"Accept": "application/json"})
        assert sent.status_code == 201, sent.text


async def test_a_device_names_few_addresses_to_write_to(place: Place) -> None:
    async with place.client(device=place.device()) as client:
        told = {"email": "ai@do.vn", "consent": True}
        assert stored([await report(client, reporter=told) for _ in range(2)]) == 2
        third = await report(client, reporter=told)
        assert third["problems"][0]["path"] == ["input", "reporter", "email"]
        assert stored([await report(client)]) == 1


async def test_an_address_is_refused_with_a_page_or_with_json(place: Place) -> None:
    async with place.client() as client:
        statuses = [(await client.get("/offline")).status_code for _ in range(9)]
        assert statuses == [200] * 7 + [429] * 2
        page = await client.get("/", headers={"Accept": "text/html"})
        assert page.status_code == 429
        assert "Đang có quá nhiều lượt truy cập" in page.text
        assert f'content="{page.headers["retry-after"]}"' in page.text
        told = await client.get("/", headers={"Accept": "application/json"})
        assert told.headers["retry-after"] == str(told.json()["errors"][0]["extensions"]["retryAfterSeconds"])
        assert told.json()["errors"][0]["extensions"]["code"] == "TOO_MANY_REQUESTS"
        # What is counted otherwise, and what is not counted at all, goes on.
        assert (await client.post("/graphql", json={"query": "{ __typename }"})).status_code == 200
        assert [(await client.get("/health/live")).status_code for _ in range(9)] == [200] * 9
        assert (await client.get("/static/icon.svg")).status_code in (200, 404)
    async with place.client() as elsewhere:
        assert (await elsewhere.get("/offline")).status_code == 200


async def test_an_account_is_bounded_wherever_it_asks_from(place: Place) -> None:
    async def ask(by: str) -> int:
        async with place.client(Authorization=f"Bearer {place.tokens[by]}") as client:
            return (await client.post("/graphql", json={"query": "{ __typename }"})).status_code

    assert [await ask("staff") for _ in range(5)] == [200] * 3 + [429] * 2
    assert await ask("admin") == 200


async def test_strangers_of_an_address_keep_nobody_out_who_is_signed_in_there(place: Place) -> None:
    address = new_address()
    held = {"Authorization": f"Bearer {place.tokens['staff-other']}"}
    async with place.client(address) as strangers, place.client(**held) as before:
        assert (await before.get("/offline")).status_code == 200
        assert [(await strangers.get("/offline")).status_code for _ in range(9)][-1] == 429
        assert [(await strangers.get("/export/places.csv")).status_code for _ in range(3)][-1] == 429
        async with place.client(address, **held) as known:
            assert [(await known.get("/offline")).status_code for _ in range(9)] == [200] * 9
            assert (await known.get("/export/places.csv")).status_code == 200
        async with place.client(address, Authorization="Bearer nobody") as made_up:
            assert (await made_up.get("/offline")).status_code == 429


async def test_by_a_browser_that_signed_in_before_one_signs_in_though_the_address_is_over_its_limit(
    place: Place,
) -> None:
    address, who = new_address(), {"username": "staff", "password": ward.PASSWORD}
    async with place.client() as browser:
        first = await browser.post("/session", data=who)
        assert first.status_code == 204, first.text
        cookie = browser.cookies["browser"]
    async with place.client(address) as strangers:
        wrong = {"username": "không ai", "password": "không đúng"}
        assert [(await strangers.post("/session", data=wrong)).status_code for _ in range(3)][-1] == 429
    for given, status in ((cookie, 204), (f"{cookie[:-1]}{'A' if cookie[-1] != 'A' else 'B'}", 429)):
        async with place.client(address, Cookie=f"browser={given}") as again:
            assert (await again.post("/session", data=who)).status_code == status


async def test_signing_in_and_exports_are_bounded_exactly(place: Place) -> None:
    async with place.client() as client:
        assert {(await client.post("/token", data={})).status_code for _ in range(4)} == {400}  # which name nobody
        wrong = {"username": "không ai", "password": "không đúng"}
        tries = await asyncio.gather(*(client.post("/token", data=wrong) for _ in range(6)))
        assert sorted(one.status_code for one in tries) == [400, 400, 429, 429, 429, 429]
        assert {(await client.get("/export/places.csv?ward=99999")).status_code for _ in range(3)} == {404}
        exports = [(await client.get("/export/places.csv")).status_code for _ in range(3)]
        assert exports == [200, 200, 429]


async def test_who_sends_a_form_too_often_reads_how_to_send_it_again(place: Place) -> None:
    who = {"username": "ai", "password": "mật khẩu dài"}
    async with place.client(Accept="text/html") as client:
        page = [await client.post("/sign-in", data=who) for _ in range(3)][-1]
    assert page.status_code == 429
    assert page.headers["content-type"].startswith("text/html")
    assert f"Hãy chờ {page.headers['retry-after']} giây rồi tải lại trang này" in page.text
    assert "tự thử lại" not in page.text


async def test_a_header_is_not_believed_without_a_proxy(place: Place) -> None:
    app = create_app(
        Settings(**UNLIMITED | {"pages_per_address_minute": 3, "database_url": place.url}, secret_key="k" * 32)
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=URL) as client:
        tries = [(await client.get("/offline", headers={"X-Forwarded-For": f"10.0.0.{n}"})) for n in range(5)]
    assert [one.status_code for one in tries] == [200] * 3 + [429] * 2
    await close(app)


async def test_what_is_stored_names_no_address_and_no_device(place: Place) -> None:
    address, device = "203.0.113.77", place.device()
    async with place.client(address, device=device) as client:
        assert stored([await report(client)]) == 1
    async with place.app.state.database.read() as connection:
        rows = (await connection.execute(sa.text("SELECT key, t::text AS whole FROM tally t"))).all()
    assert len(rows) >= 4
    assert {len(row.key) for row in rows} == {16}
    assert not [row for row in rows if address in row.whole or device in row.whole]


async def test_while_the_database_is_away_a_process_counts_by_itself_and_tells_it_later(place: Place) -> None:
    away = Database("postgresql://nobody@127.0.0.1:1/none")
    counts = Tallies(away, b"k" * 32, settle_seconds=3_600)  # not by itself, beside what is settled here
    loose = [counts.hit("pages", "a", 5) for _ in range(8)]
    exact = [await counts.strictly("sign-ins", "a", 5) for _ in range(8)]
    assert [wait > 0 for wait in loose] == [wait > 0 for wait in exact] == [False] * 5 + [True] * 3
    await counts.settle()
    counts._database = place.app.state.database  # as if it were there again
    await counts.settle()
    other = Tallies(place.app.state.database, b"k" * 32)
    assert await other.strictly("pages", "a", 5) > 0
    assert await other.strictly("sign-ins", "a", 5) > 0
    assert await other.strictly("sign-ins", "b", 5) == 0
    for one in (counts, other):
        await one.close()
    await away.close()


async def test_what_is_asked_for_rarely_never_reaches_the_database(place: Place) -> None:
    counts = Tallies(place.app.state.database, os.urandom(32))
    for n in range(9):
        assert counts.hit("pages", "a", 1_000) == 0, n
    assert counts._settling is None
    counts.hit("pages", "a", 1_000)
    assert counts._settling is not None
    await counts.close()


def test_a_process_keeps_so_many_counts_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tallying, "MOST", 100)
    counts = Tallies(Database("postgresql://nobody@127.0.0.1:1/none"), b"k" * 32)
    assert [counts.hit("pages", str(n), 1_000) for n in range(1_000)] == [0] * 1_000
    assert len(counts) <= 100


def test_places_are_given_back() -> None:
    rooms = Rooms(2)
    assert [rooms.enter("a"), rooms.enter("a"), rooms.enter("a"), rooms.enter("b")] == [True, True, False, True]
    for name in ("a", "a", "b"):
        rooms.leave(name)
    assert len(rooms) == 0
    assert all(Rooms(0).enter("a") for _ in range(9))


@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        ("POST", "/graphql", GRAPHQL),
        ("GET", "/graphql", GRAPHQL),
        ("GET", "/map/incidents", MAP),
        ("GET", "/photos/x", MAP),
        ("GET", "/export/places.csv", EXPORTS),
        ("POST", "/photos", UPLOADS),
        ("POST", "/report", UPLOADS),
        ("POST", "/r/20314-ABCDEF/reopen", UPLOADS),
        ("GET", "/report", PAGES),
        ("POST", "/session", SIGN_INS),
        ("POST", "/sign-in", SIGN_INS),
        ("GET", "/sign-in", PAGES),
        ("GET", "/no/such/page", PAGES),
        ("GET", "/static/icon.svg", None),
        ("GET", "/health/ready", None),
    ],
)
def test_requests_count_by_what_they_ask_for(method: str, path: str, kind: object) -> None:
    assert kind_of(method, path) == kind


def test_nothing_but_files_and_watching_is_free() -> None:
    free = {
        str(getattr(route, "path", "")) for route in ROUTES if kind_of("GET", f"{getattr(route, 'path', '')}/") is None
    }
    assert all(path.startswith(("/static", "/health", "/metrics")) for path in free), free


async def test_sockets_and_what_they_ask_are_bounded_by_address(stations: Stations) -> None:
    async with stations(sockets_per_address=2, graphql_per_address_minute=6, proxies=1) as live:
        own, other = ({"X-Forwarded-For": address} for address in ("10.0.0.1", "10.0.0.2"))
        async with live.socket(additional_headers=own) as socket, live.socket(additional_headers=own):
            with pytest.raises(Exception, match="429"):
                async with live.socket(additional_headers=own):
                    pass
            told = []
            for n in range(5):
                await socket.send(id=str(n), type="subscribe", payload={"query": "{ __typename }"})
                told.append(await socket.receive())
                if told[-1]["type"] == "next":
                    assert (await socket.receive())["type"] == "complete"
            assert [one["type"] for one in told] == ["next"] * 3 + ["error"] * 2
            assert told[-1]["payload"][0]["extensions"]["code"] == "TOO_MANY_REQUESTS"
            async with live.socket(additional_headers=other) as elsewhere:
                await elsewhere.send(id="1", type="subscribe", payload={"query": "{ __typename }"})
                assert (await elsewhere.receive())["type"] == "next"


async def test_one_address_leaves_places_to_follow_for_others(stations: Stations) -> None:
    def way(name: str) -> dict[str, str]:
        return {"query": f'subscription {{ {name}: incidentChanged(wardCode: "{ward.CODE}") {{ incidentId }} }}'}

    async with stations(proxies=1, followers_per_address=9) as live:
        own, other = ({"X-Forwarded-For": address} for address in ("10.0.0.1", "10.0.0.2"))
        sockets = [live.socket(additional_headers=own) for _ in range(4)]
        async with sockets[0] as a, sockets[1] as b, sockets[2] as c, sockets[3] as d:
            for n, socket in enumerate((a, a, a, b, b, b, c, c)):
                await socket.send(id=str(n), type="subscribe", payload=way(f"w{n}"))
                await live.followers(n + 1)
            for socket in (c, d):
                await socket.send(id="more", type="subscribe", payload=way("more"))
                assert (await socket.receive())["type"] == "error"
            async with live.socket(additional_headers=other) as elsewhere:
                await elsewhere.send(id="1", type="subscribe", payload=way("x"))
                await live.followers(9)
                # Asking as others do is no way of one's own, but each follower counts.
                await d.send(id="x", type="subscribe", payload=way("x"))
                await live.followers(10)
                await d.send(id="y", type="subscribe", payload=way("x"))
                assert (await d.receive())["type"] == "error"


async def test_several_processes_hold_one_limit_together(place: Place, tmp_path: Path) -> None:
    settings = {"DATABASE_URL": place.url, "PHUONGSO_SECRET_KEY": SERVER_KEY, "PHUONGSO_DEFAULT_WARD": CODE}
    settings |= {"PHUONGSO_PORT": "0", "PHUONGSO_WORKER": "false", "PHUONGSO_PROXIES": "1"}
    settings |= {f"PHUONGSO_{name.upper()}": str(value) for name, value in (UNLIMITED | FEW).items()}
    process = started(settings, tmp_path / "log")
    try:
        site = await serving_at(tmp_path / "log")
        async with place.client(device=place.device()) as one, httpx.AsyncClient(base_url=site) as two:
            both = (one, two)
            for name in ("X-Forwarded-For", "Reporter-Device"):
                two.headers[name] = one.headers[name]
            reports = await asyncio.gather(*(report(both[n % 2]) for n in range(20)))
            assert stored(reports) == 5
            wrong = {"username": "không ai nữa", "password": "không đúng"}
            tries = await asyncio.gather(*(both[n % 2].post("/token", data=wrong) for n in range(12)))
            assert sum(tried.status_code == 400 for tried in tries) == 2
            # A challenge that one gave is solved for both, and good for one report at one of them.
            proof = await fresh_proof(one)
            assert stored(await asyncio.gather(*(report(both[n % 2], proof=proof) for n in range(6)))) == 1
            # What is settled once a second: one process's share is known to the other soon after.
            assert [(await one.get("/offline")).status_code for _ in range(6)] == [200] * 6
            await place.app.state.tallies.settle()
            assert (await two.get("/offline")).status_code == 200  # which has it settled as well
            async with asyncio.timeout(20):
                while (await two.get("/offline")).status_code == 200:  # noqa: ASYNC110 - another process tells nothing
                    await asyncio.sleep(0.3)
    finally:
        process.kill()
        process.wait()


def started(settings: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as out:
        return subprocess.Popen(
            [sys.executable, "-m", "server", "serve"],
            env=os.environ | settings | {"PHUONGSO_VAR": str(log.parent)},
            cwd=ROOT,
            stdout=out,
            stderr=subprocess.STDOUT,
        )


async def serving_at(log: Path) -> str:
    """The address that the log tells."""
    for _ in range(1_200):
        said = told_in(log)
        if "Serving on " in said:
            return said.partition("Serving on ")[2].split()[0]
        await asyncio.sleep(0.05)
    raise AssertionError(f"it does not serve: {told_in(log)}")


def told_in(log: Path) -> str:
    return log.read_text()
