"""The ground under every map here, and `GET /basemap/{version}.pmtiles`, which browsers read in pieces."""

from __future__ import annotations

import logging
from typing import Any, cast

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from maps.ground import Archive, Ground, NoBaseMap, Tiles, read_archive
from server.settings import Settings, SettingsError

MEDIA_TYPE = "application/vnd.pmtiles"
_LOG = logging.getLogger(__name__)


class Grounds:
    """Which ground there is at the moment: a file may be written, replaced or taken away while we serve."""

    def __init__(self, settings: Settings) -> None:
        """Raises `SettingsError` for a file that is named or in its place, but cannot be shown."""
        self._path = settings.basemap_file
        self._attribution = settings.tile_attribution
        self._tiles = Tiles(settings.tile_url, settings.tile_attribution or "") if settings.tile_url else None
        self._stamp: object = None
        self._archive: Archive | None = None
        if self._path is not None and (settings.basemap is not None or self._path.exists()):
            try:
                self._archive = read_archive(self._path, self._attribution)
            except NoBaseMap as error:
                raise SettingsError(f"The base map cannot be shown. {error}.") from error
            self._stamp = self._seen()

    @property
    def current(self) -> Ground | None:
        """The ground that pages show now; None is the plain one."""
        if self._path is None:
            return self._tiles
        seen = self._seen()
        if seen != self._stamp:
            self._stamp = seen
            self._archive = self._read() if seen is not None else None
        return self._archive

    def _seen(self) -> object:
        """What changes when the file does; None where there is no file."""
        try:
            found = cast(Any, self._path).stat()
        except OSError:
            return None
        return found.st_ino, found.st_size, found.st_mtime_ns

    def _read(self) -> Archive | None:
        try:
            return read_archive(cast(Any, self._path), self._attribution)
        except NoBaseMap as error:
            _LOG.error("The base map cannot be shown, so maps have a plain ground. %s.", error)
            return None


def ground_of(request: Request) -> Ground | None:
    """The ground for this request's page: `told()` is what its modules need, `source` what its policy must allow."""
    return cast(Grounds, request.app.state.grounds).current


async def archive(request: Request) -> Response:
    """The file of this version, whole or in the ranges that are asked for; another version's is not found."""
    ground = ground_of(request)
    if not isinstance(ground, Archive) or ground.version != request.path_params["version"]:
        return PlainTextResponse("Not Found", 404, {"Cache-Control": "no-store"})
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable",
        "ETag": f'"{ground.version}"',
        "X-Content-Type-Options": "nosniff",
    }
    return FileResponse(ground.path, headers=headers, media_type=MEDIA_TYPE)


routes: list[BaseRoute] = [Route("/basemap/{version}.pmtiles", archive, name="basemap")]
