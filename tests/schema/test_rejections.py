"""Texts to reject with: the ward's own, for its staff alone, in an order, for one kind or for all."""

from __future__ import annotations

from typing import Any

from geo.rejection_seeds import REJECTIONS, seed_rejections
from tests.asking import Desk
from tests.ward import CODE, OTHER

LISTED = """query ($code: String!, $category: String) { ward(code: $code) {
  rejectionTemplates(category: $category) { id category { code } text textEn }
} }"""
SAVE = """mutation ($input: SaveRejectionTemplateInput!) { done: saveRejectionTemplate(input: $input) {
  __typename ... on UserError { path } ... on InvalidInput { problems { path } }
  ... on SaveRejectionTemplatePayload { rejectionTemplate { id text textEn category { code } } }
} }"""
REMOVE = (
    "mutation ($input: RemoveRejectionTemplateInput!) { done: removeRejectionTemplate(input: $input) { __typename } }"
)
NODE = "query ($id: ID!) { node(id: $id) { ... on RejectionTemplate { text } } }"


async def listed(desk: Desk, by: str | None = "staff", category: str | None = None, code: str = CODE) -> list[Any]:
    found: list[Any] = (await desk.data(LISTED, by, code=code, category=category))["ward"]["rejectionTemplates"]
    return found


async def save(desk: Desk, by: str = "staff", **values: Any) -> Any:
    given = {"text": "Ngoài địa bàn", "textEn": "Outside the ward"}
    return (await desk.data(SAVE, by, input=given | values))["done"]


async def test_a_new_ward_has_texts_for_each_kind_before_those_for_all(desk: Desk) -> None:
    async with desk.database.write() as connection:
        await seed_rejections(connection, CODE)
    every = await listed(desk)
    assert [one["text"] for one in every] == [seed.text.vi for seed in REJECTIONS]
    assert [one["category"]["code"] if one["category"] else None for one in every] == [s.category for s in REJECTIONS]
    some = await listed(desk, category="TRAFFIC")
    assert [one["textEn"] for one in some] == [s.text.en for s in REJECTIONS if s.category in (None, "TRAFFIC")]
    assert all(one["category"] is None for one in await listed(desk, category="UNKNOWN"))


async def test_the_wards_staff_alone_read_them(desk: Desk) -> None:
    id_ = (await save(desk))["rejectionTemplate"]["id"]
    for by in ("staff", "admin"):
        assert [one["id"] for one in await listed(desk, by)] == [id_]
        assert (await desk.data(NODE, by, id=id_))["node"] == {"text": "Ngoài địa bàn"}
    for stranger in (None, "staff-other", "crew-clean", "team-1"):
        assert await listed(desk, stranger) == []
        assert (await desk.data(NODE, stranger, id=id_))["node"] is None
    assert await listed(desk, code=OTHER) == []


async def test_a_text_is_changed_and_removed(desk: Desk) -> None:
    first = (await save(desk))["rejectionTemplate"]
    second = (await save(desk, text="Thứ hai"))["rejectionTemplate"]
    assert [one["id"] for one in await listed(desk)] == [first["id"], second["id"]]
    changed = await save(desk, templateId=first["id"], category="TRAFFIC", text="Đã đổi")
    assert changed["rejectionTemplate"] == {**first, "text": "Đã đổi", "category": {"code": "TRAFFIC"}}
    removed = await desk.data(REMOVE, "staff", input={"templateId": second["id"]})
    assert removed["done"]["__typename"] == "RemoveRejectionTemplatePayload"
    assert [one["id"] for one in await listed(desk)] == [first["id"]]
    for taken in ({}, {"templateId": first["id"]}):
        refused = await save(desk, **taken, category="TRAFFIC", text="Đã đổi")
        assert refused["__typename"] == ("SaveRejectionTemplatePayload" if taken else "InvalidInput")
    assert refused["rejectionTemplate"]["id"] == first["id"], "it may stay as it is"
    again = await desk.data(REMOVE, "staff", input={"templateId": second["id"]})
    assert again["done"]["__typename"] == "NotFound"


async def test_what_is_wrong_with_a_text_is_named(desk: Desk) -> None:
    before = await desk.dump()
    empty = await save(desk, text="  ", textEn="x" * 2_001)
    assert [problem["path"] for problem in empty["problems"]] == [["input", "text"], ["input", "textEn"]]
    unknown = await save(desk, category="NOTHING")
    assert [problem["path"] for problem in unknown["problems"]] == [["input", "category"]]
    assert (await save(desk, templateId=f"RejectionTemplate:{CODE}:{desk.ward.crews['Đội Môi trường']}"))[
        "__typename"
    ] == "NotFound"
    assert (await save(desk, "admin"))["__typename"] == "InvalidInput"  # of which ward, must be said
    assert (await save(desk, wardCode=OTHER))["__typename"] == "NotAllowed"
    assert await desk.dump() == before
