"""The plain server: queries, the one mutation, and Strawberry's own view of them."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import sqlalchemy as sa
import strawberry
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.schema.config import StrawberryConfig

from benchmarks.plain import intake
from benchmarks.plain.loaders import Caller, Loaders, Sessions
from benchmarks.plain.models import Account, Boundary, Category, CrewMember, Incident, Session, Ward
from benchmarks.plain.models import Neighbourhood as NeighbourhoodRow
from benchmarks.plain.types import (
    SCALARS,
    Context,
    GeoJSONPoint,
    IncidentConnection,
    IncidentFilter,
    IncidentOrder,
    Info,
    InvalidInput,
    Neighbourhood,
    Node,
    ReportIncidentPayload,
    ReportIncidentResult,
    Team,
)
from benchmarks.plain.types import Incident as IncidentType
from geo import tables
from geo.engines import async_url
from geo.secrets import digest, reporter_secret

POOL = 4
_PATIENCE = 300  # seconds: 64 windows at once take longer than the usual 30
APPLICATION = "bench-plain"


async def _listed(
    info: Info, filter: IncidentFilter | None, order_by: IncidentOrder, first: int, told: bool, *where: Any
) -> IncidentConnection:
    table = tables.incident
    query = sa.select(Incident).where(*where)
    if filter is not None and filter.statuses is not None:
        query = query.where(Incident.status.in_([status.value for status in filter.statuses]))
    if filter is not None and filter.within is not None:
        box = filter.within
        envelope = sa.func.ST_MakeEnvelope(box.west, box.south, box.east, box.north, 4326)
        query = query.where(sa.func.ST_Intersects(table.c.location, envelope))
    if order_by is IncidentOrder.NEWEST_FIRST:
        query = query.order_by(Incident.reported_at.desc(), Incident.id.desc())
    else:
        query = query.order_by(
            sa.func.coalesce(table.c.due_at, sa.literal_column("'infinity'::timestamptz")), table.c.id
        )
    async with info.context.sessions() as session:
        rows = (await session.scalars(query.limit(first))).all()
    return IncidentConnection(nodes=[IncidentType.of(row, told) for row in rows])


@strawberry.type(name="Crew")
class CrewType:
    @strawberry.field
    async def incidents(
        self,
        info: Info,
        filter: IncidentFilter | None = None,
        order_by: IncidentOrder = IncidentOrder.MOST_URGENT_FIRST,
        first: int = 20,
    ) -> IncidentConnection:
        caller = info.context.caller
        own = (Incident.ward_code == caller.ward_code, Incident.crew_id == caller.crew_id)
        return await _listed(info, filter, order_by, first, True, *own)


@strawberry.type
class Viewer:
    @strawberry.field
    def crew(self, info: Info) -> CrewType | None:
        return CrewType() if info.context.caller.crew_id is not None else None


@strawberry.type(name="Ward")
class WardType:
    code: str
    name: str

    @strawberry.field
    async def incidents(
        self,
        info: Info,
        filter: IncidentFilter | None = None,
        order_by: IncidentOrder = IncidentOrder.NEWEST_FIRST,
        first: int = 20,
    ) -> IncidentConnection:
        public = sa.exists().where(
            Category.ward_code == Incident.ward_code, Category.id == Incident.category_id, Category.public
        )
        return await _listed(info, filter, order_by, first, False, Incident.ward_code == self.code, public)


@strawberry.type
class Locality:
    ward: WardType
    neighbourhood: Neighbourhood | None
    team: Team | None


@strawberry.type
class Query:
    @strawberry.field
    def viewer(self) -> Viewer:
        return Viewer()

    @strawberry.field
    async def ward(self, info: Info, code: str) -> WardType | None:
        async with info.context.sessions() as session:
            row = await session.get(Ward, code)
        return WardType(code=row.code, name=row.name) if row is not None else None

    @strawberry.field
    async def nodes(self, info: Info, ids: list[strawberry.ID]) -> list[Node | None]:
        keys = [(ward, UUID(key)) for _, ward, key in (named.split(":") for named in ids)]
        rows = await info.context.loaders.neighbourhood.load_many(keys)
        return [Neighbourhood.of(row) if row is not None else None for row in rows]

    @strawberry.field
    async def locate(self, info: Info, position: GeoJSONPoint) -> Locality | None:
        longitude, latitude = position["coordinates"]  # type: ignore[index]
        at = sa.func.ST_SetSRID(sa.func.ST_MakePoint(longitude, latitude), 4326)
        boundary = tables.neighbourhood_boundary.c
        async with info.context.sessions() as session:
            ward = await session.scalar(
                sa.select(Ward).where(sa.func.ST_Covers(tables.ward.c.boundary, at)).order_by(Ward.code).limit(1)
            )
            if ward is None:
                return None
            found = await session.scalar(
                sa.select(NeighbourhoodRow)
                .join(
                    Boundary,
                    sa.and_(
                        Boundary.ward_code == NeighbourhoodRow.ward_code,
                        Boundary.neighbourhood_id == NeighbourhoodRow.id,
                    ),
                )
                .where(
                    Boundary.ward_code == ward.code, Boundary.until.is_(None), sa.func.ST_Covers(boundary.boundary, at)
                )
                .order_by(NeighbourhoodRow.id)
                .limit(1)
            )
        place = WardType(code=ward.code, name=ward.name)
        if found is None:
            return Locality(ward=place, neighbourhood=None, team=None)
        team = await info.context.loaders.team.load((found.ward_code, found.id))
        shown = Team(id=strawberry.ID(f"Team:{team.ward_code}:{team.id}"), name=team.name) if team is not None else None
        return Locality(ward=place, neighbourhood=Neighbourhood.of(found), team=shown)


@strawberry.input
class ReportIncidentInput:
    request_key: UUID
    category: str
    location: GeoJSONPoint
    description: str | None = None
    address: str | None = None


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def report_incident(
        self, info: Info, input: Annotated[ReportIncidentInput, strawberry.argument()]
    ) -> ReportIncidentResult:
        secret = reporter_secret(info.context.secret_key, input.request_key)
        longitude, latitude = input.location["coordinates"]  # type: ignore[index]
        words = {"description": input.description, "address": input.address}
        async with info.context.sessions.begin() as session:
            made = await intake.receive(
                session, input.request_key, input.category, longitude, latitude, secret, **words
            )
        if made is None:
            return InvalidInput(code="INVALID_INPUT", message="The place or the kind is not known.")
        return ReportIncidentPayload(incident=IncidentType.of(made, True), reporter_secret=secret)


SCHEMA = strawberry.Schema(
    Query,
    Mutation,
    types=[Neighbourhood],
    config=StrawberryConfig(scalar_map=SCALARS),
)


class View(GraphQL[Context, None]):
    """Strawberry's view; a request's context has its loaders and its caller."""

    def __init__(self, sessions: Sessions, secret_key: bytes) -> None:
        super().__init__(SCHEMA)
        self._sessions = sessions
        self._secret_key = secret_key

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Context:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        caller = await self._caller(token) if scheme.lower() == "bearer" else Caller()
        return Context(self._sessions, Loaders(self._sessions), caller, self._secret_key)

    async def _caller(self, token: str) -> Caller:
        query = (
            sa.select(CrewMember)
            .join(Account, Account.id == CrewMember.account_id)
            .join(Session, Session.account_id == Account.id)
            .where(
                Session.token_hash == digest(token), Session.expires_at > sa.func.now(), Account.disabled_at.is_(None)
            )
        )
        async with self._sessions() as session:
            member = await session.scalar(query)
        return Caller(member.ward_code, member.crew_id) if member is not None else Caller()


def create_app(url: str, secret_key: bytes) -> Starlette:
    """The application, with as many connections and the same session settings as ours."""
    settings = {
        "application_name": APPLICATION,
        "timezone": "UTC",
        "jit": "off",
        "plan_cache_mode": "force_custom_plan",
    }
    engine = create_async_engine(
        async_url(url),
        pool_size=POOL,
        max_overflow=0,
        pool_timeout=_PATIENCE,
        connect_args={"server_settings": settings},
    )
    view = View(async_sessionmaker(engine, expire_on_commit=False), secret_key)

    async def alive(_: Request) -> Response:
        return Response("alive")

    return Starlette(routes=[Route("/graphql", view), Route("/health/live", alive)])
