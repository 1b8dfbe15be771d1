"""`GET /graphql` in a browser: a page to write a query on, run it as whoever is signed in, and see the answer."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from server.pages.render import page
from server.pages.trouble import wants_page

SAMPLE = """\
{
  ward {
    name
    neighbourhoods(first: 3) {
      totalCount
      nodes { name team { name } }
    }
    incidents(first: 3) {
      nodes { trackingCode status category { name } }
    }
  }
}
"""


def is_wanted(request: Request) -> bool:
    """Whether a person opened the endpoint's address, rather than a program asking a query."""
    return request.method == "GET" and "query" not in request.query_params and wants_page(request.headers)


def explorer(request: Request) -> Response:
    """The page."""
    return page(request, "explorer.html", {"sample": SAMPLE})
