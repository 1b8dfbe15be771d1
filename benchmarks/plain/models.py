"""The same tables as mapped classes. Geometries are read as GeoJSON; generated columns are left out."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, column_property

from geo import tables


def _geojson(column: sa.Column[Any]) -> sa.ColumnElement[str]:
    return sa.Function("ST_AsGeoJSON", column, 7, type_=sa.Text)


def _without(*columns: str) -> dict[str, Any]:
    return {"exclude_properties": columns}


class Base(DeclarativeBase):
    pass


class Ward(Base):
    __table__ = tables.ward
    __mapper_args__ = _without("boundary", "search")
    code: Mapped[str]
    name: Mapped[str]


class Neighbourhood(Base):
    __table__ = tables.neighbourhood
    __mapper_args__ = _without("search")
    ward_code: Mapped[str]
    id: Mapped[Any]
    name: Mapped[str]


class Boundary(Base):
    __table__ = tables.neighbourhood_boundary
    __mapper_args__ = _without("boundary")
    geojson: Mapped[str] = column_property(_geojson(tables.neighbourhood_boundary.c.boundary))
    ward_code: Mapped[str]
    neighbourhood_id: Mapped[Any]
    until: Mapped[Any]


class Team(Base):
    __table__ = tables.team
    __mapper_args__ = _without("search")
    ward_code: Mapped[str]
    id: Mapped[Any]
    name: Mapped[str]
    neighbourhood_id: Mapped[Any]


class Category(Base):
    __table__ = tables.category
    ward_code: Mapped[str]
    id: Mapped[Any]
    code: Mapped[str]
    name: Mapped[str]
    icon: Mapped[str]
    colour: Mapped[str]
    public: Mapped[bool]
    deadline_hours: Mapped[int]


class Crew(Base):
    __table__ = tables.crew
    __mapper_args__ = _without("coverage", "base", "position", "geog")
    ward_code: Mapped[str]
    id: Mapped[Any]
    on_duty: Mapped[bool]
    capacity: Mapped[int]


class CrewMember(Base):
    __table__ = tables.crew_member
    ward_code: Mapped[str]
    crew_id: Mapped[Any]
    account_id: Mapped[Any]


class CrewCategory(Base):
    __table__ = tables.crew_category


class Account(Base):
    __table__ = tables.account
    id: Mapped[Any]
    role: Mapped[str]
    ward_code: Mapped[str]
    disabled_at: Mapped[Any]


class Session(Base):
    __table__ = tables.session
    token_hash: Mapped[bytes]
    account_id: Mapped[Any]
    expires_at: Mapped[Any]


class Incident(Base):
    __table__ = tables.incident
    __mapper_args__ = _without("location", "geog", "search")
    geojson: Mapped[str] = column_property(_geojson(tables.incident.c.location))
    ward_code: Mapped[str]
    id: Mapped[Any]
    tracking_code: Mapped[str]
    category_id: Mapped[Any]
    status: Mapped[str]
    description: Mapped[str | None]
    neighbourhood_id: Mapped[Any]
    crew_id: Mapped[Any]
    reported_at: Mapped[Any]
    due_at: Mapped[Any]


class IncidentEvent(Base):
    __table__ = tables.incident_event
