"""A team's page as its members use it: live, on a phone, by keyboard, and without scripts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.async_api import Page, expect

from geo import tables
from geo.database import Database
from tests import ward
from tests.browser.axe import violations
from tests.browser.conftest import DESKTOP, PHONE, Opening, application, served
from tests.ward import CODE, FIRST, IN_FIRST

REPORT = """async (location) => {
    const query = `mutation($input: ReportIncidentInput!) { reportIncident(input: $input) {
        ... on ReportIncidentPayload { incident { trackingCode } } } }`;
    const input = { requestKey: crypto.randomUUID(), wardCode: "20314", category: "TRAFFIC", location };
    const response = await fetch("/graphql", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ query, variables: { input } }),
    });
    return (await response.json()).data.reportIncident.incident.trackingCode;
}"""


@dataclass
class Site:
    """Where the application is, what was laid there, and a member's session."""

    address: str
    database: Database
    ward: ward.Ward
    token: str

    @property
    def state(self) -> Any:
        cookie = {"name": "session", "value": self.token, "domain": "127.0.0.1", "path": "/", "expires": -1}
        cookie |= {"httpOnly": True, "secure": False, "sameSite": "Lax"}
        return {"cookies": [cookie], "origins": []}


@pytest.fixture
async def site(database_url: str, tmp_path: Path) -> AsyncIterator[Site]:
    database = Database(database_url)
    async with database.write() as connection:
        laid = await ward.build(connection)
        token = await ward.token(connection, laid, "team-1")
    async with served(application(database_url, tmp_path, default_ward=CODE)) as at:
        yield Site(at, database, laid, token)
    await database.close()


@pytest.fixture
def address(site: Site) -> str:
    return site.address


async def entered(opening: Opening, site: Site, path: str = "/team", viewport: Any = PHONE, **options: Any) -> Page:
    page: Page = (await opening(path, viewport, storage_state=site.state, **options)).page
    return page


async def test_a_new_incident_appears_by_itself(opening: Opening, site: Site) -> None:
    page = await entered(opening, site)
    await expect(page.get_by_text("Không có sự cố nào đang chờ xử lý.")).to_be_visible()
    resident = (await opening("/report", PHONE)).page
    at = {"type": "Point", "coordinates": list(IN_FIRST)}
    code = await resident.evaluate(REPORT, at)
    await expect(page.locator(f'[data-code="{code}"]')).to_be_visible(timeout=15_000)
    await expect(page.locator("#fresh")).to_have_text("Vừa có thay đổi trong danh sách sự cố.")
    assert await violations(page) == []


async def test_a_place_is_put_where_the_map_is_tapped(opening: Opening, site: Site) -> None:
    house = site.ward.places["Nhà văn hóa số 1"]
    page = await entered(opening, site, f"/team/places/{house}", has_touch=True)
    field = page.locator("#position")
    await expect(field).to_have_value("15.986500, 108.210000")
    await page.get_by_role("button", name="Chọn trên bản đồ").click()
    box = page.locator("#map")
    await expect(box.locator(".place-edge").first).to_be_attached(timeout=15_000)
    await box.scroll_into_view_if_needed()
    await box.click(position={"x": 100, "y": 120})
    await expect(field).not_to_have_value("15.986500, 108.210000")
    await expect(page.locator("#position-said")).to_contain_text("Đã chọn")
    assert await violations(page) == []
    chosen = await field.input_value()
    await page.get_by_role("button", name="Lưu địa điểm").click()
    await page.wait_for_url("**/team?done=place#places")
    async with site.database.read() as connection:
        spot = sa.select(sa.func.ST_Y(tables.place.c.location), sa.func.ST_X(tables.place.c.location))
        latitude, longitude = (await connection.execute(spot.where(tables.place.c.id == house))).one()
    assert f"{latitude:.6f}, {longitude:.6f}" == chosen


async def test_this_phones_position_is_taken_and_a_refusal_is_told(opening: Opening, site: Site) -> None:
    position = {"longitude": IN_FIRST[0], "latitude": IN_FIRST[1]}
    page = await entered(opening, site, "/team/places/new", geolocation=position, permissions=["geolocation"])
    await page.get_by_role("button", name="Vị trí của máy này").click()
    await expect(page.locator("#position")).to_have_value("15.986500, 108.210000")
    refused = await entered(opening, site, "/team/places/new", permissions=[])
    await refused.get_by_role("button", name="Vị trí của máy này").click()
    await expect(refused.locator("#position-said")).to_contain_text("Chưa tìm được vị trí")


async def test_consent_for_a_home_is_asked_of_homes_only(opening: Opening, site: Site) -> None:
    page = await entered(opening, site, "/team/places/new")
    consent = page.get_by_role("checkbox")
    await expect(consent).to_be_hidden()
    await page.get_by_label("Loại địa điểm").select_option("OFFICIAL_HOME")
    await expect(consent).to_be_visible()
    await expect(consent).not_to_be_checked()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
async def test_a_place_is_added_and_taken_off_by_keyboard(opening: Opening, site: Site, scripts: bool) -> None:
    page = await entered(opening, site, viewport=DESKTOP, java_script_enabled=scripts, expected="422")
    await page.get_by_role("link", name="Thêm địa điểm").press("Enter")
    await page.get_by_label("Tên địa điểm").fill("Sân chơi mới")
    await page.get_by_label("Vị trí: vĩ độ, kinh độ").fill("nơi nào đó")
    await page.get_by_label("Vị trí: vĩ độ, kinh độ").press("Enter")
    await expect(page.locator("#position-problem")).to_contain_text("Tọa độ gồm")
    await expect(page.get_by_label("Tên địa điểm")).to_have_value("Sân chơi mới")
    await page.get_by_label("Vị trí: vĩ độ, kinh độ").fill(f"{IN_FIRST[1]}, {IN_FIRST[0]}")
    await page.get_by_label("Vị trí: vĩ độ, kinh độ").press("Enter")
    await expect(page.get_by_text("Đã lưu địa điểm.")).to_be_visible()
    await page.get_by_role("link", name="Sửa Sân chơi mới").press("Enter")
    removing = page.get_by_text("Gỡ khỏi bản đồ")
    await removing.focus()
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Gỡ hẳn").press("Enter")
    await expect(page.get_by_text("Đã gỡ địa điểm khỏi bản đồ số.")).to_be_visible()
    await expect(page.get_by_text("Sân chơi mới")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_own_entry_is_published_and_hidden_again(opening: Opening, site: Site, scheme: Any) -> None:
    page = await entered(opening, site, color_scheme=scheme, expected="422")
    await page.get_by_role("link", name="Sửa Người dùng team-1").click()
    consent = page.get_by_role("checkbox")
    await expect(consent).not_to_be_checked()
    assert await violations(page) == []
    await page.set_viewport_size({"width": 320, "height": 640})
    await page.evaluate("() => { document.documentElement.style.fontSize = '34px' }")
    assert await page.evaluate("() => document.documentElement.scrollWidth - innerWidth") == 0
    await page.get_by_label("Số điện thoại di động").fill("12")
    await consent.check()
    await page.get_by_role("button", name="Lưu thông tin").click()
    await expect(page.locator("#phone-problem")).to_be_visible()
    await expect(consent).to_be_checked()
    assert await violations(page) == []
    await page.get_by_label("Số điện thoại di động").fill("0905 000 333")
    await page.get_by_role("button", name="Lưu thông tin").click()
    await expect(page.get_by_text("Đã lưu thông tin liên hệ.")).to_be_visible()
    resident = (await opening(f"/?neighbourhood={site.ward.neighbourhoods[FIRST]}", DESKTOP)).page
    await expect(resident.get_by_text("0905 000 333")).to_be_visible()
    await page.get_by_role("link", name="Sửa Người dùng team-1").click()
    await consent.uncheck()
    await page.get_by_role("button", name="Lưu thông tin").click()
    await expect(page.get_by_text("Đã lưu thông tin liên hệ.")).to_be_visible()
    await resident.reload()
    await expect(resident.get_by_text("Nguyễn Thị Công Khai")).to_be_visible()
    await expect(resident.get_by_text("0905 000 333")).to_have_count(0)
