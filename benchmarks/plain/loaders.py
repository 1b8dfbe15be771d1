"""DataLoaders: one statement for all the related rows that a level of the answer asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from strawberry.dataloader import DataLoader

from benchmarks.plain.models import Boundary, Category, Incident, Neighbourhood, Team

Key = tuple[str, Any]
Sessions = async_sessionmaker[AsyncSession]


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks; nobody in particular has neither."""

    ward_code: str | None = None
    crew_id: Any = None


class Loaders:
    """Made for each request. Each batch takes a session of its own for as long as its statement runs."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self.category = DataLoader(load_fn=self._categories)
        self.neighbourhood = DataLoader(load_fn=self._neighbourhoods)
        self.team = DataLoader(load_fn=self._teams)
        self.boundary = DataLoader(load_fn=self._boundaries)
        self.counts: dict[tuple[str, ...], DataLoader[Key, int]] = {}

    def count(self, statuses: tuple[str, ...]) -> DataLoader[Key, int]:
        """How many public incidents in these statuses, by neighbourhood."""
        if statuses not in self.counts:

            async def load(keys: Sequence[Key]) -> list[int]:
                return await self._counted(keys, statuses)

            self.counts[statuses] = DataLoader(load_fn=load)
        return self.counts[statuses]

    async def _categories(self, keys: list[Key]) -> Sequence[Category | None]:
        return await self._by(Category, (Category.ward_code, Category.id), keys)

    async def _neighbourhoods(self, keys: list[Key]) -> Sequence[Neighbourhood | None]:
        return await self._by(Neighbourhood, (Neighbourhood.ward_code, Neighbourhood.id), keys)

    async def _teams(self, keys: list[Key]) -> Sequence[Team | None]:
        return await self._by(Team, (Team.ward_code, Team.neighbourhood_id), keys)

    async def _boundaries(self, keys: list[Key]) -> Sequence[Boundary | None]:
        return await self._by(Boundary, (Boundary.ward_code, Boundary.neighbourhood_id), keys, Boundary.until.is_(None))

    async def _by(self, model: Any, columns: tuple[Any, Any], keys: list[Key], *where: Any) -> list[Any]:
        query = sa.select(model).where(sa.tuple_(*columns).in_(keys), *where)
        async with self._sessions() as session:
            rows = (await session.scalars(query)).all()
        found = {tuple(getattr(row, column.key) for column in columns): row for row in rows}
        return [found.get(key) for key in keys]

    async def _counted(self, keys: Sequence[Key], statuses: tuple[str, ...]) -> list[int]:
        query = (
            sa.select(Incident.ward_code, Incident.neighbourhood_id, sa.func.count())
            .join(Category, sa.and_(Category.ward_code == Incident.ward_code, Category.id == Incident.category_id))
            .where(
                sa.tuple_(Incident.ward_code, Incident.neighbourhood_id).in_(keys),
                Incident.status.in_(statuses),
                Category.public,
            )
            .group_by(Incident.ward_code, Incident.neighbourhood_id)
        )
        async with self._sessions() as session:
            found = {(ward, key): count for ward, key, count in await session.execute(query)}
        return [found.get(key, 0) for key in keys]
