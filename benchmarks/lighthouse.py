"""Lighthouse on pages of a real server, with the Chromium of this machine: `python -m benchmarks.lighthouse URL`.

Each page of the server at URL is loaded several times as a slow phone on a slow network does, and the middle of its
scores is shown beside its goal, as a table in Markdown. The tests use `audit` for what must not vary: accessibility
and best practices.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.chromium import WHOLE

ROOT = Path(__file__).parent.parent
PROGRAM = ROOT / "tests/tools/node_modules/lighthouse/cli/index.js"
NODE = Path(sys.executable).with_name("node")
_FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-background-networking --disable-component-update "
    "--disable-sync --disable-dev-shm-usage"
)
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Verdict:
    """What Lighthouse found: each category's score of 100, and the audits that cost points, with what they show."""

    scores: dict[str, int]
    costly: dict[str, str]
    figures: dict[str, float]
    """Measured values by audit: milliseconds, bytes, shares."""


async def audit(url: str, *categories: str, browser: str = WHOLE) -> Verdict:
    """Load `url` as a slow phone does and judge it. Raises `RuntimeError` in Lighthouse's words where it fails."""
    process = await asyncio.create_subprocess_exec(
        *(str(NODE), str(PROGRAM), url, "--quiet", "--output=json", "--output-path=stdout"),
        *(f"--only-categories={','.join(categories)}", f"--chrome-flags={_FLAGS}"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "CHROME_PATH": browser},
    )
    try:
        async with asyncio.timeout(_LONGEST):
            out, complaints = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        raise
    if process.returncode != 0:
        raise RuntimeError(complaints.decode())
    report = json.loads(out)
    if "runtimeError" in report:
        raise RuntimeError(report["runtimeError"]["message"])
    audits = report["audits"]
    return Verdict(
        {name: round(100 * found["score"]) for name, found in report["categories"].items()},
        {
            name: f"{found['title']} {found.get('displayValue', '')} {_places(found)}"
            for category in report["categories"].values()
            for name, found in ((part["id"], audits[part["id"]]) for part in category["auditRefs"] if part["weight"])
            if found["score"] is not None and found["score"] < 1
        },
        {name: found["numericValue"] for name, found in audits.items() if "numericValue" in found},
    )


def _places(found: dict[str, Any]) -> str:
    """Where on the page it was found, as far as Lighthouse names elements or addresses."""
    items = found.get("details", {}).get("items", [])
    return "; ".join(
        str(item.get("node", {}).get("snippet") or item.get("url") or item.get("description") or "")
        for item in items[:5]
        if isinstance(item, dict)
    )


ROUNDS = 3
GOALS: dict[str, int | None] = {"/": 90, "/report": 95, "/r": None, "/stats": None}
"""The pages that are loaded, each with the least score of 100 for its speed, where one is set."""

_SHOWN = ("first-contentful-paint", "largest-contentful-paint", "total-blocking-time", "speed-index")
_HEAD = """\
| page | speed | goal | | first paint | largest paint | blocked | speed index | shift | received |
| --- | ---: | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: |"""


def row(page: str, found: list[Verdict]) -> str:
    """A page's line of the table: the middle of what was found."""

    def middle(name: str) -> float:
        return statistics.median(verdict.figures[name] for verdict in found)

    score = statistics.median(verdict.scores["performance"] for verdict in found)
    goal = GOALS.get(page)
    told = ("", "") if goal is None else (str(goal), "met" if score >= goal else "missed")
    times = [f"{middle(name):,.0f} ms" for name in _SHOWN]
    rest = (f"{middle('cumulative-layout-shift'):.3f}", f"{middle('total-byte-weight') / 1024:,.0f} KB")
    return f"| {' | '.join((f'`{page}`', f'{score:.0f}', *told, *times, *rest))} |"


async def run(server: str, rounds: int) -> None:
    print(_HEAD)
    for page in GOALS:
        found = [await audit(server.rstrip("/") + page, "performance") for _ in range(rounds)]
        print(row(page, found), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("server", metavar="URL", help="where a server answers, such as http://127.0.0.1:8000")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="loads of each page")
    asked = parser.parse_args()
    asyncio.run(run(asked.server, asked.rounds))


if __name__ == "__main__":
    main()
