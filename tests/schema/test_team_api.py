"""Keeping teams through the API: what is answered, what is refused where, and what the public sees of it."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from geo import tables
from server.pages.asking import DOCUMENTS
from tests.asking import Desk
from tests.ward import CODE, FIRST, SECOND

SAVE = """mutation($input: SaveTeamMemberInput!) { result: saveTeamMember(input: $input) {
  __typename
  ... on SaveTeamMemberPayload { member { id name role organisation phone consentedAt mine } }
  ... on UserError { path }
  ... on InvalidInput { problems { path message } }
} }"""
SAVE_TEAM = """mutation($input: SaveTeamInput!) { result: saveTeam(input: $input) {
  __typename
  ... on SaveTeamPayload { team { name neighbourhood { name } members { name } } }
  ... on UserError { path }
  ... on InvalidInput { problems { path message } }
} }"""
REMOVE = """mutation($input: RemoveTeamMemberInput!) { result: removeTeamMember(input: $input) {
  __typename ... on RemoveTeamMemberPayload { memberId } ... on UserError { path }
} }"""
MEMBERS = "query($id: ID!) { node(id: $id) { ... on Team { members { id name role phone consentedAt mine } } } }"
CARD = (DOCUMENTS / "map_neighbourhood.graphql").read_text()


def team(desk: Desk, of: str = FIRST) -> str:
    return f"Team:{CODE}:{desk.ward.teams[of]}"


async def members(desk: Desk, by: str | None) -> list[Any]:
    found: list[Any] = (await desk.data(MEMBERS, by, id=team(desk)))["node"]["members"]
    return found


async def mine(desk: Desk, by: str = "team-1") -> Any:
    return next(one for one in await members(desk, by) if one["mine"])


async def save(desk: Desk, by: str | None, **given: Any) -> Any:
    return (await desk.data(SAVE, by, input=given))["result"]


async def test_a_member_agrees_to_be_named_and_changes_their_mind(desk: Desk) -> None:
    own = await mine(desk)
    entry = {"memberId": own["id"], "name": "Võ Thị Mới", "role": "MEMBER", "phone": "+84 905 000 222"}
    card: dict[str, Any] = {"id": f"Neighbourhood:{CODE}:{desk.ward.neighbourhoods[FIRST]}", "open": []}

    async def public() -> list[Any]:
        on_map = (await desk.data(CARD, **card))["node"]["team"]["members"]
        listed = await members(desk, None)
        assert [(one["name"], one["phone"]) for one in listed] == [(one["name"], one["phone"]) for one in on_map]
        assert all(one["consentedAt"] is None and one["mine"] is False for one in listed)
        return [(one["name"], one["phone"]) for one in on_map if one["role"] == "MEMBER"]

    assert await public() == [(None, None)]
    saved = await save(desk, "team-1", **entry, consent=True)
    assert saved["__typename"] == "SaveTeamMemberPayload"
    assert saved["member"]["phone"] == "0905000222"
    assert saved["member"]["consentedAt"] is not None
    assert saved["member"]["mine"] is True
    assert await public() == [("Võ Thị Mới", "0905000222")]
    again = await save(desk, "team-1", **entry)
    assert again["member"]["consentedAt"] == saved["member"]["consentedAt"], "what was recorded stays"
    withdrawn = await save(desk, "team-1", **entry, consent=False)
    assert withdrawn["member"]["consentedAt"] is None
    assert await public() == [(None, None)]
    assert (await mine(desk))["name"] == "Võ Thị Mới"


async def test_staff_add_and_remove_a_member(desk: Desk) -> None:
    given = {"name": "Võ Thị Mới", "role": "DEPUTY", "organisation": "Hội Phụ nữ"}
    added = (await save(desk, "staff", teamId=team(desk), **given))["member"]
    assert (added["name"], added["role"], added["organisation"], added["consentedAt"]) == (*given.values(), None)
    assert added["id"] in [one["id"] for one in await members(desk, "staff")]
    removed = (await desk.data(REMOVE, "staff", input={"memberId": added["id"]}))["result"]
    assert removed == {"__typename": "RemoveTeamMemberPayload", "memberId": added["id"]}
    assert added["id"] not in [one["id"] for one in await members(desk, "staff")]
    assert (await desk.data("query($id: ID!) { node(id: $id) { id } }", "staff", id=added["id"]))["node"] is None


async def test_a_node_of_a_member_shows_no_more_than_the_team_does(desk: Desk) -> None:
    hidden = next(one for one in await members(desk, "staff") if one["role"] == "DEPUTY")
    query = "query($id: ID!) { node(id: $id) { ... on TeamMember { name phone organisation role } } }"
    assert hidden["name"]
    async with desk.database.write() as connection:
        await connection.execute(sa.update(tables.team_member).values(organisation="Đoàn Thanh niên"))
    assert (await desk.data(query, "team-1", id=hidden["id"]))["node"]["organisation"] == "Đoàn Thanh niên"
    for by in (None, "team-other", "staff-other", "crew-clean"):
        found = (await desk.data(query, by, id=hidden["id"]))["node"]
        assert found == {"name": None, "phone": None, "organisation": None, "role": "DEPUTY"}


@pytest.mark.parametrize(
    ("given", "paths"),
    [
        ({"name": "", "phone": "12"}, ["name", "phone"]),
        ({"name": "  "}, ["name"]),
        ({"name": "x" * 201}, ["name"]),
        ({"organisation": "x" * 201}, ["organisation"]),
        ({"phone": "0236 3 888 888"}, ["phone"]),
    ],
)
async def test_each_input_that_is_wrong_is_named_and_nothing_is_changed(
    desk: Desk, given: dict[str, Any], paths: list[str]
) -> None:
    own = await mine(desk)
    before = await desk.dump()
    refused = await save(desk, "team-1", **{"memberId": own["id"], "name": "Đúng", "role": "MEMBER", **given})
    assert refused["__typename"] == "InvalidInput"
    assert [problem["path"] for problem in refused["problems"]] == [["input", path] for path in paths]
    assert all(problem["message"] for problem in refused["problems"])
    assert await desk.dump() == before


async def test_what_names_nothing_is_not_found_and_what_names_too_little_is_told(desk: Desk) -> None:
    entry = {"name": "Võ Thị Mới", "role": "MEMBER"}
    before = await desk.dump()
    for wrong in ("", "x", team(desk), f"TeamMember:{CODE}:{desk.ward.teams[FIRST]}"):
        assert await save(desk, "staff", **entry, memberId=wrong) == {
            "__typename": "NotFound",
            "path": ["input", "memberId"],
        }
    refused = await save(desk, "staff", **entry)
    assert [problem["path"] for problem in refused["problems"]] == [["input", "teamId"]]
    refused = (await desk.data(SAVE_TEAM, "staff", input={"name": ""}))["result"]
    assert [problem["path"] for problem in refused["problems"]] == [["input", "name"], ["input", "neighbourhoodId"]]
    taken = {"name": "Tổ nữa", "neighbourhoodId": f"Neighbourhood:{CODE}:{desk.ward.neighbourhoods[SECOND]}"}
    refused = (await desk.data(SAVE_TEAM, "staff", input=taken))["result"]
    assert [problem["path"] for problem in refused["problems"]] == [["input", "neighbourhoodId"]]
    assert await desk.dump() == before


async def test_no_one_makes_themselves_a_leader(desk: Desk) -> None:
    own = await mine(desk)
    before = await desk.dump()
    refused = await save(desk, "team-1", memberId=own["id"], name=own["name"], role="LEADER")
    assert refused == {"__typename": "NotAllowed", "path": ["input", "role"]}
    assert await desk.dump() == before


async def test_who_led_a_team_keeps_it_no_more(desk: Desk) -> None:
    own = await mine(desk)
    assert (await save(desk, "staff", memberId=own["id"], name=own["name"], role="LEADER"))["member"]
    named = {"teamId": team(desk), "name": "Tổ công nghệ số Một"}
    answer = (await desk.data(SAVE_TEAM, "team-1", input=named))["result"]
    assert answer["team"]["name"] == "Tổ công nghệ số Một"
    assert answer["team"]["neighbourhood"]["name"] == FIRST
    assert (await save(desk, "staff", memberId=own["id"], name=own["name"], role="MEMBER"))["member"]
    refused = (await desk.data(SAVE_TEAM, "team-1", input=named))["result"]
    assert refused == {"__typename": "NotAllowed", "path": ["input", "teamId"]}


async def test_a_caller_is_told_the_own_team(desk: Desk) -> None:
    query = "{ viewer { team { name neighbourhood { name } } } }"
    told = (await desk.data(query, "team-1"))["viewer"]["team"]
    assert told == {"name": f"Tổ công nghệ số {FIRST}", "neighbourhood": {"name": FIRST}}
    for by in (None, "staff", "crew-clean", "admin"):
        assert (await desk.data(query, by))["viewer"]["team"] is None


async def test_a_taken_place_in_a_team_stays_one_of_one_ward(desk: Desk) -> None:
    """The other ward's team member is nobody here, whatever is named."""
    async with desk.database.read() as connection:
        everybody = (await connection.scalars(sa.select(tables.team_member.c.id))).all()
    before = await desk.dump()
    for key in everybody:
        answer = await save(desk, "team-other", memberId=f"TeamMember:{CODE}:{key}", name="x", role="MEMBER")
        assert answer["__typename"] in ("NotAllowed", "NotFound")
    assert await desk.dump() == before
