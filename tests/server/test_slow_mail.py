"""A mail server that is slow or silent, and workers that die meanwhile: all else goes on, and no letter is lost."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import account_links, jobs
from geo.database import Database
from geo.tables import LinkPurpose, account, account_link
from server.notifying.account_links import LinkMail
from server.notifying.smtp import Patience, Post
from server.relay import Relay
from server.work.registry import EVERY_OTHER_SECOND, Chore, Letters
from server.work.running import Pace
from server.worker import Worker, run, working
from tests.server.working import ROOT, rows, until

PACE = Pace(
    poll=timedelta(seconds=0.1),
    takeover=timedelta(seconds=2),
    first_delay=timedelta(seconds=0.05),
    longest_delay=timedelta(seconds=0.2),
)
OPEN = """
SELECT count(*) FROM pg_stat_activity
 WHERE datname = current_database() AND state LIKE 'idle in transaction%'
"""
WAITING = "SELECT count(*) FROM jobs.pgqueuer WHERE entrypoint = 'mail_account_link'"
DONE = "SELECT count(*) FROM done"


@dataclass
class Office:
    """A mail server that answers to a letter when it is told to; until then it has it and says nothing."""

    port: int = 0
    answer: asyncio.Event = field(default_factory=asyncio.Event)
    refusals: list[str] = field(default_factory=list)
    falls_silent: bool = False
    """Whether it says nothing any more once it has refused a letter."""
    had: list[Envelope] = field(default_factory=list)
    came: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.refusals:
            return self.refusals.pop()
        async with self.came:
            self.had.append(envelope)
            self.came.notify_all()
        await self.answer.wait()
        return "250 OK"

    async def handle_RSET(self, _server: SMTP, _session: Session, _envelope: Envelope) -> str:  # noqa: N802
        if self.falls_silent:
            await self.answer.wait()
        return "250 OK"

    async def has(self, many: int) -> None:
        async with asyncio.timeout(40), self.came:
            await self.came.wait_for(lambda: len(self.had) >= many)

    @property
    def addresses(self) -> list[str]:
        return sorted(one.rcpt_tos[0] for one in self.had)


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    opened = Office()
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(opened), "127.0.0.1", 0)
    opened.port = server.sockets[0].getsockname()[1]
    yield opened
    opened.answer.set()
    server.close()
    await server.wait_closed()


async def _note(connection: AsyncConnection, _payload: dict[str, Any]) -> None:
    await connection.execute(sa.text("INSERT INTO done VALUES ('job')"))


async def _tick(connection: AsyncConnection) -> int:
    await connection.execute(sa.text("INSERT INTO done VALUES ('chore')"))
    return 0


def worker(url: str, port: int, patience: Patience | None = None) -> Worker:
    """A worker that knows letters with links, a job and a chore. A mail server that was away it tries again at once."""
    hours = count(step=3600.0)
    post = Post(Relay.read(f"smtp://127.0.0.1:{port}?tls=off"), lambda: next(hours), patience)
    writes = {account_links.JOB: LinkMail("phuong@vidu.vn", "https://phuong.vidu.vn").write}
    tick = Chore("tick", EVERY_OTHER_SECOND, _tick)
    return Worker(url, jobs={"note": _note}, chores=(tick,), pace=PACE, letters=Letters(post, writes))


@pytest.fixture(autouse=True)
async def tables(database: Database) -> None:
    async with database.write() as connection:
        await connection.execute(sa.text("CREATE TABLE done (what text NOT NULL)"))


async def ask_for(database: Database, many: int) -> None:
    """So many accounts that each want a new password."""
    async with database.write() as connection:
        for number in range(many):
            id_ = uuid4()
            made = {"username": f"one{number}", "name": "A", "password_hash": "x", "role": "ADMIN"}
            await connection.execute(sa.insert(account).values(id=id_, email=f"{number}@vidu.vn", **made))
            await account_links.send(connection, id_, LinkPurpose.PASSWORD_RESET)


async def links(database: Database) -> int:
    async with database.read() as connection:
        return await connection.scalar(sa.select(sa.func.count()).select_from(account_link)) or 0


async def test_letters_that_wait_for_a_slow_mail_server_hold_up_nothing_else(
    database: Database, office: Office
) -> None:
    many = 15
    await ask_for(database, many)
    async with working(worker(database.url, office.port)):
        await office.has(2)
        await until(database, "SELECT count(*) FROM jobs.pgqueuer WHERE status = 'picked'", 10)
        async with database.write() as connection:
            for _ in range(5):
                await jobs.enqueue(connection, "note", {})
        await until(database, f"{DONE} WHERE what = 'job'", 5)
        await until(database, f"SELECT ({DONE} WHERE what = 'chore') > 0", True)
        assert await rows(database, WAITING) == [(many,)]
        await until(database, OPEN, 0)  # a chore's own ends at once
        assert len(office.had) == 2
        office.answer.set()
        await until(database, WAITING, 0)
    assert office.addresses == sorted(f"{number}@vidu.vn" for number in range(many))
    assert await links(database) == many


async def test_a_letter_whose_worker_is_killed_is_sent_once_more_and_not_a_third_time(
    database: Database, office: Office
) -> None:
    await ask_for(database, 1)
    for copies in (1, 2):
        async with started(database.url, office.port) as process:
            await office.has(copies)
            process.send_signal(signal.SIGKILL)
            await process.wait()
        assert await rows(database, WAITING) == [(1,)]
    async with working(worker(database.url, office.port)):
        await until(database, "SELECT status::text FROM jobs.pgqueuer", "failed")
        async with database.read() as connection:
            (dead,) = await jobs.dead(connection)
        assert dead.error == "TwiceUnanswered"
        assert len(office.had) == 2
        office.answer.set()
        async with database.write() as connection:
            assert await jobs.retry(connection, [dead.id]) == 1
        await until(database, WAITING, 0)
    assert office.addresses == ["0@vidu.vn"] * 3, "a person had it sent again"


async def test_a_mail_server_that_takes_letters_in_silence_gets_each_twice_at_most(
    database: Database, office: Office
) -> None:
    await ask_for(database, 1)
    hurried = Patience(taking=0.3)
    async with working(worker(database.url, office.port, hurried)):
        await until(database, "SELECT status::text FROM jobs.pgqueuer", "failed")
    assert len(office.had) == 2


async def test_what_the_mail_server_did_not_take_counts_as_never_sent(database: Database, office: Office) -> None:
    office.answer.set()
    office.refusals = ["451 4.3.0 later"] * (account_links.MOST_AN_HOUR + 1)
    await ask_for(database, 1)
    async with working(worker(database.url, office.port)):
        await until(database, WAITING, 0)
    assert office.addresses == ["0@vidu.vn"]
    assert await links(database) == 1


async def test_until_a_letter_is_taken_the_link_of_the_one_before_counts(database: Database, office: Office) -> None:
    office.answer.set()
    office.refusals = ["451 4.3.0 later"] * (PACE.tries + 1)
    await ask_for(database, 1)
    async with database.write() as connection:
        account_id = await connection.scalar(sa.select(account.c.id))
        earlier = await account_links.make(connection, account_id, LinkPurpose.PASSWORD_RESET)
    async with working(worker(database.url, office.port)):
        await until(database, "SELECT status::text FROM jobs.pgqueuer", "failed")
        async with database.write() as connection:
            assert await account_links.look(connection, earlier.token) is not None
            office.refusals = []
            await jobs.retry(connection, [dead.id for dead in await jobs.dead(connection)])
        await until(database, WAITING, 0)
    async with database.write() as connection:
        assert await account_links.look(connection, earlier.token) is None
    assert await rows(database, "SELECT count(*) FROM account_link WHERE used_at IS NULL") == [(1,)]


async def test_a_refusal_stands_though_the_mail_server_says_nothing_more(database: Database, office: Office) -> None:
    office.falls_silent = True
    office.refusals = ["554 5.7.1 no"]
    await ask_for(database, 1)
    async with working(worker(database.url, office.port, Patience(answer=0.5))):
        await until(database, WAITING, 0)
    assert office.had == []
    assert await links(database) == 0


async def test_a_worker_that_is_stopped_begins_no_more_letters(database: Database, office: Office) -> None:
    await ask_for(database, 6)
    async with working(worker(database.url, office.port)):
        await office.has(2)
        await until(database, "SELECT count(*) FROM jobs.pgqueuer WHERE status = 'picked'", 6)
        asyncio.get_running_loop().call_later(1, office.answer.set)  # when it has been told to stop
    assert len(office.had) == 2
    assert await rows(database, "SELECT DISTINCT status::text, headers ? 'offers' FROM jobs.pgqueuer") == [
        ("queued", False)
    ]
    assert await rows(database, WAITING) == [(4,)]


async def test_an_account_is_sent_only_so_many_links_an_hour(database: Database) -> None:
    await ask_for(database, 1)
    payload = (await rows(database, "SELECT payload FROM jobs.pgqueuer"))[0][0]
    mail = LinkMail("phuong@vidu.vn", "https://phuong.vidu.vn")
    noted = []
    async with database.write() as connection:
        for _ in range(account_links.MOST_AN_HOUR + 1):
            envelope = await mail.write(connection, jobs.payload_of(payload))
            assert envelope is not None
            noted.append(await envelope.entry.note(connection))
    assert noted == [True] * account_links.MOST_AN_HOUR + [False]


@asynccontextmanager
async def started(url: str, port: int) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.server.test_slow_mail", url, str(port), cwd=ROOT
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


if __name__ == "__main__":
    asyncio.run(run(worker(sys.argv[1], int(sys.argv[2]))))
