"""What an operation that a request asks for carries."""

from __future__ import annotations

from starlette.requests import Request

from geo.actor import Actor
from geo.language import Language
from geo.tables import Channel
from schema.context import Context
from server.addresses import address_of
from server.settings import Settings


def context_of(request: Request, language: Language, channel: Channel = Channel.GRAPHQL) -> Context:
    """A context for one operation in the caller's right; a report in it came by `channel`."""
    state = request.app.state
    settings: Settings = state.settings
    actor: Actor = request.state.actor
    address = address_of(request.scope, settings.proxies)
    # One for all that the request asks: it may learn the name of a new device.
    admission = request.scope["state"].get("admission")
    if admission is None:
        admission = state.admissions.of(actor, address, state.admissions.devices.of(request.headers))
        request.state.admission = admission
    return Context(
        database=state.database,
        secret_key=settings.key,
        actor=actor,
        language=language,
        default_ward=settings.default_ward,
        max_cost=settings.max_cost,
        channel=channel,
        reports=state.intake,
        redactor=state.redactor,
        admission=admission,
        address=address,
        second_factor=settings.second_factor,
        site=settings.public_url or str(request.base_url).rstrip("/"),
        mails=settings.writes_mail,
        introspection=may_introspect(actor, settings),
        seconds=settings.operation_seconds,
        share=state.live.share_of(actor, address),
    )


def may_introspect(actor: Actor, settings: Settings) -> bool:
    """Whether this caller may ask for `__schema`: where it is in earnest, only those who are signed in."""
    return not settings.production or actor.account_id is not None
