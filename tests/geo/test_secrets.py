"""Digests, reporters' secrets and the codes that people read out."""

from __future__ import annotations

import hashlib
import re
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from geo.ids import new_id, new_tracking_code
from geo.secrets import digest, reporter_secret

KEY = b"k" * 32


@given(st.uuids())
def test_a_repeated_key_gets_the_same_secret(request_key: UUID) -> None:
    assert reporter_secret(KEY, request_key) == reporter_secret(KEY, UUID(str(request_key)))


@given(st.uuids(), st.uuids(), st.binary(min_size=16, max_size=32))
def test_another_key_or_another_server_makes_another_secret(one: UUID, other: UUID, server_key: bytes) -> None:
    if one != other:
        assert reporter_secret(KEY, one) != reporter_secret(KEY, other)
    assert reporter_secret(KEY, one) != reporter_secret(server_key, one)


@given(st.uuids())
def test_a_secret_is_43_letters_of_a_url_and_does_not_tell_its_key(request_key: UUID) -> None:
    secret = reporter_secret(KEY, request_key)
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", secret)
    assert request_key.hex not in secret
    assert digest(secret) != digest(str(request_key))


@given(st.text(alphabet=st.characters()))
def test_any_text_has_a_digest(text: str) -> None:
    assert digest(text) == hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def test_even_a_lone_surrogate_has_a_digest() -> None:
    assert len(digest("\ud800")) == 32


def test_ids_sort_by_the_time_they_were_made() -> None:
    made = [new_id() for _ in range(1_000)]
    assert made == sorted(made)
    assert {id_.version for id_ in made} == {7}


def test_tracking_codes_carry_the_ward_and_no_letter_that_is_misheard() -> None:
    codes = {new_tracking_code("20314") for _ in range(1_000)}
    assert len(codes) > 990
    assert all(re.fullmatch(r"20314-[0-9A-HJKMNP-TV-Z]{6}", code) for code in codes)
