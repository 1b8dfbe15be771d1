"""What an entry of the audit log says beyond its action: its details and its subject, in words and ways of the desk."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from textwrap import shorten
from typing import Any

from starlette.requests import Request

from geo.audit_words import FIELDS
from geo.language import Language, Text
from geo.lifecycle import Status
from server.pages.languages import language_of, translations
from server.pages.words import STATUSES

CHANGED = Text("Đổi: {fields}", "Changed: {fields}")
CREATED = Text("Thêm mới", "New")
COUNTS: Mapping[str, Text] = {
    "add": Text("thêm", "added"),
    "added": Text("thêm", "added"),
    "change": Text("sửa", "changed"),
    "changed": Text("sửa", "changed"),
    "drawn": Text("vẽ mới", "drawn"),
    "places": Text("địa điểm", "places"),
    "redrawn": Text("vẽ lại", "redrawn"),
    "remove": Text("gỡ", "removed"),
    "removed": Text("gỡ", "removed"),
    "renamed": Text("đổi tên", "renamed"),
    "reports": Text("phản ánh", "reports"),
    "retried": Text("việc chạy lại", "jobs tried again"),
    "sessions": Text("thiết bị", "devices"),
    "waiting": Text("việc đang chờ", "waiting incidents"),
}
VALUES: Mapping[tuple[str, object], Text] = {
    ("onDuty", True): Text("trực", "on duty"),
    ("onDuty", False): Text("nghỉ trực", "off duty"),
    ("published", True): Text("công khai", "published"),
    ("published", False): Text("không công khai", "not published"),
    ("purpose", "INVITATION"): Text("Liên kết mời", "An invitation"),
    ("purpose", "PASSWORD_RESET"): Text("Liên kết đặt lại mật khẩu", "A link to set a new password"),
}
KINDS: Mapping[str, Text] = {
    "Account": Text("Tài khoản", "Account"),
    "BoundaryEdit": Text("Lần lưu ranh giới", "A saving of boundaries"),
    "Category": Text("Lĩnh vực", "Category"),
    "Crew": Text("Đội phản ứng", "Crew"),
    "Incident": Text("Phản ánh", "Incident"),
    "Photo": Text("Ảnh", "Photograph"),
    "Place": Text("Địa điểm", "Place"),
    "RejectionTemplate": Text("Mẫu trả lời", "Text to reject with"),
    "Team": Text("Tổ công nghệ số", "Team"),
    "TeamMember": Text("Thành viên tổ", "Team member"),
}
"""What a subject is called, by the type that its id begins with."""
_CONSEQUENCES = frozenset({"history", "closedAt", "resolvedAt", "reopenedCount", "status", "published", "onDuty"})
"""Fields that are not named: they follow from the step, or their values are told."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What an entry is about: its kind, its name now (none where it is gone), and where its page is."""

    kind: str
    name: str | None
    path: str | None


def told(request: Request, details: str) -> list[str]:
    """What the details say, a phrase each; what they hold beyond words that are known here is left to the export."""
    language = language_of(request)
    found: dict[str, Any] = json.loads(details)
    phrases = [CREATED.to(language)] if found.get("created") is True else []
    old, new = _values(found, "from"), _values(found, "to")
    for name, value in new.items():
        before, after = _value(request, name, old.get(name)), _value(request, name, value)
        phrases.append(f"{before} → {after}" if name == "status" else after)
    if isinstance(changed := found.get("changed"), list):
        names = [_field(str(name), language) for name in changed if name not in _CONSEQUENCES]
        if names:
            phrases.append(CHANGED.to(language, fields=", ".join(dict.fromkeys(names))))
    for name, value in found.items():
        if name in COUNTS and type(value) is int and value:
            phrases.append(f"{COUNTS[name].to(language)}: {value}")
        elif (name, value if isinstance(value, str) else None) in VALUES:
            phrases.append(VALUES[name, value].to(language))
    if isinstance(form := found.get("format"), str):
        phrases.append(form.upper())
    return [phrase[0].upper() + phrase[1:] if n == 0 else phrase for n, phrase in enumerate(phrases)]


def subject_of(id_: str | None, node: Mapping[str, Any] | None, language: Language) -> Subject | None:
    """What an entry is about; `node` is how the API has it now, None where it is gone or is not for the reader."""
    type_name, _, rest = (id_ or "").partition(":")
    if type_name not in KINDS:
        return None
    kind = KINDS[type_name].to(language)
    if type_name == "BoundaryEdit":
        return Subject(kind, None, "/staff/boundaries")
    if node is None:
        return Subject(kind, None, None)
    key = rest.rpartition(":")[2]
    match type_name:
        case "Account":
            return Subject(kind, node["name"], f"/staff/accounts/{id_}")
        case "Category":
            return Subject(kind, node["name"], f"/staff/categories/{node['code']}")
        case "Crew":
            return Subject(kind, node["name"], f"/staff/crews/{id_}")
        case "Incident":
            return Subject(kind, node["trackingCode"], f"/staff/incidents/{node['trackingCode']}")
        case "Place":
            return Subject(kind, node["name"], f"/staff/places/{key}")
        case "RejectionTemplate":
            return Subject(kind, shorten(node["text"], 80, placeholder="…"), f"/staff/rejections/{id_}")
        case "Team":
            return Subject(kind, node["name"], f"/staff/teams/{key}")
        case _:
            return Subject(kind, node.get("memberName"), None)


def _values(found: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    values = found.get(name)
    return values if isinstance(values, dict) else {}


def _field(name: str, language: Language) -> str:
    return FIELDS[name].to(language) if name in FIELDS else name


def _value(request: Request, name: str, value: object) -> str:
    if name == "status" and value in list(Status):
        return translations(language_of(request)).gettext(STATUSES[Status(str(value))].word)
    found = VALUES.get((name, value)) if isinstance(value, bool | str) else None
    return str(value) if found is None else found.to(language_of(request))
