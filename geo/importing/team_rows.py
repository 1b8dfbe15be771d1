"""Rows of a table as teams and their members, checked: columns known by their usual headings, in either language."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from geo.contact import Checked
from geo.errors import Problem
from geo.importing.checking import Check
from geo.importing.features import NAME_LENGTH, FeatureFile, FileProblem
from geo.importing.troubles import Trouble, TroubleKind
from geo.importing.wards import Progress
from geo.language import Text
from geo.tables import TeamRole

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
NO_SUCH_WARD = Text("Ở đây không có phường mã {code}.", "There is no ward {code} here.")
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
class Team:
    """A neighbourhood with its team, where it has one."""

    ward_code: str
    neighbourhood_id: UUID
    neighbourhood: str
    id: UUID | None
    name: str | None


@dataclass(frozen=True, slots=True)
class Row:
    """A team, and a member of it where the row names one."""

    number: int
    team: Team
    called: str | None
    member: str | None
    values: dict[str, Any]
    """role, organisation, phone: only those that the table has a column for."""
    consent: bool | None


def heading(text: str) -> str:
    """A heading or a short word as it is compared: no diacritics, lower case, _ between words."""
    plain = unicodedata.normalize("NFD", text.casefold().replace("đ", "d"))
    letters = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return re.sub(r"[^a-z0-9]+", "_", letters).strip("_")


class Reader:
    """Turns rows into teams and members; a row that is wrong gives what is wrong with it."""

    def __init__(
        self,
        file: FeatureFile,
        fields: TeamFields,
        wards: Sequence[str],
        teams: Sequence[tuple[Team, str | None]],
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

    def read(self, progress: Progress) -> tuple[list[Row], list[Trouble]]:
        """What the rows say, and what is wrong with which."""
        found: list[Row] = []
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

    def _row(self, check: Check) -> Row | None:
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
        return Row(check.feature.number, own, called, member, values, consent)

    def _team(self, check: Check, given: str | None) -> Team | None:
        code = self.ward_code or check.words(self.ward_field, 20)
        if code is None and len(self.wards) == 1:
            code = self.wards[0]
        if code is None:
            check.add(TroubleKind.CODE, _NO_WARD)
        elif code not in self.wards:
            check.add(TroubleKind.CODE, NO_SUCH_WARD, code=code)
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
            check.add(TroubleKind.TEXT, problem.text, **problem.values)
        return phone

    def _consent(self, check: Check) -> bool | None:
        value = check.words(self.consent_field, 100)
        if value is None:
            return None
        said = heading(value)
        if said not in _YES | _NO:
            check.add(TroubleKind.KIND, _BAD_CONSENT, value=value)
        return said in _YES
