"""Pages of those who work for a ward: who is not signed in is led to `/sign-in` and comes back after it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from geo.actor import Actor, Role
from server.pages.trouble import trouble

Endpoint = Callable[[Request], Awaitable[Response]]

DESK = (Role.STAFF, Role.ADMIN)
_ROLES = "_only_these_roles"


def only(*roles: Role) -> Callable[[Endpoint], Endpoint]:
    """Lets these roles alone reach an endpoint. A stranger is asked to sign in first; anybody else is answered 403."""

    def guarded(endpoint: Endpoint) -> Endpoint:
        @wraps(endpoint)
        async def answer(request: Request) -> Response:
            actor: Actor = request.state.actor
            if actor.role in roles:
                return await endpoint(request)
            if actor.account_id is None:
                return RedirectResponse(f"/sign-in?{urlencode({'next': _asked(request)})}", 303)
            return trouble(request, 403)

        setattr(answer, _ROLES, frozenset(roles))
        return answer

    return guarded


def let_in(endpoint: object) -> frozenset[Role] | None:
    """The roles that `only` lets reach an endpoint; None for one that is open to everybody."""
    roles: frozenset[Role] | None = getattr(endpoint, _ROLES, None)
    return roles


def _asked(request: Request) -> str:
    """Where to come back to: after a refused change, to the page that it was made from, which is its own address."""
    query = request.url.query
    return f"{request.url.path}?{query}" if query else request.url.path
