"""Vietnam's time, by which people here live and read."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

ZONE = "Asia/Ho_Chi_Minh"
"""As PostgreSQL and the time zone database call it. It has no summer time."""

VIETNAM = ZoneInfo(ZONE)


def told(at: datetime) -> str:
    """A moment as people write it: 14:05 30/11/2026."""
    return f"{at.astimezone(VIETNAM):%H:%M %d/%m/%Y}"
