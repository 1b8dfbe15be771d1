"""Every field of the API, and who gets what it says: the rows of docs/permissions.md.

`FIELDS` has a block for each type that holds data, and where the state of an object decides, one for each state, such
as `Incident: published`; each names every field of its type once, by its audience. A new field is added here, in the
blocks of its type: the tests of permissions fail until it is, and then read it as every kind of caller.

What a mutation asks of its caller is declared on the mutation (`schema/mutating.py`) and read from there. What it
answers with is for whoever may call it. The parts of a list are for whoever may read the list.
"""

from __future__ import annotations

from collections.abc import Mapping

from graphql import (
    GraphQLField,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_object_type,
)

from geo.actor import Role
from geo.audiences import (
    AT_WORK,
    COLLEAGUES,
    CREW,
    CREW_OR_STAFF,
    EVERY_CREW,
    EVERYBODY,
    FOLLOWING,
    IN_A_WARD,
    INVOLVED,
    KEEPING,
    REPORTER,
    REPORTER_OR_STAFF,
    REPORTER_TEAM_OR_STAFF,
    STAFF,
    TEAM,
    TEAM_OR_STAFF,
    THEMSELVES,
    WARD,
    WARD_AND_REPORTER,
    Audience,
)
from schema.mutating import CREWS, CREWS_AND_STAFF, KEEPERS
from schema.mutating import EVERYBODY as EVERY_ROLE
from schema.mutating import STAFF as STAFF_ROLES

Fields = Mapping[Audience, str]

_FIGURES = "total openInTime openLate doneInTime doneLate rejected duplicate reopened shareInTime medianHours"
_VERDICTS = "rated satisfied acceptable dissatisfied"

_INCIDENT = (
    "id trackingCode category status location ward neighbourhood team channel published reportedAt dueAt resolvedAt "
    "overdue erasedAt distanceMetres duplicateOf duplicates similar history"
)
_PHOTO = "id url thumbnailUrl width height takenAt published redacted"
_PLACE = "id kind name address location phone openingHours public neighbourhood directionsUrl distanceMetres"

FIELDS: dict[str, Fields] = {
    "Account": {
        STAFF: "id username name role crew team disabled demo changeable createdAt email hasSecondFactor invited"
    },
    "AuditEntry": {STAFF: "id at accountId name role action text textEn subject details requestId"},
    "BoundaryChange": {STAFF: "cursor edit refetch"},
    "BoundaryEdit": {STAFF: "id at author reason drawn redrawn removed renamed neighbourhoods"},
    "BoundaryPeriod": {EVERYBODY: "id boundary since until reason", STAFF: "author"},
    "BoundaryThen": {EVERYBODY: "neighbourhood boundary inForce"},
    "Category": {
        EVERYBODY: "id code name nameEn icon colour deadlineHours public photoRequired acceptMinutes workingHours"
    },
    "CategoryStatistics": {EVERYBODY: f"{_FIGURES} category", STAFF: _VERDICTS},
    "Crew": {
        WARD_AND_REPORTER: "id name categories covers coverageArea neighbourhoods onDuty capacity",
        COLLEAGUES: "inHand",
        AT_WORK: "position positionAt base",
        STAFF: "members",
        INVOLVED: "incidents",
    },
    "DispatchCandidate": {STAFF: "crew metres inHand capacity seconds chosen why"},
    "FailedJob": {STAFF: "id name what whatEn wardCode payload error attempts at"},
    "Incident": {
        EVERYBODY: f"{_INCIDENT} reportedByViewer",
        FOLLOWING: "description address crew photos",
        INVOLVED: "reporter satisfaction",
        AT_WORK: "acceptBy attention",
    },
    "Incident: published": {
        EVERYBODY: f"{_INCIDENT} reportedByViewer description address photos",
        FOLLOWING: "crew",
        INVOLVED: "reporter satisfaction",
        AT_WORK: "acceptBy attention",
    },
    "Incident: dealt with": {
        EVERYBODY: f"{_INCIDENT} reportedByViewer",
        FOLLOWING: "description address crew photos",
        INVOLVED: "satisfaction",
        # Its crew has no call to make any more.
        REPORTER_OR_STAFF: "reporter",
        AT_WORK: "acceptBy attention",
    },
    "Incident: a duplicate": {
        EVERYBODY: f"{_INCIDENT} reportedByViewer",
        REPORTER_TEAM_OR_STAFF: "description address photos",
        REPORTER_OR_STAFF: "reporter satisfaction",
        # Duplicates have no crew.
        AT_WORK: "crew acceptBy attention",
    },
    "Incident: of a private kind": {
        INVOLVED: "id trackingCode category status location ward neighbourhood team channel published reportedAt dueAt "
        "resolvedAt overdue erasedAt distanceMetres duplicateOf duplicates history reportedByViewer description "
        "address crew photos reporter satisfaction",
        # Those nearby are of the same kind, and others'.
        AT_WORK: "similar acceptBy attention",
    },
    "IncidentChange": {EVERYBODY: "cursor incidentId incident event refetch"},
    "IncidentEvent": {
        EVERYBODY: "at from to public byReporter",
        FOLLOWING: "note photos",
        INVOLVED: "actor",
        STAFF: "candidates",
    },
    "IncidentEvent: internal": {
        AT_WORK: "at from to public byReporter note actor photos",
        STAFF: "candidates",
    },
    "IncidentEvent: of a published incident": {
        EVERYBODY: "at from to public byReporter note photos",
        INVOLVED: "actor",
        STAFF: "candidates",
    },
    "IncidentEvent: of a private kind": {
        INVOLVED: "at from to public byReporter note actor photos",
        STAFF: "candidates",
    },
    "IncidentEvent: what its reporter said later": {
        EVERYBODY: "at from to public byReporter photos",
        INVOLVED: "note",
        AT_WORK: "actor",
        STAFF: "candidates",
    },
    "Locality": {EVERYBODY: "ward neighbourhood team"},
    "MonthStatistics": {EVERYBODY: f"{_FIGURES} month", STAFF: _VERDICTS},
    "Neighbourhood": {
        EVERYBODY: "id name ward boundary areaSquareMetres version boundaryHistory team places incidents"
    },
    "NeighbourhoodStatistics": {EVERYBODY: f"{_FIGURES} neighbourhood", STAFF: _VERDICTS},
    "Notice: of the ward's staff": {STAFF: "id at kind text textEn incident trackingCode seen"},
    "Notice: of a crew": {CREW: "id at kind text textEn incident trackingCode seen"},
    "Notice: of a team": {TEAM: "id at kind text textEn incident trackingCode seen"},
    "Photo": {INVOLVED: _PHOTO, STAFF: "redactedUrl rectangles"},
    "Photo: published": {FOLLOWING: _PHOTO, STAFF: "redactedUrl rectangles"},
    "Photo: published, of a published incident": {EVERYBODY: _PHOTO, STAFF: "redactedUrl rectangles"},
    "Photo: of a private kind": {INVOLVED: _PHOTO, STAFF: "redactedUrl rectangles"},
    "Place": {EVERYBODY: _PLACE},
    "Place: an official's home with consent": {EVERYBODY: _PLACE},
    "Place: an official's home without consent": {WARD: _PLACE},
    "RejectionTemplate": {STAFF: "id category text textEn"},
    "Reporter": {INVOLVED: "name phone"},
    "Session": {THEMSELVES: "id browser system createdAt seenAt expiresAt secondFactor current"},
    "Team": {
        EVERYBODY: "id name neighbourhood coverageArea memberCount leaderCount consentingCount members",
        STAFF: "accounts",
    },
    "TeamMember": {EVERYBODY: "id name role organisation phone mine", KEEPING: "consentedAt"},
    "TeamMember: without consent": {EVERYBODY: "id role mine", KEEPING: "name organisation phone consentedAt"},
    "Viewer": {
        EVERYBODY: "role unseenNotices recoveryCodesLeft",
        THEMSELVES: "name username notices sessions secondFactorSince",
        IN_A_WARD: "ward",
        EVERY_CREW: "crew",
        TEAM: "team",
    },
    "Ward": {
        EVERYBODY: "id code name boundary demo neighbourhoods places boundariesAt teams categories incidents "
        "statistics",
        WARD_AND_REPORTER: "crews",
        STAFF: "audit boundaryChanges accounts failedJobs waitingJobs rejectionTemplates",
    },
    # From five verdicts on (geo/statistics.py): below that one could be told to be somebody's.
    "WardStatistics": {EVERYBODY: f"{_FIGURES} byCategory byNeighbourhood byMonth {_VERDICTS}"},
    "WardStatistics: of a period": {EVERYBODY: f"{_FIGURES} byCategory byNeighbourhood byMonth", STAFF: _VERDICTS},
}

QUERIES: Fields = {
    EVERYBODY: "node nodes ward wards locate incident viewer splitShape mergeShapes",
    STAFF: "checkBoundaries proposePartition",
}
SUBSCRIPTIONS: dict[str, Fields] = {
    "by wardCode": {EVERYBODY: "incidentChanged"},
    "by crewId": {CREW_OR_STAFF: "incidentChanged"},
    "by trackingCode, of a private kind": {INVOLVED: "incidentChanged"},
    "by wardCode ": {STAFF: "boundariesChanged"},
}

_BY_ROLES: dict[frozenset[Role], Audience] = {
    EVERY_ROLE: EVERYBODY,
    STAFF_ROLES: STAFF,
    CREWS: CREW,
    CREWS_AND_STAFF: CREW_OR_STAFF,
    KEEPERS: TEAM_OR_STAFF,
    CREWS_AND_STAFF | KEEPERS: THEMSELVES,
}
_BY_MORE_THAN_ROLES: dict[str, Audience] = {
    "rateIncident": REPORTER,
    "withdrawContact": REPORTER,
    "reportPosition": EVERY_CREW,
    "reopenIncident": REPORTER_OR_STAFF,
}
"""What besides the role is asked of a mutation's caller, in `geo`."""


def mutation_audience(name: str, field: GraphQLField) -> Audience:
    """Who may call a mutation: by the roles that it declares. Raises `KeyError` with what to add where."""
    roles = roles_of(field)
    audience = _BY_MORE_THAN_ROLES.get(name) or _BY_ROLES.get(roles)
    if audience is None:
        raise KeyError(f"{name}: say in schema/permissions.py what {sorted(roles)} come to, in _BY_ROLES")
    return audience


def roles_of(field: GraphQLField) -> frozenset[Role]:
    """The roles that a mutation declares."""
    roles: frozenset[Role] = field.extensions["strawberry-definition"].metadata["roles"]
    return roles


def fields_of(block: str) -> dict[str, Audience]:
    """The fields of a block of `FIELDS`, each with its audience."""
    return {name: audience for audience, names in FIELDS[block].items() for name in names.split()}


def blocks_of(type_name: str) -> list[str]:
    """The blocks of `FIELDS` for a type."""
    return [block for block in FIELDS if block.partition(":")[0] == type_name]


def data_types(schema: GraphQLSchema) -> dict[str, GraphQLObjectType]:
    """The types that hold data: what queries and subscriptions lead to without a union of refusals between."""
    found: dict[str, GraphQLObjectType] = {}
    nodes = schema.get_implementations(schema.type_map["Node"]).objects  # type: ignore[arg-type]
    open_types: list[GraphQLNamedType] = list(nodes)
    for root in (schema.query_type, schema.subscription_type):
        open_types += [] if root is None else [get_named_type(field.type) for field in root.fields.values()]
    while open_types:
        of_type = open_types.pop()
        if is_object_type(of_type) and of_type.name not in found:
            found[of_type.name] = of_type
            open_types += [get_named_type(field.type) for field in of_type.fields.values()]
    return {name: found[name] for name in sorted(found)}


def is_list_part(type_name: str) -> bool:
    """Whether a type is only a part of a list: who may read its fields, may who reads the list."""
    return type_name == "PageInfo" or type_name.endswith(("Connection", "Edge"))


def answer_types(schema: GraphQLSchema) -> list[str]:
    """The types of what mutations, and the queries that can be refused, answer with: for who may call them."""
    held = data_types(schema)
    roots = {root.name for root in (schema.query_type, schema.mutation_type, schema.subscription_type) if root}
    return sorted(
        name
        for name, of_type in schema.type_map.items()
        if is_object_type(of_type) and name not in held and name not in roots and not name.startswith("__")
    )
