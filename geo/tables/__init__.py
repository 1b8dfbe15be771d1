"""The tables, as SQLAlchemy Core: the only source of DDL. Outside `geo`, use each noun's `readable(actor)` instead."""

from geo.tables.base import MERCATOR, SRID, metadata
from geo.tables.clusters import incident_cell, incident_cell_change, incident_cell_ward
from geo.tables.ground import PlaceKind, neighbourhood, neighbourhood_boundary, place, ward
from geo.tables.incidents import (
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
    session,
    team,
    team_member,
)

__all__ = [
    "MERCATOR",
    "SRID",
    "AccountRole",
    "Channel",
    "PlaceKind",
    "Satisfaction",
    "TeamRole",
    "account",
    "category",
    "crew",
    "crew_category",
    "crew_member",
    "incident",
    "incident_cell",
    "incident_cell_change",
    "incident_cell_ward",
    "incident_event",
    "metadata",
    "neighbourhood",
    "neighbourhood_boundary",
    "photo",
    "photo_upload",
    "place",
    "reporter",
    "session",
    "team",
    "team_member",
    "ward",
]
