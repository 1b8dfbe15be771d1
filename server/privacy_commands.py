"""`phuongso privacy`: give a person all that is kept about them, or delete it."""

from __future__ import annotations

import asyncio
import json
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import click

from geo import disclosing, personal, privacy
from geo.disclosing import Export
from geo.personal import Person
from geo.privacy import Erased
from server.console import Commands, in_transaction, tell, with_database
from server.settings import Settings, read_settings
from server.storage import Photographs, Size, StoreUnavailable, photographs_of

Command = Callable[..., None]

_COUNTED = {
    "contacts": "contact details of reports",
    "texts": "reports whose words were deleted",
    "photographs": "pictures, copies included",
    "mentions": "other texts that named the person",
    "members": "members of teams whose number was deleted",
    "places": "places whose number, or official's home, was deleted",
}


@click.group("privacy", cls=Commands)
def privacy_group() -> None:
    """Personal data: give a person what is kept about them, or delete it (docs/privacy.md)."""


def _of_person(command: Command) -> Command:
    """Whom a command is about."""
    for option in (
        click.option("--ward", "ward_code", help="Only what this ward keeps."),
        click.option("--tracking-code", help="One report's code, for who left neither number nor address."),
        click.option("--email", help="The person's e-mail address."),
        click.option("--phone", help="The person's telephone number, however it is written."),
    ):
        command = option(command)
    return command


@privacy_group.command("export")
@_of_person
@click.option(
    "--to", "path", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The ZIP file to write."
)
def export_person(
    phone: str | None, email: str | None, tracking_code: str | None, ward_code: str | None, path: Path
) -> None:
    """Write all that is kept about a person to a ZIP file: data.json and the photographs."""
    who = personal.person(phone, email, tracking_code, ward_code)
    with with_database(read_settings()) as settings:
        found = in_transaction(settings, lambda connection: disclosing.export(connection, who))
        path.touch(mode=0o600)
        lost = asyncio.run(_write(path, found, photographs_of(settings)))
    document = found.document
    counts = {name: len(document[name]) for name in ("reports", "mentions", "teamMembers", "places", "accounts")}
    tell(f"Wrote {path}: " + ", ".join(f"{name} {count}" for name, count in counts.items()) + ".")
    if lost:
        tell(f"Photographs that the store does not have: {lost}.")


async def _write(path: Path, found: Export, store: Photographs) -> int:
    """Write the file; how many photographs were missing."""
    lost = 0
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        document = json.dumps(found.document, ensure_ascii=False, indent=2, default=_written)
        archive.writestr("data.json", document)
        for name, picture in found.pictures.items():
            stored = await store.open(picture, Size.LARGE)
            if stored is None:
                lost += 1
                continue
            archive.writestr(f"photos/{name}", b"".join([bytes(piece) async for piece in stored.pieces]))
    return lost


def _written(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)


@privacy_group.command("erase")
@_of_person
@click.option("--dry-run", is_flag=True, help="Only count what would be deleted.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def erase_person(
    phone: str | None,
    email: str | None,
    tracking_code: str | None,
    ward_code: str | None,
    dry_run: bool,
    yes: bool,
) -> None:
    """Delete for good what is kept about a person. The ward keeps that there was a report, without who and what.

    Backups and write-ahead logs of the database hold it until they run out: see docs/privacy.md.
    """
    who = personal.person(phone, email, tracking_code, ward_code)
    with with_database(read_settings()) as settings:
        would = in_transaction(settings, lambda connection: privacy.erase(connection, who, dry_run=True))
        _tell(would, "Would delete" if dry_run else "To be deleted")
        if dry_run or would.nothing:
            return
        if not yes:
            click.confirm("Xóa vĩnh viễn? / Delete all this for good?", abort=True)
        _tell(_erase(settings, who), "Deleted")


def _erase(settings: Settings, who: Person) -> Erased:
    """Delete, then remove the pictures at once: the job that was enqueued with it does so if this cannot."""
    erased = in_transaction(settings, lambda connection: privacy.erase(connection, who))
    try:
        asyncio.run(_remove(photographs_of(settings), erased.pictures))
    except StoreUnavailable:
        tell("The store of photographs cannot be reached: the worker removes them as soon as it can.")
    return erased


async def _remove(store: Photographs, pictures: list[UUID]) -> None:
    await store.delete(pictures)


def _tell(erased: Erased, what: str) -> None:
    if erased.nothing:
        tell("Nothing is kept about this person.")
    else:
        tell(f"{what}:")
        for name, meaning in _COUNTED.items():
            if erased.counts.get(name):
                tell(f"  {erased.counts[name]} {meaning}")
    if erased.open_reports:
        tell(f"Still being dealt with, without their words from then on: {erased.open_reports} reports.")
    if erased.accounts:
        tell(
            f"Accounts stay, for the history refers to them: {', '.join(erased.accounts)}. Disable them by themselves."
        )
