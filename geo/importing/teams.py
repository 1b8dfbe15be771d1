"""Import community digital teams and their members from a table: one row for each member, or for each team."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import consents
from geo.contact import Checked
from geo.errors import Problem
from geo.ids import new_id
from geo.importing.checking import Check
from geo.importing.features import NAME_LENGTH, FeatureFile, FileProblem
from geo.importing.troubles import Report, Trouble, TroubleKind
from geo.importing.wards import Progress
from geo.language import Language, Text
from geo.seeds import team_name
from geo.tables import ConsentChannel, TeamRole, neighbourhood, team, team_member, ward

# Headings without diacritics, in lower case, with _ between words: "Họ và tên" is ho_va_ten.
WARD_FIELDS = ("ward", "ward_code", "ma_phuong", "ma_xa", "ma_phuong_xa", "phuong")
NEIGHBOURHOOD_FIELDS = (
    "neighbourhood", "neighborhood", "neighbourhood_code", "to_dan_pho", "tdp", "thon", "ma_to", "ma_to_dan_pho",
    "ten_to_dan_pho", "to_dan_pho_thon", "khu_vuc",
)  # fmt: skip
TEAM_FIELDS = ("team", "team_name", "to_cong_nghe_so", "to_cong_nghe_so_cong_dong", "ten_to", "ten_doi", "tcnscd")
MEMBER_FIELDS = ("member", "member_name", "name", "ho_va_ten", "ho_ten", "ten", "thanh_vien")
ROLE_FIELDS = ("role", "vai_tro", "chuc_vu", "chuc_danh")
ORGANISATION_FIELDS = ("organisation", "organization", "don_vi", "to_chuc", "co_quan", "doan_the")
PHONE_FIELDS = ("phone", "contact", "dien_thoai", "so_dien_thoai", "sdt", "lien_he")
CONSENT_FIELDS = ("consent", "published", "dong_y", "dong_y_cong_khai", "cong_khai", "cho_phep_cong_khai")

_ROLES: dict[str, TeamRole] = {
    **{role.value.lower(): role for role in TeamRole},
    **dict.fromkeys(("to_truong", "truong", "truong_nhom", "doi_truong"), TeamRole.LEADER),
    **dict.fromkeys(("to_pho", "pho", "pho_to_truong", "doi_pho"), TeamRole.DEPUTY),
    **dict.fromkeys(("thanh_vien", "to_vien", "uy_vien"), TeamRole.MEMBER),
}
_YES = frozenset(("co", "x", "yes", "y", "true", "1", "dong_y"))
_NO = frozenset(("khong", "no", "n", "false", "0", "khong_dong_y"))

_NO_FIELD = Text(
    "Bảng không có cột tổ dân phố; dùng --neighbourhood-field. Các cột: {fields}.",
    "The table has no column for the neighbourhood; use --neighbourhood-field. Its columns: {fields}.",
)
_NO_SUCH_WARD = Text("Ở đây không có phường mã {code}.", "There is no ward {code} here.")
_NO_WARD = Text(
    "Thiếu mã phường; thêm cột hoặc dùng --ward.", "The ward's code is missing; add a column or use --ward."
)
_NO_NEIGHBOURHOOD = Text("Thiếu tổ dân phố.", "The neighbourhood is missing.")
_UNKNOWN = Text(
    "Phường {ward} không có tổ dân phố “{name}”.", "Ward {ward} has no neighbourhood “{name}”, by code or by name."
)
_BAD_ROLE = Text(
    "Không rõ vai trò “{value}”; dùng Tổ trưởng, Tổ phó, Thành viên.",
    "The role “{value}” is not known; use LEADER, DEPUTY, MEMBER.",
)
_BAD_CONSENT = Text(
    "Không rõ “{value}” là đồng ý hay không; dùng Có hoặc Không.",
    "“{value}” says neither yes nor no to being published; use yes or no.",
)
_MEMBER_TWICE = Text(
    "“{name}” trùng với dòng {other} của cùng tổ.", "“{name}” is in row {other} of the same team, too."
)
_TEAM_TWICE = Text(
    "Dòng {other} gọi tổ này là “{name}”, dòng này gọi khác.",
    "Row {other} calls this team “{name}”, this one does not.",
)
_NOBODY = Text("Có thông tin thành viên mà thiếu họ tên.", "There is something of a member, but no name.")
_ABOUT = Text("{told_vi}", "{told_en}")


@dataclass(frozen=True, slots=True)
class TeamFields:
    """Which column says what; None: the first usual one that the table has."""

    ward: str | None = None
    neighbourhood: str | None = None
    team: str | None = None
    member: str | None = None
    role: str | None = None
    organisation: str | None = None
    phone: str | None = None
    consent: str | None = None


@dataclass(frozen=True, slots=True)
class _Team:
    ward_code: str
    neighbourhood_id: UUID
    neighbourhood: str
    id: UUID | None
    name: str | None


@dataclass(frozen=True, slots=True)
class _Row:
    number: int
    team: _Team
    called: str | None
    member: str | None
    values: dict[str, Any]
    """role, organisation, phone: only those that the table has a column for."""
    consent: bool | None


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
    reader = _Reader(file, fields, await _wards(connection, ward_code), await _teams(connection), ward_code)
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
    told = consents.current(consents.MEMBER_TOLD).key(Language.VI)
    for code in sorted({row.team.ward_code for row in taken} if writes else ()):
        await consents.settle_members(connection, code, told, ConsentChannel.FILE)
    return Report(
        features=len(file.features),
        added=added,
        changed=changed,
        unchanged=len(taken) - added - changed,
        troubles=tuple(sorted(wrong, key=lambda trouble: trouble.feature)),
        notes=file.notes(),
        stored=writes,
    )


def heading(text: str) -> str:
    """A heading or a short word as it is compared: no diacritics, lower case, _ between words."""
    plain = unicodedata.normalize("NFD", text.casefold().replace("đ", "d"))
    letters = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return re.sub(r"[^a-z0-9]+", "_", letters).strip("_")


class _Reader:
    """Turns rows into teams and members."""

    def __init__(
        self,
        file: FeatureFile,
        fields: TeamFields,
        wards: Sequence[str],
        teams: Sequence[tuple[_Team, str | None]],
        ward_code: str | None,
    ) -> None:
        self.file, self.wards, self.ward_code = file, wards, ward_code
        self.ward_field = self._column(fields.ward, WARD_FIELDS)
        self.neighbourhood_field = self._column(fields.neighbourhood, NEIGHBOURHOOD_FIELDS)
        self.team_field = self._column(fields.team, TEAM_FIELDS)
        self.member_field = self._column(fields.member, MEMBER_FIELDS)
        self.role_field = self._column(fields.role, ROLE_FIELDS)
        self.organisation_field = self._column(fields.organisation, ORGANISATION_FIELDS)
        self.phone_field = self._column(fields.phone, PHONE_FIELDS)
        self.consent_field = self._column(fields.consent, CONSENT_FIELDS)
        if self.neighbourhood_field is None:
            raise FileProblem(_NO_FIELD, fields=", ".join(file.fields))
        # Codes come last, so that they win where a name looks like one.
        self.teams = {(one.ward_code, one.neighbourhood.casefold()): one for one, _ in teams}
        self.teams |= {(one.ward_code, code.casefold()): one for one, code in teams if code is not None}

    def read(self, progress: Progress) -> tuple[list[_Row], list[Trouble]]:
        found: list[_Row] = []
        wrong: list[Trouble] = []
        members: dict[tuple[UUID, str], int] = {}
        called: dict[UUID, tuple[str, int]] = {}
        for done, feature in enumerate(self.file.features, start=1):
            check = Check(feature)
            row = self._row(check)
            if row is not None:
                key = row.team.neighbourhood_id
                if row.member is not None:
                    other = members.setdefault((key, row.member.casefold()), row.number)
                    if other != row.number:
                        check.add(TroubleKind.NAME, _MEMBER_TWICE, name=row.member, other=other)
                if row.called is not None:
                    name, other = called.setdefault(key, (row.called, row.number))
                    if name != row.called:
                        check.add(TroubleKind.NAME, _TEAM_TWICE, name=name, other=other)
                found.append(row)
            wrong += check.troubles
            progress("Kiểm tra từng dòng", done, len(self.file.features))
        return found, wrong

    def _column(self, wanted: str | None, usual: Sequence[str]) -> str | None:
        if wanted is not None:
            return self.file.field(wanted, ())
        known = {heading(name): name for name in reversed(self.file.fields)}
        return next((known[name] for name in usual if name in known), None)

    def _row(self, check: Check) -> _Row | None:
        member = check.words(self.member_field, NAME_LENGTH)
        given = check.words(self.neighbourhood_field, NAME_LENGTH)
        check.label = member or given or ""
        called = check.words(self.team_field, NAME_LENGTH)
        own = self._team(check, given)
        values: dict[str, Any] = {}
        role = self._role(check)
        if role is not None or self.role_field is None:
            values["role"] = role
        if self.organisation_field is not None:
            values["organisation"] = check.words(self.organisation_field, NAME_LENGTH)
        if self.phone_field is not None:
            values["phone"] = self._phone(check)
        consent = self._consent(check)
        told = role is not None or consent is not None or any(values.get(key) for key in ("organisation", "phone"))
        if member is None and told:
            check.add(TroubleKind.NAME, _NOBODY)
        if own is None or check.troubles:
            return None
        return _Row(check.feature.number, own, called, member, values, consent)

    def _team(self, check: Check, given: str | None) -> _Team | None:
        code = self.ward_code or check.words(self.ward_field, 20)
        if code is None and len(self.wards) == 1:
            code = self.wards[0]
        if code is None:
            check.add(TroubleKind.CODE, _NO_WARD)
        elif code not in self.wards:
            check.add(TroubleKind.CODE, _NO_SUCH_WARD, code=code)
        if given is None:
            if not check.troubles:
                check.add(TroubleKind.NAME, _NO_NEIGHBOURHOOD)
            return None
        own = self.teams.get((code or "", given.casefold()))
        if own is None and code in self.wards:
            check.add(TroubleKind.NAME, _UNKNOWN, ward=code, name=given)
        return own

    def _role(self, check: Check) -> TeamRole | None:
        value = check.words(self.role_field, 100)
        if value is None:
            return None
        role = _ROLES.get(heading(value))
        if role is None:
            check.add(TroubleKind.KIND, _BAD_ROLE, value=value)
        return role

    def _phone(self, check: Check) -> str | None:
        problems: list[Problem] = []
        phone = Checked(problems).phone(check.words(self.phone_field, 100), ())
        for problem in problems:
            text = Text(problem.text.vi.format(**problem.values), problem.text.en.format(**problem.values))
            check.add(TroubleKind.TEXT, _ABOUT, told_vi=text.vi, told_en=text.en)
        return phone

    def _consent(self, check: Check) -> bool | None:
        value = check.words(self.consent_field, 100)
        if value is None:
            return None
        said = heading(value)
        if said not in _YES | _NO:
            check.add(TroubleKind.KIND, _BAD_CONSENT, value=value)
        return said in _YES


async def _wards(connection: AsyncConnection, ward_code: str | None) -> list[str]:
    codes = [str(code) for code in await connection.scalars(sa.select(ward.c.code).order_by(ward.c.code))]
    if ward_code is not None and ward_code not in codes:
        raise FileProblem(_NO_SUCH_WARD, code=ward_code)
    return codes


async def _teams(connection: AsyncConnection) -> list[tuple[_Team, str | None]]:
    """Every neighbourhood with its team, and its code. Two imports take turns."""
    await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext("importing teams"))))
    columns = neighbourhood.c
    own = sa.and_(team.c.ward_code == columns.ward_code, team.c.neighbourhood_id == columns.id)
    query = (
        sa.select(columns.ward_code, columns.id, columns.name, team.c.id, team.c.name, columns.code)
        .select_from(neighbourhood.outerjoin(team, own))
        .order_by(columns.ward_code, columns.id)
    )
    return [(_Team(*values), code) for *values, code in await connection.execute(query)]


async def _members(connection: AsyncConnection, rows: Sequence[_Row]) -> dict[tuple[UUID, str], Any]:
    """The members of these teams by team and name."""
    teams = {row.team.id for row in rows if row.team.id is not None}
    query = sa.select(team_member).where(team_member.c.team_id.in_(teams)).order_by(team_member.c.id.desc())
    return {(row.team_id, row.name.casefold()): row for row in await connection.execute(query)}


async def _put(
    connection: AsyncConnection,
    row: _Row,
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


async def _add(connection: AsyncConnection, row: _Row, team_id: UUID) -> None:
    values = {**row.values, "role": row.values.get("role") or TeamRole.MEMBER, "name": row.member}
    values |= {"ward_code": row.team.ward_code, "id": new_id(), "team_id": team_id}
    values["consented_at"] = sa.func.now() if row.consent else None
    await connection.execute(sa.insert(team_member).values(**values))


async def _renew(connection: AsyncConnection, row: _Row, stored: Any, writes: bool) -> bool:
    wanted = {key: value for key, value in row.values.items() if not (key == "role" and value is None)}
    wanted["name"] = row.member
    changes: dict[str, Any] = {key: value for key, value in wanted.items() if getattr(stored, key) != value}
    if row.consent is not None and row.consent != (stored.consented_at is not None):
        changes["consented_at"] = sa.func.now() if row.consent else None
    if changes and writes:
        mine = sa.and_(team_member.c.ward_code == row.team.ward_code, team_member.c.id == stored.id)
        await connection.execute(sa.update(team_member).where(mine).values(**changes))
    return bool(changes)
