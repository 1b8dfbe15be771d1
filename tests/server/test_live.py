"""Following incidents: who is told what, when, and no more."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from typing import Any

import pytest
import sqlalchemy as sa

from geo import journal
from geo.database import Database
from geo.lifecycle import Party, Status
from server import events, followers
from server.listener import bell_of
from tests import ward
from tests.server.live import Station, Stations, eventually, station
from tests.ward import CLEAN, CODE, FIRST, OTHER, ROADS


def crew_id(live: Station, name: str) -> str:
    code = OTHER if name == ward.FAR else CODE
    return f"Crew:{code}:{live.ward.crews[name]}"


async def held(live: Station, **values: Any) -> ward.Reported:
    return await live.report(
        status=Status.ASSIGNED,
        crew_id=live.ward.crews[CLEAN],
        neighbourhood_id=live.ward.neighbourhoods[FIRST],
        **values,
    )


async def test_a_step_is_told_to_staff_crew_and_reporter_each_in_their_right(live: Station) -> None:
    made = await held(live, description="mậtngữ")
    async with live.socket("staff") as staff, live.socket("crew-clean") as crew, live.socket() as public:
        await staff.follow(wardCode=CODE)
        await crew.follow(crewId=crew_id(live, CLEAN))
        await public.follow("anyone", trackingCode=made.tracking_code)
        await public.follow("reporter", trackingCode=made.tracking_code, secret=made.secret)
        await live.followers(4)
        await live.step(made, "crew-clean", "acceptIncident")
        of_staff, of_crew = await staff.change(), await crew.change()
        told = {}
        for _ in range(2):
            message = await public.receive()
            told[message["id"]] = message["payload"]["data"]["incidentChanged"]
    for change in (of_staff, of_crew, told["anyone"], told["reporter"]):
        assert change["incidentId"] == made.id
        assert change["incident"]["status"] == change["event"]["to"] == "ACCEPTED"
        assert change["refetch"] is False
    assert of_staff["incident"]["description"] == told["reporter"]["incident"]["description"] == "mậtngữ"
    assert told["anyone"]["incident"]["description"] is None
    assert told["anyone"]["incident"]["crew"] is None
    assert told["reporter"]["incident"]["crew"] == {"name": CLEAN}
    assert of_staff["event"]["actor"] == "Người dùng crew-clean"
    assert told["reporter"]["event"]["actor"] == CLEAN
    assert told["anyone"]["event"]["actor"] is None


async def test_what_one_may_not_see_is_not_told(live: Station) -> None:
    private = await held(live, category="SECURITY")
    shown = await held(live)
    async with live.socket("team-1") as team, live.socket() as public, live.socket("staff-other") as foreign:
        for socket in (team, public, foreign):
            await socket.follow(wardCode=CODE)
        await live.followers(3)
        await live.step(private, "crew-clean", "acceptIncident")
        await live.step(shown, "staff", "noteIncident", note="Nội bộ", public=False)
        await live.step(shown, "crew-clean", "acceptIncident")
        for socket in (team, public, foreign):
            change = await socket.change()
            assert (change["incidentId"], change["event"]["to"]) == (shown.id, "ACCEPTED")
            assert await socket.silent()


async def test_other_wards_crews_and_reports_are_not_told(live: Station) -> None:
    made, other = await held(live), await held(live)
    async with live.socket("staff-other") as foreign, live.socket("crew-roads") as crew, live.socket() as public:
        await foreign.follow(wardCode=OTHER)
        await crew.follow(crewId=crew_id(live, ROADS))
        await public.follow(trackingCode=other.tracking_code, secret=other.secret)
        await live.followers(3)
        await live.step(made, "crew-clean", "acceptIncident")
        for socket in (foreign, crew, public):
            assert await socket.silent()


async def test_a_crew_hears_that_an_incident_comes_and_that_it_leaves(live: Station) -> None:
    private = await held(live, category="SECURITY")
    plain = await live.report(category="ENVIRONMENT")
    await live.execute("UPDATE crew SET on_duty = true")
    async with live.socket("crew-clean") as crew:
        await crew.follow(crewId=crew_id(live, CLEAN))
        await live.followers(1)
        await live.step(plain, "staff", "assignIncident", crewId=crew_id(live, CLEAN))
        came = await crew.change()
        assert came["incident"]["id"] == plain.id
        await live.step(private, "staff", "rejectIncident", reason="Không thuộc phường")
        left = await crew.change()
        assert (left["incidentId"], left["incident"]) == (private.id, None)
        await live.step(private, "staff", "noteIncident", note="Sau đó", public=False)
        assert await crew.silent()
        await live.step(plain, "crew-clean", "declineIncident", reason="Hỏng xe")
        left = await crew.change()
        assert (left["incidentId"], left["incident"], left["event"]["to"]) == (plain.id, None, "RECEIVED")
        assert await crew.silent()


@pytest.mark.parametrize(
    ("by", "variables", "code", "path"),
    [
        (None, {}, "BAD_INPUT", None),
        ("staff", {"wardCode": CODE, "trackingCode": "20314-ABCDEF"}, "BAD_INPUT", None),
        ("staff", {"wardCode": CODE, "secret": "x"}, "BAD_INPUT", None),
        ("staff", {"wardCode": CODE, "after": "không phải"}, "BAD_INPUT", ["after"]),
        ("staff", {"wardCode": CODE, "after": "MTIzOjQ1Ng"}, "BAD_INPUT", ["after"]),
        ("staff", {"wardCode": CODE, "after": "MTIz" * 4_000}, "BAD_INPUT", ["after"]),
        ("staff", {"wardCode": "99999"}, "NOT_FOUND", ["wardCode"]),
        (None, {"trackingCode": "20314-ABCDEF"}, "NOT_FOUND", ["trackingCode"]),
        (None, {"crewId": "CLEAN"}, "NOT_FOUND", ["crewId"]),
        ("crew-roads", {"crewId": "CLEAN"}, "NOT_FOUND", ["crewId"]),
        ("team-1", {"crewId": "CLEAN"}, "NOT_FOUND", ["crewId"]),
        ("staff-other", {"crewId": "CLEAN"}, "NOT_FOUND", ["crewId"]),
        ("staff", {"crewId": "Ward:20314"}, "NOT_FOUND", ["crewId"]),
    ],
)
async def test_what_cannot_be_followed_is_refused_with_a_reason(
    module_station: Station, by: str | None, variables: dict[str, Any], code: str, path: list[str] | None
) -> None:
    live = module_station
    if variables.get("crewId") == "CLEAN":
        variables = {"crewId": crew_id(live, CLEAN)}
    async with live.socket(by) as socket:
        await socket.follow(**variables)
        answer = await socket.receive()
    assert (answer["type"], answer["id"]) == ("error", "1")
    ((error),) = answer["payload"]
    assert error["extensions"]["code"] == code
    assert error["extensions"].get("path") == path
    assert len(live.hub) == 0


@pytest.fixture(scope="module")
async def module_station(stations: Stations) -> Any:
    async with stations() as opened:
        yield opened


async def test_what_commits_late_is_told_and_resuming_brings_it_too(live: Station) -> None:
    first, second = await held(live), await held(live)
    step = (
        "INSERT INTO incident_event (ward_code, incident_id, id, at, from_status, to_status, public, party)"
        " VALUES ('20314', :incident, gen_random_uuid(), clock_timestamp(), 'ASSIGNED', 'ASSIGNED', true, 'STAFF')"
    )
    async with live.socket("staff") as staff, live.socket("staff") as resumed:
        await staff.follow(wardCode=CODE)
        await live.followers(1)
        async with live.database.write() as slow:
            await slow.execute(sa.text(step), {"incident": first.key})
            await live.execute(step, incident=second.key)
            early = await staff.change()
            assert early["incidentId"] == second.id
            assert await staff.silent()
        late = await staff.change()
        assert late["incidentId"] == first.id
        await resumed.follow(wardCode=CODE, after=early["cursor"])
        assert (await resumed.change())["incidentId"] == first.id
        assert await resumed.silent()


async def test_among_many_writers_each_step_is_told_once_to_clients_that_come_and_go(live: Station) -> None:
    made = await held(live)
    chance = random.Random(20261123)
    written: list[str] = []
    writers = Database(live.database.url, pool_size=4)
    bell = bell_of(writers)
    writers.committed.append(bell)
    query = """subscription ($after: String) { incidentChanged(wardCode: "20314", after: $after) {
      cursor refetch event { note } } }"""

    async def write(number: int) -> None:
        for step in range(15):
            async with writers.write() as connection:
                for part in range(chance.randint(1, 2)):
                    text = f"{number}-{step}-{part}"
                    written.append(text)
                    await journal.write(
                        connection, CODE, made.key, Status.ASSIGNED, Status.ASSIGNED, Party.STAFF, note=text
                    )
                    await asyncio.sleep(chance.random() * 0.03)

    async def follow(patience: float) -> list[str]:
        seen: list[str] = []
        after: dict[str, str] = {}
        while True:
            async with live.socket("staff") as socket:
                await socket.follow(query=query, **after)
                while not after or chance.random() >= patience:
                    if writing.done() and len(seen) >= len(written):
                        return seen
                    with suppress(TimeoutError):
                        change = await socket.change(1)
                        assert change["refetch"] is False
                        seen.append(change["event"]["note"])
                        after = {"after": change["cursor"]}

    async def writing_all() -> None:
        await live.followers(len(patience))
        await asyncio.gather(*(write(number) for number in range(4)))

    patience = (0.0, 0.1, 0.4)
    writing = asyncio.create_task(writing_all())
    followers = [asyncio.create_task(follow(each)) for each in patience]
    async with asyncio.timeout(180):
        await writing
        for seen in await asyncio.gather(*followers):
            assert sorted(seen) == sorted(written)
    await bell.close()
    await writers.close()


async def test_a_change_is_read_once_for_all_who_are_told_the_same(
    live: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await held(live)
    read = []
    told = events.Hub._told

    async def counted(hub: Any, group: Any, change: Any) -> Any:
        read.append(group)
        return await told(hub, group, change)

    monkeypatch.setattr(events.Hub, "_told", counted)
    async with live.socket("staff") as first, live.socket("admin") as second, live.socket("staff") as third:
        for number in range(3):
            await first.follow(str(number), wardCode=CODE)
        await second.follow(wardCode=CODE)
        await third.follow(wardCode=CODE)
        await live.followers(5)
        assert live.hub.groups == 2  # those of an administrator and of staff differ in their right
        await live.step(made, "crew-clean", "acceptIncident")
        texts = [(await first.receive())["payload"] for _ in range(3)]
        texts += [(await third.receive())["payload"], (await second.receive())["payload"]]
    assert all(text["data"]["incidentChanged"]["event"]["to"] == "ACCEPTED" for text in texts)
    assert len(read) == 2
    assert texts[0] == texts[1] == texts[2] == texts[3]


async def test_whose_session_ends_is_told_nothing_more(live: Station) -> None:
    made = await held(live)
    async with live.socket("staff") as staff, live.socket("crew-clean") as crew, live.socket("admin") as admin:
        for socket in (staff, admin):
            await socket.follow(wardCode=CODE)
        await crew.follow(crewId=crew_id(live, CLEAN))
        await live.followers(3)
        await live.execute("DELETE FROM session WHERE account_id = :id", id=live.ward.accounts["staff"])
        await live.execute(
            "UPDATE crew_member SET crew_id = :to WHERE account_id = :id",
            id=live.ward.accounts["crew-clean"],
            to=live.ward.crews[ROADS],
        )
        await live.step(made, "admin", "noteIncident", note="Ai còn nghe?", public=True)
        assert (await admin.change())["event"]["note"] == "Ai còn nghe?"
        assert await staff.close_code() == 4401
        assert await crew.close_code() == 4403
        await live.followers(1)


async def test_an_account_that_is_disabled_cannot_begin_to_follow_over_an_open_socket(live: Station) -> None:
    async with live.socket("staff") as staff:
        await live.execute("UPDATE account SET disabled_at = now() WHERE username = 'staff'")
        await staff.follow(wardCode=CODE)
        assert await staff.close_code() == 4401


async def test_who_does_not_keep_up_is_told_to_ask_again_and_memory_stays_bounded(live: Station) -> None:
    made = await held(live, description="x" * 4_000)
    async with live.socket("staff") as slow, live.socket("staff") as quick:
        slow.connection.transport.pause_reading()  # its end takes nothing any more
        for number in range(10):
            await slow.follow(f"slow-{number}", wardCode=CODE)
        await quick.follow(wardCode=CODE)
        await live.followers(11)
        many = 400
        for _ in range(many // 50):
            await live.execute(
                "INSERT INTO incident_event (ward_code, incident_id, id, at, from_status, to_status, public, party)"
                " SELECT '20314', :incident, gen_random_uuid(), now(), 'ASSIGNED', 'ASSIGNED', true, 'STAFF'"
                " FROM generate_series(1, 50)",
                incident=made.key,
            )
            for _ in range(50):
                assert (await quick.change())["refetch"] is False
        assert all(len(one._queue) <= followers.MOST_WAITING for one in live.hub._followers)
        slow.connection.transport.resume_reading()
        seen: dict[str, list[bool]] = {}
        cursor = None
        async with asyncio.timeout(60):
            while len(seen) < 10 or not all(any(again) for again in seen.values()):
                message = await slow.receive()
                change = message["payload"]["data"]["incidentChanged"]
                seen.setdefault(message["id"], []).append(change["refetch"])
                if change["refetch"]:
                    cursor = change["cursor"]
                    assert (change["incident"], change["event"], change["incidentId"]) == (None, None, None)
        assert cursor is not None


async def test_who_missed_too_much_or_comes_from_elsewhere_asks_again_and_goes_on(live: Station) -> None:
    made = await held(live)
    async with live.socket("staff") as staff:
        await staff.follow("live", wardCode=CODE)
        await live.followers(1)
        await live.step(made, "crew-clean", "acceptIncident")
        cursor = (await staff.change())["cursor"]
        await live.execute(
            "INSERT INTO incident_event (ward_code, incident_id, id, at, from_status, to_status, public, party)"
            " SELECT '20314', :incident, gen_random_uuid(), now(), 'ASSIGNED', 'ASSIGNED', true, 'STAFF'"
            " FROM generate_series(1, 1200)",
            incident=made.key,
        )
        assert (await staff.change())["refetch"] is True
        for id_, after in (("missed", cursor), ("elsewhere", "OTIyMzM3MjAzNjg1NDc3NQ")):
            await staff.follow(id_, wardCode=CODE, after=after)
            message = await staff.receive()
            assert message["id"] == id_
            assert message["payload"]["data"]["incidentChanged"]["refetch"] is True
        await live.followers(3)
        await live.step(made, "crew-clean", "startIncident")
        for _ in range(3):
            assert (await staff.change())["event"]["to"] == "IN_PROGRESS"


async def test_what_costs_too_much_is_refused_before_anything_is_followed(live: Station) -> None:
    query = """subscription { incidentChanged(wardCode: "20314") { incident { ward { incidents(first: 100) { nodes {
      similar(first: 20) { history { photos { id } } } } } } } } }"""
    async with live.socket("staff") as staff:
        await staff.follow(query=query)
        answer = await staff.receive()
    assert answer["payload"][0]["extensions"]["code"] == "TOO_COSTLY"


async def test_strangers_cannot_make_each_change_cost_a_thousand_reads(
    live: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(followers, "MOST_STRANGERS", 5)
    async with live.socket() as first, live.socket() as second, live.socket("staff") as staff:
        for number in range(5):
            await (first if number < followers.MOST_OWN else second).follow(str(number), query=aliased(f"a{number}"))
        await live.followers(5)
        await second.follow("more", query=aliased("more"))
        answer = await second.receive()
        assert answer["payload"][0]["extensions"]["code"] == "TOO_MANY_REQUESTS"
        await staff.follow(wardCode=CODE)
        await live.followers(6)


async def test_one_connection_cannot_keep_all_others_from_following(live: Station) -> None:
    async with live.socket() as greedy, live.socket() as other:
        for number in range(16):
            await greedy.follow(str(number), query=aliased(f"a{number}"))
        refused = [await greedy.receive(30) for _ in range(16 - followers.MOST_OWN)]
        assert {answer["payload"][0]["extensions"]["code"] for answer in refused} == {"TOO_MANY_REQUESTS"}
        await other.follow("new", query=aliased("b"))
        await live.followers(followers.MOST_OWN + 1)
        # What somebody else asks in the same way is nobody's own.
        await greedy.follow("same", query=aliased("b"))
        await live.followers(followers.MOST_OWN + 2)


def aliased(name: str) -> str:
    return f'subscription {{ incidentChanged(wardCode: "20314") {{ {name}: cursor }} }}'


async def test_only_so_many_follow_in_one_process(stations: Stations) -> None:
    async with stations(max_subscriptions=3) as live, live.socket("staff") as staff:
        for number in range(4):
            await staff.follow(str(number), wardCode=CODE)
        answer = await staff.receive()
        assert (answer["type"], answer["payload"][0]["extensions"]["code"]) == ("error", "TOO_MANY_REQUESTS")
        await live.followers(3)


async def test_two_processes_tell_what_the_other_one_changed(live: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "_LOOK_SECONDS", 3_600.0)  # it is the call that tells it, and no look by the clock
    made = await held(live)
    async with station(live.database.url, live.ward, live.tokens) as second, second.socket("staff") as staff:
        await staff.follow(wardCode=CODE)
        await second.followers(1)
        await eventually(lambda: second.hub._listener.connected and live.hub._listener.connected)
        await live.step(made, "crew-clean", "acceptIncident")
        assert (await staff.change())["event"]["to"] == "ACCEPTED"


async def test_a_cut_connection_is_replaced_and_nothing_is_missed(live: Station) -> None:
    made = await held(live)
    async with live.socket("staff") as staff:
        await staff.follow(wardCode=CODE)
        await live.followers(1)
        await eventually(lambda: live.hub._listener.connected)
        for mutation, status in (("acceptIncident", "ACCEPTED"), ("startIncident", "IN_PROGRESS")):
            await live.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
                " AND application_name = 'phuongso-listener'"
            )
            await live.step(made, "crew-clean", mutation)
            assert (await staff.change())["event"]["to"] == status


async def test_nothing_is_read_while_nobody_follows(live: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    made = await held(live)

    async def never(*_: object) -> None:
        raise AssertionError("read for nobody")

    monkeypatch.setattr(events.Hub, "_look", never)
    await live.step(made, "crew-clean", "acceptIncident")
    await asyncio.sleep(0.2)
    assert live.hub._moment is None


async def test_queries_and_mutations_run_over_the_socket_too(live: Station) -> None:
    made = await held(live)
    async with live.socket("crew-clean") as crew:
        await crew.follow("q", query="{ viewer { role } }")
        assert (await crew.receive())["payload"] == {"data": {"viewer": {"role": "CREW_MEMBER"}}}
        assert await crew.receive() == {"id": "q", "type": "complete"}
        mutation = "mutation ($input: AcceptIncidentInput!) { acceptIncident(input: $input) { __typename } }"
        await crew.follow("m", query=mutation, input={"incidentId": made.id})
        assert (await crew.receive())["payload"]["data"]["acceptIncident"]["__typename"] == "AcceptIncidentPayload"
        assert (await crew.receive())["type"] == "complete"


async def test_the_subscription_goes_by_its_alias_and_fragments(live: Station) -> None:
    made = await held(live)
    query = """subscription ($all: Boolean!) { mine: incidentChanged(wardCode: "20314") { __typename ...Part } }
      fragment Part on IncidentChange { again: refetch incident @include(if: $all) { id } event { to } }"""
    async with live.socket("staff") as staff:
        await staff.follow("some", query=query, all=False)
        await staff.follow("all", query=query, all=True)
        await live.followers(2)
        await live.step(made, "crew-clean", "acceptIncident")
        told = {}
        for _ in range(2):
            message = await staff.receive()
            told[message["id"]] = message["payload"]["data"]["mine"]
    assert told["some"] == {"__typename": "IncidentChange", "again": False, "event": {"to": "ACCEPTED"}}
    assert told["all"] == {**told["some"], "incident": {"id": made.id}}
