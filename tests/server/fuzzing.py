"""Requests made up by schemathesis from the published schema, and a served process to send them to.

Values are such as get past the door as often as not: ids, codes and places that are there, beside anything at all.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import graphql
import httpx
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.core.result import Ok
from schemathesis.graphql import nodes

from schema.api import sdl
from server.rate_settings import ReportLimits, RequestLimits
from tests.ward import CODE, IN_FIRST, IN_SECOND, IN_THE_SEA, OTHER

ROOT = Path(__file__).parent.parent.parent
Value = st.SearchStrategy[graphql.ValueNode]
WORDS = (
    "",
    CODE,
    OTHER,
    "99999",
    "ENVIRONMENT",
    "INFRASTRUCTURE",
    "nha van hoa",
    "0905000111",
    "lan@phuong.example",
    "2026-11",
    "WyJ4Il0=",
    "\x00",
    "%_\\'\"",
    "ﷺ" * 40,
)


def literal(value: Any) -> graphql.ValueNode:
    """A JSON value as a document writes it."""
    if isinstance(value, dict):
        fields = [
            graphql.ObjectFieldNode(name=graphql.NameNode(value=name), value=literal(item))
            for name, item in value.items()
        ]
        return graphql.ObjectValueNode(fields=tuple(fields))
    if isinstance(value, list):
        return graphql.ListValueNode(values=tuple(map(literal, value)))
    if value is None:
        return graphql.NullValueNode()
    if isinstance(value, bool):
        return graphql.BooleanValueNode(value=value)
    if isinstance(value, int):
        return graphql.IntValueNode(value=str(value))
    if isinstance(value, float):
        return graphql.FloatValueNode(value=repr(value))
    return graphql.StringValueNode(value=value)


def shapes() -> dict[str, list[Any]]:
    """Values of our scalars for geometry: most lie in the ward, others are hostile."""
    west, south = IN_FIRST
    square = [[west, south], [west + 0.001, south], [west + 0.001, south + 0.001], [west, south + 0.001], [west, south]]
    bow_tie = [[west, south], [west + 0.01, south + 0.01], [west + 0.01, south], [west, south + 0.01], [west, south]]
    line = [[108.19, 15.99], [108.25, 15.995]]
    points = [
        {"type": "Point", "coordinates": list(at)} for at in (IN_FIRST, IN_SECOND, IN_THE_SEA, (0, 0), (180, 90), (91,))
    ]
    areas: list[Any] = [
        {"type": "MultiPolygon", "coordinates": [[ring]]} for ring in (square, bow_tie, square[:-1], [], square[:1] * 4)
    ]
    lines: list[Any] = [
        {"type": "LineString", "coordinates": positions}
        for positions in (line, line[:1], [], line * 30, [[1e9, 0]] * 2)
    ]
    polygon = {"type": "Polygon", "coordinates": [square]}
    odd: list[Any] = [{}, [], None, "x", {"type": "Point"}, {"coordinates": [1, 2]}, [[[[[[1]]]]]]]
    return {
        "GeoJSONPoint": [*points * 3, *odd],
        "GeoJSONMultiPolygon": [*areas * 3, *odd],
        "GeoJSONLineString": [*lines * 3, *odd],
        "GeoJSONGeometry": [*points, *areas, *lines, polygon, polygon, polygon, *odd],
        "DateTime": [
            *["2026-11-20T02:05:00Z", "2026-01-01T00:00:00+07:00"] * 3,
            "0001-01-01T00:00:00Z",
            "9999-12-31T23:59:59+14:00",
            "today",
            5,
        ],
        "UUID": ["3f1f1c0e-8a0e-4c0b-9a53-5d8f0d6c7a11", "00000000-0000-0000-0000-000000000000", "x", 1],
    }


def register(ids: Iterable[str]) -> None:
    """Have schemathesis make such values, and ids of what is there."""
    for name, values in shapes().items():
        schemathesis.graphql.scalar(name, st.sampled_from([literal(value) for value in values]))
    odd = ["", "Ward", "Incident:20314:x", "Ward:\x00", f"Place:{CODE}:00000000-0000-0000-0000-000000000000"]
    schemathesis.graphql.scalar("ID", st.sampled_from([*ids, *odd]).map(nodes.String))
    words = st.one_of(st.sampled_from(WORDS), st.text(max_size=20))
    schemathesis.graphql.scalar("String", words.map(nodes.String))
    numbers = st.one_of(st.integers(0, 100), st.sampled_from([-1, 101, 1_001, 2**31 - 1, -(2**31)]))
    schemathesis.graphql.scalar("Int", numbers.map(nodes.Int))


def documents(cases: int, send: Callable[[str], None]) -> None:
    """Send so many documents and a few more: every query and mutation in its turn."""
    schema = schemathesis.graphql.from_file(sdl())
    operations = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
    each = -(-cases // len(operations))
    for operation in operations:

        @settings(
            max_examples=each,
            derandomize="FUZZ_CASES" not in os.environ,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(operation.as_strategy())
        def once(case: Any) -> None:
            send(case.body)

        once()


@dataclass
class Tally:
    """What came of requests."""

    statuses: Counter[int] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    answered: int = 0
    sent: int = 0

    def take(self, response: httpx.Response, what: str) -> None:
        """Count an answer. A fault of ours ends the test, naming what was sent."""
        self.sent += 1
        self.statuses[response.status_code] += 1
        assert response.status_code < 500, f"{response.status_code} {response.text}\n{what}"
        try:
            body = response.json()
        except ValueError:
            raise AssertionError(f"no JSON: {response.text}\n{what}") from None
        errors = body.get("errors", [])
        codes = {error.get("extensions", {}).get("code", "") for error in errors}
        self.codes.update(codes)
        assert codes.isdisjoint({"INTERNAL", "TIMEOUT", "UNAVAILABLE"}), f"{response.text}\n{what}"
        self.answered += not errors and body.get("data") is not None


@dataclass(frozen=True)
class Served:
    """A server in a process of its own."""

    process: subprocess.Popen[bytes]
    site: str
    log: Path

    def peak_mib(self) -> float:
        """The most memory that it ever held."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) / 1024


@contextmanager
def served(url: str, folder: Path, **given: str) -> Iterator[Served]:
    """Serve that database as in production, without limits of how often, until the block ends."""
    unlimited = {f"PHUONGSO_{name.upper()}": "0" for name in _rates()}
    told = {
        "DATABASE_URL": url,
        "PHUONGSO_SECRET_KEY": "k" * 40,
        "PHUONGSO_PORT": "0",
        "PHUONGSO_VAR": str(folder),
        "PHUONGSO_WORKER": "false",
        "PHUONGSO_PRODUCTION": "true",
        "PHUONGSO_DEFAULT_WARD": CODE,
    }
    log = folder / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "server", "serve"],
            env=os.environ | unlimited | told | given,
            cwd=ROOT,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        yield Served(process, _site(process, log), log)
        assert process.poll() is None, log.read_text()
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(15)
        process.kill()
        process.wait()


def _rates() -> Iterator[str]:
    for group in (ReportLimits, RequestLimits):
        for name, one in group.model_fields.items():
            if "no limit" in (one.description or ""):
                yield name


def _site(process: subprocess.Popen[bytes], log: Path) -> str:
    for _ in range(6_000):
        said = log.read_text()
        if "Serving on " in said:
            return said.partition("Serving on ")[2].split()[0]
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.01)
            break
    raise AssertionError(f"it does not serve: {log.read_text()}")
