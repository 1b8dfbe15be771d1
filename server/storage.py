"""Where photographs lie: a folder, or a bucket of an S3-speaking store. Each in two sizes, named by its id.

An object is there whole or not at all, and never changes. What `put` returned from survives the process, and in a
folder the machine's power as well. A process that is killed while it writes may leave its file under another name in
a folder: such leftovers are no objects, and `remove_leftovers` clears them away.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from uuid import UUID

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, S3Store

from geo.ids import as_id
from server.settings import Settings

_AT_ONCE = 8
_LISTED = 1_000
_PIECE = 64 * 1024
_UNFINISHED = re.compile(r"[0-9a-f-]{36}-[a-z]+\.jpg#[0-9]+", re.ASCII)
"""What obstore calls a file of ours until it is whole: its name, and a number. Its lists do not tell them."""
SHELVES = 256


class Size(StrEnum):
    """The two sizes in which a photograph is kept."""

    LARGE = "large"
    SMALL = "small"


class StoreUnavailable(Exception):
    """The store is out of reach, full, or refuses us."""


@dataclass(frozen=True, slots=True)
class Stored:
    """An object as it is read."""

    size: int
    pieces: AsyncIterator[bytes]


def object_name(photo_id: UUID, size: Size) -> str:
    """`7f/019ab3f2-…-large.jpg`: on one of 256 shelves, by the last two digits of the id, which are chance."""
    return f"{shelf_name(photo_id.int % SHELVES)}/{photo_id}-{size}.jpg"


def shelf_name(number: int) -> str:
    return f"{number:02x}"


class Photographs:
    """The photographs of a deployment. Opened when first used, so that nothing else waits for it."""

    def __init__(self, folder: Path, address: str | None = None) -> None:
        self.folder = folder.absolute()
        self.address = address

    @cached_property
    def _store(self) -> LocalStore | S3Store:
        if self.address is not None:
            patience = {"max_retries": 2, "retry_timeout": timedelta(seconds=10)}
            endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL", "")
            return S3Store.from_url(
                self.address,
                client_options={
                    "timeout": timedelta(seconds=30),
                    "connect_timeout": timedelta(seconds=5),
                    "allow_http": endpoint.startswith("http://"),
                },
                retry_config=patience,  # type: ignore[arg-type]  # the stub's TypedDict, spelled out
            )
        # Photographs are for who may see them, and not for whoever has an account on this machine.
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return LocalStore(self.folder)

    async def put(self, photo_id: UUID, pictures: dict[Size, bytes]) -> None:
        """Store a photograph in its sizes. Raises `StoreUnavailable`, and then nothing is to be found of it."""
        try:
            store = self._store
            for size, content in pictures.items():
                await obstore.put_async(store, object_name(photo_id, size), content)
            if isinstance(store, LocalStore):
                await asyncio.to_thread(self._make_durable, photo_id, list(pictures))
        except (BaseError, OSError) as error:
            with suppress(StoreUnavailable):
                await self.delete([photo_id])
            raise StoreUnavailable(_kind(error)) from error
        except BaseException:
            with suppress(StoreUnavailable):
                await asyncio.shield(self.delete([photo_id]))
            raise

    def _make_durable(self, photo_id: UUID, sizes: list[Size]) -> None:
        """obstore renames a file into its place but does not wait for the disk."""
        paths = [self.folder / object_name(photo_id, size) for size in sizes]
        for path in [*paths, paths[0].parent, self.folder]:
            opened = os.open(path, os.O_RDONLY)
            try:
                os.fsync(opened)
            finally:
                os.close(opened)

    async def open(self, photo_id: UUID, size: Size) -> Stored | None:
        """An object to be read at the reader's pace; None where there is none. Raises `StoreUnavailable`."""
        try:
            found = await obstore.get_async(self._store, object_name(photo_id, size))
        except FileNotFoundError:
            return None
        except (BaseError, OSError) as error:
            raise StoreUnavailable(_kind(error)) from error
        return Stored(found.meta["size"], aiter(found.stream(_PIECE)))

    async def delete(self, photo_ids: Collection[UUID]) -> None:
        """Remove photographs in all sizes; what is not there is no fault. Raises `StoreUnavailable`."""
        turns = asyncio.Semaphore(_AT_ONCE)

        async def remove(name: str) -> None:
            async with turns:
                with suppress(FileNotFoundError):
                    await obstore.delete_async(self._store, name)

        try:
            await asyncio.gather(*(remove(object_name(one, size)) for one in photo_ids for size in Size))
        except (BaseError, OSError) as error:
            raise StoreUnavailable(_kind(error)) from error

    async def on_shelf(self, number: int) -> AsyncIterator[set[UUID]]:
        """The ids of a shelf's photographs, up to a thousand objects at a time. Raises `StoreUnavailable`."""
        try:
            async for listed in obstore.list(self._store, shelf_name(number), chunk_size=_LISTED):
                yield set(_ids([found["path"] for found in listed]))
        except (BaseError, OSError) as error:
            raise StoreUnavailable(_kind(error)) from error

    async def remove_leftovers(self, number: int, before: datetime) -> int:
        """Remove what writers who were killed left on a folder's shelf, last touched `before`; how many files.

        A bucket has none: it keeps nothing of what did not arrive whole. Raises `StoreUnavailable`.
        """
        if self.address is not None:
            return 0
        try:
            return await asyncio.to_thread(_remove_unfinished, self.folder / shelf_name(number), before.timestamp())
        except OSError as error:
            raise StoreUnavailable(_kind(error)) from error


def photographs_of(settings: Settings) -> Photographs:
    """The photographs of these settings."""
    return Photographs(settings.var / "photos", settings.photo_store)


def _ids(paths: Collection[str]) -> Iterator[UUID]:
    """The ids in the names of objects; what we did not name is left alone."""
    for path in paths:
        made = as_id(path.rpartition("/")[2][:36])
        if made is not None and any(path.endswith(object_name(made, size)) for size in Size):
            yield made


def _remove_unfinished(shelf: Path, before: float) -> int:
    if not shelf.is_dir():
        return 0
    removed = 0
    for path in shelf.iterdir():
        if _UNFINISHED.fullmatch(path.name) is None:
            continue
        with suppress(FileNotFoundError):  # made whole, or removed, just now
            if path.stat().st_mtime < before:
                path.unlink()
                removed += 1
    return removed


def _kind(error: Exception) -> str:
    """The class of an error: its text may hold addresses."""
    return type(error).__name__
