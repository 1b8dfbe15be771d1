"""A ward's places at the desk in real Chromium: by keyboard and by touch, on the map, from a spreadsheet, narrow, with
large text, in both themes, and without JavaScript."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.async_api import Page, expect

from geo import tables
from geo.database import Database
from geo.ids import new_id
from tests import ward
from tests.browser.axe import violations
from tests.browser.conftest import DESKTOP, PHONE, Opening
from tests.browser.test_every_page import BESIDE, LOOKS, NARROW, SMALL, TWICE
from tests.ward import FIRST, IN_FIRST, SECOND, Ward

AT = "/staff/places"
HOUSE = "Nhà văn hóa số 1"
TABLE = """Mã;Loại;Tên;Địa chỉ;Vị trí;Gỡ bỏ
{house};Nhà văn hóa;Nhà văn hóa số 1;Số 5 đường Mới;"15,9865; 108,21";
{office};Ủy ban nhân dân;Ủy ban nhân dân phường;12 Thử;"15,992; 108,232";x
;Chợ;Chợ Hòa Xuân;;"15,99; 108,23";
;Lâu đài;Lâu đài;;"15,99; 108,23";
"""


@dataclass
class Laid(Ward):
    """The ward, and a session's token of its staff."""

    token: str = ""


@pytest.fixture
async def laid(database: Database) -> Laid:
    async with database.write() as connection:
        made = Laid(**vars(await ward.build(connection)))
        made.token = await ward.token(connection, made, "staff")
        row = {"kind": "MARKET", "name": "Chợ lẻ", "location": "SRID=4326;POINT(108.21 15.99)"}
        await connection.execute(sa.insert(tables.place).values(ward_code=ward.CODE, id=new_id(), **row))
    return made


async def at_desk(opening: Opening, laid: Laid, path: str = AT, viewport: Any = DESKTOP, **options: Any) -> Page:
    """A page as staff of the ward have it."""
    cookie = {"name": "session", "value": laid.token, "domain": "127.0.0.1", "path": "/", "expires": -1}
    cookie |= {"httpOnly": True, "secure": False, "sameSite": "Lax"}
    state = {"cookies": [cookie], "origins": []}
    page: Page = (await opening(path, viewport, reduced_motion="reduce", storage_state=state, **options)).page
    return page


async def previewed(page: Page, laid: Laid) -> None:
    """Send the table, and see what it would change."""
    text = TABLE.format(house=laid.places[HOUSE], office=laid.places["Ủy ban nhân dân phường"])
    await page.goto(f"{AT}/import")
    file = {"name": "địa điểm.csv", "mimeType": "text/csv", "buffer": text.encode("utf-16")}
    await page.get_by_label("Tệp bảng: CSV hoặc Excel").set_input_files(file)  # type: ignore[arg-type]
    await page.get_by_role("button", name="Xem trước thay đổi").press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Xem trước thay đổi")


@pytest.mark.parametrize(("viewport", "scheme"), LOOKS)
async def test_the_pages_are_right_for_everybody(opening: Opening, laid: Laid, viewport: Any, scheme: Any) -> None:
    page = await at_desk(opening, laid, viewport=viewport, color_scheme=scheme)
    for path in (AT, f"{AT}?q=khong-co", f"{AT}/import", f"{AT}/{laid.places[HOUSE]}", "the preview"):
        if path.startswith("/"):
            await page.goto(path)
        else:
            await previewed(page, laid)
        if "Nhà" in await page.title() or str(laid.places[HOUSE]) in path:
            await expect(page.locator(".place-edge").first).to_be_attached(timeout=15_000)
        assert await violations(page) == [], path
        assert await page.evaluate(SMALL) == [], path
        assert await page.evaluate(BESIDE) == {"width": 0, "beside": []}, path


async def test_nothing_needs_scrolling_sideways_on_a_small_phone_with_large_letters(
    opening: Opening, laid: Laid
) -> None:
    page = await at_desk(opening, laid, viewport=NARROW)
    for path in (AT, f"{AT}/import", f"{AT}/new", "the preview"):
        if path.startswith("/"):
            await page.goto(path)
        else:
            await previewed(page, laid)
        assert await page.evaluate(BESIDE) == {"width": 0, "beside": []}, path
        await page.evaluate("(size) => { document.documentElement.style.fontSize = size }", TWICE)
        assert await page.evaluate(BESIDE) == {"width": 0, "beside": []}, path


async def test_places_are_found_by_keyboard_and_the_address_says_what_was_asked(opening: Opening, laid: Laid) -> None:
    page = await at_desk(opening, laid)
    await page.get_by_label("Tên hoặc địa chỉ").fill("nha van hoa")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**q=nha+van+hoa**")
    await expect(page.locator(".places tbody tr")).to_have_count(2)
    await page.get_by_label("Tổ dân phố", exact=True).select_option(SECOND)
    await page.get_by_role("button", name="Tìm").press("Enter")
    await expect(page.locator(".places tbody tr")).to_have_count(1)
    await page.reload()
    await expect(page.get_by_label("Tổ dân phố", exact=True)).to_have_value(str(laid.neighbourhoods[SECOND]))
    await page.get_by_role("link", name="Bỏ lọc").press("Enter")
    await page.get_by_role("link", name="1 địa điểm chưa có tổ dân phố").press("Enter")
    await expect(page.get_by_role("rowheader")).to_have_count(1)
    await expect(page.get_by_role("rowheader")).to_contain_text("Chợ lẻ")


async def test_a_place_is_put_where_the_map_is_tapped_and_its_neighbourhood_is_said(
    opening: Opening, laid: Laid, database: Database
) -> None:
    house = laid.places[HOUSE]
    page = await at_desk(opening, laid, f"{AT}/{house}", PHONE, has_touch=True)
    field, box = page.locator("#position"), page.locator("#place_map")
    await expect(page.locator("#area-found")).to_have_text(f"Thuộc {FIRST}.")
    await expect(box.locator(".place-edge").first).to_be_attached(timeout=15_000)
    await expect(page.locator(".map-frame.is-set")).to_be_attached()
    await box.scroll_into_view_if_needed()
    await box.click(position={"x": 90, "y": 150})
    await expect(field).not_to_have_value("15.986500, 108.210000")
    await expect(page.locator("#position-said")).to_contain_text("Đã chọn")
    chosen = await field.input_value()
    # Typed, the other neighbourhood is said at once, and the map goes there.
    await field.fill("15.99, 108.23")
    await field.press("Tab")
    await expect(page.locator("#area-found")).to_have_text(f"Thuộc {SECOND}.")
    await field.fill("16.5, 108.23")
    await field.press("Tab")
    await expect(page.locator("#area-found")).to_have_text("Vị trí này nằm ngoài địa bàn phường.")
    await field.fill(chosen)
    await page.get_by_role("button", name="Lưu địa điểm").click()
    await expect(page.locator(".told[role=status]")).to_contain_text("Đã lưu địa điểm.")
    async with database.read() as connection:
        spot = sa.select(sa.func.ST_Y(tables.place.c.location), sa.func.ST_X(tables.place.c.location))
        latitude, longitude = (await connection.execute(spot.where(tables.place.c.id == house))).one()
    assert f"{latitude:.6f}, {longitude:.6f}" == chosen


async def test_this_machines_position_is_taken(opening: Opening, laid: Laid) -> None:
    position = {"longitude": IN_FIRST[0], "latitude": IN_FIRST[1]}
    page = await at_desk(opening, laid, f"{AT}/new", geolocation=position, permissions=["geolocation"])
    await page.get_by_role("button", name="Vị trí của máy này").click()
    await expect(page.locator("#position")).to_have_value("15.986500, 108.210000")
    await expect(page.locator("#area-found")).to_have_text(f"Thuộc {FIRST}.")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
async def test_a_place_is_added_and_removed_by_keyboard(opening: Opening, laid: Laid, scripts: bool) -> None:
    page = await at_desk(opening, laid, java_script_enabled=scripts, expected="422")
    await page.get_by_role("link", name="Thêm địa điểm").press("Enter")
    await page.get_by_label("Tên địa điểm").fill("Sân chơi mới")
    await page.get_by_label("Vị trí: vĩ độ, kinh độ").fill("nơi nào đó")
    await page.get_by_label("Vị trí: vĩ độ, kinh độ").press("Enter")
    await expect(page.locator("#position-problem")).to_contain_text("Tọa độ gồm")
    await expect(page.get_by_label("Tên địa điểm")).to_have_value("Sân chơi mới")
    await page.get_by_label("Vị trí: vĩ độ, kinh độ").fill("15,9865; 108,21")
    await page.get_by_label("Vị trí: vĩ độ, kinh độ").press("Enter")
    await expect(page.get_by_text("Đã thêm địa điểm.")).to_be_visible()
    await page.get_by_role("link", name="Sân chơi mới").press("Enter")
    removing = page.get_by_text("Gỡ khỏi bản đồ")
    await removing.focus()
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Gỡ hẳn").press("Enter")
    await expect(page.get_by_text("Đã gỡ địa điểm khỏi bản đồ số.")).to_be_visible()
    await expect(page.get_by_text("Sân chơi mới")).to_have_count(0)


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
async def test_a_table_is_previewed_and_applied(
    opening: Opening, laid: Laid, database: Database, scripts: bool
) -> None:
    page = await at_desk(opening, laid, java_script_enabled=scripts)
    await page.get_by_role("link", name="Nhập từ bảng").press("Enter")
    await previewed(page, laid)
    counts = page.get_by_role("list", name="Tóm tắt").get_by_role("listitem")
    assert [text.split()[0] for text in await counts.all_inner_texts()] == ["1", "1", "1", "0", "1"]
    await expect(page.locator("#changed del")).to_have_text("12 Thử")
    await expect(page.locator("#changed ins")).to_have_text("Số 5 đường Mới")
    await expect(page.locator("#wrong")).to_contain_text("Dòng 5")
    async with database.read() as connection:
        before = await connection.scalar(sa.select(sa.func.count()).select_from(tables.place))
    await page.get_by_role("button", name="Áp dụng 3 thay đổi").press("Enter")
    await expect(page.get_by_text("Đã áp dụng bảng: thêm 1, sửa 1, gỡ 1.")).to_be_visible()
    async with database.read() as connection:
        names = set(await connection.scalars(sa.select(tables.place.c.name)))
    assert len(names) == before
    assert "Chợ Hòa Xuân" in names
    assert "Ủy ban nhân dân phường" not in names
    async with page.expect_download() as downloading:
        await page.get_by_role("link", name="Xuất danh sách (CSV)").click()
    assert (await downloading.value).suggested_filename.startswith("dia-diem-20314-")
