"""The desk: the whole application, asked through ASGI."""

from tests.asking import desk, opening

__all__ = ["desk", "opening"]
