"""The GraphQL endpoint, as the GraphQL-over-HTTP specification says: POST with JSON, GET for queries only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson
from graphql import ExecutionResult, GraphQLError, OperationType, get_operation_ast
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from geo.language import Language, Text
from geo.outage import OUT_OF_REACH
from schema import texts
from schema.api import SCHEMA, sdl
from schema.documents import InvalidDocument, prepared
from schema.limits import Limits
from server import sse
from server.answers import formatted, later, raise_passing, unread
from server.contexts import context_of
from server.languages import language_of
from server.leaving import LEFT, Gone, while_there
from server.live import Live
from server.operations import count_refused, run
from server.pages.explorer import explorer, is_wanted
from server.pages.trouble import trouble
from server.parsing import parsed
from server.sessions import FOREIGN, is_own

_GRAPHQL = "application/graphql-response+json"
_JSON = "application/json"

_NOT_ACCEPTED = Text("Chỉ trả lời bằng {kinds}.", "Only {kinds} are given.")
_WHICH = Text("Chưa rõ cần chạy thao tác nào: hãy nêu tên.", "Which operation to run is not clear: name one of them.")
_NO_SUBSCRIPTION = Text("Không theo dõi được qua HTTP thường.", "Subscriptions do not run over plain HTTP.")
_ONLY_QUERIES = Text("GET chỉ dùng để truy vấn.", "GET is for queries only.")
_SEND = Text("Hãy gửi {kind}.", "Send {kind}.")
_NO_OBJECT = Text("Nội dung không phải một đối tượng JSON.", "The body is not a JSON object.")
_NO_JSON = Text("{what} không phải JSON: {why}.", "{what} is not JSON: {why}.")
_NO_TEXT = Text("`{name}` không phải văn bản.", "`{name}` is not a text.")
_NOT_OBJECT = Text("`{name}` không phải một đối tượng.", "`{name}` is not an object.")


class BadRequest(Exception):
    """The HTTP request is no GraphQL request: `status` and why, in the caller's language."""

    def __init__(self, text: Text, status: int = 400, headers: dict[str, str] | None = None, **values: object) -> None:
        self.status = status
        self.headers = headers or {}
        super().__init__(text.to(texts.language.get(), **values))


@dataclass(frozen=True, slots=True)
class Asked:
    """A GraphQL request."""

    query: str
    variables: dict[str, Any] | None
    operation_name: str | None


async def endpoint(request: Request) -> Response:
    """`POST|GET /graphql`."""
    if request.method == "HEAD":  # which comes with every GET route
        return Response(status_code=405, headers={"Allow": "GET, POST"})
    if is_wanted(request):
        return trouble(request, 404) if request.app.state.settings.production else explorer(request)
    language = language_of(request.headers)
    texts.language.set(language)
    media_type = _accepted(request.headers.get("accept", ""))
    limits = request.app.state.settings.limits
    try:
        streams = sse.is_wanted(request)
        if media_type is None and not streams:
            raise BadRequest(_NOT_ACCEPTED, 406, kinds=f"{_GRAPHQL}, {_JSON}")
        asked = _from_address(request) if request.method == "GET" else _from_body(request, await request.body())
        # A client that takes both, as some always say, gets a stream only of what needs one.
        if streams and (media_type is None or _kind(asked, limits) is OperationType.SUBSCRIPTION):
            return await _stream(request, asked, language)
        result, status = await _run(request, asked, language)
    except BadRequest as error:
        body = {"errors": [{"message": str(error), "extensions": {"code": "BAD_REQUEST"}}]}
        return _answer(body, error.status, media_type or _JSON, error.headers)
    except Gone:
        return Response(status_code=LEFT)
    except OUT_OF_REACH as error:
        passing = later(error)
        if passing is None:
            raise
        body = formatted(ExecutionResult(None, [passing.error(language)]), language)
        return _answer(body, passing.status, media_type or _JSON, {"Retry-After": str(passing.retry_after)})
    if media_type == _JSON and status == 400:
        status = 200  # so the specification wants it for requests that are well formed
    return _answer(formatted(result, language), status, media_type or _JSON)


async def _stream(request: Request, asked: Asked, language: Language) -> Response:
    """The same as a stream of events, where a subscription runs too."""
    live: Live = request.app.state.live
    if request.method == "GET":
        by_cookie = request.state.token is not None and "authorization" not in request.headers
        if by_cookie and not is_own(request.headers):
            raise BadRequest(FOREIGN, 403)
        if _kind(asked, live.settings.limits) is OperationType.MUTATION:
            raise BadRequest(_ONLY_QUERIES, 405, {"Allow": "POST"})
    caller = live.caller(request, language)
    resume = request.headers.get("last-event-id") or None
    asking = live.ask(caller, asked.query, asked.variables, asked.operation_name, resume)
    outcome = await while_there(request, asking)
    return sse.EventStream(live, caller, outcome)


def _kind(asked: Asked, limits: Limits) -> OperationType | None:
    try:
        operation = get_operation_ast(prepared(SCHEMA, asked.query, limits), asked.operation_name)
    except InvalidDocument:
        return None
    return None if operation is None else operation.operation


async def _run(request: Request, asked: Asked, language: Language) -> tuple[ExecutionResult, int]:
    try:
        document = prepared(SCHEMA, asked.query, request.app.state.settings.limits)
    except InvalidDocument as invalid:
        count_refused()
        return ExecutionResult(None, invalid.errors), 400
    operation = get_operation_ast(document, asked.operation_name)
    if operation is None:
        return ExecutionResult(None, [GraphQLError(_WHICH.to(language))]), 400
    if operation.operation is OperationType.SUBSCRIPTION:
        raise BadRequest(_NO_SUBSCRIPTION)
    if request.method == "GET" and operation.operation is not OperationType.QUERY:
        raise BadRequest(_ONLY_QUERIES, 405, {"Allow": "POST"})
    context = context_of(request, language)
    running = run(SCHEMA, document, context, asked.variables, asked.operation_name)
    # A change is made or refused whether anybody waits for the answer or not.
    result = await (while_there(request, running) if operation.operation is OperationType.QUERY else running)
    raise_passing(result)
    return result, 400 if unread(result) else 200


def _from_address(request: Request) -> Asked:
    given = request.query_params
    parts: dict[str, Any] = {"query": given.get("query"), "operationName": given.get("operationName")}
    for name in ("variables", "extensions"):
        if given.get(name):
            parts[name] = _parsed(given[name].encode(), f"`{name}`")
    return _asked(parts)


def _from_body(request: Request, body: bytes) -> Asked:
    media_type, _, rest = request.headers.get("content-type", "").partition(";")
    if media_type.strip().lower() != _JSON:
        raise BadRequest(_SEND, 415, kind=_JSON)
    charset = rest.lower().partition("charset=")[2].partition(";")[0].strip(' "')
    if charset not in ("", "utf-8"):
        raise BadRequest(_SEND, 415, kind="UTF-8")
    read = _parsed(body, "body")
    if not isinstance(read, dict):
        raise BadRequest(_NO_OBJECT)
    return _asked(read)


def _parsed(text: bytes, what: str) -> Any:
    try:
        return parsed(text)
    except orjson.JSONDecodeError as error:
        raise BadRequest(_NO_JSON, what=what, why=error.msg) from error


def _asked(parts: dict[str, Any]) -> Asked:
    query, variables = parts.get("query"), parts.get("variables")
    name, extensions = parts.get("operationName"), parts.get("extensions")
    if not isinstance(query, str):
        raise BadRequest(_NO_TEXT, name="query")
    if variables is not None and not isinstance(variables, dict):
        raise BadRequest(_NOT_OBJECT, name="variables")
    if name is not None and not isinstance(name, str):
        raise BadRequest(_NO_TEXT, name="operationName")
    if extensions is not None and not isinstance(extensions, dict):
        raise BadRequest(_NOT_OBJECT, name="extensions")
    return Asked(query, variables, name or None)


def _accepted(accept: str) -> str | None:
    """The media type to answer with: the better one where the client names it, JSON where it does not care."""
    if not accept.strip():
        return _JSON
    wanted = [part.partition(";")[0].strip().lower() for part in accept.split(",")]
    if _GRAPHQL in wanted:
        return _GRAPHQL
    return _JSON if any(kind in (_JSON, "application/*", "*/*") for kind in wanted) else None


def _answer(body: dict[str, Any], status: int, media_type: str, headers: dict[str, str] | None = None) -> Response:
    text = orjson.dumps(body)
    common = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Vary": "Accept, Accept-Language"}
    return Response(text, status, common | (headers or {}), f"{media_type}; charset=utf-8")


async def published(_: Request) -> Response:
    """`GET /schema.graphql`: the published schema."""
    return PlainTextResponse(sdl(), headers={"Cache-Control": "no-cache"})


routes: list[BaseRoute] = [
    Route("/graphql", endpoint, methods=["GET", "POST"]),
    Route("/schema.graphql", published, methods=["GET"]),
]
