"""What a new ward starts with: the kinds of incident its residents may report, and how a team is called.

The names are those residents know from the city's comment portal (Góp ý, 1022). The portal promises an answer within
three working days, of eight hours each; what endangers people counts every hour, night and holiday. What is seen to be
done, as rubbish taken away or a road mended, is shown by a photograph. A ward may change all of it afterwards.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from geo.ids import new_id
from geo.language import Text
from geo.tables import category


class CategorySeed(NamedTuple):
    """A kind of incident as a new ward has it."""

    code: str
    name: Text
    icon: str
    """A name of the lucide icon family."""
    colour: str
    """`#rrggbb` in lower case; every one reaches 4.5:1 on white."""
    deadline_hours: int
    """Working hours where `working_hours`, else hours of the clock."""
    accept_minutes: int
    """How long a crew has to accept before the next one is asked."""
    working_hours: bool = True
    photo_required: bool = False
    public: bool = True
    """Whether the public may see that such an incident exists."""

    @property
    def clock_hours(self) -> int:
        """About how long the deadline is by the clock, weekends and holidays aside: a working day is a day."""
        return self.deadline_hours * (24 // WORKING_DAY if self.working_hours else 1)


WORKING_DAY = 8
"""Hours of work in a working day (Labour Code, article 105)."""

CATEGORIES: tuple[CategorySeed, ...] = (
    CategorySeed(
        "ENVIRONMENT", Text("Rác thải, môi trường", "Waste and environment"), "trash-2", "#2e7d4f", 16, 60,
        photo_required=True,
    ),
    CategorySeed(
        "INFRASTRUCTURE", Text("Hạ tầng đô thị", "Urban infrastructure"), "construction", "#8a5a00", 24, 60,
        photo_required=True,
    ),
    CategorySeed(
        "TRAFFIC", Text("An toàn giao thông", "Road safety"), "traffic-cone", "#b4441c", 24, 15, working_hours=False
    ),
    CategorySeed(
        "SECURITY", Text("An ninh trật tự", "Public security"), "shield-alert", "#8c2f5b", 8, 10, working_hours=False,
        public=False,
    ),
    CategorySeed("FOOD_SAFETY", Text("An toàn thực phẩm", "Food safety"), "utensils", "#00718a", 16, 60),
    CategorySeed("URBAN_ORDER", Text("Trật tự đô thị", "Urban order"), "store", "#6244a8", 24, 60),
    CategorySeed("OTHER", Text("Lĩnh vực khác", "Other matters"), "message-circle", "#4f5b66", 24, 120),
)  # fmt: skip
"""In the order in which they are offered."""


async def seed_categories(connection: AsyncConnection, ward_code: str, *, make_id: Callable[[], UUID] = new_id) -> None:
    """Give a ward the categories it lacks. What it has under the same code, changed or not, stays as it is."""
    rows = [
        {
            "ward_code": ward_code,
            "id": make_id(),
            "code": seed.code,
            "name": seed.name.vi,
            "name_en": seed.name.en,
            "icon": seed.icon,
            "colour": seed.colour,
            "deadline_hours": seed.deadline_hours,
            "working_hours": seed.working_hours,
            "accept_minutes": seed.accept_minutes,
            "photo_required": seed.photo_required,
            "public": seed.public,
            "position": position,
        }
        for position, seed in enumerate(CATEGORIES, start=1)
    ]
    statement = insert(category).on_conflict_do_nothing(index_elements=[category.c.ward_code, category.c.code])
    await connection.execute(statement, rows)


def team_name(neighbourhood_name: str) -> str:
    """What the community digital team of a neighbourhood is called until the ward says otherwise."""
    return f"Tổ công nghệ số cộng đồng {neighbourhood_name}"
