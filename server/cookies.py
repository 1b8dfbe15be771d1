"""Cookies of ours: none is for scripts, and none goes along when another site sends a form."""

from __future__ import annotations

from starlette.responses import Response


def name_of(name: str, *, secure: bool) -> str:
    """`__Host-` binds a cookie to this host and to HTTPS; a plain name serves a machine without it."""
    return f"__Host-{name}" if secure else name


def keep(response: Response, name: str, value: str, seconds: int, *, secure: bool, path: str = "/") -> None:
    """Have the browser keep a cookie for so long."""
    response.set_cookie(name, value, max_age=seconds, path=path, secure=secure, httponly=True, samesite="lax")


def drop(response: Response, name: str, *, secure: bool, path: str = "/") -> None:
    """Have the browser forget a cookie."""
    response.delete_cookie(name, path=path, secure=secure, httponly=True, samesite="lax")
