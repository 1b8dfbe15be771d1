"""What is logged: lines of JSON, or of text for a terminal, in which no person is found.

One formatter writes what we say and what libraries say, so that one rule holds for all. Of a fault its kinds and
places are told and never its message: a database quotes rows in it, pydantic what was given, GraphQL the document. Of
what a library says only its own words are told, up to the first value.
"""

from __future__ import annotations

import logging
import re
import sys
import threading
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

import orjson
from sqlalchemy.exc import DBAPIError

OURS = ("server", "schema", "geo", "maps")
"""The packages whose messages are known to hold nothing of anybody."""
Form = Literal["text", "json"]

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
"""The request that is being answered, for what is logged meanwhile."""
operation: ContextVar[str | None] = ContextVar("operation", default=None)
"""The GraphQL operation that runs, by a name that is ours."""

_HERE = Path(__file__).parent.parent
_OWN_WORDS = re.compile(r"[^(<>{}\[\]'\"\n=:@/0-9]*")
_MOST_FAULTS, _MOST_PLACES = 6, 24


def begin(level: str, form: Form) -> None:
    """Log this process from now on: what is ours from `level` on, what libraries say from warnings on."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if form == "json" else Lines())
    least = logging.getLevelNamesMapping()[level.upper()]
    root = logging.getLogger()
    root.handlers[:] = [handler]
    # At debug some libraries log every frame and every byte they are given.
    root.setLevel(max(least, logging.WARNING))
    for name in OURS:
        logging.getLogger(name).setLevel(least)
    logging.captureWarnings(True)
    _log_what_nobody_caught()


def kind_of(error: BaseException) -> str:
    """An error's class, and PostgreSQL's code where there is one: what may be logged of it."""
    code = getattr(error.orig if isinstance(error, DBAPIError) else error, "sqlstate", None)
    return f"{type(error).__name__} {code}" if code else type(error).__name__


def faults_of(error: BaseException) -> list[dict[str, Any]]:
    """The error and what it came of, the last first: `kind`, and the `places` it went through, the innermost last."""
    found = []
    for one in _chain(error):
        found.append({"kind": kind_of(one), "places": _places(one.__traceback__)})
        if len(found) == _MOST_FAULTS:
            break
    return found


def fault_lines(error: BaseException) -> list[str]:
    """The same as lines of text."""
    return [
        line
        for fault in faults_of(error)
        for line in (f"  {fault['kind']}", *(f"    {place}" for place in fault["places"]))
    ]


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        one = waiting.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        if isinstance(one, BaseExceptionGroup):
            waiting.extend(one.exceptions)
        cause = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
        if cause is not None:
            waiting.append(cause)


def _places(traceback: TracebackType | None) -> list[str]:
    places = []
    while traceback is not None:
        code = traceback.tb_frame.f_code
        places.append(f"{_shortened(code.co_filename)}:{traceback.tb_lineno} {code.co_name}")
        traceback = traceback.tb_next
    return places[-_MOST_PLACES:]


def _shortened(file: str) -> str:
    path = Path(file)
    if path.is_relative_to(_HERE) and "site-packages" not in path.parts:
        return path.relative_to(_HERE).as_posix()
    return "/".join(path.parts[-2:])


def message_of(record: logging.LogRecord) -> str:
    """What a record says: whole where it is ours; a library's own words only, without what it was given."""
    if record.name.partition(".")[0] in OURS:
        return record.getMessage()
    match = _OWN_WORDS.match(str(record.msg).replace("%s", "…").replace("%d", "…").replace("%r", "…"))
    words = match[0].strip() if match else ""
    return f"{words or '…'} [{_shortened(record.pathname)}:{record.lineno}]"


def _told(record: logging.LogRecord) -> Mapping[str, Any]:
    """The fields that a record of ours carries: `extra={"told": {…}}`."""
    told: Mapping[str, Any] = getattr(record, "told", {})
    return told


def _about() -> dict[str, str]:
    """The request and the operation that the record was made in."""
    found = {"request_id": request_id.get(), "operation": operation.get()}
    return {name: value for name, value in found.items() if value is not None}


class JsonLines(logging.Formatter):
    """A JSON object a line: `time`, `level`, `logger`, `message`, and what else there is."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": message_of(record),
            **_about(),
            **_told(record),
        }
        if record.exc_info and record.exc_info[1] is not None:
            line["faults"] = faults_of(record.exc_info[1])
        return orjson.dumps(line, default=str).decode()


class Lines(logging.Formatter):
    """The same to be read in a terminal; a fault's places stand below it."""

    def format(self, record: logging.LogRecord) -> str:
        moment = self.formatTime(record, "%Y-%m-%d %H:%M:%S")
        fields = "".join(f" {name}={value}" for name, value in (_about() | dict(_told(record))).items())
        lines = [f"{moment} {record.levelname} {record.name}: {message_of(record)}{fields}"]
        if record.exc_info and record.exc_info[1] is not None:
            lines += fault_lines(record.exc_info[1])
        return "\n".join(lines)


def _log_what_nobody_caught() -> None:
    """Python would write the message of what ends a process or a thread, and what it was given, to the terminal."""
    sys.excepthook = _uncaught
    sys.unraisablehook = lambda found: _log_fault("a fault that could not be raised", found.exc_value)
    threading.excepthook = lambda found: _log_fault("a thread ended by a fault", found.exc_value)


def _uncaught(_kind: type[BaseException], error: BaseException, _traceback: TracebackType | None) -> None:
    _log_fault("ended by a fault", error)


def _log_fault(message: str, error: BaseException | None) -> None:
    logging.getLogger(__name__).critical(message, exc_info=error)
