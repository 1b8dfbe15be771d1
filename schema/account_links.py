"""How an account is reached again: one-time links, where these are mailed, a second factor forgotten."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import strawberry
from sqlalchemy.ext.asyncio import AsyncConnection

from geo import account_keeping, account_links, account_lists
from geo.contact import Checked
from geo.errors import InvalidInput as InvalidInputRefusal
from geo.errors import Problem
from geo.language import Text
from schema.accounts import Account
from schema.context import Context
from schema.enums import LinkPurpose
from schema.errors import InvalidInput, NotAllowed, NotFound
from schema.meant import refuse
from schema.mutating import STAFF, key_of, mutation
from schema.rows import Found

NO_MAIL = Text("Hệ thống này không gửi được email.", "No mail is sent from here.")


@strawberry.type(description="A link that counts once, for whoever holds it. Shown now, and never again.")
class AccountLink:
    url: str = strawberry.field(description="The address: for the account's holder alone.")
    purpose: LinkPurpose = strawberry.field(description="What it is for.")
    expires_at: datetime = strawberry.field(description="Until when it counts.")


@strawberry.input(description="A one-time link to make.")
class CreateAccountLinkInput:
    account_id: strawberry.ID = strawberry.field(description="The account; not one's own.")
    purpose: LinkPurpose = strawberry.field(description="What it is for.")
    mail: bool = strawberry.field(
        default=False, description="Whether it is mailed to the account's address instead of answered with."
    )


@strawberry.input(description="Where links to an account may be mailed.")
class SetAccountEmailInput:
    account_id: strawberry.ID = strawberry.field(description="The account; not one's own.")
    email: str | None = strawberry.field(description="The address; null: nowhere.")


@strawberry.input(description="An account whose holder lost the second factor.")
class ResetSecondFactorInput:
    account_id: strawberry.ID = strawberry.field(description="The account; not one's own.")


@strawberry.type(description="The link was made, or will be mailed; earlier ones of this account count no more.")
class CreateAccountLinkPayload:
    account: Account = strawberry.field(description="The account.")
    link: AccountLink | None = strawberry.field(description="The link; none where it is mailed.")


@strawberry.type(description="The address was kept.")
class SetAccountEmailPayload:
    account: Account = strawberry.field(description="The account as it is now.")


@strawberry.type(description="The account has no second factor any more, and is signed out everywhere.")
class ResetSecondFactorPayload:
    account: Account = strawberry.field(description="The account as it is now.")


def account_of(context: Context, ward_code: str, key: UUID) -> Any:
    return Found("Account", account_lists.with_id, context.actor, ward_code, key)


def link_of(context: Context, made: account_links.Link) -> AccountLink:
    url = f"{context.site}/link/{made.token}"
    return AccountLink(url=url, purpose=made.purpose, expires_at=made.expires_at)


async def _make_link(connection: AsyncConnection, context: Context, input: CreateAccountLinkInput) -> Any:
    ward_code, key = key_of(input.account_id, "Account", "accountId")
    kept = (connection, context.actor, ward_code, key, input.purpose)
    if input.mail and not context.mails:
        raise InvalidInputRefusal(Problem(("mail",), NO_MAIL))
    link = None
    if input.mail:
        await account_keeping.mail_link(*kept)
    else:
        link = link_of(context, await account_keeping.make_link(*kept))
    return CreateAccountLinkPayload(account=account_of(context, ward_code, key), link=link)


async def _set_email(connection: AsyncConnection, context: Context, input: SetAccountEmailInput) -> Any:
    ward_code, key = key_of(input.account_id, "Account", "accountId")
    check = Checked([])
    email = check.email(input.email, ("email",))
    refuse(check)
    await account_keeping.set_email(connection, context.actor, ward_code, key, email)
    return SetAccountEmailPayload(account=account_of(context, ward_code, key))


async def _reset_second_factor(connection: AsyncConnection, context: Context, input: ResetSecondFactorInput) -> Any:
    ward_code, key = key_of(input.account_id, "Account", "accountId")
    await account_keeping.reset_second_factor(connection, context.actor, ward_code, key)
    return ResetSecondFactorPayload(account=account_of(context, ward_code, key))


@strawberry.type
class AccountLinkMutation:
    create_account_link = mutation(
        "CreateAccountLink",
        CreateAccountLinkPayload,
        CreateAccountLinkInput,
        _make_link,
        STAFF,
        "Invite somebody to their new account, or let them set a new password, by a link that counts once.",
        NotFound,
        NotAllowed,
        InvalidInput,
    )
    set_account_email = mutation(
        "SetAccountEmail",
        SetAccountEmailPayload,
        SetAccountEmailInput,
        _set_email,
        STAFF,
        "Say where one-time links to an account may be mailed.",
        NotFound,
        NotAllowed,
        InvalidInput,
    )
    reset_second_factor = mutation(
        "ResetSecondFactor",
        ResetSecondFactorPayload,
        ResetSecondFactorInput,
        _reset_second_factor,
        STAFF,
        "Forget the second factor of an account whose holder lost it, and sign it out everywhere.",
        NotFound,
        NotAllowed,
    )
