"""Every column of every table, and who may read what stands in it.

What is EVERYBODY's is read with its row, by whoever may see that row. Where the state of a row decides, the table has
a block for each state, such as `incident: published`; together with the block of the table itself it names every
column. A new column is added here, in the block of its table; the tests of permissions fail until it is, and then look
for what stands in it in everything that the application says to anybody else.
"""

from __future__ import annotations

from collections.abc import Mapping

from geo.audiences import (
    ACCOUNT,
    AT_WORK,
    CREW,
    EVERYBODY,
    FOLLOWING,
    INVOLVED,
    KEEPING,
    NOBODY,
    STAFF,
    TEAM,
    THEMSELVES,
    WARD,
    WARD_AND_REPORTER,
    Audience,
)

Columns = Mapping[Audience, str]

_INCIDENT = (
    "ward_code id category_id status geog neighbourhood_id channel published reported_at due_at resolved_at closed_at "
    "reopened_count duplicate_of_id location tracking_code erased_at"
)
_HIDDEN = "request_key_hash reporter_secret_hash satisfaction_comment due_soon_told due_passed_told search"
_NOTICE = "ward_code id at kind incident_id"
_PLACE = "ward_code id kind name address location geog phone opening_hours neighbourhood_id"

COLUMNS: dict[str, Columns] = {
    "account": {
        # Who took a step is told by name to whoever works on the incident.
        ACCOUNT: "id username email name role ward_code disabled_at created_at",
        STAFF: "demo",
        THEMSELVES: "second_factor_since",
        NOBODY: "password_hash notices_seen_at second_factor_salt second_factor_step",
    },
    "account_link": {NOBODY: "token_hash account_id purpose created_at expires_at used_at"},
    "audit_entry": {
        STAFF: "ward_code id at account_id name role action subject details",
        # Each answer names its own request.
        ACCOUNT: "request_id",
    },
    "bookmark": {NOBODY: "name moment"},
    "boundary_edit": {STAFF: "ward_code id at account_id drawn redrawn removed renamed", NOBODY: "xact"}
    # What it was done for is also told of each boundary that it drew.
    | {EVERYBODY: "reason"},
    "category": {
        EVERYBODY: "ward_code id code name name_en icon colour deadline_hours public position photo_required "
        "accept_minutes working_hours"
    },
    "consent": {NOBODY: "ward_code id subject_id wording channel account_id given_at ended_at ended_why"},
    "consent_wording": {EVERYBODY: "key text"},
    "crew": {
        WARD_AND_REPORTER: "ward_code id name capacity on_duty coverage",
        AT_WORK: "base position position_at geog",
    },
    "crew_category": {WARD: "ward_code crew_id category_id"},
    "crew_member": {STAFF: "ward_code crew_id account_id"},
    "crew_neighbourhood": {WARD: "ward_code crew_id neighbourhood_id"},
    "incident": {
        EVERYBODY: _INCIDENT,
        FOLLOWING: "description address crew_id",
        INVOLVED: "satisfaction",
        AT_WORK: "accept_by attention",
        NOBODY: _HIDDEN,
    },
    "incident: published": {
        EVERYBODY: f"{_INCIDENT} description address",
        FOLLOWING: "crew_id",
        INVOLVED: "satisfaction",
        AT_WORK: "accept_by attention",
        NOBODY: _HIDDEN,
    },
    "incident: of a private kind": {
        INVOLVED: f"{_INCIDENT} description address crew_id satisfaction",
        AT_WORK: "accept_by attention",
        NOBODY: _HIDDEN,
    },
    # Cells count what may be counted for everybody; private kinds are added for who sees them (geo/counting.py).
    "incident_cell": {
        EVERYBODY: "ward_code level status x y category_id n longitudes latitudes west south east north",
        NOBODY: "ids_high ids_low",
    },
    "incident_cell_change": {NOBODY: "ward_code id sign incident_id category_id status location"},
    "incident_cell_ward": {NOBODY: "ward_code depth stale"},
    "incident_event": {
        EVERYBODY: "ward_code incident_id at from_status to_status public party",
        FOLLOWING: "note",
        AT_WORK: "account_id",
        INVOLVED: "crew_id",
        STAFF: "candidates",
        NOBODY: "id about xact",
    },
    "incident_event: of a published incident": {
        EVERYBODY: "ward_code incident_id at from_status to_status public party note",
        AT_WORK: "account_id",
        INVOLVED: "crew_id",
        STAFF: "candidates",
        NOBODY: "id about xact",
    },
    "incident_event: internal": {
        AT_WORK: "ward_code incident_id at from_status to_status public party note account_id crew_id",
        STAFF: "candidates",
        NOBODY: "id about xact",
    },
    "incident_event: of a private kind": {
        INVOLVED: "ward_code incident_id at from_status to_status public party note crew_id",
        AT_WORK: "account_id",
        STAFF: "candidates",
        NOBODY: "id about xact",
    },
    "incident_event: what its reporter said later": {
        EVERYBODY: "ward_code incident_id at from_status to_status public party",
        INVOLVED: "note crew_id",
        AT_WORK: "account_id",
        STAFF: "candidates",
        NOBODY: "id about xact",
    },
    "neighbourhood": {EVERYBODY: "ward_code id code name version search"},
    "neighbourhood_boundary": {
        EVERYBODY: "ward_code id neighbourhood_id boundary since until reason outline_city",
        STAFF: "drawn_by",
    },
    "notice": {STAFF: f"{_NOTICE} crew_id team_id", NOBODY: "audience event_id"},
    "notice: of a crew": {CREW: f"{_NOTICE} crew_id team_id", NOBODY: "audience event_id"},
    "notice: of a team": {TEAM: f"{_NOTICE} crew_id team_id", NOBODY: "audience event_id"},
    "pending_sign_in": {NOBODY: "token_hash account_id expires_at"},
    "photo": {
        INVOLVED: "ward_code id incident_id width height taken_at published",
        STAFF: "redacted_id rectangles",
        NOBODY: "event_id created_at",
    },
    "photo: published": {
        FOLLOWING: "ward_code id incident_id width height taken_at published redacted_id",
        STAFF: "rectangles",
        NOBODY: "event_id created_at",
    },
    "photo: published, of a published incident": {
        EVERYBODY: "ward_code id incident_id width height taken_at published redacted_id",
        STAFF: "rectangles",
        NOBODY: "event_id created_at",
    },
    "photo_upload": {NOBODY: "id width height taken_at created_at"},
    "place": {EVERYBODY: _PLACE, STAFF: "source_key", NOBODY: "consented_at search"},
    "place: an official's home without consent": {WARD: _PLACE, STAFF: "source_key", NOBODY: "consented_at search"},
    "rejection_template": {STAFF: "ward_code id category_id text text_en position"},
    "recovery_code": {NOBODY: "account_id code_hash"},
    "reporter": {
        INVOLVED: "ward_code incident_id name phone",
        NOBODY: "email language consented_at",
    },
    "session": {
        THEMSELVES: "id browser system created_at seen_at expires_at second_factor",
        NOBODY: "token_hash account_id",
    },
    "sign_in_delay": {NOBODY: "key failures last_at until"},
    "tally": {NOBODY: "key slot hits before ends_at"},
    "team": {EVERYBODY: "ward_code id name neighbourhood_id search"},
    "team_member": {
        EVERYBODY: "ward_code id team_id role organisation name phone",
        KEEPING: "consented_at",
        STAFF: "account_id",
    },
    "team_member: without consent": {
        EVERYBODY: "ward_code id team_id role",
        KEEPING: "name organisation phone consented_at",
        STAFF: "account_id",
    },
    "ward": {EVERYBODY: "code name boundary demo search outline_country outline_region outline_city"},
    "working_time": {NOBODY: "opens closes worked_before"},
}


def columns_of(block: str) -> dict[str, Audience]:
    """The columns of a block of `COLUMNS`, each with its audience."""
    return {name: audience for audience, names in COLUMNS[block].items() for name in names.split()}
