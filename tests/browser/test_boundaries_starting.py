"""Starting from nothing in real Chromium: a first partition is looked at, taken as a draft, and taken back."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from playwright.async_api import Page, expect

from geo.database import Database
from geo.ids import new_id
from geo.tables import PlaceKind, neighbourhood_boundary, place
from tests import ward
from tests.browser.axe import violations
from tests.browser.conftest import DESKTOP, Opening
from tests.ward import CODE, Ward

LARGE = {"width": 1366, "height": 768}
HOUSES = {"Nhà sinh hoạt cộng đồng tổ dân phố số 7": (108.21, 16.0), "Nhà văn hóa thôn Đông": (108.23, 16.0)}


class Laid(Ward):
    token: str = ""


async def lay(database: Database, *, drawn: tuple[str, ...] = ()) -> Laid:
    """The ward with two cultural houses, and boundaries of those neighbourhoods only."""
    async with database.write() as connection:
        made = Laid(**vars(await ward.build(connection)))
        made.token = await ward.token(connection, made, "staff")
        kept = [made.neighbourhoods[name] for name in drawn]
        columns = neighbourhood_boundary.c
        await connection.execute(
            sa.delete(neighbourhood_boundary).where(columns.ward_code == CODE, columns.neighbourhood_id.not_in(kept))
        )
        await connection.execute(sa.delete(place).where(place.c.kind == PlaceKind.CULTURAL_HOUSE))
        for name, at in HOUSES.items():
            values = {"kind": PlaceKind.CULTURAL_HOUSE, "name": name, "location": ward.spot(at)}
            await connection.execute(sa.insert(place).values(ward_code=CODE, id=new_id(), **values))
    return made


async def at_editor(opening: Opening, laid: Laid, viewport: Any = LARGE, **options: Any) -> Page:
    cookie = {"name": "session", "value": laid.token, "domain": "127.0.0.1", "path": "/", "expires": -1}
    cookie |= {"httpOnly": True, "secure": False, "sameSite": "Lax"}
    state = {"cookies": [cookie], "origins": []}
    watched = await opening("/staff/boundaries", viewport, reduced_motion="reduce", storage_state=state, **options)
    page: Page = watched.page
    await expect(page.locator("html[data-editor=ready]")).to_have_count(1)
    return page


def panel(page: Page) -> Any:
    return page.locator("#starting-panel")


async def try_parts(page: Page, count: int) -> None:
    await page.get_by_label("Thành các phần bằng nhau").check()
    await page.get_by_label("Số tổ dân phố").fill(str(count))
    await page.get_by_role("button", name="Chia thử").click()


def rows(page: Page) -> Any:
    return page.locator("#area-list li")


async def test_an_empty_ward_is_offered_a_start_which_becomes_a_draft_in_one_step(
    opening: Opening, database: Database
) -> None:
    page = await at_editor(opening, await lay(database))
    await page.get_by_role("button", name="Bắt đầu từ số không").click()
    await expect(page.get_by_role("heading", name="Bắt đầu từ số không")).to_be_visible()
    await try_parts(page, 6)
    await expect(page.locator("#starting-sum")).to_contain_text("Đề xuất 6 tổ dân phố")
    await expect(page.locator("#starting-list li")).to_have_count(6)
    await expect(page.locator(".starting-part")).to_have_count(6)
    await expect(page.get_by_text("Bản nháp đề xuất, chưa lưu")).to_be_visible()
    await expect(rows(page)).to_have_count(0)
    await page.get_by_role("button", name="Nhận làm bản nháp").click()
    await expect(rows(page)).to_have_count(6)
    await expect(page.locator(".starting-part")).to_have_count(0)
    await expect(page.locator("#draft-state")).to_contain_text("Bản nháp: 6 thay đổi chưa lưu")
    await expect(page.locator("#area-list [data-state=drawn]")).to_have_count(6)
    await expect(page.get_by_role("button", name="Bắt đầu từ số không")).to_be_hidden()
    await expect(rows(page).first.get_by_role("button")).to_be_focused()
    async with database.read() as connection:
        here = neighbourhood_boundary.c.ward_code == CODE
        assert await connection.scalar(sa.select(sa.func.count()).where(here)) == 0
    await page.locator("#undo").click()
    await expect(rows(page)).to_have_count(0)
    await expect(page.get_by_role("button", name="Bắt đầu từ số không")).to_be_visible()


async def test_parts_by_houses_are_named_after_them(opening: Opening, database: Database) -> None:
    page = await at_editor(opening, await lay(database))
    await page.get_by_role("button", name="Bắt đầu từ số không").click()
    await page.get_by_role("button", name="Chia thử").click()
    await expect(page.locator("#starting-list li span:first-child")).to_have_text(["Tổ dân phố số 7", "Thôn Đông"])
    await expect(page.locator(".starting-name")).to_have_text(["Tổ dân phố số 7", "Thôn Đông"])


async def test_a_proposal_is_dropped_without_a_trace(opening: Opening, database: Database) -> None:
    page = await at_editor(opening, await lay(database))
    await page.get_by_role("button", name="Bắt đầu từ số không").click()
    await try_parts(page, 4)
    await expect(page.locator(".starting-part")).to_have_count(4)
    await page.get_by_role("button", name="Bỏ đề xuất").click()
    await expect(page.locator(".starting-part")).to_have_count(0)
    await expect(page.locator("#starting-result")).to_be_hidden()
    await try_parts(page, 4)
    await expect(page.locator(".starting-part")).to_have_count(4)
    await panel(page).get_by_role("button", name="Đóng").click()
    await expect(page.locator(".starting-part")).to_have_count(0)
    await expect(page.locator("#draft-state")).to_contain_text("Chưa sửa gì")
    await expect(page.get_by_role("button", name="Bắt đầu từ số không")).to_be_focused()


async def test_what_is_not_drawn_yet_is_divided_beside_what_is(opening: Opening, database: Database) -> None:
    page = await at_editor(opening, await lay(database, drawn=("Tổ dân phố số 1", "Tổ dân phố số 2")))
    await page.get_by_role("button", name="Chia phần chưa vẽ").click()
    await try_parts(page, 3)
    await page.get_by_role("button", name="Nhận làm bản nháp").click()
    await expect(rows(page)).to_have_count(5)
    await expect(page.locator("#area-list [data-state=drawn]")).to_have_count(3)
    await expect(page.locator("#undrawn")).to_contain_text("Đã vẽ kín phường")


async def test_a_drawn_ward_is_offered_nothing(opening: Opening, database: Database) -> None:
    page = await at_editor(opening, await lay(database, drawn=tuple(ward.TILES)))
    await expect(rows(page)).to_have_count(4)
    await expect(page.locator(".starting-offer")).to_be_hidden()


@pytest.mark.parametrize("parts", ["1", "201", ""])
async def test_a_number_out_of_range_is_told_in_words(opening: Opening, database: Database, parts: str) -> None:
    page = await at_editor(opening, await lay(database))
    await page.get_by_role("button", name="Bắt đầu từ số không").click()
    await page.get_by_label("Thành các phần bằng nhau").check()
    await page.get_by_label("Số tổ dân phố").fill(parts)
    await page.get_by_role("button", name="Chia thử").click()
    await expect(page.locator("#starting-problem")).to_have_text("Cần số phần từ 2 đến 200.")


async def test_without_a_network_the_panel_says_so(opening: Opening, database: Database) -> None:
    page = await at_editor(opening, await lay(database), expected="Failed to load resource|ERR_FAILED|Failed to fetch")
    await page.get_by_role("button", name="Bắt đầu từ số không").click()
    await page.route("**/graphql", lambda route: route.abort())
    await page.get_by_role("button", name="Chia thử").click()
    await expect(page.locator("#starting-problem")).to_contain_text("Hãy kiểm tra mạng")


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_the_panel_has_no_barriers_and_works_by_keyboard(
    opening: Opening, database: Database, theme: str
) -> None:
    page = await at_editor(opening, await lay(database), DESKTOP, color_scheme=theme)
    await page.get_by_role("button", name="Bắt đầu từ số không").focus()
    await page.keyboard.press("Enter")
    await expect(panel(page)).to_be_focused()
    await page.get_by_label("Theo nhà văn hóa").focus()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Tab")
    await page.keyboard.type("1")  # the field's text was selected
    await page.keyboard.press("ControlOrMeta+a")
    await page.keyboard.type("5")
    await page.keyboard.press("Enter")
    await expect(page.locator("#starting-list li")).to_have_count(5)
    assert await violations(page) == []
    await page.get_by_role("button", name="Nhận làm bản nháp").focus()
    await page.keyboard.press("Enter")
    await expect(rows(page)).to_have_count(5)
