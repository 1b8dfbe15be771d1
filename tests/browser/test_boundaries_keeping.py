"""The editor of boundaries: drafts that are never lost, saving them once, two people at once, and the way back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.async_api import Page, Route, expect

from geo import tables
from geo.database import Database
from tests import ward
from tests.browser.axe import violations
from tests.browser.conftest import DESKTOP, Opening, Watched, application, served
from tests.ward import CODE, FIRST, IN_FIRST, SECOND

TENTH, EAST = "Tổ dân phố số 10", "Tổ dân phố Đông Hòa"
WEST_EDGE, MIDDLE, EAST_EDGE = 108.20, 108.22, 108.24
SOON = 15_000
AWAY = "ERR_|Failed to load resource|fetching the script"
"""Without a network: of the service worker too, which is asked for some seconds after a page has come."""

MODEL = """async () => {
    const main = document.querySelector('script[src*="boundaries/main"]');
    return (await import(new URL("model.js", main.src))).model;
}"""
MOVE = f"""async ({{ names, from, to }}) => {{
    const model = await ({MODEL})();
    const over = ([x, y]) => [x === from ? to : x, y];
    const moved = (boundary) => boundary.map((rings) => rings.map((ring) => ring.map(over)));
    const redraw = names.map((name) => model.areas().find((area) => area.name === name));
    model.apply("Sửa đỉnh", {{ redraw: redraw.map(({{ key, boundary }}) => ({{ key, boundary: moved(boundary) }})) }});
}}"""
EDGE = f"""async ({{ name, side }}) => {{
    const model = await ({MODEL})();
    const area = model.areas().find((one) => one.name === name);
    return area ? Math[side](...area.boundary.flat(2).map(([x]) => x)) : null;
}}"""
BEND = f"""async ({{ start, end, by }}) => {{
    const main = document.querySelector('script[src*="boundaries/main"]');
    const {{ alongEdge, inserted }} = await import(new URL("vertices.js", main.src));
    const model = await ({MODEL})();
    const holders = alongEdge(model.areas(), start, end);
    const redraw = holders.map(({{ key, boundary }}) => ({{ key, boundary: inserted(boundary, start, end, by) }}));
    model.apply("Thêm đỉnh", {{ redraw }});
}}"""
SPOTS = f"async (name) => (await ({MODEL})()).areas().find((one) => one.name === name).boundary.flat(2)"
NAMES = f"async () => (await ({MODEL})()).areas().map(({{ name }}) => name)"
DRAW = f"""async ({{ remove, draw }}) => {{
    const model = await ({MODEL})();
    const gone = model.areas().filter(({{ name }}) => remove.includes(name));
    model.apply("Gộp", {{ remove: gone.map(({{ key }}) => key), draw }});
}}"""
GIVE = f"""async ({{ gone, taker, isSaved }}) => {{
    const main = document.querySelector('script[src*="boundaries/main"]');
    const {{ ask }} = await import(new URL("../common/asking.js", main.src));
    const {{ joined }} = await import(new URL("pieces.js", main.src));
    const model = await ({MODEL})();
    const all = [...model.areas(), ...model.removed()];
    const [from, to] = [gone, taker].map((name) => all.find((one) => one.name === name));
    const coordinates = joined(to.boundary, from.boundary);
    const step = {{ redraw: [{{ key: to.key, boundary: coordinates }}], remove: [from.key] }};
    if (!isSaved) return model.apply("Gộp", step);
    const of = ({{ id, version }}) => ({{ neighbourhoodId: id, expectedVersion: version }});
    const redraw = [{{ ...of(to), boundary: {{ type: "MultiPolygon", coordinates }} }}];
    const input = {{ wardCode: model.wardCode, draw: [], redraw, remove: [of(from)], rename: [], reason: null }};
    return (await ask("save", {{ input }})).saved.__typename;
}}"""


Spot = tuple[float, float]


@dataclass
class Editors:
    """The application on a ward of four neighbourhoods, and its database."""

    opening: Opening
    address: str
    database: Database
    laid: ward.Ward
    tokens: dict[str, str]

    def cookie(self, by: str) -> dict[str, Any]:
        where = {"name": "session", "domain": "127.0.0.1", "path": "/", "expires": -1}
        return {**where, "value": self.tokens[by], "httpOnly": True, "secure": False, "sameSite": "Lax"}

    async def open(self, by: str = "staff", **options: Any) -> Watched:
        """The editor in the browser of somebody, ready to draw in."""
        path = "/staff/boundaries" if by != "admin" else f"/staff/boundaries?ward={CODE}"
        state = {"cookies": [self.cookie(by)], "origins": []}
        options.setdefault("viewport", DESKTOP)
        watched = await self.opening(
            path,
            options.pop("viewport"),
            storage_state=state,
            reduced_motion="reduce",
            **options,
        )
        await ready(watched.page)
        return watched

    async def sign_in(self, page: Page, token: str) -> None:
        """Have somebody else signed in in the same browser."""
        await page.context.add_cookies([{"name": "session", "value": token, "url": self.address}])

    async def edits(self) -> list[Any]:
        """What was saved, the latest first, but for what the ward began with."""
        columns = tables.boundary_edit.c
        query = sa.select(tables.boundary_edit).where(columns.account_id.is_not(None)).order_by(columns.at.desc())
        async with self.database.read() as connection:
            return list(await connection.execute(query))

    async def names(self) -> set[str]:
        """The neighbourhoods that the ward has now."""
        held = sa.and_(
            tables.neighbourhood.c.id == tables.neighbourhood_boundary.c.neighbourhood_id,
            tables.neighbourhood_boundary.c.until.is_(None),
        )
        query = sa.select(tables.neighbourhood.c.name).join(tables.neighbourhood_boundary, held)
        async with self.database.read() as connection:
            return set(await connection.scalars(query.where(tables.neighbourhood.c.ward_code == CODE)))


@pytest.fixture
async def address(database_url: str, tmp_path: Path) -> AsyncIterator[str]:
    """The application, about the ward that `editors` lays."""
    async with served(application(database_url, tmp_path, default_ward=CODE)) as at:
        yield at


@pytest.fixture
async def editors(opening: Opening, address: str, database: Database) -> Editors:
    async with database.write() as connection:
        laid = await ward.build(connection)
        wider = ward.square(108.19, 15.97, 108.24, 16.03)  # ground that nobody has drawn lies around: areas may shrink
        await connection.execute(sa.update(tables.ward).where(tables.ward.c.code == CODE).values(boundary=wider))
        await ward.report(connection, at=IN_FIRST, neighbourhood_id=laid.neighbourhoods[FIRST])
        tokens = {username: await ward.token(connection, laid, username) for username in ("staff", "admin")}
    return Editors(opening, address, database, laid, tokens)


async def ready(page: Page) -> None:
    await expect(page.locator('html[data-editor="ready"]')).to_be_attached(timeout=SOON)


async def move(page: Page, *names: str, start: float = WEST_EDGE, to: float = 108.201) -> None:
    """Move an edge of these neighbourhoods from one meridian to another: a step of the draft."""
    await page.evaluate(MOVE, {"names": list(names), "from": start, "to": to})


async def edge(page: Page, name: str, side: str = "min") -> float | None:
    found: float | None = await page.evaluate(EDGE, {"name": name, "side": side})
    return found


async def kept(page: Page) -> None:
    await expect(page.locator("#draft-kept")).to_contain_text("Đã giữ trên máy này", timeout=SOON)


async def begin_saving(page: Page) -> None:
    await page.get_by_role("button", name="Lưu…").click()
    await expect(page.get_by_role("dialog", name="Lưu ranh giới")).to_be_visible()


async def save(page: Page, reason: str = "") -> None:
    await begin_saving(page)
    if reason:
        await page.get_by_label("Lý do").fill(reason)
    await page.locator("#saving-submit").click()


async def saved(page: Page) -> None:
    await expect(page.locator('[data-notice="saved"]')).to_contain_text("Đã lưu ranh giới", timeout=SOON)
    await expect(page.get_by_role("button", name="Lưu…")).to_be_disabled()


async def test_a_draft_outlives_a_reload_and_is_saved_with_its_reason(editors: Editors) -> None:
    page = (await editors.open()).page
    await move(page, FIRST)
    await kept(page)
    await page.reload()
    await ready(page)
    await expect(page.locator('[data-notice="draft"]')).to_contain_text("Có bản nháp chưa lưu từ")
    assert await edge(page, FIRST) == 108.201
    await page.get_by_role("button", name="Tiếp tục").click()
    await begin_saving(page)
    await expect(page.locator("#saving-changes li")).to_have_count(1)
    await expect(page.locator("#saving-changes")).to_contain_text("Tổ dân phố số 1")
    await expect(page.locator("#saving-along")).to_contain_text("chưa thuộc tổ nào", timeout=SOON)
    await page.get_by_label("Lý do").fill("Theo nghị quyết của phường")
    await page.locator("#saving-submit").click()
    await saved(page)
    (edit,) = await editors.edits()
    assert (edit.reason, edit.account_id) == ("Theo nghị quyết của phường", editors.laid.accounts["staff"])
    await page.reload()
    await ready(page)
    await expect(page.locator('[data-notice="draft"]')).to_have_count(0)


async def test_a_draft_outlives_a_crash(editors: Editors) -> None:
    page = (await editors.open(expected="Target crashed|Page crashed")).page
    await move(page, FIRST)
    await kept(page)
    session = await page.context.new_cdp_session(page)
    async with page.expect_event("crash"):
        crashing = asyncio.ensure_future(session.send("Page.crash"))
    crashing.cancel()  # its answer never comes
    await asyncio.gather(crashing, return_exceptions=True)
    again = await page.context.new_page()
    await again.goto("/staff/boundaries")
    await ready(again)
    await expect(again.locator('[data-notice="draft"]')).to_be_visible()
    assert await edge(again, FIRST) == 108.201


async def test_a_draft_that_is_dropped_can_be_had_back(editors: Editors) -> None:
    page = (await editors.open()).page
    await move(page, FIRST)
    await kept(page)
    await page.reload()
    await ready(page)
    await page.locator("[data-notice=draft]").get_by_role("button", name="Bỏ bản nháp").click()
    await expect(page.get_by_role("button", name="Lưu…")).to_be_disabled()
    assert await edge(page, FIRST) == WEST_EDGE
    await page.get_by_role("button", name="Lấy lại bản nháp").click()
    assert await edge(page, FIRST) == 108.201
    await kept(page)
    await page.get_by_role("button", name="Lưu…").click()
    await page.get_by_role("button", name="Bỏ bản nháp").click()
    await expect(page.locator('[data-notice="dropped"]')).to_be_visible()
    await page.reload()
    await ready(page)
    assert await edge(page, FIRST) == WEST_EDGE


async def test_another_person_of_the_same_device_does_not_meet_a_draft(editors: Editors) -> None:
    page = (await editors.open()).page
    await move(page, FIRST)
    await kept(page)
    page.once("dialog", lambda asked: asked.accept())
    await page.get_by_role("button", name="Đăng xuất").click()
    await page.wait_for_url("**/sign-in?done=signed-out")
    await editors.sign_in(page, editors.tokens["admin"])
    await page.goto(f"/staff/boundaries?ward={CODE}")
    await ready(page)
    assert await edge(page, FIRST) == WEST_EDGE
    await expect(page.locator(".draft-notice")).to_have_count(0)
    async with editors.database.write() as connection:
        token = await ward.token(connection, editors.laid, "staff")
    await editors.sign_in(page, token)
    await page.goto("/staff/boundaries")
    await ready(page)
    assert await edge(page, FIRST) == 108.201


async def test_signing_out_asks_first_while_there_is_a_draft(editors: Editors) -> None:
    page = (await editors.open()).page
    await move(page, FIRST)
    await kept(page)
    said: list[str] = []

    async def refuse(asked: Any) -> None:
        said.append(asked.message)
        await asked.dismiss()

    page.once("dialog", refuse)
    await page.get_by_role("button", name="Đăng xuất").click()
    assert "chưa lưu" in said[0]
    assert page.url.endswith("/staff/boundaries")


async def test_a_second_tab_says_so_and_may_take_the_work_over(editors: Editors) -> None:
    first = (await editors.open()).page
    await move(first, FIRST)
    await kept(first)
    second = await first.context.new_page()
    await second.goto("/staff/boundaries")
    await ready(second)
    await expect(second.locator('[data-notice="elsewhere"]')).to_contain_text("một thẻ khác")
    assert await edge(second, FIRST) == WEST_EDGE
    assert await second.locator(".drawing").evaluate("(one) => one.inert")
    await move(first, SECOND, start=EAST_EDGE, to=108.239)
    async with second.expect_navigation():
        await second.get_by_role("button", name="Sửa ở thẻ này").click()
    await ready(second)
    assert await edge(second, FIRST) == 108.201
    assert await edge(second, SECOND, "max") == 108.239
    await expect(first.locator('[data-notice="elsewhere"]')).to_contain_text("đã chuyển sang một thẻ khác")
    await move(first, FIRST, start=108.201, to=108.205)  # which nobody keeps
    await second.reload()
    await ready(second)
    assert await edge(second, FIRST) == 108.201


async def test_a_save_whose_answer_is_lost_goes_through_once(editors: Editors) -> None:
    page = (await editors.open(expected=AWAY)).page
    tile = [[[[108.2, 16.0], [108.21, 16.0], [108.21, 16.02], [108.2, 16.02], [108.2, 16.0]]]]
    await page.evaluate(DRAW, {"remove": [TENTH], "draw": [{"name": "Tổ mới", "boundary": tile}]})
    await move(page, SECOND, start=EAST_EDGE, to=108.239)

    async def lose(route: Route) -> None:
        asked = json.loads(route.request.post_data or "{}")
        if "saveBoundaries" in asked["query"]:
            await route.fetch()
            await route.abort()
        else:
            await route.continue_()

    await page.route("**/graphql", lose)
    await save(page)
    await expect(page.locator("#saving-problem")).to_contain_text("Bản nháp vẫn được giữ", timeout=SOON)
    assert len(await editors.edits()) == 1
    await page.unroute("**/graphql")
    await page.locator("#saving-submit").click()
    await saved(page)
    assert len(await editors.edits()) == 1
    assert await editors.names() == {FIRST, SECOND, EAST, "Tổ mới"}


async def test_a_lost_answer_is_found_to_have_arrived_after_a_reload(editors: Editors) -> None:
    page = (await editors.open(expected=AWAY)).page
    await move(page, FIRST)

    async def lose(route: Route) -> None:
        if "saveBoundaries" in (route.request.post_data or ""):
            await route.fetch()
            await route.abort()
        else:
            await route.continue_()

    await page.route("**/graphql", lose)
    await save(page)
    await expect(page.locator("#saving-problem")).to_be_visible(timeout=SOON)
    await page.reload()
    await ready(page)
    await expect(page.get_by_role("button", name="Lưu…")).to_be_disabled()
    await expect(page.locator('[data-notice="draft"]')).to_have_count(0)
    assert len(await editors.edits()) == 1


async def test_without_a_network_the_draft_stays_and_is_saved_later(editors: Editors) -> None:
    page = (await editors.open(expected=AWAY)).page
    await page.context.set_offline(True)
    await move(page, FIRST)
    await save(page, "Không có mạng")
    await expect(page.locator("#saving-problem")).to_contain_text("mất mạng", timeout=SOON)
    assert await editors.edits() == []
    await page.context.set_offline(False)
    await page.locator("#saving-submit").click()
    await saved(page)
    assert [edit.reason for edit in await editors.edits()] == ["Không có mạng"]


async def test_an_ended_session_keeps_the_draft_and_comes_back(editors: Editors) -> None:
    page = (await editors.open(expected="401")).page
    await move(page, FIRST)
    await kept(page)
    await page.context.clear_cookies()
    await save(page, "Phiên hết hạn")
    await expect(page.locator("#saving-problem")).to_contain_text("Phiên đăng nhập đã hết", timeout=SOON)
    await page.get_by_role("link", name="Đăng nhập lại").click()
    await page.get_by_label("Tên đăng nhập").fill("staff")
    await page.get_by_label("Mật khẩu", exact=True).fill(ward.PASSWORD)
    await page.get_by_role("button", name="Đăng nhập", exact=True).click()
    await page.wait_for_url("**/staff/boundaries")
    await ready(page)
    assert await edge(page, FIRST) == 108.201
    await begin_saving(page)
    await expect(page.get_by_label("Lý do")).to_have_value("Phiên hết hạn")
    await page.locator("#saving-submit").click()
    await saved(page)


async def test_another_account_in_the_same_browser_saves_nobody_elses_draft(editors: Editors) -> None:
    page = (await editors.open()).page
    await move(page, FIRST)
    await editors.sign_in(page, editors.tokens["admin"])
    await save(page)
    await expect(page.locator("#saving-problem")).to_contain_text("tài khoản khác", timeout=SOON)
    assert await editors.edits() == []


async def test_what_stands_against_a_draft_is_listed_and_shown(editors: Editors) -> None:
    page = (await editors.open()).page
    await move(page, FIRST, start=MIDDLE, to=108.225)  # over its neighbour
    await begin_saving(page)
    fault = page.locator(".saving-problems li")
    await expect(fault).to_have_count(1, timeout=SOON)
    await expect(fault).to_contain_text("m²")
    await page.locator("#saving-submit").click()
    await expect(page.locator("#saving-problem")).to_contain_text("Chưa lưu được", timeout=SOON)
    await fault.get_by_role("button", name="Xem").click()
    await expect(page.get_by_role("dialog")).to_be_hidden()
    assert await editors.edits() == []


async def test_reports_that_move_to_another_neighbourhood_are_counted(editors: Editors) -> None:
    page = (await editors.open()).page
    await move(page, FIRST, SECOND, start=MIDDLE, to=108.205)
    await begin_saving(page)
    await expect(page.locator("#saving-along")).to_contain_text("Thêm đỉnh chung, đất không đổi", timeout=SOON)
    await page.locator("#saving-submit").click()
    await expect(page.locator('[data-notice="saved"]')).to_contain_text("1 phản ánh được chuyển tổ", timeout=SOON)


async def test_two_people_in_different_neighbourhoods_are_merged(editors: Editors) -> None:
    clerk, other = (await editors.open()).page, (await editors.open("admin")).page
    begun, may_end = asyncio.Event(), asyncio.Event()

    async def hold(route: Route) -> None:
        if "BoundariesVersions" in (route.request.post_data or ""):
            begun.set()
            await may_end.wait()
        await route.continue_()

    # The clerk's page is slow to look at what holds: the first time from before the other one saves till after.
    await clerk.route("**/graphql", hold)
    await clerk.reload()
    await ready(clerk)
    await move(clerk, FIRST)
    await move(other, EAST, start=EAST_EDGE, to=108.239)
    await save(other)
    await saved(other)
    may_end.set()
    told = clerk.locator('[data-notice="others"]')
    await expect(told).to_contain_text(f"Người dùng admin vừa lưu {EAST}", timeout=40_000)
    assert await edge(clerk, EAST, "max") == 108.239
    assert await edge(clerk, FIRST) == 108.201
    # And again, while the clerk saves: what that look brings is known by then, and takes nothing off the page.
    may_end.clear()
    begun.clear()
    await move(other, EAST, start=108.239, to=108.238)
    await save(other)
    await saved(other)
    await asyncio.wait_for(begun.wait(), 40)
    await save(clerk)
    await saved(clerk)
    whose, versions = "BoundariesChanges", "BoundariesVersions"
    # Looks take turns: with the next one that one has ended, and done to the page whatever it does.
    async with (
        clerk.expect_response(lambda one: whose in (one.request.post_data or "")),
        clerk.expect_request(lambda one: versions in (one.post_data or "")),
    ):
        may_end.set()
    await saved(clerk)
    assert await edge(clerk, EAST, "max") == 108.238
    assert [len(edit.redrawn) for edit in await editors.edits()] == [1, 1, 1]


async def meet_conflict(editors: Editors) -> Page:
    """A clerk whose draft moves the west of the first neighbourhood, while somebody else has moved it otherwise."""
    clerk, other = (await editors.open()).page, (await editors.open("admin")).page
    await move(clerk, FIRST)
    await move(clerk, SECOND, start=EAST_EDGE, to=108.238)
    await move(other, FIRST, to=108.203)
    await save(other)
    await saved(other)
    await other.close()
    conflict = clerk.locator(".conflict")
    await expect(conflict).to_have_count(1, timeout=40_000)
    await expect(conflict).to_contain_text("Người dùng admin")
    await expect(clerk.locator("path.comparing-before")).to_have_count(1)
    await expect(clerk.get_by_role("button", name="Lưu…")).to_be_disabled()
    return clerk


async def test_of_one_neighbourhood_ours_can_be_kept(editors: Editors) -> None:
    clerk = await meet_conflict(editors)
    assert await violations(clerk) == []
    await clerk.get_by_role("button", name=f"Giữ của tôi: {FIRST}").click()
    await expect(clerk.locator(".conflict")).to_have_count(0)
    assert await edge(clerk, FIRST) == 108.201
    await save(clerk)
    await saved(clerk)
    await clerk.reload()
    await ready(clerk)
    assert await edge(clerk, FIRST) == 108.201


async def test_of_one_neighbourhood_theirs_can_be_taken_and_ours_had_back(editors: Editors) -> None:
    clerk = await meet_conflict(editors)
    await clerk.get_by_role("button", name=f"Lấy của người kia: {FIRST}").click()
    assert await edge(clerk, FIRST) == 108.203
    assert await edge(clerk, SECOND, "max") == 108.238
    await clerk.locator("#undo").click()
    assert await edge(clerk, FIRST) == 108.201
    await clerk.locator("#redo").click()
    await save(clerk)
    await saved(clerk)
    latest = (await editors.edits())[0]
    assert latest.redrawn == [editors.laid.neighbourhoods[SECOND]]


async def bend(page: Page, start: Spot, end: Spot, *, by: Spot) -> None:
    """Put a vertex into the edge between two, in every neighbourhood that has it: a step of the draft."""
    await page.evaluate(BEND, {"start": start, "end": end, "by": by})


async def test_two_borders_of_one_neighbourhood_are_merged_and_one_border_is_decided_at_once(editors: Editors) -> None:
    clerk, other = (await editors.open()).page, (await editors.open("admin")).page
    await bend(clerk, (MIDDLE, 15.98), (MIDDLE, 16.0), by=(108.223, 15.99))
    await bend(other, (WEST_EDGE, 16.0), (MIDDLE, 16.0), by=(108.21, 16.003))
    await save(other)
    await saved(other)
    told = clerk.locator('[data-notice="others"]')
    await expect(told).to_contain_text("đã được ghép với ranh giới mới", timeout=40_000)
    await expect(clerk.locator(".conflict")).to_have_count(0)
    assert await edge(clerk, FIRST, "max") == 108.223
    assert await edge(clerk, TENTH, "min") == WEST_EDGE
    spots = await clerk.evaluate(SPOTS, FIRST)
    assert {(108.223, 15.99), (108.21, 16.003)} <= {tuple(spot) for spot in spots}
    await save(clerk)
    await saved(clerk)
    latest = (await editors.edits())[0]
    assert set(latest.redrawn) == {editors.laid.neighbourhoods[FIRST], editors.laid.neighbourhoods[SECOND]}

    await bend(clerk, (108.21, 16.003), (MIDDLE, 16.0), by=(108.215, 16.004))
    await expect(other.locator('[data-notice="others"]')).to_be_visible(timeout=40_000)
    await bend(other, (108.21, 16.003), (MIDDLE, 16.0), by=(108.216, 16.0))
    await save(other)
    await saved(other)
    await expect(clerk.locator(".conflict")).to_have_count(2, timeout=40_000)
    await expect(clerk.locator("path.comparing-before")).to_have_count(2)
    await expect(clerk.locator('html[data-check="wrong"]')).to_be_attached(timeout=SOON)
    await expect(clerk.locator(".fault")).to_have_count(0)  # it is told above, with what can be done
    see = clerk.get_by_role("button", name=f"Xem {FIRST} trên bản đồ")
    await see.click()
    await expect(see).to_be_focused()
    await expect(see).to_have_attribute("aria-pressed", "true")
    await expect(clerk.locator("path.comparing-before")).to_have_count(1)
    assert await violations(clerk) == []
    await clerk.get_by_role("button", name="Lấy cả 2 của người kia").click()
    await expect(clerk.locator(".conflict")).to_have_count(0)
    await expect(clerk.get_by_role("button", name="Lưu…")).to_be_disabled()
    await clerk.locator("#undo").click()
    assert [108.215, 16.004] in await clerk.evaluate(SPOTS, TENTH)


async def test_ground_that_two_people_give_to_different_neighbourhoods_is_decided(editors: Editors) -> None:
    page = (await editors.open()).page
    await page.evaluate(GIVE, {"gone": FIRST, "taker": SECOND, "isSaved": False})
    await kept(page)
    await page.evaluate(GIVE, {"gone": FIRST, "taker": TENTH, "isSaved": True})  # past this page's own saving
    await page.reload()
    await ready(page)
    conflict = page.locator(".conflict")
    await expect(conflict).to_have_count(1, timeout=SOON)
    await expect(page.locator('[data-notice="conflicts"]')).to_contain_text("Có 1 chỗ mà bạn và người khác")
    await expect(conflict).to_contain_text(f"đã lưu vào {TENTH}, bạn vẽ vào {SECOND}")
    await expect(page.locator('html[data-check="wrong"]')).to_be_attached(timeout=SOON)
    await expect(page.locator(".fault")).to_have_count(0)
    await expect(page.get_by_role("button", name="Lưu…")).to_be_disabled()
    assert await violations(page) == []
    await conflict.get_by_role("button", name="Lấy của người kia").click()
    await expect(conflict).to_have_count(0)
    assert (await edge(page, TENTH), await edge(page, SECOND)) == (WEST_EDGE, MIDDLE)
    await expect(page.get_by_role("button", name="Lưu…")).to_be_disabled()
    await page.locator("#undo").click()
    assert await edge(page, SECOND) == WEST_EDGE
    await save(page)
    await saved(page)
    assert await editors.names() == {SECOND, TENTH, EAST}
    latest = (await editors.edits())[0]
    assert set(latest.redrawn) == {editors.laid.neighbourhoods[SECOND], editors.laid.neighbourhoods[TENTH]}


async def test_two_moments_are_compared_and_the_earlier_one_restored(editors: Editors) -> None:
    page = (await editors.open()).page
    await page.evaluate(DRAW, {"remove": [TENTH], "draw": []})
    await move(page, FIRST)
    await save(page, "Thử")
    await saved(page)
    await page.get_by_role("button", name="Lịch sử").click()
    first = page.locator(".save-row").first
    await expect(first).to_contain_text("Người dùng staff", timeout=SOON)
    await expect(first).to_contain_text("Thử")
    await first.get_by_role("button", name="Xem thay đổi").click()
    await expect(page.locator("#comparing-rows tr")).to_have_count(2, timeout=SOON)
    await expect(page.locator("path.comparing-before")).to_have_count(2)
    await expect(page.locator("path.comparing-after")).to_have_count(1)
    await expect(page.locator("path.comparing-changed").first).to_have_attribute("fill", "url(#comparing-hatch)")
    assert await violations(page) == []
    await page.locator("#comparing-acts").get_by_role("button", name="trước lần lưu").click()
    await expect(page.locator('[data-notice="restored"]')).to_contain_text("chưa lưu")
    assert await edge(page, FIRST) == WEST_EDGE
    assert TENTH in await page.evaluate(NAMES)
    await page.locator("#undo").click()
    assert TENTH not in await page.evaluate(NAMES)
    await page.locator("#redo").click()
    await save(page, "Lấy lại")
    await saved(page)
    assert await editors.names() == {FIRST, SECOND, TENTH, EAST}
    latest = (await editors.edits())[0]
    assert set(latest.redrawn) == {editors.laid.neighbourhoods[FIRST], editors.laid.neighbourhoods[TENTH]}


async def test_two_dates_are_compared(editors: Editors) -> None:
    page = (await editors.open()).page
    await move(page, FIRST)
    await save(page)
    await saved(page)
    await page.get_by_role("button", name="Lịch sử").click()
    await page.get_by_role("button", name="So sánh", exact=True).click()
    await expect(page.locator("#comparing-problem")).to_have_text("Hãy chọn thời điểm đầu.")
    await page.get_by_label("Từ lúc").fill("2026-11-21T00:00")
    await page.get_by_role("button", name="So sánh", exact=True).click()
    await expect(page.locator("#comparing-title")).to_have_text("21/11/2026 00:00 so với hiện nay", timeout=SOON)
    await expect(page.locator("#comparing-rows tr")).to_have_count(1)
    await expect(page.locator("#comparing-rows")).to_contain_text("−")
    await page.get_by_role("button", name="Thôi so sánh").click()
    await expect(page.locator("path.comparing-before")).to_have_count(0)


async def test_a_large_draft_is_saved_in_one_request(editors: Editors) -> None:
    page = (await editors.open()).page
    await page.evaluate(DRAW, {"remove": [FIRST, SECOND, TENTH, EAST], "draw": []})
    await page.evaluate(
        f"""async () => {{
            const model = await ({MODEL})();
            const bent = (west, n, at) => [west + 0.0015 + 0.0005 * Math.sin(at), 15.981 + (at * 0.038) / n];
            const wave = (west, n) => Array.from({{ length: n }}, (_, at) => bent(west, n, at));
            const draw = Array.from({{ length: 10 }}, (_, at) => {{
                const west = 108.2005 + at * 0.0035;
                const ring = [[west, 15.981], ...wave(west, 900), [west, 16.019]];
                return {{ name: `Tổ ${{at + 1}}`, boundary: [[ring]] }};
            }});
            model.apply("Nhập", {{ draw }});
        }}"""
    )
    sent: list[int] = []
    page.on(
        "request",
        lambda asked: sent.append(len(asked.post_data or "")) if "saveBoundaries" in (asked.post_data or "") else None,
    )
    await save(page)
    await expect(page.locator('[data-notice="saved"]')).to_be_visible(timeout=60_000)
    assert len(sent) == 1
    assert len(await editors.names()) == 10
