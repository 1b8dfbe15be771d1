"""Letters to reporters, taken by a real mail server on this machine."""

from __future__ import annotations

import asyncio
import email
import json
import logging
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import default
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from aiosmtpd.smtp import SMTP, Envelope, Session

from geo import jobs
from geo.tables import crew, incident_event, reporter
from server.notifying import mail
from server.notifying.mail import Mail
from server.notifying.notifier import Notifier
from server.notifying.smtp import MailAway, Post
from server.relay import Relay
from server.settings import Settings, SettingsError, read_settings
from server.work.mailing import Carrier
from server.work.registry import telling_with
from server.work.running import Pace
from server.worker import Worker, worker_of, working
from tests.asking import SERVER_KEY, Desk
from tests.server.live import eventually
from tests.ward import CLEAN, CODE, IN_FIRST

FROM = "phuong@hoaxuan.example"
SITE = "https://phuong.example"
HOSTILE = '<img src=x onerror="alert(1)">{{ 7*7 }}\r\nBcc: nguoi@khac.vn'
ADDRESS = "lan@vidu.vn"


@dataclass
class Office:
    """A mail server: what it took, and what it answers to the next recipients and letters."""

    port: int = 0
    taken: list[Envelope] = field(default_factory=list)
    to_recipients: list[str] = field(default_factory=list)
    to_letters: list[str] = field(default_factory=list)
    asked: int = 0

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's own name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        self.asked += 1
        if self.to_recipients:
            return self.to_recipients.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.to_letters:
            return self.to_letters.pop(0)
        self.taken.append(envelope)
        return "250 OK"

    @property
    def letters(self) -> list[EmailMessage]:
        return [letter_of(one) for one in self.taken]

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}?tls=off"


def letter_of(envelope: Envelope) -> EmailMessage:
    assert isinstance(envelope.content, bytes)
    made = email.message_from_bytes(envelope.content, policy=default)
    assert isinstance(made, EmailMessage)
    return made


def text_of(letter: EmailMessage, kind: str = "plain") -> str:
    part = letter.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


@asynccontextmanager
async def open_office() -> AsyncIterator[Office]:
    opened = Office()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(opened, enable_SMTPUTF8=True), "127.0.0.1", 0)
    opened.port = server.sockets[0].getsockname()[1]
    yield opened
    server.close()
    await server.wait_closed()


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    async with open_office() as opened:
        yield opened


PICKED = sa.text("""
UPDATE jobs.pgqueuer SET status = 'picked', queue_manager_id = :worker WHERE entrypoint = :name RETURNING id, payload
""")


@dataclass
class Room:
    """The desk, and the part of the worker that tells people."""

    desk: Desk
    mail: Mail

    async def read(self) -> None:
        """Read the news until there is none."""
        async with self.desk.database.write() as connection:
            while await Notifier([self.mail]).tell_news(connection):
                pass

    async def waiting(self) -> list[dict[str, Any]]:
        """What the jobs that write letters were given."""
        async with self.desk.database.read() as connection:
            rows = await connection.execute(
                sa.text("SELECT payload FROM jobs.pgqueuer WHERE entrypoint = :name ORDER BY id"), {"name": mail.JOB}
            )
            return [jobs.payload_of(row.payload) for row in rows]

    async def post(self) -> None:
        """Read the news, and write all the letters."""
        await self.read()
        carrier, worker = Carrier(self.desk.database, self.mail.post), uuid4()
        async with self.desk.database.write() as connection:
            picked = await connection.execute(PICKED, {"name": mail.JOB, "worker": worker})
        for job in sorted(picked.all()):
            async with self.desk.database.write() as connection:
                envelope = await carrier.written(connection, self.mail.write, job.id, jobs.payload_of(job.payload))
            if envelope is not None:
                await carrier.carry(envelope, job.id, worker)
        assert await self.waiting() == []
        async with self.desk.database.write() as connection:
            await connection.execute(sa.text("DELETE FROM jobs.pgqueuer"))

    async def report(self, language: str | None = None, **reporter_of: Any) -> str:
        """A report over the API, by somebody who leaves an address unless told otherwise; its id."""
        told = {"name": "Trần Thị Lan", "email": ADDRESS, "phone": "0905123456", "consent": True} | reporter_of
        given = {
            "requestKey": str(uuid4()),
            "category": "ENVIRONMENT",
            "location": {"type": "Point", "coordinates": list(IN_FIRST)},
            "address": "Hẻm 5",
            "reporter": told if any(told.values()) else None,
        }
        query = """mutation ($input: ReportIncidentInput!) { reportIncident(input: $input) {
            ... on ReportIncidentPayload { reporterSecret incident { id trackingCode } } } }"""
        made = (await self.desk.ask(query, language=language, input=given))["data"]["reportIncident"]
        self.secret = made["reporterSecret"]
        self.code = made["incident"]["trackingCode"]
        return str(made["incident"]["id"])

    async def step(self, by: str | None, name: str, **values: Any) -> None:
        title = name[0].upper() + name[1:]
        query = f"mutation ($input: {title}Input!) {{ {name}(input: $input) {{ __typename }} }}"
        answer = await self.desk.data(query, by, input=values)
        assert answer[name]["__typename"] == f"{title}Payload", answer

    async def to_crew(self) -> None:
        """Only the crew that cleans is on duty."""
        async with self.desk.database.write() as connection:
            await connection.execute(sa.update(crew).values(on_duty=crew.c.name == CLEAN))

    async def nobody_on_duty(self) -> None:
        async with self.desk.database.write() as connection:
            await connection.execute(sa.update(crew).values(on_duty=False))


def settings_of(url: str, **values: Any) -> Settings:
    return Settings(database_url=url, secret_key=SERVER_KEY, mail_from=FROM, public_url=SITE, **values)


@pytest.fixture
async def room(desk: Desk, office: Office) -> Room:
    made = Mail.of(settings_of(desk.database.url, smtp_url=office.url))
    assert made is not None
    opened = Room(desk, made)
    await opened.read()
    return opened


async def test_the_reporter_hears_of_each_public_step(room: Room, office: Office) -> None:
    await room.to_crew()
    made = await room.report()
    await room.post()
    await room.step("crew-clean", "acceptIncident", incidentId=made)
    await room.step("staff", "noteIncident", incidentId=made, note="Chỉ nội bộ biết", public=False)
    await room.post()
    await room.step("crew-clean", "startIncident", incidentId=made)
    await room.post()
    await room.step("staff", "noteIncident", incidentId=made, note="Đội sẽ tới trước 10 giờ", public=True)
    await room.post()
    await room.step("crew-clean", "resolveIncident", incidentId=made, note="Đã dọn sạch")
    await room.post()
    await room.step(
        None, "rateIncident", trackingCode=room.code, secret=room.secret, satisfaction="DISSATISFIED", comment="?"
    )
    await room.step(None, "reopenIncident", trackingCode=room.code, secret=room.secret, reason="Vẫn còn rác")
    await room.post()
    subjects = [str(letter["Subject"]).partition(":")[0] for letter in office.letters]
    assert subjects == [
        "Đã phân công",
        "Đội đã nhận việc",
        "Đang xử lý",
        "Có lời nhắn",
        "Đã xử lý xong",
        "Đã phân công",
    ]
    assert {tuple(one.rcpt_tos) for one in office.taken} == {(ADDRESS,)}
    texts = [text_of(letter) for letter in office.letters]
    assert "đã nhận phản ánh của bạn" in texts[0]
    assert f"Việc đã giao cho {CLEAN}." in texts[0]
    assert "> Đội sẽ tới trước 10 giờ" in texts[3]
    assert "> Đã dọn sạch" in texts[4]
    assert "trong 30 ngày" in texts[4]
    assert "Phản ánh được mở lại" in texts[5]
    whole = "".join(texts) + "".join(text_of(letter, "html") for letter in office.letters)
    assert all(f"Xem phản ánh: {SITE}/r/{room.code}\n" in text for text in texts)
    assert "Chỉ nội bộ biết" not in whole
    assert room.secret not in whole
    assert not re.search(r"/r/[\w-]+\?", whole)
    assert "Vẫn còn rác" not in whole


async def test_letters_of_a_report_belong_together_and_are_told_apart(room: Room, office: Office) -> None:
    await room.nobody_on_duty()
    made = await room.report()
    await room.post()
    await room.step("staff", "noteIncident", incidentId=made, note="Đang xem", public=True)
    await room.post()
    await room.step("staff", "rejectIncident", incidentId=made, reason="Việc của điện lực")
    await room.post()
    first, second, third = office.letters
    async with room.desk.database.read() as connection:
        events = list(await connection.scalars(sa.select(incident_event.c.id).where(incident_event.c.public)))
    ids = [f"<{id_}@hoaxuan.example>" for id_ in sorted(events, key=lambda one: one.bytes)]
    assert [letter["Message-ID"] for letter in (first, second, third)] == ids
    assert [letter["References"] for letter in (first, second, third)] == [None, ids[0], ids[0]]
    assert third["Auto-Submitted"] == "auto-generated"
    assert third["From"].addresses[0].addr_spec == FROM
    assert "Việc của điện lực" in text_of(third)
    assert "Việc của điện lực" in text_of(third, "html")


async def test_each_is_written_to_in_the_language_of_the_report(room: Room, office: Office) -> None:
    await room.nobody_on_duty()
    await room.report("en")
    await room.post()
    (letter,) = office.letters
    assert str(letter["Subject"]).startswith("Report received: ")
    assert "Its tracking code is" in text_of(letter)
    assert letter["Content-Language"] == "en"
    assert '<html lang="en">' in text_of(letter, "html")
    # It may go to somebody who never asked: none of what was typed is in it.
    assert "at Tổ dân phố số" in text_of(letter)
    assert "Hẻm 5" not in text_of(letter) + text_of(letter, "html")


async def test_a_duplicate_is_told_with_the_earlier_report(room: Room, office: Office) -> None:
    await room.nobody_on_duty()
    original = await room.report(email=None, name=None, phone=None, consent=False)
    code = room.code
    made = await room.report()
    await room.read()
    async with room.desk.database.write() as connection:
        await connection.execute(sa.text("DELETE FROM jobs.pgqueuer"))
    await room.step("staff", "markDuplicate", incidentId=made, originalId=original)
    await room.post()
    (letter,) = office.letters
    assert f"Phường xử lý theo phản ánh {code}." in text_of(letter)


async def test_what_people_wrote_is_text_and_adds_no_header(room: Room, office: Office) -> None:
    await room.nobody_on_duty()
    async with room.desk.database.write() as connection:
        await connection.execute(sa.text("UPDATE category SET name = :name"), {"name": HOSTILE})
        await connection.execute(sa.text("UPDATE ward SET name = :name"), {"name": f'Phường "x" {HOSTILE}'})
    made = await room.report()
    await room.step("staff", "noteIncident", incidentId=made, note=HOSTILE, public=True)
    await room.post()
    (letter,) = office.letters
    assert letter["Bcc"] is None
    assert office.taken[0].rcpt_tos == [ADDRESS]
    html = text_of(letter, "html")
    assert "<img" not in html
    assert "&lt;img" in html
    assert "{{ 7*7 }}" in html
    # Without the moments, and without the links: their code and their key are made by chance.
    assert "49" not in re.sub(r"https?://[^\s\"<]+|[0-9a-f]{8,}|\d\d:\d\d|\d\d/\d\d/\d{4}|20314-\w+", "", html)
    assert "onerror" in text_of(letter)


@pytest.mark.parametrize("address", ['"a@b.vn', "a,c@b.vn", "<a@b.vn", "a@b.vn>", "a@b.vn;x", "a@[b.vn"])
async def test_an_address_that_no_letter_can_bear_is_written_to_by_none(
    room: Room, office: Office, address: str
) -> None:
    await room.report(email=address)
    await room.post()
    assert office.asked == 0
    await room.report(email="lân.o'brien+ward@vídụ.vn")
    await room.post()
    assert [one.rcpt_tos for one in office.taken] == [["lân.o'brien+ward@vídụ.vn"]]


async def test_without_an_address_nothing_waits_to_be_written(room: Room, office: Office) -> None:
    await room.report(email=None)
    await room.report(email=None, name=None, phone=None, consent=False)
    await room.read()
    assert await room.waiting() == []


async def test_who_took_their_address_back_is_not_written_to(room: Room, office: Office) -> None:
    await room.report()
    await room.read()
    assert len(await room.waiting()) == 1
    async with room.desk.database.write() as connection:
        await connection.execute(sa.delete(reporter))
    await room.post()
    assert office.asked == 0


async def test_nobody_is_written_to_without_end_whoever_names_their_address(room: Room, office: Office) -> None:
    made = Mail.of(settings_of(room.desk.database.url, smtp_url=office.url, letters_per_email_day=2))
    assert made is not None
    room.mail = made
    await room.nobody_on_duty()
    for address in (ADDRESS, ADDRESS.upper(), ADDRESS, "minh@vidu.vn"):
        await room.report(email=address)
    await room.post()
    assert sorted(str(letter["To"]).casefold() for letter in office.letters) == [ADDRESS, ADDRESS, "minh@vidu.vn"]


async def test_a_job_and_the_log_name_no_person(room: Room, office: Office, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    office.to_recipients.append("550 5.1.1 <lan@vidu.vn> no such user")
    made = await room.report()
    await room.read()
    (payload,) = await room.waiting()
    assert set(payload) == {"ward", "incident", "steps"}
    assert (payload["ward"], payload["incident"]) == (CODE, made.rpartition(":")[2])
    assert [UUID(step) for step in payload["steps"].split()]
    await room.post()
    ours = [record.getMessage() for record in caplog.records if record.name.startswith(("server", "geo"))]
    assert any("refused for good: 550" in line for line in ours)
    assert not any("lan@" in line or "Lan" in line for line in ours)


async def test_a_job_that_names_the_first_and_the_last_step_is_written_still(room: Room, office: Office) -> None:
    await room.report()
    await room.read()
    (payload,) = await room.waiting()
    step = payload.pop("steps")
    former = {**payload, "first": step, "last": step}
    async with room.desk.database.write() as connection:
        body = {"payload": json.dumps(former).encode(), "name": mail.JOB}
        await connection.execute(sa.text("UPDATE jobs.pgqueuer SET payload = :payload WHERE entrypoint = :name"), body)
    await room.post()
    assert office.asked == 1


@pytest.mark.parametrize("answers", ["to_recipients", "to_letters"])
async def test_what_is_refused_for_good_is_not_sent_again_and_what_is_refused_for_now_fails(
    room: Room, office: Office, answers: str
) -> None:
    getattr(office, answers).append("550 5.7.1 no")
    await room.report()
    await room.post()
    assert (office.asked, office.taken) == (1, [])
    getattr(office, answers).append("450 4.2.1 later")
    await room.report()
    with pytest.raises(MailAway, match="450"):
        await room.post()
    await room.post()
    assert len(office.taken) == 1


async def test_a_server_that_is_away_is_left_alone_for_a_while() -> None:
    async with open_office() as office:
        relay = Relay.read(office.url)
    now = 100.0
    post = Post(relay, lambda: now)
    letter = EmailMessage()
    letter["From"] = letter["To"] = ADDRESS
    with pytest.raises(MailAway, match="Connect"):
        await post.deliver(letter, ADDRESS)
    now = 110.0
    with pytest.raises(MailAway) as soon:
        await post.deliver(letter, ADDRESS)
    assert str(soon.value) == ""
    now = 121.0
    with pytest.raises(MailAway, match="Connect"):
        await post.deliver(letter, ADDRESS)


async def test_where_tls_is_required_nothing_is_said_without(office: Office) -> None:
    letter = EmailMessage()
    letter["From"] = letter["To"] = ADDRESS
    for query in ("?tls=required", ""):
        post = Post(Relay.read(f"smtp://me:secret@127.0.0.1:{office.port}{query}"))
        with pytest.raises(MailAway):
            await post.deliver(letter, ADDRESS)
    assert office.asked == 0


async def test_without_a_mail_server_nothing_is_enqueued_and_what_waits_is_not_sent(room: Room) -> None:
    await room.report()
    settings = Settings(database_url=room.desk.database.url, secret_key=SERVER_KEY)
    telling = telling_with(settings)
    async with room.desk.database.write() as connection:
        assert await telling.chore.bite(connection) > 0
        await telling.jobs[mail.JOB](connection, {"ward": CODE})
    assert await room.waiting() == []


async def test_the_worker_writes_and_tries_again_with_the_same_name(desk: Desk, office: Office) -> None:
    """From the report to the letter by the worker itself; the first try is refused for now."""
    settings = settings_of(desk.database.url, smtp_url=office.url)
    worker = worker_of(settings)
    quick = Pace(first_delay=Pace().poll / 10)
    worker = Worker(desk.database.url, jobs=worker._jobs, chores=worker._chores, letters=worker._letters, pace=quick)
    async with working(worker):
        await bookmarked(desk)
        opened = Room(desk, Mail(Post(Relay.read(office.url)), FROM, SITE))
        office.to_letters.append("451 4.3.0 later")
        await opened.nobody_on_duty()
        await opened.report()
        await eventually(lambda: len(office.taken) == 1, 40)
    assert office.asked == 2
    assert str(office.letters[0]["Subject"]).startswith("Đã tiếp nhận phản ánh")


async def bookmarked(desk: Desk) -> None:
    for _ in range(2_000):
        async with desk.database.read() as connection:
            if await connection.scalar(sa.text("SELECT count(*) FROM bookmark")):
                return
        await asyncio.sleep(0.02)
    raise AssertionError("nobody reads the news")


async def test_a_job_that_is_given_up_is_told_to_the_staff_of_its_ward(desk: Desk) -> None:
    async with open_office() as closed:
        pass
    url = closed.url
    settings = settings_of(desk.database.url, smtp_url=url)
    worker = worker_of(settings)
    hurried = Pace(tries=2, first_delay=Pace().poll / 100)
    async with working(
        Worker(desk.database.url, jobs=worker._jobs, chores=worker._chores, letters=worker._letters, pace=hurried)
    ):
        await bookmarked(desk)
        opened = Room(desk, Mail(Post(Relay.read(url)), FROM, SITE))
        await opened.report()
        kinds: Sequence[str] = ()
        for _ in range(2_000):
            async with desk.database.read() as connection:
                kinds = list(await connection.scalars(sa.text("SELECT kind FROM notice WHERE audience = 'STAFF'")))
            if "JOB_FAILED" in kinds:
                break
            await asyncio.sleep(0.02)
    assert list(kinds).count("JOB_FAILED") == 1


@pytest.mark.parametrize(
    "url",
    ["http://x", "smtp://", "smtp://x:99999", "smtp://x/path", "smtp://x?tls=perhaps", "smtp://x?ssl=1", "hop"],
)
def test_an_address_that_is_no_mail_server_is_refused_without_repeating_it(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("PHUONGSO_SMTP_URL", url.replace("://", "://me:secret-word@"))
    with pytest.raises(SettingsError, match="PHUONGSO_SMTP_URL") as refused:
        read_settings()
    assert "secret-word" not in str(refused.value)


def test_a_mail_server_needs_to_know_who_writes_and_where_links_lead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHUONGSO_SMTP_URL", "smtps://me:p%40ss@mail.example")
    with pytest.raises(SettingsError, match="PHUONGSO_MAIL_FROM is required"):
        read_settings()
    monkeypatch.setenv("PHUONGSO_MAIL_FROM", FROM)
    with pytest.raises(SettingsError, match="PHUONGSO_PUBLIC_URL is required"):
        read_settings()
    monkeypatch.setenv("PHUONGSO_PUBLIC_URL", SITE)
    settings = read_settings()
    assert settings.smtp_url is not None
    assert "p@ss" not in repr(settings)
    relay = Relay.read(settings.smtp_url.get_secret_value())
    assert (relay.host, relay.port, relay.use_tls, relay.user, relay.password) == (
        "mail.example",
        465,
        True,
        "me",
        "p@ss",
    )


def test_a_password_is_not_said_in_plain_unless_that_is_asked_for() -> None:
    assert Relay.read("smtp://me:word@h").start_tls is True
    assert Relay.read("smtp://h").start_tls is None
    assert Relay.read("smtp://me:word@h?tls=off").start_tls is False


async def test_the_report_form_asks_for_an_address_only_where_mail_is_sent(desk: Desk) -> None:
    text = (await desk.http.get("/report")).text
    assert 'name="email"' not in text
    assert "email" not in re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL)
    desk.app.state.settings = settings_of(desk.database.url, smtp_url="smtp://mail.example")
    text = (await desk.http.get("/report")).text
    assert 'name="email"' in text
    assert "Ai để lại email được báo bằng thư ở mỗi bước." in text
    english = (await desk.http.get("/report?lang=en")).text
    assert "Whoever leaves an e-mail address is written to at each step." in english


async def test_a_report_from_the_page_is_written_to_in_the_pages_language(room: Room, office: Office) -> None:
    await room.nobody_on_duty()
    fields = {"requestKey": str(uuid4()), "category": "ENVIRONMENT", "consent": "yes", "email": ADDRESS}
    place = {"longitude": str(IN_FIRST[0]), "latitude": str(IN_FIRST[1])}
    answer = await room.desk.http.post("/report?lang=en", data=fields | place)
    assert answer.status_code == 303
    await room.post()
    assert [str(letter["Subject"]).partition(":")[0] for letter in office.letters] == ["Report received"]


STOP = re.compile(rf"{SITE}(/r/20314-\w{{6}}/letters\?key=[\w-]{{43}}(?:&lang=en)?)")


def stop_in(letter: EmailMessage) -> str:
    """Where letters end, without the site."""
    found = STOP.search(text_of(letter))
    assert found is not None
    assert letter["List-Unsubscribe"] == f"<{found[0]}>"
    return found[1]


async def addresses_in(desk: Desk) -> list[tuple[Any, ...]]:
    async with desk.database.read() as connection:
        rows = await connection.execute(sa.select(reporter.c.email, reporter.c.name).order_by(reporter.c.email))
        return [tuple(row) for row in rows]


async def test_a_letter_leads_to_where_letters_end_and_opening_that_ends_nothing(room: Room, office: Office) -> None:
    await room.nobody_on_duty()
    made = await room.report("en")
    await room.post()
    stop = stop_in(office.letters[0])
    asked = await room.desk.http.get(stop)
    assert asked.status_code == 200
    assert "No more letters about this report?" in asked.text
    assert await addresses_in(room.desk) == [(ADDRESS, "Trần Thị Lan")]
    # As a mail program does it (RFC 8058), from elsewhere and without a session; then once more.
    for _ in range(2):
        headers = {"Sec-Fetch-Site": "cross-site"}
        done = await room.desk.http.post(stop, data={"List-Unsubscribe": "One-Click"}, headers=headers)
        assert (done.status_code, "No more letters" in done.text) == (200, True)
        assert await addresses_in(room.desk) == [(None, "Trần Thị Lan")]
    await room.step("staff", "rejectIncident", incidentId=made, reason="Không thuộc phường")
    await room.post()
    assert len(office.taken) == 1


async def test_who_told_nothing_but_an_address_leaves_nothing(room: Room, office: Office) -> None:
    await room.report(name=None, phone=None)
    await room.post()
    await room.desk.http.post(stop_in(office.letters[0]))
    assert await addresses_in(room.desk) == []


async def test_letters_of_a_report_end_by_its_own_key_alone(room: Room, office: Office) -> None:
    await room.report()
    first, secret = room.code, room.secret
    await room.report(email="minh@vidu.vn")
    await room.post()
    (other,) = (stop for stop in map(stop_in, office.letters) if first not in stop)
    key = other.partition("key=")[2]
    before = await room.desk.dump()
    for path in (
        f"/r/{first}/letters?key={key}",
        f"/r/{first}/letters?key={secret}",
        f"/r/{first}/letters",
        f"/r/{first}/letters?key=%00",
        f"/r/%00/letters?key={key}",
        f"/r/20314-000000/letters?key={key}",
    ):
        assert (await room.desk.http.post(path)).status_code == 404
    assert await room.desk.dump() == before
