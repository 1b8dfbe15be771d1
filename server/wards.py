"""Which ward a request is about: `?ward=CODE`, else the one that the deployment shows by default."""

from __future__ import annotations

import re
from typing import cast

from starlette.requests import Request

from geo.language import Text
from server.settings import Settings

UNKNOWN_WARD = Text("Không có phường này.", "There is no such ward.")

_CODE = re.compile("[0-9]{5}", re.ASCII)


class UnknownWard(Exception):
    """What the request names is no ward's code."""


def is_code(text: str) -> bool:
    return _CODE.fullmatch(text) is not None


def asked_ward(request: Request) -> str | None:
    """The code that the request names, else the deployment's own; None means the first ward by code.

    Raises `UnknownWard` for what cannot be a code. Whether there is such a ward, only the database knows.
    """
    settings = cast(Settings, request.app.state.settings)
    code = request.query_params.get("ward", settings.default_ward)
    if code is not None and not is_code(code):
        raise UnknownWard
    return code
