"""A ward's incidents, any number of them at once, as columns: where, when, how each one went, and its steps.

The same ward, scale and moment give the same incidents, to the last byte, with the same version of numpy.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.demo import copying, pattern_arrays
from geo.demo.chance import ALPHABET
from geo.demo.copying import Bytes, Column
from geo.demo.incidents import CHANNELS
from geo.demo.lattice import UNITS, Plot
from geo.demo.patterns import FINISHED_SHARES, OPEN_SHARE, OPEN_WEIGHTS, PATTERNS
from geo.demo.schedule import SHARES
from geo.demo.vocabulary import TEXTS_A_CATEGORY, Vocabulary
from geo.lifecycle import IN_HAND, OPEN, Party, Status
from geo.seeds import CATEGORIES
from geo.tables import SRID

Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]
_DAY = 86_400
_SPAN = 730 * _DAY
# A plain history takes at most thirteen days, a reopened one thirty-two: the finished ones began before that.
_FINISHED_BEFORE, _REOPENED_BEFORE = 16 * _DAY, 45 * _DAY
_LATEST = 600  # seconds before now
_CHANNELS = tuple(CHANNELS)
_KIND = {seed.code: number for number, seed in enumerate(CATEGORIES)}
_DEADLINES = np.array([seed.clock_hours * 3600 for seed in CATEGORIES])
_PUBLIC = np.array([seed.public for seed in CATEGORIES])
_LETTERS = np.frombuffer(ALPHABET.encode(), np.uint8)

# Crews by their place in `people.PLANS`. Who takes a category; waste goes by half of the ward.
_ENVIRONMENT, _INFRASTRUCTURE, _TRAFFIC, _OTHER = (
    _KIND[code] for code in ("ENVIRONMENT", "INFRASTRUCTURE", "TRAFFIC", "OTHER")
)
_NORTH, _SOUTH, _DRAINS = 0, 1, 3
_FIRST = np.array([(0, 0, 0), (2, 2, 2), (4, 4, 5), (5, 5, 5), (6, 6, 6), (7, 7, 7), (2, 6, 7)])
_NEXT = np.array([-1, -1, 6, -1, 5, 4, 7, 2])
"""Who could take it as well, for road safety and other matters."""
CREWS = len(_NEXT)


@dataclass(frozen=True, slots=True)
class Ids:
    """Of a ward's rows that its incidents refer to, sixteen bytes each, in order."""

    categories: Bytes
    neighbourhoods: Bytes
    crews: Bytes
    crew_accounts: Bytes
    staff_account: Bytes


INCIDENT = (
    "ward_code", "id", "tracking_code", "category_id", "status", "description", "location", "address",
    "neighbourhood_id", "crew_id", "channel", "published", "reported_at", "due_at", "resolved_at", "closed_at",
    "reopened_count", "duplicate_of_id", "satisfaction", "satisfaction_comment", "request_key_hash",
    "reporter_secret_hash",
)  # fmt: skip
EVENT = (
    "ward_code", "incident_id", "id", "at", "from_status", "to_status", "note", "public", "party", "account_id",
    "crew_id",
)  # fmt: skip
REPORTER = ("ward_code", "incident_id", "name", "phone", "consented_at")


class Incidents:
    """The incidents of one ward. `now` is in seconds since 1970."""

    def __init__(self, words: Vocabulary, seed: str, code: str, plot: Plot, count: int, now: int) -> None:
        self.words, self.code, self.count, self.now = words, code, count, now
        digest = hashlib.sha256(f"{seed}:incidents:{plot.number}".encode()).digest()
        self.random = random = np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16])))
        self._when()
        self.category = random.choice(len(CATEGORIES), count, p=_probabilities([SHARES[s.code] for s in CATEGORIES]))
        self._where(plot)
        self._repeat()
        self._who(plot)
        self._how()
        self.ids = copying.ids(random, self.reported)
        self.channel = random.choice(len(_CHANNELS), count, p=_probabilities(list(CHANNELS.values())))
        self.by_staff = self.channel == _CHANNELS.index(next(c for c in _CHANNELS if c == "STAFF"))

    def _when(self) -> None:
        """How each one ends, and when it was reported; oldest first."""
        random, count, now = self.random, self.count, self.now
        sizes = {status: int(share * count) for status, share in FINISHED_SHARES.items()}
        for status, weight in OPEN_WEIGHTS.items():
            sizes[status] = round(OPEN_SHARE * count * weight)
        sizes[Status.RECEIVED] = max(1, sizes[Status.RECEIVED])
        sizes[Status.CLOSED] = max(0, count - sum(sizes.values()))
        end = np.repeat([pattern_arrays.CODE[status] for status in sizes], list(sizes.values()))[:count]
        back = _FINISHED_BEFORE + (_SPAN - _FINISHED_BEFORE) * (1 - random.random(count) ** 0.8)
        open_ = np.isin(end, [pattern_arrays.CODE[status] for status in OPEN])
        back[open_] = 6 * _DAY * random.random(int(open_.sum())) ** 1.2
        stuck = open_ & (random.random(count) < 0.1)
        back[stuck] = _DAY * random.uniform(8, 24, int(stuck.sum()))
        resolved = end == pattern_arrays.CODE[Status.RESOLVED]
        back[resolved] = _DAY * random.uniform(0.2, 5, int(resolved.sum()))
        # Mostly by day in Việt Nam (UTC+7), never in the future.
        hour = np.clip(random.normal(13.5, 4.2, count), 0, 23.9)
        day = (now - back.astype(np.int64) + 7 * 3600) // _DAY * _DAY - 7 * 3600
        reported = day + (hour * 3600).astype(np.int64)
        late = reported > now - _LATEST
        reported[late] = now - _LATEST - random.integers(0, 3 * 3600, int(late.sum()))
        order = np.argsort(reported, kind="stable")
        self.reported, self.end = reported[order], end[order]
        if self.end[0] == pattern_arrays.CODE[Status.DUPLICATE]:
            self.end[0] = pattern_arrays.CODE[Status.REJECTED]  # nothing to repeat yet

    def _where(self, plot: Plot) -> None:
        """Places in cells from the ward's north-west corner: many at a few hot spots, the others everywhere."""
        random, count = self.random, self.count
        west, east, north, south = plot.block
        self.size = np.array([east - west, south - north], np.float64)
        spots = 3 + min(12, count // 1000)
        middles = random.uniform(0.12, 0.88, (spots, 2)) * self.size
        spreads = random.uniform(0.6, 3.0, spots)
        spot = random.choice(spots, count, p=_probabilities(list(1 / np.arange(1, spots + 1))))
        near = middles[spot] + random.normal(size=(count, 2)) * spreads[spot][:, None]
        at = np.where(random.random(count)[:, None] < 0.45, near, random.random((count, 2)) * self.size)
        self.at = self._inside(at)

    def _inside(self, at: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.clip(at, 0.0, self.size - 1e-6)

    def _repeat(self) -> None:
        """A duplicate repeats the report before it that is none: the same kind, some steps away."""
        repeats = self.end == pattern_arrays.CODE[Status.DUPLICATE]
        places = np.arange(self.count)
        self.original = np.where(repeats, np.maximum.accumulate(np.where(repeats, 0, places)), -1)
        of = self.original[repeats]
        self.category[repeats] = self.category[of]
        self.at[repeats] = self._inside(self.at[of] + self.random.normal(0, 0.02, (len(of), 2)))

    def _who(self, plot: Plot) -> None:
        """The neighbourhood, the crew that takes it first, and another that could."""
        self.location = plot.positions(self.at[:, 0], self.at[:, 1])
        self.neighbourhood = plot.cells()[self.at[:, 1].astype(np.int64), self.at[:, 0].astype(np.int64)]
        north = self.at[:, 1] < halfway(plot)
        category = self.category
        self.first = _FIRST[category, self.random.integers(0, 3, self.count)]
        self.first[category == _ENVIRONMENT] = np.where(north, _NORTH, _SOUTH)[category == _ENVIRONMENT]
        self.second = np.where(np.isin(category, (_TRAFFIC, _OTHER)), _NEXT[self.first], -1)
        self.second[north & np.isin(category, (_ENVIRONMENT, _INFRASTRUCTURE))] = _DRAINS

    def _how(self) -> None:
        """The pattern of each history, and the moment of each step in it."""
        random, count = self.random, self.count
        self.pattern = np.empty(count, np.int64)
        alone = self.second < 0
        recent = self.now - self.reported < _REOPENED_BEFORE
        for status, known in PATTERNS.items():
            of = np.flatnonzero(self.end == pattern_arrays.CODE[status])
            weights = np.array([pattern.weight for pattern in known])
            start = pattern_arrays.STARTS[status]
            here = slice(start, start + len(known))
            chosen = start + random.choice(len(known), len(of), p=_probabilities(weights))
            plain = weights * ~(pattern_arrays.ANOTHER[here] | pattern_arrays.REOPENED[here])
            instead = start + random.choice(len(known), len(of), p=_probabilities(plain))
            barred = (pattern_arrays.ANOTHER[chosen] & alone[of]) | (pattern_arrays.REOPENED[chosen] & recent[of])
            self.pattern[of] = np.where(barred, instead, chosen)
        lasting = (
            pattern_arrays.MINUTES[self.pattern] * 60
            + pattern_arrays.OF_DEADLINE[self.pattern] * _DEADLINES[self.category][:, None]
        )
        chances = np.minimum(np.exp(random.normal(0, 0.7, (count, pattern_arrays.LONGEST))), 4.0)
        lasting *= np.where(pattern_arrays.EXACT[self.pattern], 1.0, chances)
        self.taken = np.arange(pattern_arrays.LONGEST) < pattern_arrays.LENGTHS[self.pattern][:, None]
        # Whole seconds and no two the same; what would end in the future is drawn closer together.
        seconds = np.maximum(1, np.rint(lasting)) * self.taken
        factor = np.minimum(1.0, (self.now - 120 - self.reported) / np.maximum(1, seconds.sum(axis=1)))
        seconds = np.maximum(1, np.floor(seconds * factor[:, None])).astype(np.int64) * self.taken
        self.times = self.reported[:, None] + np.cumsum(seconds, axis=1)
        kinds = pattern_arrays.NOTE[self.pattern]
        many = self.words.count[kinds, self.category[:, None]]
        drawn = self.words.first[kinds, self.category[:, None]] + (random.random(many.shape) * many).astype(np.int64)
        self.note = np.where(many > 0, drawn, -1)

    def in_hand(self) -> Integers:
        """How many each crew has in hand."""
        working = np.isin(self.end, [pattern_arrays.CODE[status] for status in IN_HAND])
        return np.bincount(self._crew()[working], minlength=CREWS)

    def _crew(self) -> Integers:
        """The crew that had it last; -1 where it has none."""
        last = np.where(pattern_arrays.LAST_CREW[self.pattern] == 2, self.second, self.first)
        return np.where(pattern_arrays.HAS_CREW[self.pattern], last, -1)

    def _moment(self, step: Integers) -> tuple[Integers, Flags]:
        """When the step of this number was taken, and whether there is such a step."""
        chosen = step[self.pattern]
        return self.times[np.arange(self.count), np.maximum(chosen, 0)], chosen >= 0

    def incident_rows(self, ids: Ids, described: float, commented: bool) -> Iterator[bytes]:
        """Rows of `incident`, oldest first, with the columns of `INCIDENT`."""
        random, words, count, pattern = self.random, self.words, self.count, self.pattern
        reopened, again = self._moment(pattern_arrays.REOPENED_AT)
        due = np.where(again, reopened, self.reported) + _DEADLINES[self.category]
        crew = self._crew()
        told = random.random(count) < described
        text = self.category * TEXTS_A_CATEGORY + random.integers(0, TEXTS_A_CATEGORY, count)
        has_address = told & (random.random(count) < 0.72)
        address = np.where(has_address, random.integers(0, len(words.addresses), count), -1)
        comment_at = pattern_arrays.COMMENT_AT[pattern]
        comment = np.where(comment_at >= 0, self.note[np.arange(count), np.maximum(comment_at, 0)], -1)
        done = np.isin(self.end, [pattern_arrays.CODE[Status.RESOLVED], pattern_arrays.CODE[Status.CLOSED]])
        columns = (
            copying.constant(self.code),
            copying.fixed(self.ids),
            copying.fixed(self._tracking_codes()),
            copying.fixed(ids.categories[self.category]),
            words.statuses.column(self.end),
            words.descriptions.column(np.where(told, text, -1)),
            copying.points(self.location, UNITS, SRID),
            words.addresses.column(address),
            copying.fixed(ids.neighbourhoods[self.neighbourhood]),
            copying.fixed(ids.crews[crew], crew >= 0),
            words.channels.column(self.channel),
            copying.booleans(done & _PUBLIC[self.category] & (random.random(count) < 0.35)),
            copying.moments(self.reported),
            copying.moments(due),
            copying.moments(*self._moment(pattern_arrays.RESOLVED_AT)),
            copying.moments(*self._moment(pattern_arrays.CLOSED_AT)),
            copying.integers(pattern_arrays.REOPENED[pattern].astype(np.int64)),
            copying.fixed(self.ids[self.original], self.original >= 0),
            words.verdicts.column(pattern_arrays.SATISFACTION[pattern]),
            words.notes.column(comment if commented else np.full(count, -1)),
            copying.fixed(self._hashes()),
            copying.fixed(self._hashes()),
        )
        return copying.rows(columns, count)

    def _tracking_codes(self) -> Bytes:
        """The ward, then thirty bits as in `geo.ids`; no two the same."""
        numbers = np.empty(0, np.int64)
        while len(numbers) < self.count:
            more = self.random.integers(0, 2**30, self.count + 16)
            numbers = np.unique(np.concatenate((numbers, more)))
        numbers = self.random.permutation(numbers)[: self.count]
        digits = numbers[:, None] >> np.arange(25, -1, -5) & 31
        prefix = np.frombuffer(f"{self.code}-".encode(), np.uint8)
        return np.concatenate((np.broadcast_to(prefix, (self.count, len(prefix))), _LETTERS[digits]), axis=1)

    def _hashes(self) -> Bytes:
        """Chance bytes where a real report keeps a hash."""
        return np.frombuffer(self.random.bytes(32 * self.count), np.uint8).reshape(self.count, 32)

    def event_rows(self, ids: Ids) -> Iterator[bytes]:
        """Rows of `incident_event`, incident by incident, with the columns of `EVENT`."""
        # The report itself stands before the first step.
        all_ = np.concatenate((np.ones((self.count, 1), np.bool_), self.taken), axis=1)
        row, number = np.nonzero(all_)
        for start in range(0, len(row), 200_000):
            yield from self._events(ids, row[start : start + 200_000], number[start : start + 200_000] - 1)

    def _events(self, ids: Ids, row: Integers, step: Integers) -> Iterator[bytes]:
        words, pattern = self.words, self.pattern[row]
        report = step < 0
        step = np.maximum(step, 0)  # what is said of the report replaces what was read here for it
        at = np.where(report, self.reported[row], self.times[row, step])
        by_reporter, by_staff = pattern_arrays.PARTIES.index(Party.REPORTER), pattern_arrays.PARTIES.index(Party.STAFF)
        party = np.where(
            report, np.where(self.by_staff[row], by_staff, by_reporter), pattern_arrays.PARTY[pattern, step]
        )
        which = np.where(report, 0, pattern_arrays.CREW[pattern, step])
        crew = np.where(which == 0, -1, np.where(which == 2, self.second[row], self.first[row]))
        before = np.where(report, -1, pattern_arrays.PATH[pattern, step])
        account = np.where((party == by_staff)[:, None], ids.staff_account, ids.crew_accounts[crew])
        has_account = (party == by_staff) | (party == pattern_arrays.PARTIES.index(Party.CREW))
        columns: tuple[Column, ...] = (
            copying.constant(self.code),
            copying.fixed(self.ids[row]),
            copying.fixed(copying.ids(self.random, at)),
            copying.moments(at),
            words.statuses.column(before),
            words.statuses.column(
                np.where(report, pattern_arrays.CODE[Status.RECEIVED], pattern_arrays.PATH[pattern, step + 1])
            ),
            words.notes.column(np.where(report, -1, self.note[row, step])),
            copying.booleans(report | pattern_arrays.OPENLY[pattern, step]),
            words.parties.column(party),
            copying.fixed(account, has_account),
            copying.fixed(ids.crews[crew], (crew >= 0) & ~pattern_arrays.REMARK[pattern, step]),
        )
        return copying.rows(columns, len(row))

    def reporter_rows(self) -> Iterator[bytes]:
        """Rows of `reporter`, for about half of those who are residents, with the columns of `REPORTER`."""
        random, words = self.random, self.words
        row = np.flatnonzero(~self.by_staff & (random.random(self.count) < 0.55))
        phone = random.integers(0, len(words.phones), len(row))
        columns = (
            copying.constant(self.code),
            copying.fixed(self.ids[row]),
            words.people.column(random.integers(0, len(words.people), len(row))),
            words.phones.column(np.where(random.random(len(row)) < 0.9, phone, -1)),
            copying.moments(self.reported[row]),
        )
        return copying.rows(columns, len(row))


def halfway(plot: Plot) -> int:
    """The line, in cells from the ward's northern edge, between the two crews that gather waste."""
    return (plot.block[3] - plot.block[2]) // 2


def _probabilities(weights: Any) -> NDArray[np.float64]:
    exact = np.asarray(weights, np.float64)
    shares: NDArray[np.float64] = exact / exact.sum()
    return shares
