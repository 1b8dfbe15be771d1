"""Choosing where it is, in real Chromium: only what somebody meant is a choice; what is missing is said and mended."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from geo.database import Database
from tests import ward
from tests.browser.axe import violations
from tests.browser.conftest import DESKTOP, PHONE, Opening, held_back
from tests.browser.test_report import at_rest, eventually, picture, position, send, stored
from tests.ward import IN_FIRST, IN_SECOND, IN_THE_SEA

TURNED = {"width": PHONE["height"], "height": PHONE["width"]}
AREA_MISSING = "Đã có địa chỉ. Hãy chọn thêm tổ dân phố để phường giao đúng đội."
PLACE_MISSING = "Hãy cho biết sự cố ở đâu: bằng vị trí, bản đồ hoặc tổ dân phố."


@pytest.fixture(autouse=True)
async def laid(database: Database) -> ward.Ward:
    async with database.write() as connection:
        return await ward.build(connection)


async def open_map(page: Page) -> None:
    await page.get_by_role("button", name="Chọn trên bản đồ").click()
    await expect(page.locator("#map")).to_be_focused()


async def here(page: Page) -> None:
    await page.get_by_role("button", name="Vị trí của tôi").click()
    await expect(page.locator("#place-told")).to_contain_text("Theo vị trí của điện thoại.")


async def chosen(page: Page) -> tuple[float, float] | None:
    """Longitude and latitude as they would be sent."""
    longitude, latitude = [await page.locator(f"#{name}").input_value() for name in ("longitude", "latitude")]
    return (float(longitude), float(latitude)) if longitude else None


async def shown(page: Page, name: str) -> tuple[float, float]:
    """How far an area's name stands from the pin, in pixels."""
    label = await page.locator(".place-name", has_text=name).first.bounding_box()
    frame = await page.locator("#map").bounding_box()
    assert label is not None
    assert frame is not None
    across = label["x"] + label["width"] / 2 - frame["x"] - frame["width"] / 2
    return across, label["y"] + label["height"] / 2 - frame["y"] - frame["height"] / 2


async def stands_at_pin(page: Page, name: str) -> bool:
    return abs((await shown(page, name))[0]) < 3


async def look_closer(page: Page) -> None:
    """By every way there is but two fingers."""
    for name in ("Phóng to", "Thu nhỏ", "Phóng to"):
        await page.get_by_role("button", name=name).click()
        await at_rest(page)
    box = await page.locator("#map").bounding_box()
    assert box is not None
    await page.mouse.move(box["x"] + 40, box["y"] + 40)
    await page.mouse.wheel(0, -240)
    await at_rest(page)
    await page.locator("#map").focus()
    await page.keyboard.press("+")
    await at_rest(page)


async def turn(page: Page) -> None:
    for viewport in (TURNED, PHONE):
        await page.set_viewport_size(viewport)  # type: ignore[arg-type]
        await at_rest(page)


async def test_looking_closer_and_turning_the_phone_choose_nothing(opening: Opening) -> None:
    page = (await opening("/report", PHONE)).page
    await open_map(page)
    await look_closer(page)
    await turn(page)
    assert await chosen(page) is None
    await expect(page.locator("#place-told")).to_be_hidden()
    await expect(page.locator("#map-chosen")).to_be_hidden()
    await expect(page.locator(".map-frame.is-set")).to_have_count(0)


async def test_what_the_phone_told_outlives_zooming_and_turning(opening: Opening) -> None:
    page = (await opening("/report", PHONE, **position(IN_FIRST))).page
    await here(page)
    await open_map(page)
    await look_closer(page)
    await turn(page)
    assert await chosen(page) == pytest.approx(IN_FIRST, abs=1e-6)
    await expect(page.locator("#place-told")).to_contain_text("Theo vị trí của điện thoại.")
    # The cultural house stands at this very place: the pin is still on it.
    await eventually(lambda: stands_at_pin(page, "Nhà văn hóa số 1"))
    await page.get_by_role("button", name="Chọn trên bản đồ").click()
    await page.set_viewport_size(TURNED)  # type: ignore[arg-type]
    await page.get_by_role("button", name="Chọn trên bản đồ").click()
    await eventually(lambda: stands_at_pin(page, "Nhà văn hóa số 1"))


async def test_two_fingers_choose_nothing(opening: Opening) -> None:
    page = (await opening("/report", PHONE, has_touch=True, is_mobile=True)).page
    await page.get_by_role("button", name="Chọn trên bản đồ").click()
    await expect(page.locator(".place-area").first).to_be_attached()
    await page.locator("#map").scroll_into_view_if_needed()
    box = await page.locator("#map").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    client = await page.context.new_cdp_session(page)

    async def touch(kind: str, *points: tuple[float, float]) -> None:
        told = [{"x": left, "y": top, "id": number} for number, (left, top) in enumerate(points)]
        await client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": told})
        await page.wait_for_timeout(30)

    # The first finger comes early, and drags a little before the second one is there.
    await touch("touchStart", (x - 20, y))
    for step in range(1, 6):
        await touch("touchMove", (x - 20 - 4 * step, y))
    await touch("touchStart", (x - 40, y), (x + 30, y))
    for step in range(1, 8):
        await touch("touchMove", (x - 40 - 8 * step, y), (x + 30 + 8 * step, y))
    await touch("touchEnd")
    await page.wait_for_timeout(600)
    await at_rest(page)
    assert await chosen(page) is None
    await expect(page.locator("#place-told")).to_be_hidden()
    # One finger is a choice.
    await touch("touchStart", (x, y))
    for step in range(1, 6):
        await touch("touchMove", (x - 8 * step, y))
    await touch("touchEnd")
    await expect(page.locator("#place-told")).to_contain_text("Theo điểm chọn trên bản đồ.")


async def test_a_drag_a_tap_and_keys_choose(opening: Opening) -> None:
    page = (await opening("/report", PHONE)).page
    await open_map(page)
    told = page.locator("#place-told")
    box = await page.locator("#map").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    await page.mouse.move(x, y)
    await page.mouse.down()
    await page.mouse.move(x - 30, y + 20, steps=6)
    await page.wait_for_timeout(100)  # held still, so that it does not slide on by its speed
    await page.mouse.up()
    await expect(told).to_contain_text("Theo điểm chọn trên bản đồ.")
    await expect(page.locator("#map-chosen")).to_contain_text("Đã chọn: Tổ dân phố")
    dragged = await chosen(page)
    assert dragged is not None

    await page.get_by_role("button", name="Chọn chỗ khác").click()
    assert await chosen(page) is None
    await expect(page.locator(".map-frame.is-set")).to_have_count(0)
    await expect(page.locator("#map-chosen")).to_be_hidden()
    await page.locator("#map").focus()
    await page.keyboard.press("Enter")
    await expect(told).to_contain_text("Theo điểm chọn trên bản đồ.")
    assert await chosen(page) == pytest.approx(dragged, abs=1e-4)

    await page.keyboard.press("ArrowRight")
    await eventually(lambda: differs(page, dragged))
    keyed = await chosen(page)
    assert keyed is not None
    assert keyed[0] > dragged[0]

    await at_rest(page)
    await page.locator("#map").click(position={"x": 60, "y": 90})
    await eventually(lambda: differs(page, keyed))
    tapped = await chosen(page)
    assert tapped is not None
    assert tapped[0] < keyed[0]
    assert tapped[1] > keyed[1]


async def differs(page: Page, before: tuple[float, float]) -> bool:
    return await chosen(page) not in (None, before)


async def test_a_second_tap_looks_closer_at_the_first(opening: Opening) -> None:
    page = (await opening("/report", PHONE)).page
    await open_map(page)
    await page.locator("#map").dblclick(position={"x": 90, "y": 90})
    await page.wait_for_timeout(500)
    await at_rest(page)
    first = await chosen(page)
    assert first is not None
    await page.keyboard.press("Enter")  # takes the middle
    assert await chosen(page) == pytest.approx(first, abs=6e-5)  # a pixel


async def test_names_stand_on_the_plain_ground(opening: Opening) -> None:
    page = (await opening("/report", PHONE, **position(IN_FIRST))).page
    await here(page)
    await open_map(page)
    written = page.locator(".place-name.has-room")
    await expect(written.filter(has_text="Tổ dân phố số 1").first).to_be_attached()
    await expect(written.filter(has_text="Nhà văn hóa số 1")).to_be_visible()
    overlapping = await page.evaluate(
        """() => {
          const names = [...document.querySelectorAll('.place-name.has-room')];
          const boxes = names.map((one) => one.getBoundingClientRect());
          return boxes.filter((a, i) => boxes.some((b, j) => i !== j
            && a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1)).length;
        }"""
    )
    assert overlapping == 0
    for _ in range(3):
        await page.get_by_role("button", name="Thu nhỏ").click()
        await at_rest(page)
    await expect(page.locator("#map.has-names")).to_have_count(0)
    await expect(page.get_by_text("Nhà văn hóa số 1", exact=True)).to_be_hidden()


@pytest.mark.parametrize("touch", [False, True])
async def test_keys_are_told_only_to_who_has_some(opening: Opening, touch: bool) -> None:
    page = (await opening("/report", PHONE, has_touch=touch, is_mobile=touch)).page
    await page.get_by_role("button", name="Chọn trên bản đồ").click()
    await expect(page.locator("#map-note")).to_contain_text("Kéo bản đồ hoặc chạm vào chỗ có sự cố.")
    keys = page.locator("#map-note .with-keys")
    await (expect(keys).to_be_hidden() if touch else expect(keys).to_be_visible())


async def test_outside_every_ward_the_city_can_be_called(opening: Opening) -> None:
    page = (await opening("/report", PHONE, **position(IN_THE_SEA))).page
    await page.get_by_role("button", name="Vị trí của tôi").click()
    link = page.locator("#place-told").get_by_role("link", name="Sự cố ở phường khác? Gọi 0236 1022")
    await expect(link).to_have_attribute("href", "tel:02361022")
    box = await link.bounding_box()
    assert box is not None
    assert box["height"] >= 44
    # And a neighbourhood can be chosen after all.
    await page.locator("#place-told").get_by_role("button", name="Chọn chỗ khác").click()
    await expect(page.get_by_role("combobox", name="Tổ dân phố", exact=True)).to_be_visible()


async def test_an_address_alone_is_asked_for_its_neighbourhood(opening: Opening, database: Database) -> None:
    page = (await opening("/report", PHONE, reduced_motion="reduce")).page
    await page.locator("html.keeps").wait_for()
    await page.get_by_role("radio", name="Rác thải, môi trường").check()
    await page.get_by_label("Địa chỉ hoặc nơi gần đó").fill("Đối diện quán cơm")
    await send(page)
    await expect(page.locator("#summary").get_by_role("link")).to_have_text([AREA_MISSING])
    select = page.get_by_role("combobox", name="Tổ dân phố", exact=True)
    await expect(select).to_be_focused()
    await expect(select).to_have_attribute("aria-invalid", "true")
    await expect(page.locator("#neighbourhood-field-problem")).to_have_text(AREA_MISSING)
    await expect(page.locator(".problem-offer")).to_have_count(0)
    assert await violations(page) == []
    await select.select_option(label="Tổ dân phố số 2")
    await expect(page.locator("#summary")).to_have_count(0)
    await expect(page.locator(".problem")).to_have_count(0)
    await expect(select).not_to_have_attribute("aria-invalid", "true")
    await expect(select).to_have_attribute("aria-describedby", "neighbourhood-hint")
    await send(page)
    await page.wait_for_url("**/r/*new=1*")
    [found] = await stored(database)
    assert found.address == "Đối diện quán cơm"
    assert 108.22 < found.longitude < 108.24


async def test_the_only_place_of_that_address_is_offered(opening: Opening, database: Database) -> None:
    page = (await opening("/report", DESKTOP, reduced_motion="reduce")).page
    await page.locator("html.keeps").wait_for()
    await page.get_by_role("radio", name="Rác thải, môi trường").check()
    address = page.get_by_label("Địa chỉ hoặc nơi gần đó")
    await address.press_sequentially("nha van hoa so 2")
    await expect(page.locator("#address-offers").get_by_role("option")).to_have_count(1)
    await address.press("Escape")
    await send(page)
    offer = page.get_by_role("button", name="Có phải Nhà văn hóa số 2?")
    await expect(offer).to_be_visible()
    assert await violations(page) == []
    await offer.click()
    await expect(address).to_be_focused()
    await expect(address).to_have_value("Nhà văn hóa số 2")
    await expect(page.locator("#place-told")).to_contain_text("Tổ dân phố số 2")
    await expect(page.locator("#summary, .problem, .problem-offer, .is-wrong")).to_have_count(0)
    await send(page)
    await page.wait_for_url("**/r/*new=1*")
    [found] = await stored(database)
    assert (found.longitude, found.latitude) == pytest.approx(IN_SECOND, abs=1e-6)


async def test_what_is_mended_is_wrong_no_longer(opening: Opening) -> None:
    page = (await opening("/report", PHONE)).page
    await page.locator("html.keeps").wait_for()
    await send(page)
    summary = page.locator("#summary")
    await expect(summary.get_by_role("link")).to_have_text([PLACE_MISSING, "Hãy chọn loại sự cố."])
    await page.set_input_files("#photos", [picture(at=IN_SECOND)])
    await expect(page.locator("#place-told")).to_contain_text("Tổ dân phố số 2")
    await expect(summary.get_by_role("link")).to_have_text(["Hãy chọn loại sự cố."])
    await expect(page.locator("#place-field")).not_to_contain_class("is-wrong")
    await expect(page.get_by_role("button", name="Vị trí của tôi")).not_to_have_attribute("aria-invalid", "true")
    await page.get_by_role("radio", name="Hạ tầng đô thị").check()
    await expect(page.locator("#summary, .problem, .is-wrong, [aria-invalid]")).to_have_count(0)


async def test_what_the_server_refused_is_mended_too(opening: Opening) -> None:
    page = (await opening("/report", PHONE, expected="422", **position(IN_FIRST))).page
    await page.locator("html.keeps").wait_for()
    await page.get_by_role("radio", name="Hạ tầng đô thị").check()
    await here(page)
    await page.get_by_text("Tôi đồng ý").click()
    phone = page.get_by_role("textbox", name="Số điện thoại")
    await phone.fill("123")
    await send(page)
    await expect(page.locator("#summary")).to_contain_text("Số điện thoại gồm 10 chữ số")
    await expect(phone).to_have_attribute("aria-invalid", "true")
    await phone.fill("0905 123 456")
    await expect(page.locator("#summary, .problem, .is-wrong, [aria-invalid]")).to_have_count(0)


async def test_on_a_form_that_the_server_wrote_too(opening: Opening) -> None:
    page = (await opening("/report", PHONE, expected="422")).page
    await page.evaluate("addEventListener('submit', (event) => event.stopImmediatePropagation(), true)")
    await page.get_by_label("Địa chỉ hoặc nơi gần đó").fill("12 Đường Thử")
    await send(page)
    await expect(page.locator("#summary").get_by_role("link")).to_have_text([AREA_MISSING, "Hãy chọn loại sự cố."])
    await page.get_by_role("combobox", name="Tổ dân phố", exact=True).select_option(label="Tổ dân phố số 2")
    await expect(page.locator("#summary").get_by_role("link")).to_have_text(["Hãy chọn loại sự cố."])
    await page.get_by_role("radio", name="Hạ tầng đô thị").check()
    await expect(page.locator("#summary, .problem, .is-wrong, [aria-invalid]")).to_have_count(0)


async def test_a_map_that_comes_late_leaves_the_focus_where_somebody_writes(opening: Opening) -> None:
    # Past a service worker, which has the ward's boundary itself.
    page = (await opening("/report", PHONE, service_workers="block", expected="blocked by Playwright")).page
    come = await held_back(page, "**/map/ward.geojson*")
    await page.get_by_role("button", name="Chọn trên bản đồ").click()
    await expect(page.locator("#map-note")).to_contain_text("Đang tải bản đồ…")
    description = page.get_by_label("Nói thêm")
    await description.press_sequentially("Rác")
    come.set()
    await expect(page.locator("#map-note")).to_contain_text("Kéo bản đồ hoặc chạm vào chỗ có sự cố.")
    await expect(description).to_be_focused()
