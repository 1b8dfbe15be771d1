"""What somebody does about their own account: its sessions, its password, its second factor."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import strawberry

from geo import own_account, second_factor, sessions
from geo.errors import NotFound as NotFoundRefusal
from geo.ids import as_id
from schema.context import Context
from schema.enums import Role
from schema.errors import InvalidInput, NotAllowed, NotFound, TooManyRequests
from schema.mutating import mutation_by
from schema.rows import Row, Rows, column

WORKERS = frozenset({Role.TEAM_MEMBER, Role.CREW_MEMBER, Role.STAFF, Role.ADMIN})


@strawberry.type(description="A sign-in of the caller's on one device.")
class Session:
    id: strawberry.ID = column("Names it, to end it; opens nothing.")
    browser: str | None = column("The browser, as far as it says: `Chrome`.")
    system: str | None = column("The system, as far as it says: `Android`.")
    created_at: datetime = column("Since when.")
    seen_at: datetime = column("When it was last in use, to some minutes.")
    expires_at: datetime = column("When it ends by itself.")
    second_factor: bool = column("Whether a second factor was passed.")
    current: bool = column("Whether it is the one that asks.")


def sessions_of(root: Row) -> Rows:
    """The caller's sessions, the one in use first."""
    return Rows("Session", sessions.own(root.seen_by), root.seen_by, weight=sessions.MOST_LISTED // 10)


@strawberry.input(description="One of the caller's sessions.")
class EndSessionInput:
    session_id: strawberry.ID = strawberry.field(description="The session.")


@strawberry.input(description="Which sessions to end.")
class EndOtherSessionsInput:
    including_current: bool = strawberry.field(default=False, description="Whether to end the one that asks as well.")


@strawberry.input(description="The old password and the new one.")
class ChangePasswordInput:
    current_password: str = strawberry.field(description="The password until now.")
    new_password: str = strawberry.field(description="The password from now on: 10 characters at least.")


@strawberry.input(description="What proves that it is the account's own holder.")
class PrepareSecondFactorInput:
    current_password: str = strawberry.field(description="The account's password.")
    code: str | None = strawberry.field(
        default=None, description="Where a second factor is on already: a code of its app, or a recovery code."
    )


@strawberry.input(description="The first code of a second factor that was prepared.")
class EnableSecondFactorInput:
    set_up: str = strawberry.field(description="`setUp` as `prepareSecondFactor` answered.")
    code: str = strawberry.field(description="The code that the app shows now.")


@strawberry.input(description="What proves that the second factor is at hand.")
class SecondFactorCodeInput:
    code: str = strawberry.field(description="A code of the app, or a recovery code.")


@strawberry.type(description="The session has ended.")
class EndSessionPayload:
    session_id: strawberry.ID = strawberry.field(description="The id it had.")


@strawberry.type(description="The sessions have ended.")
class EndOtherSessionsPayload:
    ended: int = strawberry.field(description="How many.")


@strawberry.type(description="The password was changed.")
class ChangePasswordPayload:
    ended_sessions: int = strawberry.field(description="How many other sessions were ended by it.")


@strawberry.type(description="What an app needs to make codes. Nothing is switched on before the first code has come.")
class PrepareSecondFactorPayload:
    set_up: str = strawberry.field(description="To be given to `enableSecondFactor`.")
    key: str = strawberry.field(description="The secret in base32, to be typed into an app.")
    uri: str = strawberry.field(description="The same as an `otpauth://` address, for a QR code.")


@strawberry.type(description="The second factor is on; the caller's other sessions have ended.")
class EnableSecondFactorPayload:
    recovery_codes: list[str] = strawberry.field(description="Each replaces a code once: shown now, and never again.")


@strawberry.type(description="The second factor is off.")
class DisableSecondFactorPayload:
    enabled: bool = strawberry.field(description="Whether it still is on: no.")


@strawberry.type(description="The earlier recovery codes count no more.")
class RenewRecoveryCodesPayload:
    recovery_codes: list[str] = strawberry.field(description="Each replaces a code once: shown now, and never again.")


def desk_of(context: Context) -> own_account.Desk:
    """Where the caller's account is kept."""
    return own_account.Desk(context.database, context.secret_key, context.actor, context.address, context.second_factor)


async def _end_session(context: Context, input: EndSessionInput) -> Any:
    session_id = as_id(input.session_id)
    if session_id is None:
        raise NotFoundRefusal(path=("sessionId",))
    await own_account.end_session(desk_of(context), session_id)
    return EndSessionPayload(session_id=input.session_id)


async def _end_others(context: Context, input: EndOtherSessionsInput) -> Any:
    ended = await own_account.end_other_sessions(desk_of(context), all_of_them=input.including_current)
    return EndOtherSessionsPayload(ended=ended)


async def _change_password(context: Context, input: ChangePasswordInput) -> Any:
    desk = desk_of(context)
    return ChangePasswordPayload(
        ended_sessions=await own_account.change_password(desk, input.current_password, input.new_password)
    )


async def _prepare(context: Context, input: PrepareSecondFactorInput) -> Any:
    desk = desk_of(context)
    set_up, username = await own_account.prepare_second_factor(desk, input.current_password, input.code)
    salt = second_factor.salt_in(context.secret_key, desk.account_id, set_up) or b""
    secret = second_factor.secret_of(context.secret_key, desk.account_id, salt)
    return PrepareSecondFactorPayload(set_up=set_up, key=secret, uri=second_factor.address_of(secret, username))


async def _enable(context: Context, input: EnableSecondFactorInput) -> Any:
    codes = await own_account.enable_second_factor(desk_of(context), input.set_up, input.code)
    return EnableSecondFactorPayload(recovery_codes=list(codes))


async def _disable(context: Context, input: SecondFactorCodeInput) -> Any:
    await own_account.disable_second_factor(desk_of(context), input.code)
    return DisableSecondFactorPayload(enabled=False)


async def _renew_codes(context: Context, input: SecondFactorCodeInput) -> Any:
    codes = await own_account.renew_recovery_codes(desk_of(context), input.code)
    return RenewRecoveryCodesPayload(recovery_codes=list(codes))


@strawberry.type
class OwnAccountMutation:
    end_session = mutation_by(
        "EndSession",
        EndSessionPayload,
        EndSessionInput,
        _end_session,
        WORKERS,
        "End one of the caller's own sessions: that device is signed out at once.",
        NotFound,
        NotAllowed,
    )
    end_other_sessions = mutation_by(
        "EndOtherSessions",
        EndOtherSessionsPayload,
        EndOtherSessionsInput,
        _end_others,
        WORKERS,
        "End all of the caller's sessions but the one that asks.",
        NotAllowed,
    )
    change_password = mutation_by(
        "ChangePassword",
        ChangePasswordPayload,
        ChangePasswordInput,
        _change_password,
        WORKERS,
        "Change the caller's own password; their other sessions and all one-time links end.",
        NotAllowed,
        InvalidInput,
        TooManyRequests,
    )
    prepare_second_factor = mutation_by(
        "PrepareSecondFactor",
        PrepareSecondFactorPayload,
        PrepareSecondFactorInput,
        _prepare,
        WORKERS,
        "Begin to set up a second factor (TOTP, RFC 6238) for the caller's own account; nothing is stored yet.",
        NotAllowed,
        InvalidInput,
        TooManyRequests,
    )
    enable_second_factor = mutation_by(
        "EnableSecondFactor",
        EnableSecondFactorPayload,
        EnableSecondFactorInput,
        _enable,
        WORKERS,
        "Switch the second factor on by its first code, in place of an earlier one.",
        NotAllowed,
        InvalidInput,
    )
    disable_second_factor = mutation_by(
        "DisableSecondFactor",
        DisableSecondFactorPayload,
        SecondFactorCodeInput,
        _disable,
        WORKERS,
        "Switch the second factor off; not where the deployment demands one.",
        NotAllowed,
        InvalidInput,
        TooManyRequests,
    )
    renew_recovery_codes = mutation_by(
        "RenewRecoveryCodes",
        RenewRecoveryCodesPayload,
        SecondFactorCodeInput,
        _renew_codes,
        WORKERS,
        "New recovery codes in place of the earlier ones.",
        NotAllowed,
        InvalidInput,
        TooManyRequests,
    )
