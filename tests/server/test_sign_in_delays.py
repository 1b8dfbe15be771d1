"""Who guesses waits: longer each time, by name and by address, over all processes, and nobody is told who exists."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import httpx
import pytest
import sqlalchemy as sa

from geo import sign_in_delays, tables
from geo.errors import TooManyRequests
from geo.sign_in_delays import CODE, PASSWORD, Attempt, Curve, Kind
from server.app import create_app
from server.settings import Settings
from tests.asking import SERVER_KEY, URL, Desk, close
from tests.server.test_sessions import FORM

KEY = SERVER_KEY.encode()
WRONG = {**FORM, "password": "not the password"}


async def tried(desk: Desk, name: str, address: str, times: int = 1, kind: Kind = PASSWORD) -> Attempt:
    """So many wrong attempts, without their delays; the last of them."""
    for _ in range(times):
        async with desk.database.write() as connection:
            attempt = await sign_in_delays.count(connection, KEY, kind, name, address)
        await passed_by(desk)
    return attempt


async def passed_by(desk: Desk) -> None:
    """All delays are over."""
    async with desk.database.write() as connection:
        await connection.execute(sa.update(tables.sign_in_delay).values(until=None))


async def longer(desk: Desk) -> None:
    """What has to wait has to wait for ten minutes more, however slow the machine is."""
    until = tables.sign_in_delay.c.until
    async with desk.database.write() as connection:
        await connection.execute(
            sa.update(tables.sign_in_delay).where(until.is_not(None)).values(until=until + timedelta(minutes=10))
        )


async def wait_of(desk: Desk, name: str, address: str, kind: Kind = PASSWORD) -> int:
    """How long this name has to wait at this address; 0 where it need not. Nothing is counted."""
    async with desk.database.engine.connect() as connection:
        try:
            await sign_in_delays.count(connection, KEY, kind, name, address)
        except TooManyRequests as busy:
            return busy.retry_after
        finally:
            await connection.rollback()
    return 0


def test_a_curve_doubles_up_to_its_bound() -> None:
    curve = Curve("x", 3, timedelta(minutes=15), timedelta(days=1))
    seconds = [curve.delay(failures).total_seconds() for failures in range(16)]
    assert seconds == [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]
    assert curve.delay(10_000) == timedelta(minutes=15)


@pytest.mark.parametrize(("path", "status"), [("/token", 429), ("/session", 429), ("/sign-in", 429)])
async def test_after_some_wrong_ones_a_right_one_waits_as_well(desk: Desk, path: str, status: int) -> None:
    for _ in range(PASSWORD.here.free + 1):
        assert (await desk.http.post(path, data=WRONG)).status_code in (400, 401, 422)
    await longer(desk)
    early = await desk.http.post(path, data=FORM)
    assert early.status_code == status
    assert int(early.headers["retry-after"]) >= 1
    assert "nhiều lần" in early.text
    assert "set-cookie" not in early.headers
    await passed_by(desk)
    assert (await desk.http.post(path, data=FORM)).status_code in (200, 204, 303)
    desk.http.cookies.clear()
    for _ in range(PASSWORD.here.free):
        assert (await desk.http.post(path, data=WRONG)).status_code != 429, "a right one forgives what was before it"


async def test_another_process_knows_it(desk: Desk) -> None:
    for _ in range(PASSWORD.here.free + 1):
        await desk.http.post("/token", data=WRONG)
    await longer(desk)
    app = create_app(Settings(database_url=desk.database.url, secret_key=SERVER_KEY))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=URL) as client:
        assert (await client.post("/token", data=FORM)).status_code == 429
    await close(app)


async def test_a_name_that_nobody_has_waits_alike(desk: Desk) -> None:
    told = []
    for name in ("staff", "nobody-of-that-name"):
        answers = [await desk.http.post("/token", data={**WRONG, "username": name}) for _ in range(6)]
        await longer(desk)
        late = await desk.http.post("/token", data={**WRONG, "username": name})
        assert 590 < int(late.headers["retry-after"]) <= 601
        told.append([(one.status_code, one.content) for one in answers] + [(late.status_code, b"")])
    assert told[0] == told[1]
    assert told[0][-1][0] == 429


async def test_many_at_once_are_not_all_the_first(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    grown = Curve.delay
    # Ten minutes longer, so that nobody's wait is over while the others are answered, however slow the machine is.
    monkeypatch.setattr(Curve, "delay", lambda curve, count: grown(curve, count) and timedelta(minutes=10))
    answers = await asyncio.gather(*(desk.http.post("/token", data=WRONG) for _ in range(16)))
    compared = [one for one in answers if one.status_code == 400]
    assert len(compared) == PASSWORD.here.free + 1


async def test_from_one_address_nobody_is_kept_out_elsewhere(desk: Desk) -> None:
    await tried(desk, "staff", "203.0.113.7", PASSWORD.here.free + 12)
    async with desk.database.write() as connection:
        await sign_in_delays.count(connection, KEY, PASSWORD, "Staff ", "203.0.113.7")
    assert await wait_of(desk, "staff", "203.0.113.7") > 890
    assert await wait_of(desk, "staff", "203.0.113.8") == 0
    assert await wait_of(desk, "crew-clean", "203.0.113.7") == 0


async def test_from_many_addresses_each_waits_a_minute_and_nobody_for_the_others(desk: Desk) -> None:
    for place in range(PASSWORD.anywhere.free + 12):
        await tried(desk, "staff", f"203.0.113.{place}")
    async with desk.database.write() as connection:
        await sign_in_delays.count(connection, KEY, PASSWORD, "staff", "198.51.100.1")
    assert 50 < await wait_of(desk, "staff", "198.51.100.1") <= 60
    assert await wait_of(desk, "staff", "198.51.100.2") == 0, "who knows the password comes from elsewhere"
    assert await wait_of(desk, "staff", "198.51.100.2", CODE) == 0, "codes are counted by themselves"


async def test_of_codes_all_wait_for_one_another(desk: Desk) -> None:
    for place in range(CODE.anywhere.free + 12):
        await tried(desk, "staff", f"203.0.113.{place}", kind=CODE)
    async with desk.database.write() as connection:
        await sign_in_delays.count(connection, KEY, CODE, "staff", "198.51.100.1")
    assert 230 < await wait_of(desk, "staff", "198.51.100.2", CODE) <= 240


async def test_the_networks_of_one_line_are_one_address(desk: Desk) -> None:
    for subnet in range(PASSWORD.here.free + 12):
        await tried(desk, "staff", f"2001:db8:aa:{subnet:x}::")
    async with desk.database.write() as connection:
        await sign_in_delays.count(connection, KEY, PASSWORD, "staff", "2001:db8:aa:ff::")
    assert await wait_of(desk, "staff", "2001:db8:aa:99::") > 890
    assert await wait_of(desk, "staff", "2001:db8:ab::") == 0


async def test_by_a_browser_that_signed_in_before_one_gets_in_whatever_others_try(desk: Desk) -> None:
    assert (await desk.http.post("/sign-in", data=FORM)).status_code == 303
    own = {name: desk.http.cookies[name] for name in ("browser", "browser-names")}
    desk.http.cookies.clear()
    for _ in range(PASSWORD.here.free + 1):
        await desk.http.post("/token", data=WRONG)
    await longer(desk)
    assert (await desk.http.post("/sign-in", data=FORM)).status_code == 429, "a stranger's browser of the same address"
    for name, value in own.items():
        desk.http.cookies.set(name, value)
    assert (await desk.http.post("/sign-in", data=FORM)).status_code == 303
    other = {**FORM, "username": "crew-clean", "password": "wrong"}
    answers = [(await desk.http.post("/sign-in", data=other)).status_code for _ in range(PASSWORD.here.free + 1)]
    await longer(desk)
    assert answers[-1] == 422
    desk.http.cookies.delete("browser")
    desk.http.cookies.set("browser", "x" * 22 + "." + "y" * 22)
    assert (await desk.http.post("/sign-in", data=FORM)).status_code == 429, "a name of their own making is none"


async def test_a_known_browser_is_counted_too_and_for_its_own_name_alone(desk: Desk) -> None:
    await desk.http.post("/sign-in", data=FORM)
    for _ in range(PASSWORD.here.free + 1):
        await desk.http.post("/sign-in", data=WRONG)
    await longer(desk)
    assert (await desk.http.post("/sign-in", data=FORM)).status_code == 429
    for _ in range(PASSWORD.here.free + 1):
        await desk.http.post("/sign-in", data={**WRONG, "username": "admin"})
    await longer(desk)
    desk.http.cookies.clear()
    assert (await desk.http.post("/sign-in", data={**FORM, "username": "admin"})).status_code == 429, "as strangers are"


async def test_an_address_that_tries_many_names_waits(desk: Desk) -> None:
    for name in range(PASSWORD.address.free + 1):
        async with desk.database.write() as connection:
            await sign_in_delays.count(connection, KEY, PASSWORD, f"name-{name}", "203.0.113.9")
    await longer(desk)
    assert await wait_of(desk, "one-more", "203.0.113.9") > 590
    assert await wait_of(desk, "one-more", "203.0.113.10") == 0


async def test_a_whole_office_that_signs_in_rightly_waits_for_nothing(desk: Desk) -> None:
    for name in range(PASSWORD.address.free + 1):
        async with desk.database.write() as connection:
            attempt = await sign_in_delays.count(connection, KEY, PASSWORD, f"name-{name}", "203.0.113.9")
            await sign_in_delays.forgive(connection, attempt)
    await longer(desk)
    assert await wait_of(desk, "one-more", "203.0.113.9") == 0


async def test_what_was_right_is_taken_back_and_a_delay_of_others_stays(desk: Desk) -> None:
    await tried(desk, "staff", "203.0.113.7", PASSWORD.here.free - 1)
    async with desk.database.write() as connection:
        mine = await sign_in_delays.count(connection, KEY, PASSWORD, "staff", "203.0.113.7")
    async with desk.database.write() as connection:
        await sign_in_delays.count(connection, KEY, PASSWORD, "staff", "203.0.113.7")
    async with desk.database.write() as connection:
        await sign_in_delays.take_back(connection, mine)
    await longer(desk)
    assert await wait_of(desk, "staff", "203.0.113.7") > 590


async def test_neither_names_nor_addresses_are_stored_and_old_counts_are_forgotten(desk: Desk) -> None:
    await tried(desk, "staff", "203.0.113.7")
    async with desk.database.write() as connection:
        rows = (
            (
                await connection.execute(
                    sa.select(sa.cast(sa.literal_column("d"), sa.Text)).select_from(tables.sign_in_delay.alias("d"))
                )
            )
            .scalars()
            .all()
        )
        assert len(rows) == 3
        assert all("staff" not in row and "203.0" not in row for row in rows)
        assert await sign_in_delays.forget_old(connection) == 0
        old = tables.sign_in_delay.c.last_at - sign_in_delays.KEPT
        await connection.execute(sa.update(tables.sign_in_delay).values(last_at=old))
        assert await sign_in_delays.forget_old(connection) == 3


async def test_the_log_of_who_did_what_says_when_a_delay_began(desk: Desk) -> None:
    for name in ("staff", "nobody-of-that-name"):
        for _ in range(PASSWORD.here.free + 1):
            await desk.http.post("/token", data={**WRONG, "username": name})
    entries = tables.audit_entry.c
    async with desk.database.read() as connection:
        told = (
            await connection.execute(
                sa.select(entries.subject, entries.ward_code)
                .where(entries.action == "delaySignIn")
                .order_by(entries.at)
            )
        ).all()
    assert [(row.subject is None, row.ward_code) for row in told] == [(False, "20314"), (True, "")]
