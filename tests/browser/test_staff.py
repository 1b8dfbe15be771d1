"""The staff console in a browser: filters and the address, what happens live, assigning in every way, many at once."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
import sqlalchemy as sa
from playwright.async_api import Page, Route, expect

from geo import tables
from geo.database import Database
from tests.browser.axe import LOOKS, by_day_and_night
from tests.browser.conftest import PHONE, Opening
from tests.browser.staff_console import Console, codes, console_on, row, signed_in
from tests.ward import CLEAN, CODE, IN_FIRST, ROADS

WITHIN = 1.0
"""Seconds in which what happens is seen."""
TRIES = 12
"""So many times it is tried: other work on the machine only ever adds to it."""

ROWS = re.compile(r"/staff/rows\?")
"""Where the page asks how rows are now."""

OPEN = ("late", "soon", "later", "held", "begun", "secret")


@pytest.fixture
async def console(database_url: str, tmp_path: Path) -> AsyncIterator[Console]:
    async with console_on(database_url, tmp_path) as made:
        yield made


@pytest.fixture
def address(console: Console) -> str:
    """Where `opening` finds the application."""
    return console.address


def query(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def named(console: Console, found: list[str]) -> list[str]:
    names = {one.tracking_code: name for name, one in console.incidents.items()}
    return [names[code] for code in found]


async def shows(page: Page, console: Console, *names: str) -> None:
    rows = page.locator(".row")
    await expect(rows).to_have_count(len(names))
    for number, name in enumerate(names):
        await expect(rows.nth(number)).to_have_attribute("data-code", console.incidents[name].tracking_code)


async def test_what_is_open_comes_most_urgent_first_and_what_needs_a_person_is_counted(
    opening: Opening, console: Console
) -> None:
    page = (await signed_in(opening, console)).page
    await shows(page, console, *OPEN)
    counts = {"late": "1", "soon": "1", "attention": "0", "waiting": "4", "": "6"}
    for need, count in counts.items():
        await expect(page.locator(f'.need[data-need="{need}"] .need-count')).to_have_text(count)
    await expect(row(page, console.incidents["late"]).locator(".row-due")).to_have_text("Quá hạn 2 giờ")
    await expect(row(page, console.incidents["held"]).locator(".row-crew")).to_have_text(CLEAN)
    crew = page.locator(".crew", has_text=CLEAN)
    assert [await crew.get_attribute(f"data-{name}") for name in ("held", "capacity", "duty")] == ["1", "10", "on"]


async def test_filters_are_in_the_address_and_back_undoes_them(opening: Opening, console: Console) -> None:
    page = (await signed_in(opening, console)).page
    await page.locator('.need[data-need="waiting"]').click()
    await shows(page, console, "late", "soon", "later", "secret")
    assert query(page) == {"need": ["waiting"]}
    await expect(page.locator('.need[data-need="waiting"]')).to_have_attribute("aria-current", "true")
    await page.get_by_text("Lọc", exact=True).click()
    await page.get_by_role("checkbox", name="An ninh trật tự").check()
    await shows(page, console, "secret")
    assert query(page) == {"need": ["waiting"], "kind": ["SECURITY"]}
    await page.go_back()
    await shows(page, console, "late", "soon", "later", "secret")
    await page.go_back()
    await shows(page, console, *OPEN)
    assert query(page) == {}
    await page.go_forward()
    await page.reload()
    await shows(page, console, "late", "soon", "later", "secret")


async def test_a_search_needs_no_diacritics(opening: Opening, console: Console) -> None:
    page = (await signed_in(opening, console)).page
    await page.locator("#q").fill("vo chi cong")
    await shows(page, console, "late")
    assert query(page) == {"q": ["vo chi cong"]}
    await page.locator("#q").fill("không có đâu")
    await expect(page.locator(".queue-empty")).to_contain_text("Không có phản ánh nào khớp")
    await page.get_by_role("link", name="Bỏ lọc").click()
    await shows(page, console, *OPEN)


async def test_a_crew_of_the_strip_shows_what_it_has(opening: Opening, console: Console) -> None:
    page = (await signed_in(opening, console, f"/staff?crew={console.ward.crews[ROADS]}")).page
    await shows(page, console, "begun")
    await page.locator(".crew", has_text=CLEAN).click()
    await shows(page, console, "held")
    assert query(page) == {"crew": [str(console.ward.crews[CLEAN])]}


async def test_a_report_is_in_the_queue_within_a_second(opening: Opening, console: Console) -> None:
    page = (await signed_in(opening, console)).page
    taken: list[float] = []
    while len(taken) < TRIES and min(taken, default=WITHIN) >= WITHIN:
        begun = time.monotonic()
        _, code = await console.report("TRAFFIC", "Đèn đỏ hỏng")
        await expect(row(page, code)).to_be_attached()
        taken.append(time.monotonic() - begun)
    assert min(taken) < WITHIN, taken


async def test_what_happens_is_seen_in_its_row(opening: Opening, console: Console) -> None:
    page = (await signed_in(opening, console)).page
    asked, may_come = asyncio.Event(), asyncio.Event()

    async def come_last(route: Route) -> None:
        if asked.is_set():
            await route.continue_()
            return
        asked.set()
        answer = await route.fetch()
        await may_come.wait()
        await route.fulfill(response=answer)

    # The first answer tells how all rows were before anything happened, and comes after all others.
    await page.goto("about:blank")
    await page.route(ROWS, come_last)
    await page.goto("/staff", wait_until="commit")
    await asyncio.wait_for(asked.wait(), 15)
    await expect(page.locator(".row")).to_have_count(6)
    _, code = await console.report("TRAFFIC", "Đèn đỏ hỏng")
    await expect(row(page, code)).to_be_attached()
    await expect(page.locator(".queue-count strong")).to_have_text("7")
    roads = page.locator(f'.crew-pin[data-crew="{console.crew(ROADS)}"]')
    await expect(roads).to_have_text("2/10")  # it was given the report
    await roads.evaluate("(pin) => { pin.dataset.same = 'yes'; }")
    late = console.incidents["late"]
    await console.step("assignIncident", "admin", incidentId=late.id, crewId=console.crew(CLEAN))
    await expect(row(page, late)).to_have_attribute("data-status", "ASSIGNED")
    await expect(row(page, late).locator(".row-crew")).to_have_text(CLEAN)
    await expect(page.locator(".crew", has_text=CLEAN)).to_have_attribute("data-held", "2")
    await expect(roads).to_have_attribute("data-same", "yes")  # under a pointer it stays what is pressed
    may_come.set()
    await console.step("rejectIncident", "admin", incidentId=console.incidents["soon"].id, reason="Không thuộc phường")
    await expect(row(page, console.incidents["soon"])).to_have_count(0)
    await expect(page.locator('.need[data-need="soon"] .need-count')).to_have_text("0")
    await expect(row(page, late)).to_have_attribute("data-status", "ASSIGNED")
    await expect(page.locator("#fresh")).to_be_hidden()
    # What is pressed is pressed, whatever happens to its row meanwhile.
    later = console.incidents["later"]
    await row(page, later).get_by_role("button").hover()
    await page.mouse.down()
    async with page.expect_response(lambda one: ROWS.search(one.url) and later.id in unquote(one.url)) as info:
        await console.step("assignIncident", "admin", incidentId=later.id, crewId=console.crew(ROADS))
    await (await info.value).finished()
    # Longer than a page needs that draws what it has: who draws under the finger is caught at it.
    await page.evaluate("new Promise((then) => requestAnimationFrame(() => setTimeout(then, 500)))")
    await page.mouse.up()
    await expect(page.locator("#assigning")).to_be_visible()
    await expect(row(page, later)).to_have_attribute("data-status", "ASSIGNED")


async def test_under_the_readers_hand_new_rows_wait_and_old_ones_fade(opening: Opening, console: Console) -> None:
    page = (await signed_in(opening, console)).page
    held = row(page, console.incidents["begun"])
    await held.locator(".row-tick").click()
    await expect(page.locator("#bulk")).to_be_visible()
    before = await held.bounding_box()
    _, code = await console.report("TRAFFIC", "Ổ gà", IN_FIRST)
    fresh = page.locator("#fresh")
    await expect(fresh).to_have_text("1 phản ánh mới, bấm để xem")
    await expect(row(page, code)).to_have_count(0)
    await console.step("rejectIncident", "admin", incidentId=console.incidents["late"].id, reason="Trùng việc")
    await expect(row(page, console.incidents["late"])).to_contain_text("Không còn thuộc danh sách này")
    after = await held.bounding_box()
    assert before is not None
    assert after is not None
    assert abs(after["y"] - before["y"]) <= 2
    await fresh.click()
    await expect(row(page, code)).to_be_visible()
    await expect(fresh).to_be_hidden()


async def test_the_page_says_when_it_is_not_live_and_catches_up(opening: Opening, console: Console) -> None:
    watched = await signed_in(
        opening, console, expected="ERR_INTERNET_DISCONNECTED|Failed to (fetch|load)|fetching the script"
    )
    page = watched.page
    await page.context.set_offline(True)
    await expect(page.locator("#live")).to_have_attribute("data-tone", "lost")
    await expect(page.locator("#live")).to_contain_text("Không có mạng. Danh sách này là lúc")
    _, code = await console.report("TRAFFIC", "Cây đổ")
    # Word may come again while the list does not: what is shown is old until it has come.
    await page.route(ROWS, lambda route: route.fulfill(status=503))
    async with page.expect_response(lambda answer: answer.status == 503):
        await page.context.set_offline(False)
    await expect(page.locator("#live")).to_contain_text("Danh sách này là lúc")
    await page.unroute(ROWS)
    await expect(page.locator("#live")).to_have_attribute("data-tone", "live")
    await expect(row(page, code)).to_be_attached()


async def status_of(console: Console, name: str) -> tuple[str, str | None]:
    asked = "query Q($code: String!) { incident(trackingCode: $code) { status crew { name } } }"
    found = (await console.ask(asked, "staff", code=console.incidents[name].tracking_code))["incident"]
    return found["status"], found["crew"] and found["crew"]["name"]


async def test_a_row_is_given_to_the_crew_that_suits_it_best(opening: Opening, console: Console) -> None:
    page = (await signed_in(opening, console)).page
    # A row that the screen's edge cuts stays where it is under the pointer that presses.
    button = row(page, console.incidents["late"]).get_by_role("button")
    await expect(button).to_be_visible()
    box = await button.bounding_box()
    assert box is not None
    await page.set_viewport_size({"width": 1280, "height": int(box["y"] + box["height"]) - 4})
    await button.click()
    offered = page.locator("#candidates .candidate")
    await expect(offered).to_have_count(2)
    await expect(offered.first).to_contain_text(CLEAN)
    await expect(offered.first).to_contain_text("phù hợp")
    await expect(offered.last).to_contain_text("không làm lĩnh vực này")
    await offered.first.click()
    await expect(row(page, console.incidents["late"])).to_have_attribute("data-status", "ASSIGNED")
    await expect(page.locator("#toast")).to_contain_text(f"cho {CLEAN}")
    assert await status_of(console, "late") == ("ASSIGNED", CLEAN)


async def test_a_refusal_is_told_in_words(opening: Opening, console: Console, database: Database) -> None:
    page = (await signed_in(opening, console)).page
    await row(page, console.incidents["late"]).get_by_role("button").click()
    await expect(page.locator("#candidates .candidate", has_text=ROADS)).to_be_disabled()
    await expect(page.locator(".candidates-rest")).to_have_text("Chưa giao được cho các đội sau:")
    async with database.write() as connection:
        await connection.execute(sa.text("UPDATE crew SET on_duty = false WHERE name = :name"), {"name": CLEAN})
    await page.locator("#candidates .candidate", has_text=CLEAN).click()
    await expect(page.locator("#toast")).to_have_attribute("data-tone", "failed")
    await expect(page.locator("#toast span").last).to_have_text("Đội này đang ngoài ca trực.")
    assert await status_of(console, "late") == ("RECEIVED", None)


async def test_from_the_map_a_pin_and_then_a_crew(opening: Opening, console: Console) -> None:
    page = (await signed_in(opening, console)).page
    soon = console.incidents["secret"]
    pin = page.locator(f'.incident[data-code="{soon.tracking_code}"]')
    await pin.click()
    card = page.locator("#pin-card")
    await expect(card).to_contain_text("An ninh trật tự")
    await expect(row(page, soon)).to_have_class("row is-current is-lit")
    await page.locator(f'.crew-pin[data-crew="{console.crew(CLEAN)}"]').click(force=True)
    first = page.locator("#candidates .candidate").first
    await expect(first).to_be_focused()
    await expect(first).to_contain_text(CLEAN)
    await page.keyboard.press("Enter")
    await expect(row(page, soon)).to_have_attribute("data-status", "ASSIGNED")
    await expect(card).to_be_hidden()
    assert await status_of(console, "secret") == ("ASSIGNED", CLEAN)


async def test_a_row_and_its_pin_point_at_each_other(opening: Opening, console: Console) -> None:
    page = (await signed_in(opening, console)).page
    secret = console.incidents["secret"]
    await row(page, secret).hover()
    await expect(page.locator("path.ring")).to_be_attached()
    await page.locator("#q").hover()
    await expect(page.locator("path.ring")).to_have_count(0)
    await page.locator(f'.incident[data-code="{secret.tracking_code}"]').hover()
    await expect(row(page, secret)).to_have_class("row is-lit")


async def test_the_keyboard_does_it_all(opening: Opening, console: Console) -> None:
    page = (await signed_in(opening, console)).page
    for key in ("j", "j"):
        await page.keyboard.press(key)
    await expect(row(page, console.incidents["soon"]).locator(".row-link")).to_be_focused()
    await page.keyboard.press("k")
    await expect(row(page, console.incidents["late"]).locator(".row-link")).to_be_focused()
    await page.keyboard.press("a")
    await expect(page.locator("#assigning")).to_be_visible()
    await page.keyboard.type("moi truong")
    await page.keyboard.press("Enter")
    await expect(row(page, console.incidents["late"])).to_have_attribute("data-status", "ASSIGNED")
    await page.keyboard.press("j")
    await page.keyboard.press("r")
    await page.locator("#rejecting-reason").fill("Việc của thành phố")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(row(page, console.incidents["soon"])).to_contain_text("Không còn thuộc danh sách này")
    assert await status_of(console, "soon") == ("REJECTED", None)
    await page.keyboard.press("/")
    await expect(page.locator("#q")).to_be_focused()
    await page.keyboard.type("jjxa?")
    await expect(page.locator("#q")).to_have_value("jjxa?")
    await expect(page.locator("dialog[open]")).to_have_count(0)
    await page.keyboard.press("Escape")


async def test_shortcuts_are_listed_and_can_be_switched_off(opening: Opening, console: Console) -> None:
    page = (await signed_in(opening, console)).page
    await page.keyboard.press("Shift+?")
    await expect(page.locator("#keys")).to_be_visible()
    await page.locator("#keys-on").uncheck()
    await page.keyboard.press("Escape")
    await page.keyboard.press("j")
    await expect(page.locator(".row.is-current")).to_have_count(0)
    await page.reload()
    await expect(page.locator("#live")).to_have_attribute("data-tone", "live")
    await page.keyboard.press("j")
    await expect(page.locator(".row.is-current")).to_have_count(0)
    await page.locator("#show-keys").click()
    await page.locator("#keys-on").check()
    await page.keyboard.press("Escape")
    await page.keyboard.press("j")
    await expect(page.locator(".row.is-current")).to_have_count(1)


async def test_many_at_once_each_told_how_it_went(opening: Opening, console: Console) -> None:
    page = (await signed_in(opening, console)).page
    for name in ("late", "later", "soon"):
        await row(page, console.incidents[name]).locator(".row-tick").click()
    await expect(page.locator("#bulk-count")).to_have_text("Đã chọn 3")
    await page.locator('[data-bulk="assign"]').click()
    await page.locator("#candidates .candidate", has_text=CLEAN).click()
    results = page.locator("#results-list li")
    await expect(page.locator("#results-title")).to_have_text("Xong 2, chưa được 1")
    await expect(results.first).to_have_attribute("data-tone", "failed")
    await expect(results.first).to_contain_text(console.incidents["later"].tracking_code)
    await expect(results.nth(1)).to_contain_text(f"đã giao cho {CLEAN}")
    await page.keyboard.press("Escape")
    await expect(page.locator("#bulk-count")).to_have_text("Đã chọn 1")
    assert [await status_of(console, name) for name in ("late", "later", "soon")] == [
        ("ASSIGNED", CLEAN),
        ("RECEIVED", None),
        ("ASSIGNED", CLEAN),
    ]
    await page.keyboard.press("Escape")
    await expect(page.locator("#bulk")).to_be_hidden()


async def test_what_is_dealt_with_is_closed_and_published_together(opening: Opening, console: Console) -> None:
    page = (await signed_in(opening, console, "/staff?status=all")).page
    for name in ("done", "late"):
        await row(page, console.incidents[name]).locator(".row-tick").click()
    await page.locator('[data-bulk="publish"]').click()
    await expect(page.locator("#results-title")).to_have_text("Đã xong cả 2 phản ánh")
    await page.keyboard.press("Escape")
    await row(page, console.incidents["done"]).locator(".row-tick").click()
    await page.locator('[data-bulk="close"]').click()
    await expect(row(page, console.incidents["done"])).to_have_attribute("data-status", "CLOSED")


async def test_the_whole_queue_is_planned_by_one_button(opening: Opening, console: Console) -> None:
    page = (await signed_in(opening, console)).page
    await page.get_by_role("button", name="Điều phối hàng chờ").click()
    await expect(page.locator("#toast")).to_contain_text("Đang xếp đội cho 4 phản ánh")


async def test_a_case_opens_beside_the_queue_and_has_its_address(opening: Opening, console: Console) -> None:
    page = (await signed_in(opening, console)).page
    late = console.incidents["late"]
    asked, may_come = asyncio.Event(), asyncio.Event()

    async def slow(route: Route) -> None:
        asked.set()
        await may_come.wait()
        await route.continue_()

    # It is shown once it can be used: its crew is chosen as a row's is.
    await page.route(re.compile(r"/staff/case\.js"), slow)
    async with page.expect_response("**/staff/incidents/*"):
        await row(page, late).locator(".row-link").click()
    await asyncio.wait_for(asked.wait(), 15)
    await expect(page.locator("#beside .beside-wait")).to_be_visible()
    await expect(page.locator("#beside article.case")).to_have_count(0)
    may_come.set()
    await expect(page.locator("#beside article.case")).to_be_visible()
    assert query(page) == {"case": [late.tracking_code]}
    await page.keyboard.press("Escape")
    await expect(page.locator("#beside")).to_be_hidden()
    await expect(row(page, late).locator(".row-link")).to_be_focused()
    await page.go_back()
    await expect(page.locator("#beside article.case")).to_be_visible()
    await page.reload()
    await expect(page.locator("#beside article.case")).to_be_visible()
    await page.locator("#case-assign > summary").click()
    await expect(page.locator("#assigning")).to_be_visible()
    await page.locator("#assigning .assign-note summary").click()
    await page.locator("#assigning-note").fill("Mang theo xe cuốn")
    await page.locator("#candidates .candidate", has_text=CLEAN).click()
    await expect(row(page, late)).to_have_attribute("data-status", "ASSIGNED")
    await expect(page.locator("#beside [data-part=head]")).to_contain_text(CLEAN)
    await expect(page.locator("#beside .case-note").first).to_have_text("Mang theo xe cuốn")
    await page.locator("#case-assign > summary").click()
    await expect(page.locator("#candidates .candidate", has_text=CLEAN)).to_be_disabled()


async def test_ten_thousand_open_reports_leave_the_document_small(
    opening: Opening, console: Console, database: Database
) -> None:
    await many(database, 10_000)
    page = (await signed_in(opening, console)).page
    await expect(page.locator(".queue-count strong")).to_have_text("10.000")
    first = (await codes(page))[0]
    most = loaded = 0
    while loaded < 1_500:
        before = loaded
        await page.evaluate("() => { const box = document.getElementById('queue'); box.scrollTop = box.scrollHeight; }")
        async with asyncio.timeout(20):
            while loaded == before:
                lists = "[...document.querySelectorAll('.rows')]"
                most = max(most, await page.evaluate(f"{lists}.reduce((sum, one) => sum + one.children.length, 0)"))
                loaded = await page.evaluate(f"50 + 100 * ({lists}.length - 1)")
                await asyncio.sleep(0.05)
    assert most <= 450
    # What was seen before is there again, in its place.
    await page.evaluate("document.getElementById('queue').scrollTop = 0")
    await expect(row(page, first)).to_be_in_viewport()
    assert (await codes(page))[0] == first
    # And what happens is still seen at once.
    late = console.incidents["late"]
    await console.step("assignIncident", "admin", incidentId=late.id, crewId=console.crew(CLEAN))
    await page.locator("#q").fill(late.tracking_code)
    await expect(row(page, late)).to_have_attribute("data-status", "ASSIGNED")


async def many(database: Database, wanted: int) -> None:
    """So many open incidents: copies of one that is due first, each due a little later."""
    columns = [column.name for column in tables.incident.columns if column.computed is None]
    fresh = {
        "id": "gen_random_uuid()",
        # No real code has a U.
        "tracking_code": "ward_code || '-U' || lpad(n::text, 5, '0')",
        "due_at": "due_at + n * interval '1 minute'",
        "request_key_hash": "sha256(('key' || n)::bytea)",
        "reporter_secret_hash": "sha256(('secret' || n)::bytea)",
    }
    values = ", ".join(fresh.get(name, name) for name in columns)
    async with database.write() as connection:
        have = await connection.scalar(
            sa.text("SELECT count(*) FROM incident WHERE status IN ('RECEIVED', 'ASSIGNED', 'ACCEPTED', 'IN_PROGRESS')")
        )
        await connection.execute(
            sa.text(
                f"INSERT INTO incident ({', '.join(columns)}) SELECT {values}"  # noqa: S608 - our own columns
                " FROM (SELECT * FROM incident WHERE status = 'RECEIVED' ORDER BY due_at LIMIT 1) AS one,"
                " generate_series(1, :left) AS n"
            ),
            {"left": wanted - have},
        )


async def test_without_scripts_it_is_a_list_to_filter_and_to_leaf_through(opening: Opening, console: Console) -> None:
    page = (await signed_in(opening, console, java_script_enabled=False)).page
    await expect(page.locator(".row")).to_have_count(6)
    await page.locator("#q").fill("nguyen phuoc")
    await page.locator("#q").press("Enter")
    await expect(page.locator(".row")).to_have_count(1)
    assert named(console, [await page.locator(".row").get_attribute("data-code") or ""]) == ["soon"]
    await expect(page.locator(".row-link")).to_have_attribute(
        "href", f"/staff/incidents/{console.incidents['soon'].tracking_code}"
    )
    await page.get_by_role("link", name="Bỏ lọc").click()
    await page.locator('.need[data-need="late"]').click()
    await expect(page.locator(".row")).to_have_count(1)


@pytest.mark.parametrize(("viewport", "scheme"), LOOKS)
async def test_everybody_can_use_what_opens(opening: Opening, console: Console, viewport: Any, scheme: Any) -> None:
    page = (await signed_in(opening, console, viewport=viewport, color_scheme=scheme)).page
    await page.locator("#show-keys").click()
    assert await by_day_and_night(page) == []
    await page.keyboard.press("Escape")
    await row(page, console.incidents["late"]).locator(".row-tick").click()
    await page.get_by_text("Lọc", exact=True).click()
    assert await by_day_and_night(page) == []
    await page.locator('[data-bulk="reject"]').click()
    await expect(page.locator("#rejecting")).to_be_visible()
    assert await by_day_and_night(page) == []
    await page.keyboard.press("Escape")
    await page.locator('[data-bulk="assign"]').click()
    assert await by_day_and_night(page) == []


async def test_a_phone_switches_between_list_and_map(opening: Opening, console: Console) -> None:
    page = (await signed_in(opening, console, viewport=PHONE)).page
    await expect(page.locator("#staff_map")).to_be_hidden()
    await page.get_by_role("radio", name="Bản đồ").check()
    await expect(page.locator("#queue")).to_be_hidden()
    await expect(page.locator(".incident, .cluster").first).to_be_visible()
    await page.get_by_role("radio", name="Danh sách").check()
    await expect(page.locator("#queue")).to_be_visible()


async def test_the_code_of_another_ward_shows_its_own_ward(opening: Opening, console: Console) -> None:
    page = (await signed_in(opening, console, "/staff?ward=20320")).page
    await shows(page, console, *OPEN)
    assert all(code.startswith(CODE) for code in await codes(page))
