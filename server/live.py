"""What is asked over a connection that stays open: an answer at once, or a subscription; alike for both protocols."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from typing import Any

import orjson
from graphql import ExecutionResult, GraphQLError, OperationType, get_operation_ast

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
from schema.execution import run
from schema.subscriptions import begin
from server.addresses import UNKNOWN
from server.answers import FAULT, formatted, later, raise_passing
from server.contexts import may_introspect
from server.events import Hub, Session, Subscriber, TooManyFollow, rights_of
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

    def share_of(self, actor: Actor, address: str) -> Share:
        """What a caller has of the connections: an account, or all who come from an address without one."""
        return Share(actor.account_id or address, self.reading, self.writing)

    async def actor_of(self, caller: Caller) -> Actor:
        """Who calls. Raises `SignedOut`."""
        if caller.token is None:
            return ANONYMOUS
        async with self.database.read() as connection:
            actor = await sessions.actor_of(connection, caller.token)
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
        try:
            document = prepared(SCHEMA, query, self.settings.limits)
            operation = get_operation_ast(document, operation_name)
            if operation is None:
                return self._refusal(caller, GraphQLError(_WHICH.to(language)))
            actor = await self.actor_of(caller)
            context = self._context(caller, actor)
            if operation.operation is not OperationType.SUBSCRIPTION:
                result = await run(SCHEMA, document, context, variables, operation_name)
                raise_passing(result)
                refused = result.data is None and all(error.path is None for error in result.errors or ())
                return Answer(result, language, refused)
            following, telling = await begin(SCHEMA, document, context, variables, operation_name, resume)
            session = None if caller.token is None else Session(digest(caller.token), rights_of(actor))
            return await self.hub.join(following, telling, session, caller.connection)
        except InvalidDocument as invalid:
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
            introspection=may_introspect(actor, self.settings),
            seconds=self.settings.operation_seconds,
            share=self.share_of(actor, caller.address),
        )


def changed(caller: Caller, token: str) -> Caller:
    """The caller with another token."""
    return replace(caller, token=token)
