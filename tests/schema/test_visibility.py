"""Every kind of caller sends the same document and gets exactly its own rows and columns, through every door."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests import ward
from tests.asking import Desk, Opening
from tests.schema import scene
from tests.ward import CLEAN, CODE, FAR, FIRST, ROADS, SECOND

INCIDENT = """
fragment Whole on Incident {
  id trackingCode description address satisfaction
  category { code } neighbourhood { name } crew { name } reporter { name phone }
  photos { url } history { note actor public photos { url } }
}
"""

DOCUMENT = (
    """
query Everything($code: String!, $secret: String, $word: String!) {
  incident(trackingCode: $code, secret: $secret) {
    ...Whole
    ward {
      incidents(first: 8) { totalCount nodes {
        ...Whole duplicateOf { ...Whole } similar(first: 3) { ...Whole }
      } }
      found: incidents(filter: {search: $word}) { totalCount nodes { id } }
      places(kinds: [OFFICIAL_HOME]) { totalCount nodes { name } }
      crews(first: 3) { totalCount nodes { name position incidents(first: 5) { totalCount nodes { ...Whole } } } }
      teams(search: "so 1") { nodes { name members { role name phone } } }
      neighbourhoods(first: 4) { nodes {
        name incidents(first: 7) { totalCount nodes { ...Whole } } places { nodes { name } }
      } }
    }
  }
}
"""
    + INCIDENT
)

FIGURES = """
query Figures($code: String!, $secret: String) {
  incident(trackingCode: $code, secret: $secret) { ward { statistics { total } } }
}
"""
"""Apart, for what they cost."""

NODES = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename ... on Incident { ...Whole } ... on Crew { name } } }" + (
    INCIDENT
)

# What a caller sees of an incident, in these words; `None` is an incident that is not there for them.
NOTHING: frozenset[str] = frozenset()
TEXT = frozenset({"text", "notes", "1 photo"})
FOLLOWED = TEXT | {"crew"}
WHOLE = frozenset({"text", "notes", "2 photos", "verdict", "phone", "crew"})
AT_WORK = WHOLE | {"internal"}

RESIDENTS = ("anonymous", "reporter")
WORKERS = ("team-1", "team-other", "crew-clean", "crew-roads", "crew-other", "staff", "staff-other", "admin")
EVERYBODY = RESIDENTS + WORKERS
HELD = ("crew-clean", "staff", "admin")
"""Who works on what the crew `CLEAN` has in hand."""

# incident -> who sees more than the bare incident, or sees it at all, and how much of it.
SEES: dict[str, dict[str, frozenset[str]]] = {
    "held": dict.fromkeys(EVERYBODY, NOTHING) | dict.fromkeys(HELD, AT_WORK) | {"reporter": WHOLE, "team-1": FOLLOWED},
    "waiting": dict.fromkeys(EVERYBODY, NOTHING)
    | dict.fromkeys(("staff", "admin"), frozenset({"text", "2 photos", "verdict", "phone"}))
    | {"team-1": frozenset({"text", "1 photo"})},
    # It is dealt with: its crew has no call to make any more.
    "published": dict.fromkeys(EVERYBODY, TEXT)
    | dict.fromkeys(("staff", "admin"), WHOLE)
    | {"crew-roads": WHOLE - {"phone"}},
    "private": dict.fromkeys(HELD, AT_WORK),
    "private twin": dict.fromkeys(HELD, AT_WORK),
    "copy": dict.fromkeys(EVERYBODY, NOTHING) | dict.fromkeys(("staff", "admin"), WHOLE - {"crew"}) | {"team-1": TEXT},
    "elsewhere": dict.fromkeys(EVERYBODY, NOTHING)
    | dict.fromkeys(("staff-other", "admin"), frozenset({"text", "2 photos", "verdict", "phone"})),
}

CREWS = {
    "team-1": {CLEAN, ROADS},
    "crew-clean": {CLEAN, ROADS},
    "crew-roads": {CLEAN, ROADS},
    "staff": {CLEAN, ROADS},
    "admin": {CLEAN, ROADS},
    "reporter": {CLEAN},
}
POSITION = {"crew-clean", "staff", "admin"}
HOMES = {"team-1", "crew-clean", "crew-roads", "staff", "admin"}
NAMED = {"team-1", "staff", "admin"}


@dataclass
class Scene:
    desk: Desk
    incidents: dict[str, ward.Reported]
    answers: dict[str, Any] = field(default_factory=dict)

    async def everything(self, caller: str) -> Any:
        """The ward, as reached from the incident `held`, by this caller; asked once."""
        if caller not in self.answers:
            self.answers[caller] = await self._ask(caller)
        return self.answers[caller]

    async def _ask(self, caller: str) -> Any:
        held = self.incidents["held"]
        by = None if caller in RESIDENTS else caller
        secret = held.secret if caller == "reporter" else None
        answer = await self.desk.data(DOCUMENT, by, code=held.tracking_code, secret=secret, word="MATNGU")
        figures = await self.desk.data(FIGURES, by, code=held.tracking_code, secret=secret)
        answer["incident"]["ward"] |= figures["incident"]["ward"]
        return answer["incident"]

    def named(self, incident: Any) -> str:
        return next(name for name, known in self.incidents.items() if known.id == incident["id"])

    def seen(self, incidents: Any) -> dict[str, frozenset[str]]:
        """What is seen of each incident, by name; none of them comes twice."""
        names = [self.named(incident) for incident in incidents]
        assert len(set(names)) == len(names)
        return {name: told(name, incident) for name, incident in zip(names, incidents, strict=True)}


def told(name: str, incident: Any) -> frozenset[str]:
    """What is told of an incident, in the words of `SEES`."""
    words = set()
    text = (f"mậtngữ {name}", f"Số nhà {name}")
    shown = (incident["description"], incident["address"])
    assert shown in (text, (None, None)), "text is told whole or not at all"
    if shown == text:
        words.add("text")
    notes = {step["note"] for step in incident["history"] if step["public"]} - {None}
    assert notes <= {"Ghi chú công khai"}
    if notes:
        words.add("notes")
    internal = [step["note"] for step in incident["history"] if not step["public"]]
    assert internal in ([], ["Ghi chú nội bộ"])
    if internal:
        words.add("internal")
    photos = [photo["url"] for photo in incident["photos"]]
    assert photos == [photo["url"] for step in incident["history"] for photo in step["photos"]]
    if photos:
        words.add("1 photo" if len(photos) == 1 else f"{len(photos)} photos")
    if incident["satisfaction"] is not None:
        words.add("verdict")
    if incident["reporter"] is not None:
        assert incident["reporter"] == {"name": "Lê Thị Phản Ánh", "phone": "0905000222"}
        words.add("phone")
    if incident["crew"] is not None:
        words.add("crew")
    return frozenset(words)


def expected(caller: str, names: Any) -> dict[str, frozenset[str]]:
    return {name: SEES[name][caller] for name in names if caller in SEES[name]}


@pytest.fixture(scope="module")
async def laid(opening: Opening) -> AsyncIterator[Scene]:
    async with opening() as desk:
        async with desk.database.write() as connection:
            incidents = await scene.lay(connection, desk.ward)
        yield Scene(desk, incidents)


HERE = [name for name in SEES if name != "elsewhere"]
IN_FIRST = [name for name in HERE if name != "published"]


@pytest.mark.parametrize("caller", EVERYBODY)
async def test_a_ward_shows_a_caller_exactly_their_incidents(laid: Scene, caller: str) -> None:
    found = await laid.everything(caller)
    listed = found["ward"]["incidents"]
    assert laid.seen([found]) == expected(caller, ["held"])
    assert laid.seen(listed["nodes"]) == expected(caller, HERE)
    assert listed["totalCount"] == len(listed["nodes"]) == found["ward"]["statistics"]["total"]
    for neighbourhood in found["ward"]["neighbourhoods"]["nodes"]:
        names = {FIRST: IN_FIRST, SECOND: ["published"]}.get(neighbourhood["name"], [])
        assert laid.seen(neighbourhood["incidents"]["nodes"]) == expected(caller, names)
        assert neighbourhood["incidents"]["totalCount"] == len(expected(caller, names))


@pytest.mark.parametrize("caller", EVERYBODY)
async def test_relations_between_incidents_lead_to_nothing_hidden(laid: Scene, caller: str) -> None:
    found = await laid.everything(caller)
    by_name = {laid.named(incident): incident for incident in found["ward"]["incidents"]["nodes"]}
    original = by_name["copy"]["duplicateOf"]
    assert ({} if original is None else laid.seen([original])) == expected(caller, ["private"])
    assert laid.seen(by_name["held"]["similar"]) == expected(caller, ["waiting"])
    if "private" in by_name:
        assert laid.seen(by_name["private"]["similar"]) == expected(caller, ["private twin"])


@pytest.mark.parametrize("caller", EVERYBODY)
async def test_a_search_finds_only_what_the_caller_may_read(laid: Scene, caller: str) -> None:
    found = (await laid.everything(caller))["ward"]["found"]
    readable = {name for name in HERE if "text" in SEES[name].get(caller, NOTHING)}
    assert {laid.named(incident) for incident in found["nodes"]} == readable
    assert found["totalCount"] == len(readable)


@pytest.mark.parametrize("caller", EVERYBODY)
async def test_crews_are_for_who_works_in_the_ward(laid: Scene, caller: str) -> None:
    crews = (await laid.everything(caller))["ward"]["crews"]
    by_name = {crew["name"]: crew for crew in crews["nodes"]}
    assert set(by_name) == CREWS.get(caller, set())
    assert crews["totalCount"] == len(by_name)
    for name, crew in by_name.items():
        assert (crew["position"] is not None) == (name == CLEAN and caller in POSITION)
        handled = ["held", "private", "private twin"] if name == CLEAN else ["published"]
        at_work = {word: seen for word, seen in expected(caller, handled).items() if seen >= WHOLE - {"phone"}}
        assert laid.seen(crew["incidents"]["nodes"]) == at_work
        assert crew["incidents"]["totalCount"] == len(at_work)


@pytest.mark.parametrize("caller", EVERYBODY)
async def test_homes_and_members_are_shown_with_consent_or_to_who_works_there(laid: Scene, caller: str) -> None:
    found = (await laid.everything(caller))["ward"]
    homes = {"Nhà riêng đã đồng ý"} | ({"Nhà riêng chưa đồng ý"} if caller in HOMES else set())
    assert {place["name"] for place in found["places"]["nodes"]} == homes
    assert found["places"]["totalCount"] == len(homes)
    around = {place["name"] for place in found["neighbourhoods"]["nodes"][1]["places"]["nodes"]}
    assert around == homes | {"Nhà văn hóa số 1"}
    team = next(team for team in found["teams"]["nodes"] if team["name"].endswith("số 1"))
    named = {"LEADER": ("Nguyễn Thị Công Khai", "0905000111"), "DEPUTY": (None, None), "MEMBER": (None, None)}
    if caller in NAMED:
        named |= {"DEPUTY": ("Trần Văn Kín Đáo", "0905000111"), "MEMBER": ("Người dùng team-1", None)}
    assert [member["role"] for member in team["members"]] == ["LEADER", "DEPUTY", "MEMBER"]
    assert {member["role"]: (member["name"], member["phone"]) for member in team["members"]} == named


@pytest.mark.parametrize("caller", [name for name in EVERYBODY if name != "reporter"])
async def test_an_id_opens_nothing_that_a_list_hides(laid: Scene, caller: str) -> None:
    by = None if caller == "anonymous" else caller
    ids = [known.id for known in laid.incidents.values()]
    crews = [f"Crew:{ward.OTHER if name == FAR else CODE}:{key}" for name, key in laid.desk.ward.crews.items()]
    home = f"Place:{CODE}:{laid.desk.ward.places['Nhà riêng chưa đồng ý']}"
    nodes = (await laid.desk.data(NODES, by, ids=[*ids, *crews, home]))["nodes"]
    assert laid.seen([node for node in nodes if node and node["__typename"] == "Incident"]) == expected(caller, SEES)
    across = {"crew-other": {FAR}, "team-other": {FAR}, "staff-other": {FAR}, "admin": {CLEAN, ROADS, FAR}}
    visible = across.get(caller, CREWS.get(caller, set()))
    assert {node["name"] for node in nodes if node and node["__typename"] == "Crew"} == visible
    assert (nodes[-1] is not None) == (caller in HOMES)
    for id_, node in zip(ids, nodes, strict=False):
        alone = await laid.desk.data("query($id: ID!) { node(id: $id) { id } }", by, id=id_)
        assert (alone["node"] is None) == (node is None)


async def test_an_id_with_another_ward_names_nothing(laid: Scene) -> None:
    """Also where the ward and the key of it are both asked for, each in an id of its own."""
    held, elsewhere = laid.incidents["held"], laid.incidents["elsewhere"]
    crossed = [f"Incident:{elsewhere.code}:{held.key}", f"Incident:{held.code}:{elsewhere.key}"]
    ids = [held.id, crossed[0], elsewhere.id, crossed[1], held.id]
    nodes = (await laid.desk.data("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", "admin", ids=ids))["nodes"]
    assert nodes == [{"id": held.id}, None, {"id": elsewhere.id}, None, {"id": held.id}]


async def test_the_reporter_of_a_private_incident_sees_it_and_no_other(laid: Scene) -> None:
    private = laid.incidents["private"]
    document = "query($code: String!, $secret: String) { incident(trackingCode: $code, secret: $secret) { " + (
        "...Whole similar { id } ward { incidents { nodes { ...Whole } } } } }" + INCIDENT
    )
    found = await laid.desk.data(document, code=private.tracking_code, secret=private.secret)
    assert laid.seen([found["incident"]]) == {"private": WHOLE}
    assert found["incident"]["similar"] == []
    everybody = expected("anonymous", HERE)
    assert laid.seen(found["incident"]["ward"]["incidents"]["nodes"]) == everybody | {"private": WHOLE}
    for secret in (None, "", "secret", laid.incidents["held"].secret):
        assert await laid.desk.data(document, code=private.tracking_code, secret=secret) == {"incident": None}


async def test_a_secret_opens_only_its_own_report(laid: Scene) -> None:
    document = "query($code: String!, $secret: String) { incident(trackingCode: $code, secret: $secret) { ...Whole } }"
    waiting, held = laid.incidents["waiting"], laid.incidents["held"]
    found = await laid.desk.data(document + INCIDENT, code=waiting.tracking_code, secret=held.secret)
    assert laid.seen([found["incident"]]) == {"waiting": NOTHING}
