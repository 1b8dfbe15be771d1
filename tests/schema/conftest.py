"""The desk: the whole application, asked through ASGI."""

from tests.asking import both_wards, desk, opening

__all__ = ["both_wards", "desk", "opening"]
