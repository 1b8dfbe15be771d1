"""`/staff/jobs`: background work that was given up, in plain words, and another try for it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from geo import clock
from geo.language import Language
from server.pages.asking import ask
from server.pages.desk import desk_page
from server.pages.languages import language_of
from server.pages.settings_forms import Problems, ago, back, done, filled, problems_of, say, settings
from server.pages.words import N_

AT = "/staff/jobs"
DONE = {"retried": N_("Đã cho chạy lại. Việc nào vẫn hỏng sẽ trở lại danh sách này sau vài phút.")}

ERRORS = {
    "TimeoutError": N_("Làm quá lâu nên bị dừng."),
    "Abandoned": N_("Máy xử lý dừng giữa chừng nhiều lần."),
    "OperationalError": N_("Không liên lạc được với cơ sở dữ liệu."),
    "InterfaceError": N_("Không liên lạc được với cơ sở dữ liệu."),
    "ConnectionRefusedError": N_("Không liên lạc được với máy chủ khác."),
}
"""What went wrong in plain words, by the kind of the error."""
_UNEXPECTED = N_("Gặp lỗi bất ngờ. Nếu chạy lại vẫn hỏng, hãy báo người quản trị hệ thống kèm chi tiết bên dưới.")
_ALL, _ONE = "all", "job"


@settings
async def listing(request: Request, code: str) -> Response:
    """`GET /staff/jobs`."""
    return await _shown(request, code)


@settings
async def retry(request: Request, code: str) -> Response:
    """`POST /staff/jobs`: `job`, a number, or `all`."""
    form, problems = await filled(request)
    if not problems:
        ids = None if form.text(_ALL) is not None else form.texts(_ONE)
        said = {"wardCode": code, "jobIds": ids}
        problems = problems_of((await ask(request, "settings_retry_jobs", {"input": said}))["result"], {})
    return await _shown(request, code, problems) if problems else back(request, AT, "retried")


async def _shown(request: Request, code: str, problems: Problems | None = None) -> Response:
    ward = (await ask(request, "settings_jobs", {"code": code}))["ward"]
    context = {
        "jobs": [_told(request, job, code) for job in ward["failedJobs"]],
        "waiting": ward["waitingJobs"],
        "problems": problems or [],
        "done": done(request, DONE),
    }
    return await desk_page(request, "settings_jobs.html", context, at=AT, status=422 if problems else 200)


def _told(request: Request, job: dict[str, Any], ward_code: str) -> dict[str, Any]:
    at = datetime.fromisoformat(job["at"])
    return {
        "id": job["id"],
        "what": job["whatEn"] if language_of(request) is Language.EN else job["what"],
        "elsewhere": job["wardCode"] if job["wardCode"] != ward_code else None,
        "why": say(request, ERRORS.get(job["error"], _UNEXPECTED)),
        "attempts": job["attempts"],
        "at": job["at"],
        "clock": clock.told(at),
        "ago": ago(request, at, datetime.now(UTC)),
        "details": ", ".join(filter(None, (f"{job['name']} #{job['id']}", job["payload"], job["error"]))),
    }


routes: list[BaseRoute] = [
    Route(AT, listing, methods=["GET"]),
    Route(AT, retry, methods=["POST"]),
]
