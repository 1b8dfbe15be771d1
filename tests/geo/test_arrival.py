"""Who would be there first, by the way and the work in hand; and what is kept of why."""

from __future__ import annotations

import json
from collections import Counter
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.arrival import expected_seconds
from geo.explaining import MOST, Candidate, Load, as_json, weigh

metres = st.floats(min_value=0, max_value=50_000)
numbers = st.integers(min_value=0, max_value=50)


def ids(count: int) -> list[UUID]:
    return sorted(uuid4() for _ in range(count))


def chosen(weighed: dict[int, list[Candidate]]) -> dict[int, UUID]:
    return {n: best.crew_id for n, ranked in weighed.items() for best in ranked if best.chosen}


@pytest.mark.parametrize(
    ("away", "in_hand", "seconds"), [(0, 0, 0), (1_000, 0, 252), (0, 1, 1_200), (2_000, 3, 504 + 3_600)]
)
def test_the_way_by_road_comes_after_the_work_in_hand(away: float, in_hand: int, seconds: float) -> None:
    assert expected_seconds(away, in_hand) == pytest.approx(seconds)


@given(metres, metres, numbers, numbers)
def test_nearer_with_less_in_hand_is_never_later(one: float, other: float, few: int, many: int) -> None:
    near, far = sorted((one, other))
    less, more = sorted((few, many))
    assert expected_seconds(near, less) <= expected_seconds(far, more)


@pytest.mark.parametrize(("away", "in_hand"), [(-1, 0), (0, -1)])
def test_less_than_nothing_is_no_distance_and_no_number(away: float, in_hand: int) -> None:
    with pytest.raises(ValueError, match="not negative"):
        expected_seconds(away, in_hand)


def test_a_free_crew_further_away_is_there_before_a_near_one_at_work() -> None:
    near, far = ids(2)
    loads = {near: Load(1, 5), far: Load(0, 5)}
    assert chosen(weigh([(1, 100.0, near), (1, 4_000.0, far)], loads)) == {1: far}
    assert chosen(weigh([(1, 100.0, near), (1, 6_000.0, far)], loads)) == {1: near}


def test_what_one_takes_the_next_finds_taken() -> None:
    near, far, full = ids(3)
    found = [(1, 5.0, near), (1, 9.0, far), (2, 1.0, full), (2, 7.0, near), (2, 8.0, far), (3, 2.0, full)]
    weighed = weigh(found, {near: Load(0, 1), far: Load(0, 5), full: Load(2, 2)})
    assert chosen(weighed) == {1: near, 2: far}
    assert [(one.crew_id, one.obstacle) for one in weighed[2]] == [(far, None), (near, "FULL"), (full, "FULL")]
    assert [one.obstacle for one in weighed[3]] == ["FULL"]
    assert weigh([], {near: Load(0, 1)}) == {}


def test_crews_equally_soon_take_it_in_the_order_of_their_ids() -> None:
    one, other = ids(2)
    assert chosen(weigh([(1, 3.0, other), (1, 3.0, one)], {one: Load(0, 1), other: Load(0, 1)})) == {1: one}


@given(
    st.lists(
        st.tuples(st.integers(1, 12), st.integers(0, 5), metres), max_size=40, unique_by=lambda row: (row[0], row[1])
    ),
    st.lists(st.tuples(numbers, st.integers(0, 5)), min_size=6, max_size=6),
)
def test_no_crew_is_overfilled_and_none_with_room_is_passed_over(
    rows: list[tuple[int, int, float]], held: list[tuple[int, int]]
) -> None:
    crews = [UUID(int=number) for number in range(6)]
    loads = {crew: Load(in_hand, in_hand + room) for crew, (in_hand, room) in zip(crews, held, strict=True)}
    found = [(n, away, crews[crew]) for n, crew, away in rows]
    weighed = weigh(found, loads)
    given_to = chosen(weighed)
    taken = Counter(given_to.values())
    assert all(loads[crew].in_hand + count <= loads[crew].capacity for crew, count in taken.items())
    for n, ranked in weighed.items():
        assert {one.crew_id for one in ranked} == {crew for number, _, crew in found if number == n}
        able = [one for one in ranked if one.obstacle is None or one.chosen]
        assert (n in given_to) == bool(able)
        assert all(ranked[0].seconds <= one.seconds for one in able)


def test_what_is_kept_is_bounded_and_holds_the_chosen_one() -> None:
    crews = ids(50)
    found = [(1, float(n), crew) for n, crew in enumerate(crews)]
    loads = {crew: Load(2, 2 if n < 45 else 3) for n, crew in enumerate(crews)}
    (ranked,) = weigh(found, loads).values()
    kept = json.loads(as_json(ranked) or "")
    assert len(kept) == MOST
    assert kept[0] == {
        "crewId": str(crews[45]),
        "metres": 45.0,
        "inHand": 2,
        "capacity": 3,
        "seconds": round(expected_seconds(45, 2)),
        "chosen": True,
    }
    assert [one.get("why") for one in kept] == [None] * 5 + ["FULL"] * 15
    assert [one["chosen"] for one in kept].count(True) == 1
    assert as_json([]) is None
