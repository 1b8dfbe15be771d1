"""'Gần tôi', the cards that need more than the map has, a press on the ground, and the map in somebody else's page."""

import re
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from playwright.async_api import expect

from geo import tables
from geo.database import Database
from geo.ids import new_id
from tests.browser.axe import violations
from tests.browser.conftest import PHONE, Opening, held_back
from tests.browser.ward_map import lay, pick, places, unfold
from tests.maps.small_ward import CODE

HERE = {"latitude": 16.001, "longitude": 108.231, "accuracy": 40}


@pytest.fixture(autouse=True)
async def ids(database: Database):
    return await lay(database)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_nearest_is_told_with_its_distance_and_nothing_is_sent(opening: Opening, scheme):
    options = {"geolocation": HERE, "permissions": ["geolocation"], "color_scheme": scheme}
    page = (await opening(viewport=PHONE, reduced_motion="reduce", **options)).page
    await expect(places(page)).to_have_count(5)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(f"{request.url} {request.post_data or ''}"))
    await page.get_by_role("button", name="Gần tôi").click()
    near = page.get_by_role("region", name="Gần tôi")
    await expect(near).to_contain_text("Vị trí hiện tại: Tổ dân phố số 2")
    await expect(near).to_contain_text("không gửi đi đâu")
    await expect(near).to_contain_text("chính xác trong khoảng 40 m")
    await expect(near.get_by_role("listitem").first).to_contain_text("Nhà văn hóa số 2")
    await expect(near.get_by_role("listitem").first).to_contain_text("Nhà văn hóa gần nhất · cách 150 m")
    await expect(near.get_by_role("listitem").nth(1)).to_contain_text("cách 1,8 km")
    await expect(page.locator("path.me-around")).to_have_count(1)
    assert await violations(page) == []
    assert not [one for one in sent if "16.001" in one or "108.231" in one]
    await near.get_by_role("link", name="Nhà văn hóa số 2", exact=True).click()
    await expect(page.locator("#card")).to_contain_text("150 m")


async def test_where_one_is_waits_for_the_neighbourhoods(opening: Opening):
    # Past a service worker, which has the neighbourhoods itself.
    options = {"service_workers": "block", "expected": "blocked by Playwright"}
    page = (await opening("/offline", PHONE, geolocation=HERE, permissions=["geolocation"], **options)).page
    come = await held_back(page, "**/map/neighbourhoods.geojson*")
    await page.goto("/")
    await page.get_by_role("button", name="Gần tôi").click()
    near = page.get_by_role("region", name="Gần tôi")
    await expect(near).to_contain_text("chính xác trong khoảng 40 m")
    await expect(near).not_to_contain_text("Vị trí hiện tại")
    come.set()
    await expect(near).to_contain_text("Vị trí hiện tại: Tổ dân phố số 2")


async def test_lists_are_sorted_by_distance_until_it_is_turned_off(opening: Opening):
    page = (
        await opening(geolocation={**HERE, "latitude": 15.985, "longitude": 108.218}, permissions=["geolocation"])
    ).page
    await expect(places(page)).to_have_count(5)
    rows = page.locator('.group[data-layer="others"] .item')
    before = await rows.all_text_contents()
    await page.get_by_role("button", name="Gần tôi").click()
    await unfold(page, "others")
    await expect(rows.first).to_have_text(before[-1])
    await expect(page.locator('.group[data-layer="others"] li').first).to_contain_text("Cách 10 m")
    await page.get_by_role("button", name="Tắt").click()
    await expect(rows).to_have_text(before)
    await expect(page.locator(".item-distance")).to_have_count(0)
    await expect(page.get_by_role("button", name="Gần tôi")).to_be_focused()


@pytest.mark.parametrize("size", ["17px", "34px"], ids=["usual", "twice"])
async def test_on_a_small_phone_the_nearest_house_and_its_number_are_in_sight(opening: Opening, size):
    options = {"geolocation": HERE, "permissions": ["geolocation"], "reduced_motion": "reduce"}
    page = (await opening(viewport={"width": 320, "height": 640}, **options)).page
    await expect(places(page)).to_have_count(5)
    await page.evaluate("size => (document.documentElement.style.fontSize = size)", size)
    await page.get_by_role("button", name="Gần tôi").click()
    near = page.get_by_role("region", name="Gần tôi")
    await expect(near.get_by_role("link", name="Nhà văn hóa số 2", exact=True)).to_be_in_viewport(ratio=0.9)
    await expect(page.locator("#panel")).to_have_attribute("data-height", "full")
    if size == "17px":
        await expect(near.get_by_role("link", name="Gọi Nhà văn hóa số 2, 0236 3000 111")).to_be_in_viewport(ratio=1)


async def test_a_refusal_is_answered_kindly(opening: Opening):
    page = (await opening(permissions=[])).page
    await expect(places(page)).to_have_count(5)
    await page.get_by_role("button", name="Gần tôi").click()
    await expect(page.get_by_role("region", name="Gần tôi")).to_contain_text("Vẫn có thể tìm tên nơi cần đến")


async def test_far_from_the_ward_the_distance_to_it_is_told(opening: Opening):
    page = (await opening(geolocation={"latitude": 21.03, "longitude": 105.85}, permissions=["geolocation"])).page
    await expect(places(page)).to_have_count(5)
    await page.get_by_role("button", name="Gần tôi").click()
    await expect(page.get_by_role("region", name="Gần tôi")).to_contain_text("ngoài địa bàn phường")


async def test_a_neighbourhood_shows_only_contacts_that_were_agreed_to(opening: Opening, database: Database, ids):
    at = tables.team_member
    async with database.write() as connection:
        team = await connection.scalar(
            sa.select(tables.team.c.id).where(tables.team.c.neighbourhood_id == ids["Tổ dân phố số 2"])
        )
        for name, role, agreed in (
            ("Lê Thị <i>Hoa</i>", "LEADER", datetime(2026, 1, 5, tzinfo=UTC)),
            ("Trần Kín", "MEMBER", None),
        ):
            values = {"name": name, "role": role, "phone": "0905 000 111", "organisation": "", "consented_at": agreed}
            await connection.execute(sa.insert(at).values(ward_code=CODE, id=new_id(), team_id=team, **values))
    page = (await opening()).page
    await pick(page, "neighbourhoods", "Tổ dân phố số 2")
    card = page.locator("#card")
    await expect(card).to_contain_text("Lê Thị <i>Hoa</i>")
    await expect(card).to_contain_text("Tổ trưởng")
    await expect(card).to_contain_text("9 phản ánh đang được xử lý.")
    await expect(card.get_by_role("link", name=re.compile("^Gọi Lê Thị"))).to_have_attribute("href", "tel:0905000111")
    assert "Trần Kín" not in await page.content()


async def test_a_published_incident_shows_its_text_and_leads_on(opening: Opening, database: Database, ids):
    async with database.write() as connection:
        row = tables.incident
        published = (
            sa.update(row).where(row.c.id == ids["apart"]).values(published=True, description="Đèn đỏ <b>hỏng</b>")
        )
        await connection.execute(published)
        code = await connection.scalar(sa.select(row.c.tracking_code).where(row.c.id == ids["apart"]))
    page = (await opening(f"/?incident={code}")).page
    card = page.locator("#card")
    await expect(card.get_by_role("heading")).to_have_text("An toàn giao thông")
    await expect(card).to_contain_text("Đèn đỏ <b>hỏng</b>")
    await expect(card.get_by_role("link", name="Xem tiến độ")).to_have_attribute("href", f"/r/{code}?ward={CODE}")


async def test_a_right_click_offers_to_report_there(opening: Opening):
    page = (await opening()).page
    await expect(page.locator("path.neighbourhood")).to_have_count(2)
    await page.mouse.click(800, 300, button="right")
    card = page.locator("#card")
    await expect(card.get_by_role("heading")).to_have_text("Điểm vừa chọn")
    link = card.get_by_role("link", name="Báo sự cố ở đây")
    await expect(link).to_have_attribute("href", re.compile(r"^/report\?lat=1[56]\.\d{6}&lon=108\.\d{6}$"))
    await page.keyboard.press("Escape")
    await expect(page.locator("path.spot")).to_have_count(0)


async def test_from_near_the_report_begins_at_the_middle_of_the_map(opening: Opening):
    page = (await opening()).page
    await expect(page.get_by_role("link", name="Báo sự cố")).to_have_attribute("href", "/report")
    await page.goto("/?at=17/15.99/108.21")
    link = page.get_by_role("link", name="Báo sự cố")
    await expect(link).to_have_attribute("href", "/report?lat=15.990000&lon=108.210000")


async def test_embedded_it_is_the_map_alone_and_leads_to_all_of_it(opening: Opening):
    small = {"width": 480, "height": 480}
    page = (await opening("/?embed=1&kind=TRAFFIC", viewport=small, reduced_motion="reduce")).page
    await expect(places(page)).to_have_count(5)
    await expect(page.locator("#panel")).to_be_hidden()
    await expect(page.locator(".incident")).to_have_count(1)
    whole = page.get_by_role("link", name="Bản đồ đầy đủ")
    await page.get_by_role("button", name="Phóng to").click()
    await expect(whole).to_have_attribute("href", re.compile(r"/\?kind=TRAFFIC&at="))
    await page.locator('.place[data-kind="CULTURAL_HOUSE"]').click()
    await expect(page.locator("#card")).to_be_visible()
    assert await violations(page) == []
    await expect(page.locator(".embed-bar .badge")).to_have_text("bản demo")
    assert await page.context.cookies() == []
