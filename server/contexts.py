"""What an operation that a request asks for carries."""

from __future__ import annotations

from starlette.requests import Request

from geo.language import Language
from geo.tables import Channel
from schema.context import Context
from server.settings import Settings


def context_of(request: Request, language: Language, channel: Channel = Channel.GRAPHQL) -> Context:
    """A context for one operation in the caller's right; a report in it came by `channel`."""
    state = request.app.state
    settings: Settings = state.settings
    return Context(
        database=state.database,
        secret_key=settings.key,
        actor=request.state.actor,
        language=language,
        default_ward=settings.default_ward,
        max_cost=settings.max_cost,
        channel=channel,
        reports=state.intake,
        redactor=state.redactor,
    )
