"""Who is signed in while the editor of boundaries saves."""

from __future__ import annotations

import pytest

from tests.asking import Desk

WHO = "/staff/boundaries/who"


@pytest.mark.parametrize("by", [None, "crew-clean", "team-1"])
async def test_who_may_not_draw_is_told_to_sign_in(desk: Desk, by: str | None) -> None:
    cookies = {} if by is None else {"Cookie": f"session={desk.tokens[by]}"}
    answer = await desk.http.get(WHO, headers=cookies)
    assert (answer.status_code, answer.json()) == (401, {"account": None})


@pytest.mark.parametrize("by", ["staff", "admin"])
async def test_who_draws_is_known_by_the_account(desk: Desk, by: str) -> None:
    answer = await desk.http.get(WHO, headers={"Cookie": f"session={desk.tokens[by]}"})
    assert answer.json() == {"account": str(desk.ward.accounts[by])}
    assert answer.headers["cache-control"] == "no-store"
