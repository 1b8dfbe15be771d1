"""Import community digital teams and their members from a table: one row for each member, or for each team."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import consents, locks
from geo.ids import new_id
from geo.importing.features import FeatureFile, FileProblem
from geo.importing.team_rows import NO_SUCH_WARD, Reader, Row, Team, TeamFields
from geo.importing.troubles import Report, Trouble
from geo.importing.wards import Progress
from geo.seeds import team_name
from geo.tables import ConsentChannel, TeamRole, neighbourhood, team, team_member, ward


async def import_teams(
    connection: AsyncConnection,
    file: FeatureFile,
    cells: Sequence[Trouble] = (),
    *,
    fields: TeamFields = TeamFields(),
    ward_code: str | None = None,
    skip_invalid: bool = False,
    progress: Progress,
) -> Report:
    """Give teams the names and members of a table, in the caller's transaction.

    A team is its neighbourhood's, a member is known by name within the team. Nobody is removed: who is not in the table
    stays. Name and phone of a member are published only where the table says yes; an empty cell leaves what was
    recorded before. `cells` is what is wrong with cells already. All or nothing, unless `skip_invalid`.
    """
    reader = Reader(file, fields, await _wards(connection, ward_code), await _teams(connection), ward_code)
    rows, wrong = reader.read(progress)
    wrong += cells
    rejected = {trouble.feature for trouble in wrong}
    taken = [row for row in rows if row.number not in rejected]
    writes = not wrong or skip_invalid
    members = await _members(connection, taken)
    added = changed = 0
    made: dict[UUID, UUID] = {}
    for done, row in enumerate(taken, start=1):
        is_new, differs = await _put(connection, row, members, made, writes)
        added += is_new
        changed += differs and not is_new
        progress("Ghi vào cơ sở dữ liệu", done, len(taken))
    for code in sorted({row.team.ward_code for row in taken} if writes else ()):
        await consents.settle_members(connection, code, ConsentChannel.FILE)
    return Report(
        features=len(file.features),
        added=added,
        changed=changed,
        unchanged=len(taken) - added - changed,
        troubles=tuple(sorted(wrong, key=lambda trouble: trouble.feature)),
        notes=file.notes(),
        stored=writes,
    )


async def _wards(connection: AsyncConnection, ward_code: str | None) -> list[str]:
    codes = [str(code) for code in await connection.scalars(sa.select(ward.c.code).order_by(ward.c.code))]
    if ward_code is not None and ward_code not in codes:
        raise FileProblem(NO_SUCH_WARD, code=ward_code)
    return codes


async def _teams(connection: AsyncConnection) -> list[tuple[Team, str | None]]:
    """Every neighbourhood with its team, and its code. Two imports take turns."""
    await locks.take(connection, locks.TEAMS)
    columns = neighbourhood.c
    own = sa.and_(team.c.ward_code == columns.ward_code, team.c.neighbourhood_id == columns.id)
    query = (
        sa.select(columns.ward_code, columns.id, columns.name, team.c.id, team.c.name, columns.code)
        .select_from(neighbourhood.outerjoin(team, own))
        .order_by(columns.ward_code, columns.id)
    )
    return [(Team(*values), code) for *values, code in await connection.execute(query)]


async def _members(connection: AsyncConnection, rows: Sequence[Row]) -> dict[tuple[UUID, str], Any]:
    """The members of these teams by team and name."""
    teams = {row.team.id for row in rows if row.team.id is not None}
    query = sa.select(team_member).where(team_member.c.team_id.in_(teams)).order_by(team_member.c.id.desc())
    return {(row.team_id, row.name.casefold()): row for row in await connection.execute(query)}


async def _put(
    connection: AsyncConnection,
    row: Row,
    members: Mapping[tuple[UUID, str], Any],
    made: dict[UUID, UUID],
    writes: bool,
) -> tuple[bool, bool]:
    """Bring one row's team and member to what it says, if `writes`: whether something is new, whether it differs."""
    own = row.team
    team_id = own.id or made.get(own.neighbourhood_id)
    is_new = team_id is None
    differs = row.called is not None and own.name is not None and row.called != own.name
    if team_id is None:
        team_id = made[own.neighbourhood_id] = new_id()
        values = {"ward_code": own.ward_code, "id": team_id, "neighbourhood_id": own.neighbourhood_id}
        if writes:
            name = row.called or team_name(own.neighbourhood)
            await connection.execute(sa.insert(team).values(**values, name=name))
    elif differs and writes:
        mine = sa.and_(team.c.ward_code == own.ward_code, team.c.id == team_id)
        await connection.execute(sa.update(team).where(mine).values(name=row.called))
    if row.member is None:
        return is_new, differs
    stored = members.get((team_id, row.member.casefold()))
    if stored is None:
        if writes:
            await _add(connection, row, team_id)
        return True, differs
    return is_new, await _renew(connection, row, stored, writes) or differs


async def _add(connection: AsyncConnection, row: Row, team_id: UUID) -> None:
    values = {**row.values, "role": row.values.get("role") or TeamRole.MEMBER, "name": row.member}
    values |= {"ward_code": row.team.ward_code, "id": new_id(), "team_id": team_id}
    values["consented_at"] = sa.func.now() if row.consent else None
    await connection.execute(sa.insert(team_member).values(**values))


async def _renew(connection: AsyncConnection, row: Row, stored: Any, writes: bool) -> bool:
    wanted = {key: value for key, value in row.values.items() if not (key == "role" and value is None)}
    wanted["name"] = row.member
    changes: dict[str, Any] = {key: value for key, value in wanted.items() if getattr(stored, key) != value}
    if row.consent is not None and row.consent != (stored.consented_at is not None):
        changes["consented_at"] = sa.func.now() if row.consent else None
    if changes and writes:
        mine = sa.and_(team_member.c.ward_code == row.team.ward_code, team_member.c.id == stored.id)
        await connection.execute(sa.update(team_member).where(mine).values(**changes))
    return bool(changes)
