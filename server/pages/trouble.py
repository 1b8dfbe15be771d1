"""What a person reads where there is no page to give: no such address, a fault of ours, a system that is busy.

Programs get the same as JSON. Nothing here needs the database.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Scope

from geo.language import Text
from server.languages import language_of
from server.pages.render import page
from server.pages.words import N_

_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
RETRY_AFTER = 10
"""Seconds after which a page that could not be given asks for itself again."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is said of a status: to people in words for the catalogues, to programs as a code and a message."""

    icon: str
    title: str
    advice: str
    code: str
    message: Text
    resend: str | None = None
    """What to do where it was a form that was sent: to load its answer again sends what was written once more."""


TROUBLES = {
    403: Trouble(
        "shield-alert",
        N_("Trang này dành cho người khác"),
        N_("Tài khoản đang dùng không mở được trang này. Hãy đăng nhập bằng tài khoản khác, hoặc hỏi cán bộ phường."),
        "NOT_ALLOWED",
        Text("Tài khoản này không mở được trang này.", "This account cannot open this page."),
    ),
    404: Trouble(
        "map-pinned",
        N_("Không có trang này"),
        N_("Địa chỉ có thể bị gõ nhầm, hoặc trang không còn nữa."),
        "NOT_FOUND",
        Text("Không có địa chỉ này.", "There is no such address."),
    ),
    405: Trouble(
        "info",
        N_("Địa chỉ này không phải là một trang"),
        N_("Đây là nơi các trang khác gửi dữ liệu đến. Hãy mở lại từ bản đồ."),
        "METHOD_NOT_ALLOWED",
        Text("Địa chỉ này không nhận cách gọi đó.", "This address does not take that method."),
    ),
    429: Trouble(
        "clock",
        N_("Đang có quá nhiều lượt truy cập"),
        N_("Vừa có rất nhiều lượt mở trang. Trang này tự thử lại, không cần làm gì thêm."),
        "TOO_MANY_REQUESTS",
        Text("Có quá nhiều yêu cầu. Hãy thử lại sau ít phút.", "Too many requests. Please try again in a few minutes."),
        N_(
            "Chưa gửi được, vì vừa có rất nhiều lượt gửi. Hãy chờ {seconds} giây rồi tải lại trang này và đồng ý khi "
            "trình duyệt hỏi có gửi lại không: những gì đã viết sẽ được gửi lại."
        ),
    ),
    500: Trouble(
        "triangle-alert",
        N_("Trang bị lỗi"),
        N_("Đây là lỗi của hệ thống. Nếu vừa gửi gì, hãy xem lại đã gửi được chưa, rồi thử lại sau ít phút."),
        "INTERNAL",
        Text("Hệ thống gặp lỗi. Hãy thử lại sau.", "Something went wrong here. Please try again later."),
    ),
    503: Trouble(
        "refresh-cw",
        N_("Hệ thống đang bận hoặc đang khởi động lại"),
        N_("Trang này tự thử lại sau ít giây, không cần làm gì thêm."),
        "UNAVAILABLE",
        Text(
            "Hệ thống đang bận hoặc đang khởi động lại. Hãy thử lại sau ít giây.",
            "The system is busy or restarting. Please try again in a few seconds.",
        ),
        N_(
            "Có thể chưa gửi được. Hãy chờ {seconds} giây rồi tải lại trang này và đồng ý khi trình duyệt hỏi có gửi "
            "lại không: những gì đã viết sẽ được gửi lại."
        ),
    ),
}


def wants_page(headers: Headers) -> bool:
    """Whether it is a person who asks: browsers name HTML when they open an address, and only then."""
    return "text/html" in headers.get("accept", "").lower()


def shows_page(scope: Scope) -> bool:
    """Whether who is told to come again looks at the answer: who opened an address, or sent a form by a browser."""
    if scope["type"] != "http":
        return False
    headers = Headers(scope=scope)
    sent = headers.get("content-type", "").partition(";")[0].strip().lower()
    return wants_page(headers) and (scope["method"] in ("GET", "HEAD") or sent in _FORMS)


def trouble_page(request: Request, status: int, headers: Mapping[str, str] | None = None) -> Response:
    """The page that says what is wrong; one that may be asked for again does so by itself."""
    told, again, seconds = TROUBLES[status], None, (headers or {}).get("Retry-After", RETRY_AFTER)
    advice = told.advice
    if request.method not in ("GET", "HEAD"):
        advice = told.resend or advice
    elif status in (429, 503):
        again = seconds
    context = {"trouble": told, "advice": advice, "again": again, "seconds": seconds}
    response = page(request, "trouble.html", context, status=status)
    response.headers["Cache-Control"] = "no-store"
    response.headers.update(headers or {})
    return response


def trouble(request: Request, status: int, headers: Mapping[str, str] | None = None) -> Response:
    """What is wrong, as a page for people and as JSON for programs."""
    if wants_page(request.headers):
        return trouble_page(request, status, headers)
    told = TROUBLES[status]
    language = language_of(request.headers)
    body = {"errors": [{"message": told.message.to(language), "extensions": {"code": told.code}}]}
    usual = {"Content-Language": language, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return JSONResponse(body, status, {**usual, **(headers or {})})


async def refused(request: Request, error: Exception) -> Response:
    """Answers what no route takes: 404, and 405 with the methods that one would."""
    if not isinstance(error, HTTPException):
        raise error
    return trouble(request, error.status_code, error.headers)


async def failed(request: Request, _: Exception) -> Response:
    """Answers a fault of ours, which the server's log tells in full."""
    return trouble(request, 500)
