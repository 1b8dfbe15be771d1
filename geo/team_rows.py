"""A row of a spreadsheet as a member of a community digital team: the columns, and what each cell means. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from geo.contact import Checked
from geo.errors import Problem
from geo.ids import as_id, new_id
from geo.language import Text
from geo.tables import TeamRole
from geo.tabular import Action, Change, Column, Comparing, Difference, Line, Said, as_read, labelled, plain, yes

COLUMNS = (
    Column("id", Text("Mã", "Id"), ("Mã thành viên", "Member id")),
    Column("neighbourhood", Text("Tổ dân phố", "Neighbourhood"), ("TDP", "Thôn", "Tên tổ dân phố"), needed=True),
    Column("team", Text("Tên tổ", "Team"), ("Tổ công nghệ số", "Tổ công nghệ số cộng đồng")),
    Column("name", Text("Họ và tên", "Name"), ("Họ tên", "Tên", "Thành viên"), needed=True),
    Column("role", Text("Vai trò", "Role"), ("Chức vụ", "Chức danh")),
    Column("organisation", Text("Đơn vị", "Organisation"), ("Tổ chức", "Cơ quan", "Đoàn thể")),
    Column("phone", Text("Điện thoại", "Phone"), ("Số điện thoại", "SĐT")),
    Column("consent", Text("Đồng ý công khai", "Agrees to be public"), ("Công khai", "Đồng ý")),
    Column("remove", Text("Gỡ bỏ", "Remove"), ("Xóa",)),
)
ROLE_CALLED = {TeamRole.LEADER: "Tổ trưởng", TeamRole.DEPUTY: "Tổ phó", TeamRole.MEMBER: "Thành viên"}
YES, NO = "Có", "Không"

_ROLES = {
    **{plain(called): role for role, called in ROLE_CALLED.items()},
    **{plain(role.value): role for role in TeamRole},
    **dict.fromkeys(("truong", "truongnhom", "doitruong"), TeamRole.LEADER),
    **dict.fromkeys(("pho", "phototruong", "doipho"), TeamRole.DEPUTY),
    **dict.fromkeys(("tovien", "uyvien"), TeamRole.MEMBER),
}
WRITTEN = ("name", "role", "organisation", "phone")
"""What of a member is stored as it is written, by columns."""

UNKNOWN_ID = Text(
    "Phường không có thành viên mang mã này; có thể đã được gỡ. Để trống mã nếu muốn thêm mới.",
    "The ward has no member with this id; they may have been taken out. Leave the id empty to add them.",
)
NO_GROUND = Text("Phường không có tổ dân phố “{name}”.", "The ward has no neighbourhood “{name}”.")
NO_NAME = Text("Thiếu họ tên.", "The name is missing.")
TWICE = Text("Trùng với dòng {other}.", "The same member as row {other}.")
BAD_ROLE = Text(
    "Không rõ vai trò “{given}”; dùng Tổ trưởng, Tổ phó hoặc Thành viên.",
    "The role “{given}” is not known; write Tổ trưởng (leader), Tổ phó (deputy) or Thành viên (member).",
)
BAD_CONSENT = Text(
    "Cột “Đồng ý công khai” ghi Có hoặc Không, không ghi “{given}”.", "Consent is Có or Không, not “{given}”."
)
CONSENT = Text(
    "Sự đồng ý của người đã có trong tổ chỉ ghi nhận trên trang của thành viên: bảng có thể cũ hơn lúc họ rút lại.",
    "Consent of who is in a team already is recorded on the member's page: a table may be older than a withdrawal.",
)
BAD_REMOVE = Text("Cột “Gỡ bỏ” ghi x hoặc để trống, không ghi “{given}”.", "“Remove” is x or empty, not “{given}”.")
REMOVE_WHOM = Text("Không có thành viên này trong tổ để gỡ bỏ.", "There is no such member to take out.")
NEW_TEAM = Text("Tổ dân phố này chưa có tổ: tổ mới sẽ được lập.", "The neighbourhood has no team: one will be formed.")


@dataclass(frozen=True, slots=True)
class Team:
    """A neighbourhood, and its team if it has one."""

    ground: UUID
    called: str
    id: UUID | None


@dataclass(frozen=True, slots=True)
class Member:
    """Who is in a team, as stored; `values` by `WRITTEN`."""

    id: UUID
    team: Team
    values: Mapping[str, Any]
    agreed: bool


class Members(Comparing):
    """The lines of a table of teams' members."""

    names = ("name", "neighbourhood")

    def __init__(self, grounds: Sequence[Team], members: Sequence[Member]) -> None:
        super().__init__()
        self.exactly = {one.called.casefold(): one for one in grounds}
        alike = Counter(plain(one.called) for one in grounds)
        self.plainly = {plain(one.called): one for one in grounds if alike[plain(one.called)] == 1}
        self.by_id = {one.id: one for one in members}
        self.by_name = {(one.team.ground, one.values["name"].casefold()): one for one in reversed(members)}

    def change(self, line: Line) -> Change | None:
        cells = line.cells
        if not any(cells.get(name) for name in ("id", "name", "role", "organisation", "phone", "consent", "remove")):
            return None  # a team without members, as files of ours have it
        known = self.by_id.get(as_id(cells["id"].lower()) or new_id()) if cells.get("id") else None
        if cells.get("id") and known is None:
            self.refuse(line, UNKNOWN_ID)
            return None
        own = self._ground(line, known)
        if own is None:
            return None
        name = self._name(line, known)
        if known is None and name is not None:
            known = self.by_name.get((own.ground, name.casefold()))
        removing = yes(cells.get("remove", ""))
        if removing is None:
            self.refuse(line, BAD_REMOVE, given=cells["remove"][:40])
        elif removing and known is None:
            self.refuse(line, REMOVE_WHOM)
        self.once(line, known.id if known is not None else (own.ground, (name or "").casefold()), TWICE)
        if removing and known is not None:
            gone = tuple(Difference(column, old, "") for column, old in _shown(known).items() if old)
            return Change(Action.REMOVE, line, labelled(known.values["name"]), gone, str(known.id), {})
        values, agreed = self._values(line, known, name), self._agreed(line, known)
        row = {**values, "ground": str(own.ground), "called": own.called, "agreed": agreed}
        after = _told(own, values, agreed)
        before = dict.fromkeys(after, "") if known is None else _shown(known)
        differences = tuple(Difference(one, before[one], after[one]) for one in after if before[one] != after[one])
        if known is not None:
            key, action = str(known.id), Action.CHANGE
            return Change(action, line, labelled(name or ""), differences, key, row) if differences else None
        remark = Said(NEW_TEAM) if own.id is None else None
        return Change(Action.ADD, line, labelled(name or ""), differences, None, row, remark)

    def _ground(self, line: Line, known: Member | None) -> Team | None:
        given = line.cells.get("neighbourhood", "")
        if not given and known is not None:
            return known.team
        if known is not None:
            given = as_read(known.team.called, given)
        own = self.exactly.get(given.casefold()) or self.plainly.get(plain(given))
        if own is None:
            self.refuse(line, NO_GROUND, name=given[:60])
        return own

    def _name(self, line: Line, known: Member | None) -> str | None:
        given = line.cells.get("name", "")
        name = self._checked(line, "name", given if known is None else as_read(known.values["name"], given))
        if name is None and not self.refused(line):
            self.refuse(line, NO_NAME)
        return name

    def _values(self, line: Line, known: Member | None, name: str | None) -> dict[str, Any]:
        stored: Mapping[str, Any] = {} if known is None else known.values
        values: dict[str, Any] = {"name": name, "role": stored.get("role", TeamRole.MEMBER)}
        if given := line.cells.get("role"):
            role = _ROLES.get(plain(given))
            if role is None:
                self.refuse(line, BAD_ROLE, given=given[:40])
            values["role"] = role
        for column in ("organisation", "phone"):
            kept = stored.get(column)
            given = line.cells.get(column)
            values[column] = kept if given is None else self._checked(line, column, as_read(kept, given))
        return values

    def _checked(self, line: Line, column: str, given: str) -> str | None:
        problems: list[Problem] = []
        check = Checked(problems)
        if column == "phone":
            # A spreadsheet takes a number for a number, and its first 0 away.
            short = len(given) == 9 and given.isdecimal() and given[0] != "0"
            kept = check.phone(f"0{given}" if short else given, ())
        else:
            kept = check.text(given, (), 200)
        for one in problems:
            self.refuse(line, one.text, **one.values)
        return kept

    def _agreed(self, line: Line, known: Member | None) -> bool:
        given = line.cells.get("consent", "")
        said = yes(given) if given else None
        if given and said is None:
            self.refuse(line, BAD_CONSENT, given=given[:40])
        if known is None:
            return bool(said)
        if said and not known.agreed:
            self.refuse(line, CONSENT)
        return known.agreed if said is None else said


def _shown(member: Member) -> dict[str, str]:
    return _told(member.team, member.values, member.agreed)


def _told(own: Team, values: Mapping[str, Any], agreed: bool) -> dict[str, str]:
    """A member as the table says it, by columns."""
    role = values["role"]
    told = {"neighbourhood": own.called, "name": values["name"], "role": ROLE_CALLED[role] if role else ""}
    told |= {column: values[column] or "" for column in ("organisation", "phone")}
    return {**told, "consent": YES if agreed else NO}
