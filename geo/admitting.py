"""Who gets in of those who come together, each within bounds: in their order, and counted only if they do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from geo import limits
from geo.errors import Refusal
from geo.limits import Allowance
from geo.plans import Statements


@dataclass(frozen=True, slots=True)
class Bound:
    """An allowance, and what is said to who is over it: `over` is given the seconds to wait."""

    allowance: Allowance
    over: Callable[[int], Refusal]


async def admit(statements: Statements, wanted: Mapping[int, tuple[Bound, ...]]) -> dict[int, Refusal]:
    """Count those who fit in by all of their bounds; for the others, why not: what bounds them longest.

    What is counted is locked until the transaction ends, so that nobody else gets in by the same room meanwhile.
    """
    asked = _hits(bound for bounds in wanted.values() for bound in bounds)
    if not asked:
        return {}
    counted = await limits.add(statements, asked)
    # As it was without any of these.
    hits = {key: counted[key].hits - own for (key, _), own in asked.items()}
    refused: dict[int, Refusal] = {}
    for n, bounds in wanted.items():
        waits = [(_wait(bound.allowance, counted, hits), bound) for bound in bounds]
        seconds, longest = max(waits, key=lambda one: one[0], default=(0, None))
        if seconds and longest is not None:
            refused[n] = longest.over(seconds)
        else:
            for bound in bounds:
                hits[bound.allowance.key] += 1
    await take_back(statements, (bound for n in refused for bound in wanted[n]))
    return refused


async def take_back(statements: Statements, bounds: Iterable[Bound]) -> None:
    """Count these no more: they were admitted by this transaction, and came to nothing."""
    given = _hits(bounds)
    if given:
        await limits.add(statements, {counted: -hits for counted, hits in given.items()})


def _hits(bounds: Iterable[Bound]) -> Counter[tuple[bytes, int]]:
    return Counter((bound.allowance.key, bound.allowance.seconds) for bound in bounds)


def _wait(allowance: Allowance, counted: Mapping[bytes, limits.Count], hits: Mapping[bytes, int]) -> int:
    count = counted[allowance.key]
    return limits.wait(allowance.most, allowance.seconds, count.slot, hits[allowance.key], count.before, count.at)
