"""How each type's objects are reached, and the document that reads all fields of one.

`READERS` has a row for each block of `schema/permissions.py`: where an object in that state is found that is theirs,
and one that is not. A path goes from an anchor through fields; `[name=value]` picks one of a list.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, NamedTuple

from graphql import GraphQLField, GraphQLObjectType, GraphQLSchema, get_named_type, is_abstract_type, is_leaf_type

from tests.permissions.scene import Laid
from tests.ward import CLEAN, CODE, FIRST, IN_FIRST, ROADS, SECOND


@dataclass(frozen=True)
class Reader:
    """`own` and `foreign` are anchors: `incident NAME`, `node NAME`, `ward`, `viewer` or `locate`."""

    own: str
    foreign: str | None = None
    path: str = ""
    reporter: tuple[str, str] | None = None
    """Anchor and path for who holds the secret of the own report, where these are others."""


def _incident(state: str) -> Reader:
    return Reader(f"incident own{state}", f"incident foreign{state}")


def _event(of: str, pick: str) -> Reader:
    return Reader(f"incident own{of}", f"incident foreign{of}", f"history[{pick}]")


def _node(own: str, foreign: str | None = None) -> Reader:
    return Reader(f"node {own}", None if foreign is None else f"node {foreign}")


def _photo(state: str, published: str) -> Reader:
    """A photograph with a blurred copy."""
    name = f"{state}.step.{published}"
    reader = Reader(f"node Photo own{name}", f"node Photo foreign{name}")
    return Reader(reader.own, reader.foreign, "", (f"incident own{state}", f"photos[id=Photo own{name}]"))


READERS: dict[str, Reader] = {
    "Account": _node("account crew-clean"),
    "AuditEntry": _node(f"audit {CODE}"),
    "BoundaryEdit": _node(f"edit {CODE}"),
    "BoundaryPeriod": Reader(f"node neighbourhood {FIRST}", None, "boundaryHistory"),
    "BoundaryThen": Reader("ward", None, "boundariesAt"),
    "Category": _node(f"category ENVIRONMENT {CODE}"),
    "CategoryStatistics": Reader("ward", None, "statistics/byCategory[total=most]"),
    "Crew": Reader(f"node crew {CLEAN}", f"node crew {ROADS}", "", ("incident own", "crew")),
    "DispatchCandidate": Reader("incident own", "incident foreign", "history[byReporter=false]/candidates"),
    "FailedJob": Reader("ward", None, f"failedJobs[wardCode={CODE}]"),
    "Incident": _incident(""),
    "Incident: published": _incident(" published"),
    "Incident: dealt with": _incident(" dealt with"),
    "Incident: a duplicate": _incident(" copy"),
    "Incident: of a private kind": _incident(" private"),
    "IncidentEvent": _event("", "from=RECEIVED"),
    "IncidentEvent: internal": _event("", "public=false"),
    "IncidentEvent: of a published incident": _event(" published", "from=RECEIVED"),
    "IncidentEvent: of a private kind": _event(" private", "from=RECEIVED"),
    "IncidentEvent: what its reporter said later": _event(" published", "from=ASSIGNED"),
    "Locality": Reader("locate"),
    "MonthStatistics": Reader("ward", None, "statistics/byMonth[total=most]"),
    "Neighbourhood": _node(f"neighbourhood {FIRST}"),
    "NeighbourhoodStatistics": Reader("ward", None, "statistics/byNeighbourhood[total=most]"),
    "Notice: of the ward's staff": _node("notice staff"),
    "Notice: of a crew": _node("notice crew", "notice other crew"),
    "Notice: of a team": _node("notice team", "notice other team"),
    "Photo": _photo("", "False"),
    "Photo: published": _photo("", "True"),
    "Photo: published, of a published incident": _photo(" published", "True"),
    "Photo: of a private kind": _photo(" private", "True"),
    "Place": _node(f"place {CODE}"),
    "Place: an official's home with consent": _node(f"home agreed {CODE}"),
    "Place: an official's home without consent": _node(f"home {CODE}"),
    "RejectionTemplate": _node(f"template {CODE}"),
    "Reporter": Reader("incident own", "incident foreign", "reporter"),
    "Session": Reader("viewer", None, "sessions[current=true]"),
    "Team": _node(f"team {FIRST}"),
    "TeamMember": _node(f"consenting {FIRST}", f"consenting {SECOND}"),
    "TeamMember: without consent": _node(f"silent {FIRST}", f"silent {SECOND}"),
    "Viewer": Reader("viewer"),
    "Ward": Reader("ward", None, "", ("incident own", "ward")),
    "WardStatistics": Reader("ward", None, "statistics"),
    "WardStatistics: of a period": Reader("ward", None, 'statistics(from: "2026-01-01T00:00:00Z")'),
}

ELSEWHERE: dict[tuple[str, str], Reader] = {
    ("Account", "team"): _node("account team-1"),
}

_POINT = f'{{type: "Point", coordinates: [{IN_FIRST[0]}, {IN_FIRST[1]}]}}'
ELSEWHERE[("Place", "distanceMetres")] = Reader("ward", None, f"places(near: {_POINT})/nodes")
ELSEWHERE[("Incident", "erasedAt")] = _incident(" waiting")
ELSEWHERE[("Incident", "distanceMetres")] = Reader(
    "ward", None, f"incidents(filter: {{near: {_POINT}, radiusMetres: 1000}})/nodes"
)
"""Fields that no object of the block has in the state that its reader finds it in."""

ABSENT: dict[str, str] = {
    "Place: an official's home with consent": "distanceMetres",
    "Place: an official's home without consent": "distanceMetres",
    "Incident": "duplicateOf resolvedAt",
    "Incident: published": "erasedAt distanceMetres duplicateOf resolvedAt",
    "Incident: dealt with": "erasedAt distanceMetres duplicateOf acceptBy attention",
    "Incident: a duplicate": "erasedAt distanceMetres crew acceptBy attention resolvedAt duplicates photos similar",
    "Incident: of a private kind": "erasedAt distanceMetres duplicateOf resolvedAt",
    "IncidentEvent: what its reporter said later": "actor candidates",
    "Account": "team",
    "TeamMember: without consent": "consentedAt",
}
"""What an object in that state never has, whoever asks: another block has it."""

ARGUMENTS = {
    ("Ward", "boundariesAt"): '(at: "2026-11-22T00:00:00Z")',
    ("Incident", "similar"): "(radiusMetres: 500)",
}

SEEN_DIFFERENTLY = {
    "changeable", "distanceMetres", "mine", "seen", "reportedByViewer", "unseenNotices", "role", "name", "waitingJobs",
    "recoveryCodesLeft",
    "username", "browser", "system", "createdAt", "seenAt", "expiresAt", "secondFactorSince", "id", "secondFactor",
    "url", "thumbnailUrl", "incident", "actor",
}  # fmt: skip
"""What each caller may be told in another way: the value is not compared with the administrator's."""


def part(field: GraphQLField, name: str, of_type: str) -> str:
    """A field of an object, with what it takes to have something of it."""
    arguments = ARGUMENTS.get((of_type, name), "")
    inner: Any = get_named_type(field.type)
    if is_leaf_type(inner):
        return f"{name}{arguments}"
    if inner.name.endswith("Connection"):
        node = _within(get_named_type(inner.fields["nodes"].type))
        edges = f"edges {{ cursor node {node} }}"
        info = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"
        return f"{name}{arguments} {{ totalCount nodes {node} {edges} {info} }}"
    return f"{name}{arguments} {_within(inner)}"


def _within(of_type: Any) -> str:
    has_id = is_abstract_type(of_type) or "id" in of_type.fields
    return "{ __typename id }" if has_id else "{ __typename }"


def every_field(of_type: GraphQLObjectType) -> str:
    return " ".join(part(field, name, of_type.name) for name, field in of_type.fields.items())


class Step(NamedTuple):
    """A step of a path: the field, what it is asked with, and what one is picked by among many."""

    name: str
    arguments: str
    pick: str
    value: str


def _steps(path: str) -> list[Step]:
    found = []
    for step in filter(None, path.split("/")):
        known = re.fullmatch(r"(\w+)(\(.*\))?(?:\[(\w+)=(.*)\])?", step)
        assert known is not None
        found.append(Step(known[1], known[2] or "", known[3] or "", known[4] or ""))
    return found


def document(anchor: str, path: str, of_type: str, selection: str, types: GraphQLSchema) -> str:
    """A document that reads `selection` of what `path` leads to from `anchor`."""
    inner = f"{{ {selection} }}"
    roots = {"incident": "Incident", "ward": "Ward", "viewer": "Viewer", "locate": "Locality"}
    kind = anchor.partition(" ")[0]
    holders: list[str] = []
    steps = _steps(path)
    current: Any = types.type_map[roots[kind]] if kind in roots else None
    if kind == "node":
        current = types.type_map[of_type] if not steps else types.type_map["Neighbourhood"]
    for step in steps:
        holders.append(current.name)
        current = get_named_type(current.fields[step.name].type)
    for step, holder in reversed(list(zip(steps, holders, strict=True))):
        arguments = step.arguments or ARGUMENTS.get((holder, step.name), "")
        inner = f"{{ {step.name}{arguments} {inner.replace('{', '{ ' + step.pick, 1)} }}"
    match kind:
        case "incident":
            asked = "incident(trackingCode: $code, secret: $secret)"
            return f"query ($code: String!, $secret: String) {{ it: {asked} {inner} }}"
        case "node":
            holder = holders[0] if holders else of_type
            return f"query ($id: ID!) {{ it: node(id: $id) {{ __typename ... on {holder} {inner} }} }}"
        case "ward":
            return f"query ($code: String!) {{ it: ward(code: $code) {inner} }}"
        case "viewer":
            return f"query {{ it: viewer {inner} }}"
        case "locate":
            return f"query {{ it: locate(position: {_POINT}) {inner} }}"
    raise AssertionError(anchor)


def variables(anchor: str, laid: Laid, *, secret: bool) -> dict[str, Any]:
    kind, _, name = anchor.partition(" ")
    match kind:
        case "incident":
            known = laid.incidents[name]
            return {"code": known.tracking_code, "secret": known.secret if secret else None}
        case "node":
            return {"id": laid.ids[name]}
        case "ward":
            return {"code": CODE}
    return {}


def found(data: Any, path: str, laid: Laid) -> Any:
    """What the path leads to in an answer; None where it leads to nothing."""
    current = data["it"]
    for step in _steps(path):
        if not current:
            return None
        current = current[step.name]
        if isinstance(current, list):
            current = _picked(current, step, laid)
    return current or None


def _picked(many: list[Any], step: Step, laid: Laid) -> Any:
    if step.value == "most":
        return max(many, key=lambda one: one[step.pick], default=None)
    wanted = laid.ids.get(step.value, step.value)
    return next((one for one in many if not step.pick or _text(one[step.pick]) == wanted), None)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def is_hidden(value: Any) -> bool:
    """Whether nothing is told by it: null, an empty list, a list whose every part is empty."""
    if isinstance(value, dict) and "totalCount" in value:
        assert bool(value["totalCount"]) == bool(value["nodes"]), "a count that tells of what is hidden"
        return not value["nodes"]
    return value is None or value == []
