"""Addresses that lead nowhere, faults of ours and outages: a page for people, JSON for programs."""

from __future__ import annotations

import asyncpg
import httpx
import pytest

from geo.pools import Texts
from tests.asking import Desk
from tests.ward import CODE

PERSON = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
NOWHERE = "/khong-co/<b>trang</b>"


def is_page(answer: httpx.Response) -> bool:
    headers = answer.headers
    return (
        headers["content-type"].startswith("text/html")
        and "script-src 'self' 'nonce-" in headers["content-security-policy"]
        and headers["x-content-type-options"] == "nosniff"
        and headers["cache-control"] == "no-store"
        and '<main class="message">' in answer.text
    )


async def test_who_opens_an_address_that_leads_nowhere_reads_so_in_their_language(desk: Desk) -> None:
    answer = await desk.http.get(f"{NOWHERE}?ward={CODE}", headers=PERSON)
    assert answer.status_code == 404
    assert is_page(answer)
    assert "<h1>Không có trang này</h1>" in answer.text
    assert f'href="/?ward={CODE}"' in answer.text
    assert "<b>trang" not in answer.text
    english = await desk.http.get(f"{NOWHERE}?lang=en", headers=PERSON)
    assert english.headers["content-language"] == "en"
    assert "<h1>There is no such page</h1>" in english.text
    assert (await desk.http.head(NOWHERE, headers=PERSON)).headers["content-type"].startswith("text/html")


async def test_a_program_is_told_in_json(desk: Desk) -> None:
    for path in (NOWHERE, "/static/khong-co.js"):
        answer = await desk.http.get(path, headers={"Accept-Language": "en"})
        assert answer.status_code == 404
        (error,) = answer.json()["errors"]
        assert (error["message"], error["extensions"]["code"]) == ("There is no such address.", "NOT_FOUND")
        assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(("method", "path"), [("GET", "/photos"), ("DELETE", "/report")])
async def test_a_method_that_an_address_does_not_take_is_told_with_those_it_takes(
    desk: Desk, method: str, path: str
) -> None:
    for headers in (PERSON, {}):
        answer = await desk.http.request(method, path, headers=headers)
        assert answer.status_code == 405
        assert answer.headers["allow"]
        if headers:
            assert is_page(answer)
        else:
            assert answer.json()["errors"][0]["extensions"] == {"code": "METHOD_NOT_ALLOWED"}


@pytest.mark.parametrize("path", ["/token", "/session", "/sign-in", "/graphql", "/report"])
async def test_a_slash_too_many_leads_nowhere(desk: Desk, path: str) -> None:
    """A redirect would have the body, a password perhaps, repeated to where the server believes to be."""
    answer = await desk.http.post(f"{path}/", data={"username": "staff", "password": "x"})
    assert answer.status_code == 404
    assert "location" not in answer.headers


async def test_a_fault_of_ours_says_nothing_of_itself(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def wrong(*_: object) -> bytes:
        raise RuntimeError("mật khẩu là 123")

    monkeypatch.setattr(Texts, "fetch", wrong)
    transport = httpx.ASGITransport(desk.app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://phuongso.test") as client:
        seen = await client.get("/map/ward.geojson", headers=PERSON)
        told = await client.get("/map/ward.geojson")
    assert (seen.status_code, told.status_code) == (500, 500)
    assert is_page(seen)
    assert "<h1>Trang bị lỗi</h1>" in seen.text
    assert told.json()["errors"][0]["extensions"] == {"code": "INTERNAL"}
    assert not any("123" in answer.text for answer in (seen, told))


async def test_a_page_opened_while_the_database_is_away_comes_again_by_itself(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> bytes:
        raise asyncpg.CannotConnectNowError("the database system is starting up")

    monkeypatch.setattr(Texts, "fetch", away)
    monkeypatch.setattr(Texts, "rows", away)
    for path in ("/", "/report", "/stats", "/map/ward.geojson"):
        answer = await desk.http.get(path, headers=PERSON)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10"), path
        assert is_page(answer)
        assert '<meta http-equiv="refresh" content="10">' in answer.text
        assert "<h1>Hệ thống đang bận hoặc đang khởi động lại</h1>" in answer.text
    told = await desk.http.get("/map/ward.geojson")
    assert (told.status_code, told.headers["Retry-After"]) == (503, "5")
    assert told.json()["errors"][0]["extensions"] == {"code": "UNAVAILABLE"}

    def closed(**_: object) -> object:
        raise asyncpg.CannotConnectNowError("the database system is starting up")

    monkeypatch.setattr(desk.database, "write", closed)
    form = await desk.http.post("/sign-in", data={"username": "staff", "password": "mật khẩu dài"}, headers=PERSON)
    assert (form.status_code, form.headers["Retry-After"]) == (503, "10")
    assert is_page(form)
    assert "http-equiv" not in form.text
    assert "tự thử lại" not in form.text
    assert "Hãy chờ 10 giây rồi tải lại trang này" in form.text
    sent = await desk.post({"query": "{ ward { name } }"}, headers={"Accept": "text/html"})
    assert sent.headers["content-type"].startswith("application/")
