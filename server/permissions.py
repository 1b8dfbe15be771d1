"""Who may do what at every address, and docs/permissions.md: the whole matrix, written from the code.

An address under `@only` (`server/pages/signed_in.py`) is known by that. Every other one stands in `ROUTES` below, by
whom it serves: a new one is added here, and the tests of permissions fail until it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from graphql import GraphQLSchema
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute

from geo.actor import Role
from geo.audiences import (
    DESK,
    EVERY_CREW,
    EVERYBODY,
    INVOLVED,
    REPORTER,
    STAFF,
    TEAM_OR_DESK,
    TEAM_OR_STAFF,
    THEMSELVES,
    Audience,
    Caller,
)
from geo.private_columns import COLUMNS, columns_of
from schema.permissions import (
    FIELDS,
    QUERIES,
    SUBSCRIPTIONS,
    Fields,
    answer_types,
    fields_of,
    mutation_audience,
)
from server.pages.signed_in import let_in

ROUTES: dict[Audience, tuple[str, ...]] = {
    EVERYBODY: (
        # The API decides for itself, field by field, as above.
        "GET POST /graphql",
        "WS /graphql",
        "GET /schema.graphql",
        # Signing in and out.
        "POST /token",
        "POST /session",
        "DELETE /session",
        "GET /sign-in",
        "POST /sign-in",
        "GET /sign-out",
        "POST /sign-out",
        "GET /sign-in/code",
        "POST /sign-in/code",
        "GET /sign-in/second-factor",
        "POST /sign-in/second-factor",
        "GET /forgot",
        "POST /forgot",
        "GET /link/{token:str}",
        "POST /link/{token:str}",
        # Pages of residents; what is in them is read as above, by the page's own document.
        "GET /",
        "GET /map/incidents",
        "GET /map/heat",
        "GET /map/{layer}.geojson",
        "GET /tiles/{layer}/{z}/{x}/{y}.mvt",
        "GET /basemap/{version}.pmtiles",
        "GET /stats",
        "GET /export/{subject}.{form}",
        "GET /report",
        "POST /report",
        "POST /photos",
        "GET /challenge",
        "GET /r",
        "GET /privacy",
        "GET /r/{code}/letters",
        "GET /sw.js",
        "GET /offline",
        "GET /manifest.webmanifest",
        "GET /static",
        "GET /static/vendor",
        # The frame of the crews' page, with nothing of anybody's.
        "GET /crew/shell",
        "GET /crew/manifest.webmanifest",
        # A form's address, opened as a page: leads back to where the form is.
        "GET /crew/accept",
        "GET /crew/decline",
        "GET /crew/start",
        "GET /crew/resolve",
        "GET /crew/duty",
        "GET /r/{code}/rate",
        "GET /r/{code}/reopen",
        "GET /r/{code}/withdraw",
        "GET /account/password",
        "GET /account/second-factor",
        "GET /account/second-factor/begin",
        "GET /account/second-factor/off",
        "GET /account/second-factor/codes",
        "GET /staff/places/import/apply",
        "GET /staff/teams/import/apply",
        "GET /staff/crews/import/apply",
        "GET /staff/accounts/{id:str}/password",
        "GET /staff/accounts/{id:str}/disabled",
        "GET /staff/accounts/{id:str}/move",
        "GET /staff/accounts/{id:str}/link",
        "GET /staff/accounts/{id:str}/email",
        "GET /staff/accounts/{id:str}/second-factor",
        # For whoever runs the service.
        "GET /health/live",
        "GET /health/ready",
    ),
    # Of a private kind, and photographs that are not published; the others are everybody's.
    INVOLVED: ("GET /r/{code}", "GET /r/{code}/live", "GET /photos/{id}"),
    REPORTER: ("POST /r/{code}/rate", "POST /r/{code}/reopen", "POST /r/{code}/letters", "POST /r/{code}/withdraw"),
    EVERY_CREW: (
        "GET /crew/list",
        "GET /crew/live",
        "POST /crew/accept",
        "POST /crew/decline",
        "POST /crew/start",
        "POST /crew/resolve",
        "POST /crew/duty",
    ),
    DESK: ("GET /staff/boundaries/who", "POST /staff/boundaries/import"),
}

_BY_MORE_THAN_ROLES: dict[str, Audience] = {
    # What these name, each ward has one of: whoever asks gets their own.
    "GET /staff/categories/{category:str}": DESK,
    "POST /staff/categories/{category:str}": DESK,
    # Says only that something happened to an incident that everybody knows of.
    "GET /team/live": TEAM_OR_DESK,
}

_DESK = frozenset({Role.STAFF, Role.ADMIN})
_BY_ROLES: dict[frozenset[Role], Audience] = {
    frozenset({Role.CREW_MEMBER}): EVERY_CREW,
    frozenset({Role.TEAM_MEMBER}) | _DESK: TEAM_OR_STAFF,
    frozenset({Role.TEAM_MEMBER, Role.CREW_MEMBER}) | _DESK: THEMSELVES,
}


def names_of(route: BaseRoute) -> str:
    """Methods and path of a route, as `ROUTES` has it."""
    if isinstance(route, Mount):
        return f"GET {route.path}"
    if isinstance(route, WebSocketRoute):
        return f"WS {route.path}"
    if isinstance(route, Route):
        return f"{' '.join(sorted((route.methods or set()) - {'HEAD'}))} {route.path}"
    raise TypeError(f"{route!r}: say in server/permissions.py what it is called")


def route_audience(route: BaseRoute) -> Audience:
    """Whom an address serves. Raises `KeyError` with what to add where."""
    name, roles = names_of(route), let_in(getattr(route, "endpoint", None))
    if roles is None:
        found = [audience for audience, names in ROUTES.items() if name in names]
        if len(found) != 1:
            raise KeyError(f"{name}: guard it with @only(...), or add it once to ROUTES in server/permissions.py")
        return found[0]
    if name in _BY_MORE_THAN_ROLES:
        return _BY_MORE_THAN_ROLES[name]
    if roles == _DESK:
        # What is named in the address is a ward's, and there only for that ward's staff.
        return STAFF if "{" in name else DESK
    if roles not in _BY_ROLES:
        raise KeyError(f"{name}: say in server/permissions.py what {sorted(roles)} come to, in _BY_ROLES")
    return _BY_ROLES[roles]


_HEAD = """# Who may see and do what

Written from the code by `phuongso permissions > docs/permissions.md`. The tests under `tests/permissions/` hold both
together and run every cell against the whole application: each field of the API, mutation, subscription and address, as
each kind of caller. In everything that the application says to a caller they also look for what stands in columns that
are not for that caller.

- **yes**: the caller gets it, of everything in the ward.
- **own**: only of what is theirs: the report whose secret they hold, what their crew has in hand or who is in it, their
  team and its neighbourhood; for staff of another ward, what is their own ward's.
- **no**: null, an empty list, *not found*, `NotAllowed`, 401, 403, 404, or the way to the sign-in page.

All cells are about one ward, asked by its own reporters, teams, crews and staff; beside them by somebody of another
crew of the ward, the staff of another ward, and the administrator of every ward. Crews and teams of another ward are
strangers in this one. Where the state of an object decides, there is a table for each state: `Incident` alone is one of
a public kind whose text is not published. An object that a caller may not see has no fields for them: it is not found.

Where this is decided: which rows and columns, in `readable(actor)` of each noun in `geo/`; which roles may call a
mutation, on the mutation; who is let into a page, by `@only` on the page. Where it is written down for this table:
`geo/audiences.py` (the words), `schema/permissions.py` (fields), `geo/private_columns.py` (columns),
`server/permissions.py` (addresses).

"""


def permissions_document(schema: GraphQLSchema, routes: Iterable[BaseRoute]) -> str:
    """`docs/permissions.md`, from the declarations."""
    mutations = {} if schema.mutation_type is None else schema.mutation_type.fields
    parts = [
        ("Queries", _lines(_turned(QUERIES).items())),
        ("Mutations", _lines((name, mutation_audience(name, field)) for name, field in mutations.items())),
        ("Subscriptions", _lines(_subscriptions())),
        ("Fields", _blocks(FIELDS, fields_of)),
        ("What mutations answer with", _answers(schema)),
        ("Addresses", _lines((names_of(route), route_audience(route)) for route in routes)),
        ("Columns", _blocks(COLUMNS, columns_of)),
    ]
    return _HEAD + "\n".join(f"## {title}\n\n{text}" for title, text in parts)


def _turned(fields: Fields) -> dict[str, Audience]:
    return {name: audience for audience, names in fields.items() for name in names.split()}


def _subscriptions() -> Iterator[tuple[str, Audience]]:
    for how, fields in SUBSCRIPTIONS.items():
        for name, audience in _turned(fields).items():
            yield f"{name} {how.strip()}", audience


def _lines(rows: Iterable[tuple[str, Audience]], first: str = "") -> str:
    head = f"| {first} | {' | '.join(Caller)} |\n|{' --- |' * (len(Caller) + 1)}\n"
    return head + "".join(f"| `{name}` | {' | '.join(audience.cells)} |\n" for name, audience in rows)


def _blocks(blocks: Mapping[str, Fields], read: Callable[[str], dict[str, Audience]]) -> str:
    return "\n".join(f"### {block}\n\n{_lines(read(block).items())}" for block in blocks)


def _answers(schema: GraphQLSchema) -> str:
    names = ", ".join(f"`{name}`" for name in answer_types(schema))
    return (
        "For whoever may call the mutation or the query; the refusals, for whoever was refused. The objects in an "
        f"answer are read as above.\n\n{names}.\n\nThe parts of a list (`…Connection`, `…Edge`, `PageInfo`) are for "
        "whoever reads the list; `totalCount` counts what that caller may see.\n"
    )
