"""The life cycle, against the table of the design written out a second time, by hand."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import InvalidTransition
from geo.language import Language
from geo.lifecycle import FINISHED, IN_HAND, OPEN, Party, Status, advance, may_advance

ALLOWED = {
    "RECEIVED ASSIGNED": "STAFF SYSTEM",
    "RECEIVED REJECTED": "STAFF",
    "RECEIVED DUPLICATE": "STAFF",
    "ASSIGNED REJECTED": "STAFF",
    "ASSIGNED DUPLICATE": "STAFF",
    "ASSIGNED ACCEPTED": "CREW",
    "ASSIGNED ASSIGNED": "CREW STAFF SYSTEM",
    "ACCEPTED ASSIGNED": "CREW STAFF SYSTEM",
    "IN_PROGRESS ASSIGNED": "CREW STAFF SYSTEM",
    "ASSIGNED RECEIVED": "CREW STAFF SYSTEM",
    "ACCEPTED RECEIVED": "CREW STAFF SYSTEM",
    "IN_PROGRESS RECEIVED": "CREW STAFF SYSTEM",
    "ACCEPTED IN_PROGRESS": "CREW",
    "ACCEPTED RESOLVED": "CREW STAFF",
    "IN_PROGRESS RESOLVED": "CREW STAFF",
    "RESOLVED CLOSED": "REPORTER STAFF SYSTEM",
    "RESOLVED RECEIVED": "REPORTER STAFF",
    "CLOSED RECEIVED": "REPORTER STAFF",
    "REJECTED RECEIVED": "REPORTER STAFF",
    "DUPLICATE RECEIVED": "REPORTER STAFF",
}
EVERY_STEP = list(itertools.product(Status, Status, Party))


def allowed(current: Status, to: Status, party: Party) -> bool:
    return party in ALLOWED.get(f"{current} {to}", "").split()


def test_exactly_the_steps_of_the_design_are_allowed() -> None:
    assert [step for step in EVERY_STEP if may_advance(step[0], step[1], {step[2]})] == [
        step for step in EVERY_STEP if allowed(*step)
    ]


@pytest.mark.parametrize("current", Status)
@pytest.mark.parametrize("to", Status)
def test_nobody_takes_no_step(current: Status, to: Status) -> None:
    assert not may_advance(current, to, ())


@given(st.sampled_from(Status), st.sampled_from(Status), st.sets(st.sampled_from(Party)))
def test_a_caller_of_several_parties_may_what_any_of_them_may(current: Status, to: Status, parties: set[Party]) -> None:
    if any(allowed(current, to, party) for party in parties):
        assert advance(current, to, parties) is to
    else:
        with pytest.raises(InvalidTransition) as refused:
            advance(current, to, parties)
        assert (refused.value.current, refused.value.to) == (current, to)
        assert refused.value.message(Language.VI) != refused.value.message(Language.EN)


@given(st.lists(st.tuples(st.sampled_from(Status), st.sampled_from(Party)), max_size=60))
def test_any_walk_of_tried_steps_keeps_to_the_design(tries: list[tuple[Status, Party]]) -> None:
    """Refused steps leave the status as it was, so a walk never leaves the table."""
    status = Status.RECEIVED
    walked = [status]
    for to, party in tries:
        try:
            status = advance(status, to, {party})
        except InvalidTransition:
            assert not allowed(status, to, party)
        else:
            walked.append(status)
    for before, after in itertools.pairwise(walked):
        assert f"{before} {after}" in ALLOWED


def test_every_status_is_reached_and_every_end_can_be_reopened() -> None:
    reached = {Status.RECEIVED}
    for _ in Status:
        reached |= {to for current, to, party in EVERY_STEP if current in reached and allowed(current, to, party)}
    assert reached == set(Status)
    for end in FINISHED:
        assert may_advance(end, Status.RECEIVED, {Party.REPORTER})


def test_open_and_finished_divide_the_statuses_and_work_in_hand_is_open() -> None:
    assert {*OPEN, *FINISHED} == set(Status)
    assert not set(OPEN) & set(FINISHED)
    assert set(IN_HAND) == set(OPEN) - {Status.RECEIVED}
