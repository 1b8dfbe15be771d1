"""Settings of how often something may be asked for. docs/decisions/0049 says why these numbers; 0 is no limit."""

from __future__ import annotations

from pydantic import BaseModel, Field


def _limit(default: int, description: str) -> int:
    """The field of a limit."""
    limit: int = Field(default=default, ge=0, le=1_000_000_000, description=f"{description} With 0, no limit.")
    return limit


class ReportLimits(BaseModel):
    """How many reports are taken in, from whom."""

    reports_per_device_minute: int = _limit(
        5, "Reports a minute from one device whose owner has no account; more need a solved challenge each."
    )
    reports_per_device_hour: int = _limit(30, "The same in an hour.")
    reports_per_address_minute: int = _limit(
        60, "Reports a minute of all who come from one address and have no account; more need a solved challenge each."
    )
    reports_per_address_hour: int = _limit(600, "The same in an hour.")
    new_devices_per_address_minute: int = _limit(
        30, "First reports a minute of devices of one address that were not known before; more need a solved challenge."
    )
    new_devices_per_address_hour: int = _limit(300, "The same in an hour.")
    reports_per_account_minute: int = _limit(60, "Reports a minute from one account.")
    reports_per_account_hour: int = _limit(600, "The same in an hour.")
    challenge_factor: int = Field(
        default=5,
        ge=1,
        le=1_000,
        description="How many times as many reports are taken in where each comes with a solved challenge.",
    )
    challenge_rounds: int = Field(
        default=3_000,
        ge=0,
        le=1_000_000,
        description="How much work a challenge is, in rounds of 2,000 SHA-256 steps: the number to be found lies in "
        "the upper half of so many. With 0 none is given, and who is over a limit has to wait.",
    )
    emails_per_device_day: int = _limit(
        10, "Reports a day from one device that name an e-mail address to be written to."
    )
    letters_per_email_day: int = _limit(20, "Letters a day to one e-mail address; more are left out.")


class RequestLimits(BaseModel):
    """How many requests are answered, whose, in a minute; and how much is held open."""

    graphql_per_address_minute: int = _limit(
        3_000, "GraphQL operations a minute of all who come from one address, those over WebSockets included."
    )
    graphql_per_account_minute: int = _limit(600, "GraphQL operations a minute of one account.")
    map_per_address_minute: int = _limit(
        12_000, "What a map loads (tiles, windows, photographs) in a minute by all who come from one address."
    )
    map_per_account_minute: int = _limit(3_000, "The same of one account.")
    pages_per_address_minute: int = _limit(3_000, "Pages and all else in a minute by all who come from one address.")
    pages_per_account_minute: int = _limit(600, "The same of one account.")
    exports_per_address_minute: int = _limit(30, "Exports begun in a minute by all who come from one address.")
    exports_per_account_minute: int = _limit(30, "The same of one account.")
    uploads_per_address_minute: int = _limit(
        300, "Photographs, and forms that may carry some, in a minute by all who come from one address."
    )
    uploads_per_account_minute: int = _limit(120, "The same of one account.")
    sign_ins_per_address_minute: int = _limit(
        60, "Attempts to sign in, and links of invitation opened, in a minute by all who come from one address."
    )
    challenges_per_address_minute: int = _limit(300, "Challenges given in a minute to all who come from one address.")
    sockets_per_address: int = _limit(1_000, "WebSockets that a process keeps open for one address.")
    followers_per_address: int = _limit(
        1_000, "Live subscriptions that a process keeps for one address, over whatever connections."
    )


LIMITS = tuple(name for group in (ReportLimits, RequestLimits) for name in group.model_fields if "_per_" in name)
"""The settings that are limits: with all of them 0 there are none, as for measuring how much a server can do."""
