"""Write a demo of many wards, a city's or the nation's, into an empty database: by COPY, in one transaction.

See docs/decisions/0020 for why the tables' indexes and rules are away meanwhile and why nothing marks a load begun.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import shapely
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import tables
from geo.demo import copying, masses
from geo.demo.chance import chance
from geo.demo.ground import CENTRE, WARD_CODE, WARD_NAME
from geo.demo.lattice import parts, plots
from geo.demo.masses import Incidents
from geo.demo.people import PASSWORD
from geo.demo.scales import Scale
from geo.demo.stripping import strip
from geo.demo.townships import COLUMNS, Plan, Township
from geo.demo.vocabulary import Vocabulary
from geo.errors import Refusal
from geo.language import Text
from geo.passwords import hash_password

Progress = Callable[[str, int, int], None]
_ALL_COLUMNS = COLUMNS | {
    "incident": masses.INCIDENT,
    "incident_event": masses.EVENT,
    "reporter": masses.REPORTER,
}
_FOUNDED = timedelta(days=800)
_FIRST_CODE = 90_001  # no ward of the country has such a code
_AT_ONCE = 16  # wards; their rows are held in memory together
_NOT_EMPTY = Text(
    "Cơ sở dữ liệu này đã có dữ liệu khác. Hãy nạp bản demo lớn vào một cơ sở dữ liệu riêng, còn trống.",
    "This database holds something else already. Load a large demo into an empty database of its own.",
)
_OVERLAP = Text(
    "Ranh giới các tổ dân phố của bản demo chồng lấn nhau; không có gì được ghi.",
    "Boundaries of the demo's neighbourhoods overlap; nothing was stored.",
)
# What the row trigger asks of each boundary, asked of all of them at once.
_OVERLAPPING = """
SELECT count(*) FROM neighbourhood_boundary a JOIN neighbourhood_boundary b USING (ward_code)
WHERE a.neighbourhood_id < b.neighbourhood_id AND a.until IS NULL AND b.until IS NULL
  AND a.boundary && b.boundary AND ST_Relate(a.boundary, b.boundary, 'T********')
"""
_SESSION = (
    "SET LOCAL synchronous_commit = off",
    "SET LOCAL maintenance_work_mem = '512MB'",
    "SET LOCAL work_mem = '256MB'",
    "SET LOCAL max_parallel_maintenance_workers = 2",
    "SET LOCAL statement_timeout = 0",
    "SET LOCAL client_min_messages = warning",
)


@dataclass(frozen=True, slots=True)
class CountrySummary:
    """What the database holds of a large demo, and whether this call put it there."""

    scale: str
    created: bool
    wards: int
    neighbourhoods: int
    incidents: int
    events: int


async def load_scale(
    connection: AsyncConnection, scale: Scale, progress: Progress, *, now: datetime | None = None
) -> CountrySummary:
    """Make the demo of `scale` in the caller's transaction; where it is already, change nothing.

    `now` (default: the clock) is rounded down to the hour; times count back from it. Locks every table of the demo
    against all others until the transaction ends. Raises `Refusal` where the database holds anything else.
    """
    for setting in _SESSION:
        await connection.exec_driver_sql(setting)
    await connection.exec_driver_sql(f"LOCK TABLE {', '.join(_ALL_COLUMNS)} IN ACCESS EXCLUSIVE MODE")
    if await _there(connection, scale):
        return await _summary(connection, scale, created=False)
    hour = (now or datetime.now(UTC)).astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    label = "Tạm gỡ chỉ mục và ràng buộc"
    progress(label, 0, 1)
    stripped = await strip(connection, list(_ALL_COLUMNS))
    # Empty already. A table that the transaction made anew may be written frozen: no row needs a second visit.
    await connection.exec_driver_sql(f"TRUNCATE {', '.join(_ALL_COLUMNS)}")
    progress(label, 1, 1)
    password_hash = await asyncio.to_thread(hash_password, PASSWORD)
    await _write(connection, _batches(scale, hour, password_hash), scale, progress)
    label = "Lập lại chỉ mục và ràng buộc"
    await stripped.restore(connection, lambda done, total: progress(label, done, total))
    label = "Kiểm tra ranh giới, thống kê bảng"
    progress(label, 0, 2)
    if await connection.scalar(sa.text(_OVERLAPPING)):
        raise Refusal(_OVERLAP)
    progress(label, 1, 2)
    await connection.exec_driver_sql(f"ANALYZE {', '.join(_ALL_COLUMNS)}")
    progress(label, 2, 2)
    return await _summary(connection, scale, created=True)


async def _there(connection: AsyncConnection, scale: Scale) -> bool:
    """Whether the database holds this demo; raises `Refusal` where it holds anything else."""
    ward, account = tables.ward.c, tables.account
    wards = (
        await connection.execute(sa.select(sa.func.count().label("all"), sa.func.bool_and(ward.demo).label("demo")))
    ).one()
    if wards.all == scale.wards and wards.demo:
        return True
    if wards.all or await connection.scalar(sa.select(sa.exists(sa.select(account)))):
        raise Refusal(_NOT_EMPTY)
    return False


@dataclass(slots=True)
class _Batch:
    """The rows of some wards, by table, in pieces; and how much they are."""

    rows: list[tuple[str, list[bytes]]]
    incidents: int


def _batches(scale: Scale, hour: datetime, password_hash: str) -> Iterator[_Batch]:
    """All rows of the demo, some wards at a time; slow: to be called from a thread."""
    words = Vocabulary(scale.seed)
    now = int(hour.timestamp())
    home = _home(scale)
    counts = _incident_counts(scale, home)
    batch = _Batch([], 0)
    for place, plot in enumerate(plots(scale)):
        plan = Plan(scale, plot, *_called(scale, plot.number, home), hour - _FOUNDED, password_hash)
        township = Township(plan)
        incidents = Incidents(words, scale.seed, plan.code, plot, counts[place], now)
        township.crews(incidents.in_hand().tolist())
        batch.rows += township.rows.items()
        batch.rows.append(("incident", list(incidents.incident_rows(township.ids, scale.described, scale.histories))))
        if scale.histories:
            batch.rows.append(("incident_event", list(incidents.event_rows(township.ids))))
            batch.rows.append(("reporter", list(incidents.reporter_rows())))
        batch.incidents += counts[place]
        if (place + 1) % _AT_ONCE == 0 or batch.incidents > 50_000:
            yield batch
            batch = _Batch([], 0)
    yield batch


def _home(scale: Scale) -> int:
    """The number of the ward at the point from which examples report: it stands for the demo ward."""
    point = shapely.Point(CENTRE)
    return min(plots(scale), key=lambda plot: shapely.Polygon(plot.ring(plot.block)).distance(point)).number


def _called(scale: Scale, number: int, home: int) -> tuple[str, str]:
    """A ward's code and name; all say that they are a demo."""
    if number == home:
        return WARD_CODE, WARD_NAME
    return str(_FIRST_CODE + number - 1), f"Phường demo {number:0{len(str(scale.wards))}d}"


def _incident_counts(scale: Scale, home: int) -> list[int]:
    """How many incidents each ward holds."""
    random = chance(f"{scale.seed}:counts")
    weights = [random.uniform(0.4, 1.6) for _ in range(scale.wards)]
    if scale.home_incidents is None:
        return parts(scale.incidents, weights)
    others = parts(scale.incidents - scale.home_incidents, weights[:-1])
    return [*others[: home - 1], scale.home_incidents, *others[home - 1 :]]


async def _write(connection: AsyncConnection, batches: Iterator[_Batch], scale: Scale, progress: Progress) -> None:
    """Copy the batches; while the database takes one in, a thread makes the next."""
    driver: Any = (await connection.get_raw_connection()).driver_connection
    label, done = "Ghi phường, tổ dân phố và phản ánh", 0
    progress(label, 0, scale.incidents)
    making = asyncio.create_task(asyncio.to_thread(next, batches, None))
    try:
        while (batch := await making) is not None:
            making = asyncio.create_task(asyncio.to_thread(next, batches, None))
            for table, rows in _gathered(batch):
                await driver.copy_to_table(
                    table, source=_stream(rows), columns=_ALL_COLUMNS[table], format="binary", freeze=True
                )
            done += batch.incidents
            progress(label, done, scale.incidents)
    finally:
        await asyncio.gather(making, return_exceptions=True)  # a thread cannot be stopped in the middle


def _gathered(batch: _Batch) -> Iterator[tuple[str, list[bytes]]]:
    """The rows of each table in one piece of work, but incidents ward by ward, for what watches over wards."""
    small: dict[str, list[bytes]] = {}
    for table, rows in batch.rows:
        if table == "incident":
            continue
        small.setdefault(table, []).extend(rows)
    yield from ((table, rows) for table, rows in small.items() if rows)
    yield from ((table, rows) for table, rows in batch.rows if table == "incident")


async def _stream(rows: Iterable[bytes]) -> AsyncIterator[bytes]:
    yield copying.HEADER
    piece: list[bytes] = []
    size = 0
    for row in rows:
        piece.append(row)
        size += len(row)
        if size > 1_000_000:
            yield b"".join(piece)
            piece, size = [], 0
    yield b"".join((*piece, copying.TRAILER))


async def _summary(connection: AsyncConnection, scale: Scale, *, created: bool) -> CountrySummary:
    async def count(table: sa.Table) -> int:
        found: Any = await connection.scalar(sa.select(sa.func.count()).select_from(table))
        return int(found)

    return CountrySummary(
        scale=scale.name,
        created=created,
        wards=await count(tables.ward),
        neighbourhoods=await count(tables.neighbourhood),
        incidents=await count(tables.incident),
        events=await count(tables.incident_event),
    )
