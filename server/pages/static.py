"""Files that browsers keep: vendored libraries for ever, our own for as long as the server's build is the same.

Our modules and styles are addressed as `/static/~BUILD/…`, where BUILD is a hash over all of them. A module's relative
imports stay within its build, so a page never mixes two versions; an address without a build, or of an older one, gives
the file of today and must be asked for again.
"""

from __future__ import annotations

import hashlib
import re
from functools import cache
from pathlib import Path

from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from maps import vendor

FOLDER = Path(__file__).parent / "static"
FOR_EVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"
_COMMENTS = re.compile(r"^[ ]*(?://.*|/\*\*.*(?:\n[ ]+\*.*)*|/\*[^*]*\*/)\n", re.MULTILINE)
_INDENTATION = re.compile(r"^[ ]+", re.MULTILINE)


@cache
def build() -> str:
    """A short hash over every file of our own."""
    total = hashlib.sha256()
    for path in sorted(path for path in FOLDER.rglob("*") if path.is_file()):
        total.update(path.relative_to(FOLDER).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return total.hexdigest()[:12]


def asset(path: str) -> str:
    """The address of one of our own files, for pages."""
    return f"/static/~{build()}/{path}"


class KeptFiles(StaticFiles):
    """Static files whose Cache-Control we decide."""

    def __init__(self, directory: Path, keep: str) -> None:
        super().__init__(directory=directory)
        self.keep = keep

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = self.keep
        response.headers["X-Content-Type-Options"] = "nosniff"
        if self.keep == FOR_EVER:
            _unasked(response)
        return response


class BuildFiles(KeptFiles):
    """Our own files, with or without the build in front."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory, ASK_AGAIN)

    async def get_response(self, path: str, scope: Scope) -> Response:
        first, _, rest = path.partition("/")
        if not first.startswith("~"):
            return await super().get_response(path, scope)
        response = await super().get_response(rest, scope)
        if first != f"~{build()}":
            return response
        kind = _WRITTEN.get(Path(rest).suffix)
        if isinstance(response, FileResponse) and kind is not None:
            response = Response(_bare(Path(response.path)), media_type=kind)
            response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Cache-Control"] = FOR_EVER
        _unasked(response)
        return response


def _unasked(response: Response) -> None:
    """Leave out what only serves to ask again: phones pay for every head."""
    for name in ("etag", "last-modified", "accept-ranges"):
        if name in response.headers:
            del response.headers[name]


_WRITTEN = {".js": "text/javascript", ".css": "text/css"}


@cache
def _bare(path: Path) -> str:
    """A module or style as phones get it: without indentation and comments, which would be a fifth of what they load.

    Whole lines only; no text of a module is longer than its line.
    """
    return _INDENTATION.sub("", _COMMENTS.sub("", path.read_text(encoding="utf-8")))


_COMPRESSED = [Middleware(GZipMiddleware, minimum_size=1000)]

mounts: list[BaseRoute] = [
    Mount("/static/vendor", KeptFiles(vendor.FOLDER, FOR_EVER), name="vendor", middleware=_COMPRESSED),
    Mount("/static", BuildFiles(FOLDER), name="static", middleware=_COMPRESSED),
]
