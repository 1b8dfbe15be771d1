"""Settings that belong together: how much GraphQL may be asked for, and what keeps strangers out."""

from __future__ import annotations

from pydantic import BaseModel, Field


class GraphQLLimits(BaseModel):
    """How much one document, one connection and one process do for a caller."""

    max_cost: int = Field(default=10_000, ge=1, description="The cost from which on a GraphQL query is refused.")
    max_subscriptions: int = Field(
        default=5_000, ge=1, description="How many live subscriptions, and how many WebSockets, a process keeps open."
    )
    max_subscriptions_per_connection: int = Field(
        default=20, ge=1, le=1_000, description="How many operations one WebSocket may have under way."
    )


class Protection(BaseModel):
    """Who gets in, and what is kept from those who should not."""

    production: bool = Field(
        default=False,
        description="Set it to `true` wherever people really use it: what only developers need, such as the page to "
        "try GraphQL and introspection by strangers, is off then.",
    )
    proxies: int = Field(
        default=0,
        ge=0,
        le=10,
        description="How many proxies of your own stand before the server and add to `X-Forwarded-For`: so many of its "
        "entries, from the right, are believed. With 0 the header is ignored.",
    )
    secure_cookies: bool = Field(
        default=False,
        description="Send cookies over HTTPS only. Set it to `true` wherever the site is reached by HTTPS.",
    )
    session_days: int = Field(default=30, ge=1, le=365, description="Days after which a sign-in ends.")
