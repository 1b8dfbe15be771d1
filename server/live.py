"""What is asked over a connection that stays open: an answer at once, or a subscription; alike for both protocols."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from typing import Any

import orjson
from graphql import ExecutionResult, GraphQLError, OperationType, get_operation_ast
from starlette.requests import Request

from geo import sessions
from geo.actor import ANONYMOUS, Actor
from geo.database import Database
from geo.language import Language, Text
from geo.outage import OUT_OF_REACH, out_of_reach
from geo.secrets import digest
from geo.shares import Share, Shares
from schema import texts
from schema.api import SCHEMA
from schema.context import Context, Redactor
from schema.documents import InvalidDocument, prepared
from server.addresses import UNKNOWN, address_of
from server.admission import Admissions
from server.answers import FAULT, formatted, later, raise_passing, unread
from server.contexts import may_introspect
from server.events import Hub
from server.followers import Session, Subscriber, TooManyFollow, rights_of
from server.limiting import GRAPHQL, By, Limiter, Who
from server.operations import begin, count_refused, run
from server.pages.trouble import TROUBLES
from server.room import Room
from server.settings import Settings
from server.unavailable import UNAVAILABLE

_LOG = logging.getLogger(__name__)
_WHICH = Text("Chưa rõ cần chạy thao tác nào: hãy nêu tên.", "Which operation to run is not clear: name one of them.")
_TOO_MANY = Text(
    "Hiện có quá nhiều người đang theo dõi. Hãy thử lại sau ít phút.",
    "Too many are following at the moment. Please try again in a few minutes.",
)


class SignedOut(Exception):
    """The caller's session opens nothing any more."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is at the other end: with a token, the actor is looked up anew for each operation."""

    token: str | None
    language: Language
    address: str = UNKNOWN
    device: str | None = None
    """The name of the device at the other end (`server/devices.py`)."""
    socket: bool = False
    """Whether one request brings many operations, each of which counts."""
    connection: object = field(default_factory=object, compare=False)
    """Stands for the connection, whatever the caller signs in as over it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A response that needs no following. `refused`: nothing was executed."""

    result: ExecutionResult
    language: Language
    refused: bool = False

    def text(self) -> str:
        return orjson.dumps(formatted(self.result, self.language)).decode()

    def errors(self) -> str:
        """The errors alone, as JSON."""
        return orjson.dumps(formatted(self.result, self.language).get("errors", [])).decode()


@dataclass(frozen=True, slots=True)
class Live:
    """What the connections of this process share."""

    database: Database
    settings: Settings
    hub: Hub
    sockets: Room
    redactor: Redactor
    reading: Shares
    writing: Shares
    admissions: Admissions
    limiter: Limiter

    def share_of(self, actor: Actor, address: str) -> Share:
        """What a caller has of the connections: an account, or all who come from an address without one."""
        return Share(actor.account_id or address, self.reading, self.writing)

    def caller(self, request: Request, language: Language) -> Caller:
        """Who asks by this request."""
        address = address_of(request.scope, self.settings.proxies)
        return Caller(request.state.token, language, address, self.admissions.devices.of(request.headers))

    async def actor_of(self, caller: Caller) -> Actor:
        """Who calls. Raises `SignedOut`."""
        if caller.token is None:
            return ANONYMOUS
        async with self.database.read() as connection:
            actor = await sessions.actor_of(connection, caller.token, strict=self.settings.demands_second_factor)
        if actor is None:
            raise SignedOut
        return actor

    async def ask(
        self,
        caller: Caller,
        query: str,
        variables: dict[str, Any] | None,
        operation_name: str | None,
        resume: str | None = None,
    ) -> Answer | Subscriber:
        """Run an operation, or begin to follow; `resume` stands in for `after`. Raises `SignedOut`."""
        language = caller.language
        texts.language.set(language)
        # Who is signed in is counted by account, below: not by what strangers of the same address do.
        if caller.socket and caller.token is None:
            wait = await self.limiter.of(GRAPHQL, Who(By.ADDRESS, caller.address))
            if wait:
                return self._too_many(caller, wait)
        try:
            document = prepared(SCHEMA, query, self.settings.limits)
            operation = get_operation_ast(document, operation_name)
            if operation is None:
                return self._refusal(caller, GraphQLError(_WHICH.to(language)))
            actor = await self.actor_of(caller)
            if caller.socket and (wait := await self.limiter.of_account(GRAPHQL, actor)):
                return self._too_many(caller, wait)
            context = self._context(caller, actor)
            if operation.operation is not OperationType.SUBSCRIPTION:
                result = await run(SCHEMA, document, context, variables, operation_name)
                raise_passing(result)
                return Answer(result, language, unread(result))
            following, telling = await begin(SCHEMA, document, context, variables, operation_name, resume)
            session = None if caller.token is None else Session(digest(caller.token), rights_of(actor))
            return await self.hub.join(following, telling, session, caller.connection, caller.address)
        except InvalidDocument as invalid:
            count_refused()
            return self._refusal(caller, *invalid.errors)
        except TooManyFollow:
            return self._refusal(caller, GraphQLError(_TOO_MANY.to(language), extensions={"code": "TOO_MANY_REQUESTS"}))
        except OUT_OF_REACH as error:
            if (passing := later(error)) is not None:
                return self._refusal(caller, passing.error(language))
            if not out_of_reach(error):
                raise
            _LOG.warning("the database is out of reach: %s", type(error).__name__)
            return self.unavailable(caller)

    def fault(self, caller: Caller) -> Answer:
        """What is told of a fault of ours, which is logged elsewhere."""
        return self._refusal(caller, GraphQLError(FAULT.to(caller.language), extensions={"code": "INTERNAL"}))

    def _too_many(self, caller: Caller, seconds: int) -> Answer:
        told = TROUBLES[429]
        extensions = {"code": told.code, "retryAfterSeconds": seconds}
        return self._refusal(caller, GraphQLError(told.message.to(caller.language), extensions=extensions))

    def unavailable(self, caller: Caller) -> Answer:
        """What is told while the database is out of reach."""
        return self._refusal(caller, GraphQLError(UNAVAILABLE.to(caller.language), extensions={"code": "UNAVAILABLE"}))

    def _refusal(self, caller: Caller, *errors: GraphQLError) -> Answer:
        return Answer(ExecutionResult(None, list(errors)), caller.language, refused=True)

    def _context(self, caller: Caller, actor: Actor) -> Context:
        return Context(
            database=self.database,
            secret_key=self.settings.key,
            actor=actor,
            language=caller.language,
            default_ward=self.settings.default_ward,
            max_cost=self.settings.max_cost,
            redactor=self.redactor,
            address=caller.address,
            second_factor=self.settings.second_factor,
            site=self.settings.public_url or "",
            mails=self.settings.writes_mail,
            admission=self.admissions.of(actor, caller.address, caller.device),
            introspection=may_introspect(actor, self.settings),
            seconds=self.settings.operation_seconds,
            share=self.share_of(actor, caller.address),
        )


def changed(caller: Caller, token: str) -> Caller:
    """The caller with another token."""
    return replace(caller, token=token)
