"""The tables, as SQLAlchemy Core: the only source of DDL. Outside `geo`, use each noun's `readable(actor)` instead."""

from geo.tables.base import MERCATOR, SRID, metadata
from geo.tables.calendar import working_time
from geo.tables.clusters import incident_cell, incident_cell_change, incident_cell_ward
from geo.tables.desk import Audience, NoticeKind, bookmark, notice, rejection_template
from geo.tables.ground import PlaceKind, boundary_edit, neighbourhood, neighbourhood_boundary, place, ward
from geo.tables.incidents import (
    About,
    Attention,
    Channel,
    Satisfaction,
    category,
    incident,
    incident_event,
    photo,
    photo_upload,
    reporter,
)
from geo.tables.people import (
    AccountRole,
    TeamRole,
    account,
    crew,
    crew_category,
    crew_member,
    crew_neighbourhood,
    session,
    team,
    team_member,
)

__all__ = [
    "MERCATOR",
    "SRID",
    "About",
    "AccountRole",
    "Attention",
    "Audience",
    "Channel",
    "NoticeKind",
    "PlaceKind",
    "Satisfaction",
    "TeamRole",
    "account",
    "bookmark",
    "boundary_edit",
    "category",
    "crew",
    "crew_category",
    "crew_member",
    "crew_neighbourhood",
    "incident",
    "incident_cell",
    "incident_cell_change",
    "incident_cell_ward",
    "incident_event",
    "metadata",
    "neighbourhood",
    "neighbourhood_boundary",
    "notice",
    "photo",
    "photo_upload",
    "place",
    "rejection_template",
    "reporter",
    "session",
    "team",
    "team_member",
    "ward",
    "working_time",
]
