"""Background work that was given up: who sees it, what of it, and who may have it tried again."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from geo import failed_jobs, jobs
from server.work.registry import JOBS
from tests import ward
from tests.asking import Desk
from tests.ward import CODE, OTHER

LIST = """
query($code: String!) { ward(code: $code) {
  waitingJobs failedJobs { id name what whatEn wardCode payload error attempts at }
} }
"""
RETRY = """
mutation($input: RetryJobsInput!) { retryJobs(input: $input) {
  __typename ... on UserError { code message path } ... on RetryJobsPayload { retried }
} }
"""
FAIL = """
UPDATE jobs.pgqueuer SET status = 'failed', attempts = 7, headers = '{"error": "TimeoutError"}' WHERE id = :id
"""


async def lay(desk: Desk, payload: dict[str, Any], *, name: str = "dispatch_waiting", failed: bool = True) -> str:
    async with desk.database.write() as connection:
        made = await jobs.enqueue(connection, name, payload)
        if failed:
            await connection.execute(sa.text(FAIL), {"id": made})
    return str(made)


async def statuses(desk: Desk) -> dict[str, tuple[str, int]]:
    async with desk.database.read() as connection:
        rows = await connection.execute(sa.text("SELECT id, status::text AS status, attempts FROM jobs.pgqueuer"))
        return {str(row.id): (row.status, row.attempts) for row in rows}


async def seen(desk: Desk, by: str | None, code: str = CODE) -> dict[str, dict[str, Any]]:
    return {job["id"]: job for job in (await desk.data(LIST, by, code=code))["ward"]["failedJobs"]}


async def retry(desk: Desk, by: str | None, code: str = CODE, ids: list[str] | None = None) -> Any:
    return (await desk.data(RETRY, by, input={"wardCode": code, "jobIds": ids}))["retryJobs"]


async def test_failed_jobs_are_their_wards_and_an_administrator_of_every_ward_sees_all(desk: Desk) -> None:
    ours = await lay(desk, {"ward": CODE})
    theirs = await lay(desk, {"ward": OTHER})
    nobodys = await lay(desk, {"number": 5})
    await lay(desk, {"ward": CODE}, failed=False)
    everybody = {by: set(await seen(desk, by)) for by in (None, *ward.USERNAMES)}
    assert everybody == {by: set() for by in everybody} | {"staff": {ours}, "admin": {ours, theirs, nobodys}}
    assert set(await seen(desk, "staff-other", OTHER)) == {theirs}
    waiting = {by: (await desk.data(LIST, by, code=CODE))["ward"]["waitingJobs"] for by in everybody}
    assert waiting == dict.fromkeys(everybody) | {"staff": 1, "admin": 1}


async def test_a_failed_job_says_what_it_was_in_words(desk: Desk) -> None:
    number = await lay(desk, {"ward": CODE})
    job = (await seen(desk, "staff"))[number]
    at = job.pop("at")
    assert at
    assert job == {
        "id": number,
        "name": "dispatch_waiting",
        "what": "Tìm đội cho các phản ánh đang chờ",
        "whatEn": "Find crews for the reports that wait",
        "wardCode": CODE,
        "payload": f"ward: {CODE}",
        "error": "TimeoutError",
        "attempts": 8,
    }
    unknown = await lay(desk, {"ward": CODE}, name="something_else")
    assert (await seen(desk, "staff"))[unknown]["what"] == failed_jobs.OTHER.vi


async def test_of_a_payload_only_what_is_no_persons_is_shown(desk: Desk) -> None:
    key = str(desk.ward.accounts["staff"])
    payload = {"ward": CODE, "id": key, "kind": "DUE_SOON", "count": 12, "phone": "0905000111", "note": "Nguyễn Văn A"}
    payload |= {"mail": "a@b.vn", "code": f"{CODE}-7K3F9Q", "incident": f"Incident:{CODE}:{key}"}
    number = await lay(desk, payload)
    told = (await seen(desk, "staff"))[number]["payload"]
    assert told == (
        f"code: …, count: 12, id: {key}, incident: Incident:{CODE}:{key}, kind: DUE_SOON, mail: …, note: …, phone: …,"
        f" ward: {CODE}"
    )


def test_every_job_of_the_worker_has_words() -> None:
    assert set(JOBS) <= set(failed_jobs.WHAT)
    assert all(text.vi and text.en for text in failed_jobs.WHAT.values())


async def test_staff_try_one_again_and_the_others_stay(desk: Desk) -> None:
    first, second = await lay(desk, {"ward": CODE}), await lay(desk, {"ward": CODE})
    assert await retry(desk, "staff", ids=[first]) == {"__typename": "RetryJobsPayload", "retried": 1}
    assert await statuses(desk) == {first: ("queued", 0), second: ("failed", 7)}
    assert set(await seen(desk, "staff")) == {second}


async def test_all_are_all_that_the_caller_sees(desk: Desk) -> None:
    ours, theirs = await lay(desk, {"ward": CODE}), await lay(desk, {"ward": OTHER})
    assert (await retry(desk, "staff"))["retried"] == 1
    assert await statuses(desk) == {ours: ("queued", 0), theirs: ("failed", 7)}
    assert (await retry(desk, "staff"))["retried"] == 0
    assert (await retry(desk, "admin"))["retried"] == 1
    assert (await statuses(desk))[theirs] == ("queued", 0)


async def test_who_may_not_try_again_changes_nothing(desk: Desk) -> None:
    ours, theirs = await lay(desk, {"ward": CODE}), await lay(desk, {"ward": OTHER})
    waiting = await lay(desk, {"ward": CODE}, failed=False)
    before = await statuses(desk)
    for by in (None, *ward.USERNAMES):
        if by in ("staff", "admin"):
            continue
        for ids in (None, [ours]):
            assert (await retry(desk, by, ids=ids))["__typename"] == "NotAllowed", by
    # Staff of another ward who name their own: there is no such job. One that is not there spoils the others.
    for ids in ([ours], [ours, theirs], ["x"], [""], ["9" * 30], [str(2**62)]):
        refused = await retry(desk, "staff-other", OTHER, ids)
        assert (refused["code"], refused["path"]) == ("NOT_FOUND", ["input", "jobIds"]), ids
    assert (await retry(desk, "staff", ids=[ours, waiting]))["code"] == "NOT_FOUND"
    assert (await retry(desk, "staff", ids=[ours] * 201))["code"] == "INVALID_INPUT"
    assert await statuses(desk) == before
    assert (await retry(desk, "staff", ids=[ours, ours]))["retried"] == 1
