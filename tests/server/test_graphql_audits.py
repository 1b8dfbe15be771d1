"""GraphQL over HTTP by its specification: every audit of npm's `graphql-http`, of a real server as in production."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from benchmarks.lighthouse import NODE
from tests.server.live import Stations

AUDITS = Path(__file__).parent.parent / "tools" / "audits.mjs"


async def test_all_sixty_one_audits_of_graphql_over_http_are_content(stations: Stations) -> None:
    async with stations(production=True) as station:
        program = await asyncio.create_subprocess_exec(
            *(str(NODE), str(AUDITS), f"http://{station.host}/graphql"),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, complaints = await program.communicate()
    assert complaints == b""
    found = json.loads(out)
    assert {audit["name"]: audit.get("reason") for audit in found if audit["status"] != "ok"} == {}
    assert len({audit["id"] for audit in found}) == len(found) == 61
    assert {audit["name"].split()[0] for audit in found} == {"MUST", "SHOULD", "MAY"}
