"""What residents read about their data, and how they take back what they told of themselves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from html import unescape

import pytest
import sqlalchemy as sa

from geo import consents
from geo.language import Language
from server import reporters
from tests.asking import Desk, Opening
from tests.server.test_progress import holding, made, opened
from tests.server.test_report import form, post, problems
from tests.ward import Reported

PHONE = "0905123456"
WITHDRAW = """
mutation ($input: WithdrawContactInput!) { done: withdrawContact(input: $input) {
  __typename
  ... on UserError { code path }
  ... on WithdrawContactPayload { incident { trackingCode reporter { phone } } }
} }"""


@pytest.fixture(scope="module")
async def standing(opening: Opening) -> AsyncIterator[Desk]:
    """A desk that all tests of the module share: each has a report of its own."""
    async with opening() as opened_desk:
        yield opened_desk


async def kept(desk: Desk, one: Reported) -> int:
    async with desk.database.read() as connection:
        query = sa.text("SELECT count(*) FROM reporter WHERE incident_id = :key")
        return int(await connection.scalar(query, {"key": one.key}) or 0)


async def test_the_page_says_how_long_by_the_settings(standing: Desk) -> None:
    settings = standing.app.state.settings
    answer = await standing.http.get("/privacy")
    assert answer.status_code == 200
    text = unescape(answer.text)
    assert f"<strong>{settings.keep_contacts_days} ngày</strong>" in text
    assert f"<strong>{settings.keep_texts_days // 365} năm</strong>" in text
    assert "20 ngày" in text
    english = await standing.http.get("/privacy?lang=en")
    assert f"<strong>{settings.keep_contacts_days} days</strong>" in english.text
    assert (await standing.http.get("/privacy?ward=99999")).status_code == 404
    assert 'href="/privacy"' in (await standing.http.get("/report?lang=vi")).text


async def test_a_reporter_deletes_what_they_told_without_a_script(standing: Desk) -> None:
    one = await made(standing, phone=PHONE)
    text = await opened(standing, one, "?lang=vi", held=True)
    assert "Lê Thị Phản Ánh" in text
    assert f'action="/r/{one.tracking_code}/withdraw"' in text
    assert "/withdraw" not in await opened(standing, one)
    # Neither somebody else nor another site may.
    address = f"/r/{one.tracking_code}/withdraw"
    assert (await standing.http.post(address)).status_code == 404
    foreign = {"Sec-Fetch-Site": "cross-site"}
    assert (await standing.http.post(address, headers=holding(one) | foreign)).status_code == 403
    assert await kept(standing, one) == 1
    answer = await standing.http.post(address, headers=holding(one))
    assert (answer.status_code, answer.headers["location"]) == (303, f"/r/{one.tracking_code}?told=withdrawn")
    assert await kept(standing, one) == 0
    text = await opened(standing, one, "?told=withdrawn&lang=vi", held=True)
    assert "Đã xóa thông tin liên hệ" in text
    assert "/withdraw" not in text
    # A second tap.
    assert (await standing.http.post(address, headers=holding(one))).status_code == 303


async def test_withdrawing_by_the_api_needs_the_secret_and_leaves_the_evidence(standing: Desk) -> None:
    words = consents.current(consents.CONTACT).key(Language.EN)
    given = form(consent="yes", name="Lê Thị Hoa", phone="0905 123 456", consentWording=words)
    answer = await post(standing, given)
    [(name, held)] = [one for one in answer.cookies.items() if one[0].startswith(reporters.COOKIE)]
    code, secret = name.removeprefix(reporters.COOKIE), held.partition(".")[2]
    standing.http.cookies.clear()
    wrong = await standing.data(WITHDRAW, input={"trackingCode": code, "secret": "x" * 43})
    assert wrong["done"]["code"] == "NOT_FOUND"
    evidence = sa.text(
        "SELECT wording, consent.channel, ended_why FROM consent JOIN incident ON incident.id = subject_id"
        " WHERE tracking_code = :code"
    )
    async with standing.database.read() as connection:
        assert [tuple(row) for row in await connection.execute(evidence, {"code": code})] == [(words, "WEB", None)]
    for _ in range(2):
        done = await standing.data(WITHDRAW, input={"trackingCode": code, "secret": secret})
        assert done["done"]["incident"] == {"trackingCode": code, "reporter": None}
    async with standing.database.read() as connection:
        rows = [tuple(row) for row in await connection.execute(evidence, {"code": code})]
    assert rows == [(words, "WEB", "WITHDRAWN")]


async def test_words_that_nobody_showed_are_not_agreed_to(standing: Desk) -> None:
    answer = await post(standing, form(consent="yes", phone=PHONE, consentWording="contact/9/vi"))
    assert answer.status_code == 422
    assert problems(answer) == {"consent": consents.UNKNOWN.vi}
    shown = await standing.http.get("/report?lang=vi")
    wording = consents.current(consents.CONTACT)
    assert wording.text.vi in shown.text
    assert f'value="{wording.key(Language.VI)}"' in shown.text
    assert 'name="consent" id="consent" value="yes">' in shown.text  # never ticked beforehand
