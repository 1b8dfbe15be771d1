"""Settings that belong together: bounds of GraphQL, what keeps strangers out, who watches, how long things are kept."""

from __future__ import annotations

from functools import cached_property
from typing import Literal

from pydantic import BaseModel, Field, SecretStr

from geo.second_factor import Need
from schema.limits import Limits


class GraphQLLimits(BaseModel):
    """How much one document, one connection and one process do for a caller."""

    max_cost: int = Field(default=10_000, ge=1, description="The cost from which on a GraphQL query is refused.")
    max_depth: int = Field(default=10, ge=1, description="How many levels deep a GraphQL query may be.")
    max_aliases: int = Field(default=15, ge=0, description="How many aliases a GraphQL query may use.")
    max_directives: int = Field(default=8, ge=0, description="How many directives a GraphQL query may use.")
    max_fields: int = Field(
        default=300, ge=1, description="How many fields a GraphQL query may ask, its fragments spread out."
    )
    max_root_fields: int = Field(default=10, ge=1, description="How many root fields a GraphQL operation may have.")
    max_fragments: int = Field(default=20, ge=0, description="How many fragments a GraphQL document may define.")
    max_operations: int = Field(default=5, ge=1, description="How many operations a GraphQL document may define.")
    max_tokens: int = Field(
        default=1_500, ge=1, description="How many tokens a GraphQL document may have, comments included."
    )
    max_document_length: int = Field(
        default=65_536, ge=1, description="How many characters a GraphQL document may have. Variables are not counted."
    )
    operation_seconds: float = Field(
        default=15,
        ge=0.1,
        le=600,
        description="Seconds after which a GraphQL operation is given up, its SQL is cancelled, and 503 is answered.",
    )
    statement_seconds: float = Field(
        default=7,
        ge=0.1,
        le=600,
        description="Seconds after which the database gives up one statement of a request; half of them is how long a "
        "change waits for what another change holds.",
    )
    max_operations_per_caller: int = Field(
        default=64,
        ge=1,
        description="How many GraphQL operations of one account, or of one address that is signed in to none, may use "
        "or await the database in a process; more are told to come again (429).",
    )
    max_subscriptions: int = Field(
        default=5_000, ge=1, description="How many live subscriptions, and how many WebSockets, a process keeps open."
    )
    max_subscriptions_per_connection: int = Field(
        default=20, ge=1, le=1_000, description="How many operations one WebSocket may have under way."
    )

    @cached_property
    def limits(self) -> Limits:
        """How much one document may come to."""
        return Limits(
            depth=self.max_depth,
            aliases=self.max_aliases,
            directives=self.max_directives,
            fields=self.max_fields,
            tokens=self.max_tokens,
            fragments=self.max_fragments,
            root_fields=self.max_root_fields,
            operations=self.max_operations,
            length=self.max_document_length,
        )


class Protection(BaseModel):
    """Who gets in, and what is kept from those who should not."""

    production: bool = Field(
        default=False,
        description="Set it to `true` wherever people really use it: what only developers need, such as the page to "
        "try GraphQL and introspection by strangers, is off then.",
    )
    proxies: int = Field(
        default=0,
        ge=0,
        le=10,
        description="How many proxies of your own stand before the server and add to `X-Forwarded-For`: so many of its "
        "entries, from the right, are believed. With 0 the header is ignored.",
    )
    secure_cookies: bool = Field(
        default=False,
        description="Send cookies over HTTPS only. Set it to `true` wherever the site is reached by HTTPS.",
    )
    session_days: int = Field(default=30, ge=1, le=365, description="Days after which a sign-in ends.")
    second_factor: Need = Field(
        default=Need.OPTIONAL,
        description="Codes of an app (TOTP) beside the password: `off` asks nobody for one, `optional` asks who has "
        "switched it on, `staff` demands it of staff and administrators, who set it up at their next sign-in.",
    )

    @property
    def demands_second_factor(self) -> bool:
        """Whether staff and administrators do nothing without it."""
        return self.second_factor is Need.STAFF


class Watching(BaseModel):
    """What an operator sees of a process: its log and its figures ([how](operating.md))."""

    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="How much the server tells."
    )
    log_format: Literal["text", "json"] | None = Field(
        default=None,
        description="How it tells it: `text` for a terminal, or `json`, an object a line. Without it, `json` where "
        "`PHUONGSO_PRODUCTION` is `true`, else `text`.",
    )
    metrics_token: SecretStr | None = Field(
        default=None,
        min_length=16,
        description="Who sends it as `Authorization: Bearer …` may read `/metrics`, from anywhere. Without it, where "
        "`PHUONGSO_PRODUCTION` is `true`, nobody may; else machines with a private address, but not through a proxy.",
    )
    worker_metrics_port: int | None = Field(
        default=None,
        ge=1,
        le=65535,
        description="The port, at `PHUONGSO_HOST`, where `phuongso worker` gives out its figures, to whoever asks. "
        "Without it, it gives out none.",
    )
    otlp_endpoint: str | None = Field(
        default=None,
        validation_alias="OTEL_EXPORTER_OTLP_ENDPOINT",
        description="The collector that a span of each GraphQL operation is sent to, as `http://collector:4318` (OTLP "
        "over HTTP). The other variables of OpenTelemetry's specification hold as well. Without it, nothing is traced.",
    )


class Retention(BaseModel):
    """How long data about people is kept; 0 keeps it for good."""

    keep_contacts_days: int = Field(
        default=180,
        ge=0,
        description="Days after the end of an incident until its reporter's name, number and e-mail are deleted; 0: "
        "never. [What is kept of people](privacy.md).",
    )
    keep_texts_days: int = Field(
        default=1825,
        ge=0,
        description="Days after the end of an incident until what its reporter wrote is deleted; 0: never.",
    )
    keep_photos_days: int = Field(
        default=730,
        ge=0,
        description="Days after the end of an incident until its photographs are deleted; 0: never.",
    )
    keep_refused_days: int = Field(
        default=180,
        ge=0,
        description="Days after a report was refused until all that its reporter sent is deleted; 0: never.",
    )
    keep_positions_hours: int = Field(
        default=12,
        ge=0,
        description="Hours after which the last position of a crew on duty is forgotten; 0: when its duty ends.",
    )
    keep_audit_days: int = Field(
        default=730,
        ge=366,
        le=36_600,
        description="Days that entries of the audit log are kept; the database deletes none in their first year.",
    )
    keep_consents_days: int = Field(
        default=1825,
        ge=0,
        description="Days after a consent ended until the evidence of it is deleted, which names nobody; 0: never.",
    )
