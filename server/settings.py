"""Settings: environment variables, read once at the start. `docs/settings.md` lists them, written from here."""

from __future__ import annotations

import secrets
from pathlib import Path

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from server.logs import Form
from server.rate_settings import ReportLimits, RequestLimits
from server.relay import Relay
from server.setting_groups import GraphQLLimits, Protection, Retention, Watching

_DOCUMENT = """\
# Settings

Phường Số reads its settings from environment variables, once, when it starts. None is needed for `make run`.
An empty variable counts as absent. This page is written by `phuongso settings`.

| variable | default | what it does |
| --- | --- | --- |
"""


_OTHERS_NAMES = {"database_url": "DATABASE_URL", "otlp_endpoint": "OTEL_EXPORTER_OTLP_ENDPOINT"}
"""Settings that have the name which other programs give them."""


class SettingsError(Exception):
    """A setting is missing or wrong; the message says which and what to do, one problem a line."""


class Settings(GraphQLLimits, Protection, ReportLimits, RequestLimits, Retention, Watching, BaseSettings):
    """What this process was told. `database_url` and `secret_key` are filled in where the machine keeps its own."""

    model_config = SettingsConfigDict(
        env_prefix="PHUONGSO_", env_ignore_empty=True, validate_by_name=True, extra="ignore", frozen=True
    )

    database_url: str | None = Field(
        default=None,
        validation_alias="DATABASE_URL",
        repr=False,
        description="The PostGIS database to use, as `postgresql://user:password@host/name`. Without it, a private "
        "PostgreSQL is kept under `PHUONGSO_VAR`. Its user must own the database, where "
        "`postgis` is created already or that user may create it.",
    )
    secret_key: SecretStr | None = Field(
        default=None,
        min_length=32,
        description="Signs the secrets of reporters: at least 32 characters, the same for every process and for good. "
        "Required with `DATABASE_URL`, unless the database holds only the demo ward; else made once and kept in "
        "`PHUONGSO_VAR`.",
    )
    host: str = Field(default="127.0.0.1", description="The address to listen on.")
    port: int = Field(default=8000, ge=0, le=65535, description="The port to listen on; 0 takes a free one.")
    default_ward: str | None = Field(
        default=None,
        pattern="^[0-9]{5}$",
        description="The five-digit code of the ward shown when a request names none. Without it, the first by code.",
    )
    var: Path = Field(
        default=Path("var"), description="The folder for what this machine keeps: database, key, photographs."
    )
    photo_store: str | None = Field(
        default=None,
        pattern=r"^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9._/-]*)?$",
        description="Where photographs are kept, as `s3://bucket/prefix` for any store that speaks S3; its address and "
        "keys by the usual `AWS_ENDPOINT_URL`, `AWS_REGION`, `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`. Every "
        "server and worker must name the same. Without it, the folder `photos` in `PHUONGSO_VAR`.",
    )
    tile_url: str | None = Field(
        default=None,
        description="The base map's tiles, as `https://tiles.example/{z}/{x}/{y}.png`. Without it, a plain ground.",
    )
    tile_attribution: str | None = Field(
        default=None,
        description="Whom to credit for the base map; required with `PHUONGSO_TILE_URL`. Goes before what a `.pmtiles` "
        "file says of itself.",
    )
    basemap: Path | None = Field(
        default=None,
        description="The base map as a `.pmtiles` file of vector tiles, such as `phuongso basemap` writes "
        "([how](basemap.md)). Without it, `basemap.pmtiles` in `PHUONGSO_VAR` where that is there and no "
        "`PHUONGSO_TILE_URL` is set. Not both of `PHUONGSO_BASEMAP` and `PHUONGSO_TILE_URL`.",
    )
    pool_size: int = Field(default=4, ge=1, le=100, description="Database connections a process keeps.")
    worker: bool = Field(
        default=True,
        description="Whether `phuongso serve` and `phuongso run` also do the background work. Set it to `false` where "
        "`phuongso worker` runs beside them.",
    )
    takeover_seconds: float = Field(
        default=30,
        ge=1,
        le=3600,
        description="Seconds without a sign of life after which the jobs of a worker are taken over by another.",
    )
    smtp_url: SecretStr | None = Field(
        default=None,
        description="The mail server that letters to reporters are handed to, as `smtp://user:password@host:port` "
        "(STARTTLS; port 587) or `smtps://` (TLS from the start; port 465). `?tls=required` insists on STARTTLS, as a "
        "password does; `?tls=off` does without. Without it no mail is sent, and the report form promises none.",
    )
    mail_from: str | None = Field(
        default=None,
        pattern=r"^[^@\s<>\",;:]+@[A-Za-z0-9.-]+$",
        description="The address that letters come from. Required with `PHUONGSO_SMTP_URL`.",
    )
    public_url: str | None = Field(
        default=None,
        pattern=r"^https?://[^/\s?#]+$",
        description="Where people reach the site, as `https://phuong.example`: what one-time links and "
        "links in letters begin with. "
        "Required with `PHUONGSO_SMTP_URL`.",
    )

    @field_validator("database_url")
    @classmethod
    def _postgresql(cls, value: str | None) -> str | None:
        if value is None:
            return None
        try:
            url = make_url(value)
        except ArgumentError:
            raise ValueError("must look like postgresql://user:password@host/name") from None
        if url.get_backend_name() not in ("postgresql", "postgres"):
            raise ValueError("must be a PostgreSQL address: postgresql://user:password@host/name")
        return value

    @field_validator("smtp_url")
    @classmethod
    def _mail_server(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            Relay.read(value.get_secret_value())
        return value

    @property
    def writes_mail(self) -> bool:
        """Whether reporters who leave an e-mail address are written to."""
        return self.smtp_url is not None

    @property
    def form_of_logs(self) -> Form:
        """How this process writes its log."""
        return self.log_format or ("json" if self.production else "text")

    @property
    def basemap_file(self) -> Path | None:
        """Where a base map's file is, or would be; None where tiles come from an address."""
        return None if self.tile_url is not None else self.basemap or self.var / "basemap.pmtiles"

    @property
    def database(self) -> str:
        """The database's address. Raises `SettingsError` before one is known."""
        if self.database_url is None:
            raise SettingsError("DATABASE_URL is not set, and no private database was started.")
        return self.database_url

    @property
    def key(self) -> bytes:
        """The key for reporters' secrets. Raises `SettingsError` before one is known."""
        if self.secret_key is None:
            raise SettingsError(
                "PHUONGSO_SECRET_KEY is not set. With a database of your own, set it to a long random text "
                'and keep it; this makes one: python3 -c "import secrets; print(secrets.token_urlsafe(48))"'
            )
        return self.secret_key.get_secret_value().encode()


def read_settings() -> Settings:
    """The settings of this process's environment. Raises `SettingsError`, naming each variable that is wrong."""
    try:
        settings = Settings()
    except ValidationError as error:
        # Without the value: it may be a password.
        lines = [f"{_variable(str(problem['loc'][0]))}: {problem['msg']}" for problem in error.errors()]
        raise SettingsError("\n".join(lines)) from None
    if settings.tile_url is not None and settings.tile_attribution is None:
        raise SettingsError("PHUONGSO_TILE_ATTRIBUTION is required with PHUONGSO_TILE_URL.")
    if settings.tile_url is not None and settings.basemap is not None:
        raise SettingsError("There is one base map: set PHUONGSO_TILE_URL or PHUONGSO_BASEMAP, not both.")
    if settings.smtp_url is not None:
        needed = {"PHUONGSO_MAIL_FROM": settings.mail_from, "PHUONGSO_PUBLIC_URL": settings.public_url}
        if missing := [name for name, value in needed.items() if value is None]:
            raise SettingsError("\n".join(f"{name} is required with PHUONGSO_SMTP_URL." for name in missing))
    return settings


def kept_secret_key(var: Path) -> SecretStr:
    """The key kept in `var/secret-key`, readable by its owner only; made the first time. Raises `SettingsError`."""
    path = var / "secret-key"
    try:
        return SecretStr(_read_or_make(path))
    except OSError as error:
        raise SettingsError(
            f"{path}: {error.strerror}. Run as the user who ran it first, or set PHUONGSO_VAR."
        ) from error


def _read_or_make(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        fresh = path.with_name(f"secret-key.{secrets.token_hex(4)}")
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_urlsafe(48))
        try:
            # Linking fails where another process was first: both then read the one key.
            path.hardlink_to(fresh)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_text().strip()


def settings_document() -> str:
    """`docs/settings.md`, from the fields above."""
    groups = (Settings, GraphQLLimits, Protection, ReportLimits, RequestLimits, Retention, Watching)
    rows = [
        f"| `{_variable(name)}` | {_shown(Settings.model_fields[name].default)} | "
        f"{Settings.model_fields[name].description} |"
        for group in groups
        for name in group.__annotations__
        if name in Settings.model_fields
    ]
    return _DOCUMENT + "\n".join(rows) + "\n"


def _variable(name: str) -> str:
    if name in _OTHERS_NAMES.values():
        return name
    return _OTHERS_NAMES.get(name) or f"PHUONGSO_{name.removeprefix('PHUONGSO_').upper()}"


def _shown(default: object) -> str:
    if default is None:
        return ""
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"
