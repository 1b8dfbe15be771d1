"""Bring a database to the tables of this version, or back, with Alembic."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config

_FOLDER = Path(__file__).parent / "migrations"


def alembic_config(url: str | None = None) -> Config:
    """Alembic's configuration for the database at `url`; without one, for writing SQL only."""
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    if url is not None:
        config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


def upgrade(url: str, revision: str = "head") -> None:
    """Apply every migration up to `revision`. Runs its own event loop: call it from plain code or from a thread."""
    command.upgrade(alembic_config(url), revision)


def downgrade(url: str, revision: str) -> None:
    """Undo migrations down to `revision` ('base' removes everything)."""
    command.downgrade(alembic_config(url), revision)
