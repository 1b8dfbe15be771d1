"""`/staff/audit`: what those who work for the ward did, the latest first; read by its staff, edited by nobody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from geo import audit, audit_sheets
from geo.audit_words import ACTIONS, GROUPS
from geo.clock import VIETNAM
from geo.exporting.writing import MEDIA_TYPES, Format
from geo.ids import as_id
from geo.language import Language
from geo.tables import AccountRole
from maps.window import ParameterError
from server.exports import Export, Taken
from server.pages.asking import Unanswered, ask
from server.pages.desk import desk_page
from server.pages.languages import language_of
from server.pages.settings_accounts import ROLES
from server.pages.settings_audit_words import subject_of, told
from server.pages.settings_forms import Problems, say, settings
from server.pages.words import N_
from server.periods import Period, read_period, today

AT = "/staff/audit"
TODAY, YESTERDAY = N_("Hôm nay"), N_("Hôm qua")
BY_COMMAND = N_("Dòng lệnh")


@dataclass(frozen=True, slots=True)
class Asked:
    """Which entries an address asks for; what it names that cannot be is not asked."""

    action: str | None
    account: UUID | None
    subject: str | None
    period: Period
    problems: Problems


def asked(request: Request) -> Asked:
    """`[action=][&account=UUID][&subject=ID][&from=][&to=]`."""
    given = request.query_params
    period, problems = Period(), []
    try:
        period = read_period(given)
    except ParameterError as error:
        problems = [(error.name, error.text.to(language_of(request)))]
    action = given.get("action")
    subject = given.get("subject", "").replace("\x00", "")[:100]
    return Asked(action if action in ACTIONS else None, as_id(given.get("account")), subject or None, period, problems)


@settings
async def listing(request: Request, code: str) -> Response:
    """`GET /staff/audit[?action=&account=&subject=&from=&to=&after=]`."""
    wanted, language = asked(request), language_of(request)
    period = wanted.period
    given = {
        "code": code,
        "action": wanted.action,
        "account": None if wanted.account is None else f"Account:{code}:{wanted.account}",
        "subject": wanted.subject,
        "since": period.since.isoformat() if period.since else None,
        "until": period.until.isoformat() if period.until else None,
        "after": request.query_params.get("after"),
    }
    try:
        ward = (await ask(request, "settings_audit", given))["ward"]
    except Unanswered:  # a cursor of another list
        ward = (await ask(request, "settings_audit", {**given, "after": None}))["ward"]
    found = ward["audit"]
    nodes = await _nodes(request, [one["subject"] for one in found["nodes"]])
    entries = [_shown(request, one, nodes.get(one["subject"])) for one in found["nodes"]]
    people = {one["id"].rpartition(":")[2]: one["name"] for one in ward["accounts"]["nodes"]}
    people |= {one["account"]: one["name"] for one in entries if one["account"] == str(wanted.account)}
    context = {
        "days": [(day, list(of_day)) for day, of_day in groupby(entries, lambda one: one["day"])],
        "entries": entries,
        "more": found["pageInfo"]["endCursor"] if found["pageInfo"]["hasNextPage"] else None,
        "later": "after" in request.query_params,
        "people": people,
        "groups": [(name.to(language), _words(actions, language)) for name, actions in GROUPS],
        "asked": wanted,
        "filters": _filters(request, wanted),
        "problems": wanted.problems,
    }
    return await desk_page(request, "settings_audit.html", context, at=AT, status=400 if wanted.problems else 200)


@settings
async def exported(request: Request, code: str) -> Response:
    """`GET /staff/audit.csv` with the same filters: all of those entries."""
    wanted = asked(request)
    rows = audit.of_ward(
        request.state.actor,
        code,
        action=wanted.action,
        account_id=wanted.account,
        subject=wanted.subject,
        since=wanted.period.since,
        until=wanted.period.until,
    )
    headers = {
        "Content-Disposition": f'attachment; filename="nhat-ky-{code}-{today():%Y-%m-%d}.csv"',
        "Cache-Control": "private, no-store",
        "Vary": "Cookie, Authorization",
        "X-Content-Type-Options": "nosniff",
    }
    return Export(request, audit_sheets.exported(rows), headers, MEDIA_TYPES[Format.CSV], Taken("exportAudit", code))


async def _nodes(request: Request, ids: list[str | None]) -> Mapping[str | None, Any]:
    """What is there now of these ids, by id."""
    named = [id_ for id_ in dict.fromkeys(ids) if id_ is not None]
    found = (await ask(request, "settings_audit_subjects", {"ids": named}))["nodes"] if named else []
    return {one["id"]: one for one in found if one}


def _shown(request: Request, entry: dict[str, Any], node: Any) -> dict[str, Any]:
    language = language_of(request)
    at = datetime.fromisoformat(entry["at"]).astimezone(VIETNAM)
    subject = subject_of(entry["subject"], node, language)
    own = entry["subject"] is not None and entry["subject"] == entry["accountId"]
    role = None if entry["role"] not in list(AccountRole) else ROLES[AccountRole(entry["role"])]
    return {
        "at": entry["at"],
        "clock": f"{at:%H:%M}",
        "day": _day(request, at),
        "account": entry["accountId"] and entry["accountId"].rpartition(":")[2],
        "name": entry["name"],
        "role": role.word if role is not None else BY_COMMAND if entry["role"] is None else None,
        "text": entry["textEn"] if language is Language.EN else entry["text"],
        "subject": None if own else subject,
        "subject_id": entry["subject"],
        "details": told(request, entry["details"]),
    }


def _day(request: Request, at: datetime) -> str:
    named = {today(): TODAY, today() - timedelta(days=1): YESTERDAY}.get(at.date())
    return f"{at:%d/%m/%Y}" if named is None else f"{say(request, named)}, {at:%d/%m/%Y}"


def _words(actions: Mapping[str, Any], language: Language) -> dict[str, str]:
    return {action: text.to(language) for action, text in actions.items()}


def _filters(request: Request, wanted: Asked) -> dict[str, str]:
    """What is asked for, as an address says it again."""
    found = {
        "action": wanted.action,
        "account": wanted.account and str(wanted.account),
        "subject": wanted.subject,
        "from": request.query_params.get("from"),
        "to": request.query_params.get("to"),
    }
    return {name: value for name, value in found.items() if value}


routes: list[BaseRoute] = [
    Route(AT, listing, methods=["GET"]),
    Route(f"{AT}.csv", exported, methods=["GET"]),
]
